package disk

import (
	"io"
	"sync"
)

// cachedBytes bounds what a blockCache holds, by the sizes of its blocks.
const cachedBytes = 4 << 20

// blockCache keeps the packed blocks that were read in part, for what is read of
// them next. Blocks that are read whole go to their reader alone.
type blockCache struct {
	mu    sync.Mutex
	byKey map[int64][]byte
	order []int64 // of byKey, the longest kept first
	bytes int
}

// read copies from offset at of a block on.
func (c *blockCache) read(p []byte, b *Packed, at int64) (int, error) {
	if at < 0 || at >= int64(b.Size) {
		return 0, io.ErrUnexpectedEOF
	}
	if at == 0 && len(p) >= b.Size {
		if err := b.Unpack(p[:b.Size]); err != nil {
			return 0, err
		}
		return b.Size, nil
	}
	block, ok := c.get(b.Key)
	if !ok {
		block = make([]byte, b.Size)
		if err := b.Unpack(block); err != nil {
			return 0, err
		}
		c.put(b.Key, block)
	}
	return copy(p, block[min(at, int64(len(block))):]), nil
}

func (c *blockCache) get(key int64) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.byKey[key]
	return b, ok
}

func (c *blockCache) put(key int64, block []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return
	}
	if c.byKey == nil {
		c.byKey = make(map[int64][]byte)
	}
	for len(c.order) > 0 && c.bytes+len(block) > cachedBytes {
		c.bytes -= len(c.byKey[c.order[0]])
		delete(c.byKey, c.order[0])
		c.order = c.order[1:]
	}
	c.byKey[key], c.order, c.bytes = block, append(c.order, key), c.bytes+len(block)
}
