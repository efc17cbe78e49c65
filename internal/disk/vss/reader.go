package vss

import (
	"errors"
	"io"
	"math/bits"

	"github.com/jobscan/jobscan/internal/parse"
)

// sectorSize is what one bit of an overlay's bitmap stands for, in bytes.
const sectorSize = 512

// reader reads the volume as it was at one shadow copy.
type reader struct {
	base   *volume
	stores []*store // that of the shadow copy, then those of the later ones by time
	size   int64
}

// Sources of a piece, beside the indexes of stores.
const (
	fromVolume = -1 // the volume as it is now
	fromNone   = -2 // a free block: zeros
)

// piece is a stretch of bytes that lie together.
type piece struct {
	source int   // index of a store, or one of the above
	at     int64 // byte offset in the source
	length int
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &parse.Error{Structure: "shadow copy", Field: "data", Offset: off, Err: parse.ErrRange}
	}
	if off >= r.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > r.size-off
	if short {
		p = p[:r.size-off]
	}
	n := 0
	for n < len(p) {
		next := r.stretch(off+int64(n), len(p)-n)
		k, err := r.readPiece(p[n:n+next.length], next)
		n += k
		if err != nil {
			return n, &parse.Error{Structure: "shadow copy", Field: "data", Offset: off + int64(n), Err: err}
		}
	}
	if short {
		return n, io.EOF
	}
	return n, nil
}

// stretch finds where the bytes from off on lie, as many of at most limit as
// one read gives: most blocks were not overwritten and lie side by side.
func (r *reader) stretch(off int64, limit int) piece {
	p := r.find(off, limit)
	for p.length < limit {
		next := r.find(off+int64(p.length), limit-p.length)
		if next.source != p.source || next.source != fromNone && next.at != p.at+int64(p.length) {
			break
		}
		p.length += next.length
	}
	return p
}

// find follows one block from store to store until one holds it.
func (r *reader) find(off int64, limit int) piece {
	number, within := off/BlockSize, off%BlockSize
	length := int(min(BlockSize-within, int64(limit)))
	if o, ok := r.stores[0].blocks.overlays[number]; ok {
		length = min(length, sectorRun(o.sectors, within))
		if o.sectors&(1<<(within/sectorSize)) != 0 {
			return piece{0, o.at + within, length}
		}
	}
	forwarded := false
	for i, s := range r.stores {
		b, ok := s.blocks.copies[number]
		if !ok {
			continue
		}
		if !b.forward {
			return piece{i, b.at + within, length}
		}
		number, forwarded = b.at/BlockSize, true
	}
	// Free blocks were not copied. Which they are, only the bitmap of the latest
	// shadow copy can say: the earlier ones read what the later ones have.
	if len(r.stores) == 1 && !forwarded {
		if _, target := r.stores[0].blocks.forwarded[number]; !target && r.stores[0].wasFree(number) {
			return piece{fromNone, 0, length}
		}
	}
	return piece{fromVolume, number*BlockSize + within, length}
}

// sectorRun counts the bytes from within a block up to the next sector whose
// bit differs. Without one it may be more than the block has.
func sectorRun(sectors uint32, within int64) int {
	m := sectors >> (within / sectorSize)
	if m&1 != 0 {
		m = ^m
	}
	return bits.TrailingZeros32(m)*sectorSize - int(within%sectorSize)
}

// readPiece fills b with a piece.
func (r *reader) readPiece(b []byte, p piece) (int, error) {
	v := r.base
	switch {
	case p.source == fromNone:
		clear(b)
		return len(b), nil
	case p.source >= 0:
		v = r.stores[p.source].volume
	}
	n := 0
	var err error
	if p.at < v.size {
		n, err = v.r.ReadAt(b[:min(int64(len(b)), v.size-p.at)], p.at)
	}
	if n == len(b) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = parse.ErrTruncated
	}
	return n, err
}
