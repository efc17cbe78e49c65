package vss

import (
	"fmt"
	"math"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

// blockHeaderSize is the size of the header of catalog and store blocks.
const blockHeaderSize = 128

// BlockHeader opens each 16 KiB block of a catalog or store.
type BlockHeader struct {
	Version  uint32
	Type     uint32
	Relative uint64 // byte offset within the catalog or store
	Offset   int64  // own byte offset on the volume
	Next     int64  // byte offset on the volume of the next block of this kind; 0 is none
	InfoSize uint64 // bytes of store information behind a store's first header
}

// parseBlockHeader decodes the header of a block. The error names it by structure;
// its offsets count from the start of the block.
func parseBlockHeader(b []byte, structure string) (BlockHeader, error) {
	c := parse.NewCursor(b[:min(len(b), blockHeaderSize)], structure)
	if id := c.Bytes(len(identifier), "identifier"); id != nil && guid.GUID(id) != identifier {
		c.Fail("identifier", 0, parse.ErrSignature, fmt.Sprintf("expected %s, found %s", identifier, guid.GUID(id)))
	}
	var h BlockHeader
	h.Version = c.U32("version")
	h.Type = c.U32("record type")
	h.Relative = c.U64("relative offset")
	h.Offset = readOffset(c, "own offset")
	h.Next = readOffset(c, "next offset")
	h.InfoSize = c.U64("size of store information")
	c.Skip(72, "unknown")
	if err := c.Err(); err != nil {
		return BlockHeader{}, err
	}
	return h, nil
}

func readOffset(c *parse.Cursor, field string) int64 {
	n := c.U64(field)
	if n > math.MaxInt64 {
		c.Fail(field, c.Offset()-8, parse.ErrRange, fmt.Sprintf("found %#x", n))
		return 0
	}
	return int64(n)
}

// block reads the block at a byte offset, which must be of the wanted type and
// know its own place.
func (v *volume) block(at int64, want recordType, structure string) ([]byte, BlockHeader, error) {
	b, err := v.read(at, BlockSize, structure)
	if err != nil {
		return nil, BlockHeader{}, err
	}
	h, err := parseBlockHeader(b, structure)
	if err != nil {
		return nil, BlockHeader{}, parse.At(err, at)
	}
	fail := func(field string, offset int64, expected, found int64) error {
		return &parse.Error{Structure: structure, Field: field, Offset: at + offset, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected %#x, found %#x", expected, found)}
	}
	if h.Type != uint32(want) {
		return nil, BlockHeader{}, fail("record type", 20, int64(want), int64(h.Type))
	}
	if h.Offset != at {
		return nil, BlockHeader{}, fail("own offset", 32, at, h.Offset)
	}
	return b, h, nil
}

// chain walks blocks from first on, each of which names the next, and gives
// what follows their headers to use.
func (v *volume) chain(first int64, want recordType, structure string, use func(body []byte, at int64) error) error {
	for at := first; at != 0; {
		if v.seen[at/BlockSize] {
			return &parse.Error{Structure: structure, Field: "next offset", Offset: at, Err: parse.ErrRange, Detail: "this block was read before"}
		}
		v.seen[at/BlockSize] = true
		b, h, err := v.block(at, want, structure)
		if err != nil {
			return err
		}
		if err := use(b[blockHeaderSize:], at+blockHeaderSize); err != nil {
			return err
		}
		at = h.Next
	}
	return nil
}
