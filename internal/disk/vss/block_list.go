package vss

import (
	"fmt"
	"math"

	"github.com/jobscan/jobscan/internal/parse"
)

// descriptorSize is the size of each block descriptor behind the header of a
// block of a block list.
const descriptorSize = 32

// Flags of a block descriptor. The others are not known, and change nothing.
const (
	FlagForwarder uint32 = 0x1 // the block's content is that of another block of the next shadow copy
	FlagOverlay   uint32 = 0x2 // sectors that Windows changed within the shadow copy
	FlagNotUsed   uint32 = 0x4
)

// Descriptor says where the earlier content of one block is.
type Descriptor struct {
	Original uint64 // byte offset of the block on the volume
	Relative uint64 // byte offset within the store; of a forwarder: of the other block on the volume
	Store    uint64 // byte offset of the content on the volume that has the store
	Flags    uint32
	Bitmap   uint32 // of an overlay: a bit for each 512 bytes of the block, the lowest first
}

// ParseDescriptor decodes a block descriptor; offsets count from its start.
func ParseDescriptor(b []byte) (Descriptor, error) {
	c := parse.NewCursor(b, "VSS block descriptor")
	d := Descriptor{Original: c.U64("original offset"), Relative: c.U64("relative offset"), Store: c.U64("store offset"),
		Flags: c.U32("flags"), Bitmap: c.U32("allocation bitmap")}
	if err := c.Err(); err != nil {
		return Descriptor{}, err
	}
	return d, nil
}

// block says where the content of a block is.
type block struct {
	at      int64 // byte offset in the store's volume; of a forwarder, in the next shadow copy
	forward bool
}

// overlay is a block of which the marked sectors alone are of use.
type overlay struct {
	at      int64 // byte offset in the store's volume
	sectors uint32
}

// blockList is a store's block list, by block number.
type blockList struct {
	copies   map[int64]block
	overlays map[int64]overlay
	// forwarded gives, for the block that a forwarder points to, the block that
	// it stands for.
	forwarded map[int64]int64
}

func newBlockList() blockList {
	return blockList{copies: map[int64]block{}, overlays: map[int64]overlay{}, forwarded: map[int64]int64{}}
}

// addAll takes the descriptors behind one block's header, in their order.
func (l *blockList) addAll(body []byte) error {
	for off := 0; off+descriptorSize <= len(body); off += descriptorSize {
		d, err := ParseDescriptor(body[off : off+descriptorSize])
		if err == nil {
			err = l.add(d)
		}
		if err != nil {
			return parse.At(err, int64(off))
		}
	}
	return nil
}

// add takes one descriptor. Later ones replace earlier ones of the same block,
// but overlays, which add up. A copy of a block that a forwarder pointed to
// before is a copy of the block that the forwarder stands for.
func (l *blockList) add(d Descriptor) error {
	if d == (Descriptor{}) || d.Flags&FlagNotUsed != 0 {
		return nil
	}
	original, err := blockNumber(d.Original, "original offset", 0)
	if err != nil {
		return err
	}
	if d.Flags&FlagForwarder != 0 && d.Flags&FlagOverlay == 0 {
		return l.addForwarder(d, original)
	}
	if d.Store > math.MaxInt64-BlockSize {
		return &parse.Error{Structure: "VSS block descriptor", Field: "store offset", Offset: 16, Err: parse.ErrRange, Detail: fmt.Sprintf("found %#x", d.Store)}
	}
	if d.Flags&FlagOverlay != 0 {
		o, known := l.overlays[original]
		if !known {
			o.at = int64(d.Store)
		}
		o.sectors |= d.Bitmap
		l.overlays[original] = o
		return nil
	}
	l.copies[l.standsFor(original)] = block{at: int64(d.Store)}
	return nil
}

func (l *blockList) addForwarder(d Descriptor, original int64) error {
	to, err := blockNumber(d.Relative, "relative offset", 8)
	if err != nil {
		return err
	}
	original = l.standsFor(original)
	if original == to {
		return nil
	}
	l.copies[original] = block{at: to * BlockSize, forward: true}
	l.forwarded[to] = original
	return nil
}

// standsFor gives the block that a copy of block n is taken for, and uses up
// the forwarder that says so.
func (l *blockList) standsFor(n int64) int64 {
	if original, ok := l.forwarded[n]; ok {
		delete(l.forwarded, n)
		return original
	}
	return n
}

// blockNumber turns the byte offset of a block into its number.
func blockNumber(offset uint64, field string, at int64) (int64, error) {
	if offset > math.MaxInt64-BlockSize || offset%BlockSize != 0 {
		return 0, &parse.Error{Structure: "VSS block descriptor", Field: field, Offset: at, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected a multiple of %#x, found %#x", BlockSize, offset)}
	}
	return int64(offset / BlockSize), nil
}
