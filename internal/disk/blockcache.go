package disk

import (
	"io"
	"slices"
	"sync"
)

// What a blockCache holds at most: as many bytes, by the sizes of its blocks, or as
// many blocks if they are larger, lest several readers push each other's out.
const (
	cachedBytes = 4 << 20
	cachedLeast = 4
)

// blockCache keeps the packed blocks that were read in part, for what is read of
// them next. Blocks that are read whole go to their reader alone.
type blockCache struct {
	mu    sync.Mutex
	byKey map[int64]*cachedBlock
	order []int64 // of byKey, the longest kept first
	bytes int
}

// cachedBlock is unpacked once, by whoever comes first; others wait for it.
type cachedBlock struct {
	once sync.Once
	size int
	b    []byte
	err  error
}

func (c *cachedBlock) unpack(p *Packed) ([]byte, error) {
	c.once.Do(func() {
		b := make([]byte, c.size)
		if c.err = p.Unpack(b); c.err == nil {
			c.b = b
		}
	})
	return c.b, c.err
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
	place := c.block(b)
	block, err := place.unpack(b)
	if err != nil {
		c.drop(b.Key, place)
		return 0, err
	}
	return copy(p, block[at:]), nil
}

// block gives the block's place, which may be still to fill, and lets go of those
// that were kept the longest. Whoever reads one of them has it to the end.
func (c *blockCache) block(b *Packed) *cachedBlock {
	c.mu.Lock()
	defer c.mu.Unlock()
	if block, ok := c.byKey[b.Key]; ok && block.size == b.Size {
		return block
	}
	if c.byKey == nil {
		c.byKey = make(map[int64]*cachedBlock)
	}
	for len(c.order) >= cachedLeast && c.bytes+b.Size > cachedBytes {
		c.bytes -= c.byKey[c.order[0]].size
		delete(c.byKey, c.order[0])
		c.order = c.order[1:]
	}
	block := &cachedBlock{size: b.Size}
	if _, ok := c.byKey[b.Key]; ok {
		return block // of another size: a format that contradicts itself, not to be kept
	}
	c.byKey[b.Key], c.order, c.bytes = block, append(c.order, b.Key), c.bytes+b.Size
	return block
}

// drop forgets a block that could not be unpacked: the next reader tries again.
func (c *blockCache) drop(key int64, block *cachedBlock) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[key] != block {
		return
	}
	delete(c.byKey, key)
	c.bytes -= block.size
	c.order = slices.DeleteFunc(c.order, func(k int64) bool { return k == key })
}
