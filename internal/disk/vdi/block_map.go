package vdi

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/pages"
	"github.com/jobscan/jobscan/internal/parse"
)

// Entries of the block map that are no block of the file.
const (
	blockFree = 0xffffffff // VDI_IMAGE_BLOCK_FREE: never written
	blockZero = 0xfffffffe // VDI_IMAGE_BLOCK_ZERO: discarded, or written with zeros
)

const (
	pageSize = 64 << 10
	entries  = pageSize / 4 // of a page
	// mapBytes bounds what is kept of the block map. A larger map is not searched
	// for blocks that are used twice.
	mapBytes = 64 << 20
	// maxPiece is the length at which no further block of data is joined to a piece.
	maxPiece = 1 << 20
)

// blockMap leads from a block of the disk to one of the file.
type blockMap struct {
	header
	file  disk.Image
	pages *pages.Cache
	twice bitset // blocks of the file that more than one entry names; nil: none, or not known
}

// newBlockMap gives the map, with what is wrong with it as a whole.
func newBlockMap(h header, file disk.Image) (*blockMap, []disk.Flaw, error) {
	count := (h.used() + entries - 1) / entries
	m := &blockMap{header: h, file: file, pages: pages.New(file, pageSize, count, mapBytes)}
	var flaws []disk.Flaw
	if end := h.mapOffset + h.used()*4; end > file.Size() {
		flaws = append(flaws, disk.Flaw{Err: &parse.Error{Structure: "VDI block map", Offset: h.mapOffset, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected %d bytes, found %d", h.used()*4, max(0, file.Size()-h.mapOffset))}})
	}
	if h.used()*4 > mapBytes {
		return m, flaws, nil
	}
	n, err := m.findTwice()
	if err != nil {
		return nil, nil, err
	}
	if n > 0 {
		flaws = append(flaws, disk.Flaw{Err: &parse.Error{Structure: "VDI block map", Offset: h.mapOffset, Err: errTwice,
			Detail: fmt.Sprintf("expected each block of the file once, found more often: %d", n)}})
	}
	return m, flaws, nil
}

// findTwice fills m.twice and counts. What else is wrong with entries is told when
// they are used.
func (m *blockMap) findTwice() (count int, err error) {
	known := m.readable()
	seen, twice := make(bitset, known/64+1), make(bitset, known/64+1)
	for first := int64(0); first < known; first += entries {
		b, err := m.page(first)
		if err != nil {
			return 0, err
		}
		for i := range min(int64(len(b)/4), known-first) {
			v := binary.LittleEndian.Uint32(b[i*4:])
			switch {
			case !seen.has(v):
				seen.set(v)
			case !twice.has(v):
				twice.set(v)
				count++
			}
		}
	}
	if count > 0 {
		m.twice = twice
	}
	return count, nil
}

// bitset is a set of numbers below 64 times its length.
type bitset []uint64

func (s bitset) has(v uint32) bool { return int(v/64) < len(s) && s[v/64]>>(v%64)&1 != 0 }

func (s bitset) set(v uint32) {
	if int(v/64) < len(s) {
		s[v/64] |= 1 << (v % 64)
	}
}

// readable is the number of entries in use that are in the file.
func (m *blockMap) readable() int64 {
	return min(m.used(), max(0, (m.file.Size()-m.mapOffset)/4))
}

// page gives the page of the map that holds entry i.
func (m *blockMap) page(i int64) ([]byte, error) {
	number := i / entries
	at := m.mapOffset + number*pageSize
	b, err := m.pages.Get(number, at)
	if err != nil {
		return nil, &parse.Error{Structure: "VDI block map", Offset: at, Err: err}
	}
	return b, nil
}

var errTwice = errors.New("block is used more than once")

// entry decodes entry i of the map from its page. stored tells that it is a block
// of the file, whose bytes begin at offset at.
func (m *blockMap) entry(page []byte, i int64) (stored bool, at int64, err error) {
	within := i % entries * 4
	where := m.mapOffset + i*4
	if within+4 > int64(len(page)) {
		return false, 0, &parse.Error{Structure: "VDI block map", Field: "entry", Offset: where, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected entry %d, found the end of the file", i)}
	}
	v := binary.LittleEndian.Uint32(page[within:])
	switch {
	case v == blockFree || v == blockZero:
		return false, 0, nil
	case int64(v) >= m.blocks:
		return false, 0, &parse.Error{Structure: "VDI block map", Field: "entry", Offset: where, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected a block below %d, found %d", m.blocks, v)}
	case m.twice.has(v):
		return false, 0, &parse.Error{Structure: "VDI block map", Field: "entry", Offset: where, Err: errTwice,
			Detail: fmt.Sprintf("found block %d of the file, which another entry names too", v)}
	}
	return true, m.data + int64(v)*(m.block+m.extra) + m.extra, nil
}

// locate finds the blocks from off on that lie side by side.
func (m *blockMap) locate(off int64) (disk.Piece, error) {
	i, within := off/m.block, off%m.block
	page, err := m.page(i)
	if err != nil {
		return disk.Piece{}, err
	}
	stored, at, err := m.entry(page, i)
	if err != nil {
		return disk.Piece{}, err
	}
	p := disk.Piece{Length: m.block - within}
	if stored {
		p.From, p.At = m.file, at+within
	}
	for i++; i%entries != 0 && (!stored || p.Length < maxPiece); i++ {
		also, next, err := m.entry(page, i)
		if err != nil || also != stored || stored && next != p.At+p.Length {
			break // told or read when it is asked for
		}
		p.Length += m.block
	}
	if !stored {
		return p, nil
	}
	if left := m.file.Size() - p.At; left < p.Length {
		if left <= 0 {
			return disk.Piece{}, &parse.Error{Structure: "VDI block", Offset: p.At, Err: parse.ErrTruncated,
				Detail: fmt.Sprintf("expected %d bytes, found the end of the file at %#x", p.Length, m.file.Size())}
		}
		p.Length = left
	}
	return p, nil
}
