package vss

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/parse"
)

// Blocks of the volume of these tests: 64, of which those from spare on are
// for shadow copies. Each sector's bytes are the number of its block, with the
// high bit set in odd sectors.
const (
	blocks = 64
	spare  = 32
)

func made(n int) time.Time { return time.Date(2024, 5, 1, 8, n, 0, 0, time.UTC) }

// plain makes the volume.
func plain() *fixtures.ShadowArea {
	a := &fixtures.ShadowArea{Image: fixtures.NewImage(blocks * BlockSize)}
	for i := range int64(blocks) {
		a.Image.WriteAt(filled(byte(i)), i*BlockSize)
		if i >= spare {
			a.Free = append(a.Free, i*BlockSize)
		}
	}
	return a
}

func filled(n byte) []byte {
	b := bytes.Repeat([]byte{n}, BlockSize)
	for i := sectorSize; i < BlockSize; i += 2 * sectorSize {
		copy(b[i:i+sectorSize], bytes.Repeat([]byte{n | 0x80}, sectorSize))
	}
	return b
}

// at is the byte offset of a block, the unit of the tables below.
func at(block int64) int64 { return block * BlockSize }

func copied(block, from int64) fixtures.ShadowDescriptor {
	return fixtures.ShadowDescriptor{Original: at(block), Relative: BlockSize, Store: at(from), Flags: 0x88}
}

func forward(block, to int64) fixtures.ShadowDescriptor {
	return fixtures.ShadowDescriptor{Original: at(block), Relative: at(to), Flags: fixtures.ShadowForwarder}
}

func over(block, from int64, sectors uint32) fixtures.ShadowDescriptor {
	return fixtures.ShadowDescriptor{Original: at(block), Relative: BlockSize, Store: at(from), Flags: fixtures.ShadowOverlay, Bitmap: sectors}
}

func unused(d fixtures.ShadowDescriptor) fixtures.ShadowDescriptor {
	d.Flags |= fixtures.ShadowNotUsed
	return d
}

type list = []fixtures.ShadowDescriptor

// TestBlocks reads one block of the oldest shadow copy. Blocks 20 to 31 stand
// in for store data.
func TestBlocks(t *testing.T) {
	const zero = -1
	tests := []struct {
		name   string
		lists  []list // of the shadow copies, oldest first
		free   []byte // of all of them
		before []byte // of the latest
		block  int64
		want   int64 // number that fills the block
	}{
		{"never overwritten", []list{{}}, nil, nil, 3, 3},
		{"copied", []list{{copied(3, 20)}}, nil, nil, 3, 20},
		{"other block copied", []list{{copied(4, 20)}}, nil, nil, 3, 3},
		{"copied twice: the last counts", []list{{copied(3, 20), copied(3, 21)}}, nil, nil, 3, 21},
		{"copied, marked not used", []list{{unused(copied(3, 20))}}, nil, nil, 3, 3},
		{"copied in a later one", []list{{}, {copied(3, 20)}}, nil, nil, 3, 20},
		{"copied in the third", []list{{}, {}, {copied(3, 20)}}, nil, nil, 3, 20},
		{"copied in both: the older counts", []list{{copied(3, 21)}, {copied(3, 20)}}, nil, nil, 3, 21},
		{"forwarder, the later one has a copy", []list{{forward(3, 5)}, {copied(5, 22)}}, nil, nil, 3, 22},
		{"forwarder, the later one has none", []list{{forward(3, 5)}, {}}, nil, nil, 3, 5},
		{"forwarder in the latest", []list{{forward(3, 5)}}, nil, nil, 3, 5},
		{"forwarder to a forwarder", []list{{forward(3, 5)}, {forward(5, 7)}, {copied(7, 23)}}, nil, nil, 3, 23},
		{"forwarder skips one", []list{{forward(3, 5)}, {}, {copied(5, 23)}}, nil, nil, 3, 23},
		{"forwarder, then its target is copied", []list{{forward(3, 5), copied(5, 24)}}, nil, nil, 3, 24},
		{"and the target itself is as it is now", []list{{forward(3, 5), copied(5, 24)}}, nil, nil, 5, 5},
		{"the target's second copy is its own", []list{{forward(3, 5), copied(5, 24), copied(5, 25)}}, nil, nil, 5, 25},
		{"forwarder to itself", []list{{forward(3, 3)}}, nil, nil, 3, 3},
		{"copied, then forwarder to itself", []list{{copied(3, 20), forward(3, 3)}}, nil, nil, 3, 20},
		{"forwarder moved on", []list{{forward(3, 5), forward(5, 6)}, {copied(6, 26)}}, nil, nil, 3, 26},
		{"whole overlay", []list{{over(3, 27, 0xffffffff)}}, nil, nil, 3, 27},
		{"overlay of a later one does not count", []list{{}, {over(3, 27, 0xffffffff)}}, nil, nil, 3, 3},
		{"overlay before a copy", []list{{over(3, 27, 0xffffffff), copied(3, 20)}}, nil, nil, 3, 27},
		{"overlay in two parts", []list{{over(3, 27, 0xffff), over(3, 27, 0xffff0000)}}, nil, nil, 3, 27},
		{"empty overlay", []list{{over(3, 27, 0), copied(3, 20)}}, nil, nil, 3, 20},
		{"free", []list{{}}, []byte{1 << 3}, nil, 3, zero},
		{"another one free", []list{{}}, []byte{1 << 4}, nil, 3, 3},
		{"free, but in use before", []list{{}}, []byte{1 << 3}, []byte{0}, 3, 3},
		{"free, and free before", []list{{}}, []byte{1 << 3}, []byte{1 << 3}, 3, zero},
		{"free, yet copied", []list{{copied(3, 20)}}, []byte{1 << 3}, nil, 3, 20},
		{"free, but a forwarder's target", []list{{forward(9, 3)}}, []byte{1 << 3}, nil, 3, 3},
		{"free, but not the latest", []list{{}, {}}, []byte{1 << 3}, nil, 3, 3},
		{"forwarders that undo each other, to a free block", []list{{forward(3, 5), forward(5, 3)}}, []byte{1 << 5}, nil, 3, 5},
		{"forwarder to a free block", []list{{forward(3, 5)}}, []byte{1 << 5}, nil, 3, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := plain()
			var copies []fixtures.ShadowCopy
			for i, l := range tt.lists {
				copies = append(copies, fixtures.ShadowCopy{Number: byte(i + 1), Created: made(i), Blocks: l, Free: tt.free})
			}
			copies[len(copies)-1].FreeBefore = tt.before
			fixtures.LayShadowCopies(a, a, copies)
			r := reads(t, a.Image, 1)
			want := make([]byte, BlockSize)
			if tt.want != zero {
				want = filled(byte(tt.want))
			}
			for _, step := range []int{BlockSize, 1000, 512, 77} {
				got := make([]byte, BlockSize)
				for off := 0; off < len(got); off += step {
					b := got[off:min(off+step, len(got))]
					if n, err := r.ReadAt(b, at(tt.block)+int64(off)); n != len(b) || err != nil {
						t.Fatalf("%d bytes, %v", n, err)
					}
				}
				if !bytes.Equal(got, want) {
					t.Errorf("in steps of %d: block begins with %d, %d; want %d, %d", step, got[0], got[sectorSize], want[0], want[sectorSize])
				}
			}
		})
	}
}

func reads(t *testing.T, img *fixtures.Image, index int) io.ReaderAt {
	t.Helper()
	s, err := Open(img, img.Size())
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Fatalf("problems: %v", p)
	}
	r, err := s.Reader(index)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOverlaySectors reads a block of which every third sector is overlaid.
func TestOverlaySectors(t *testing.T) {
	const sectors = 0x49249249
	a := plain()
	fixtures.LayShadowCopies(a, a, []fixtures.ShadowCopy{{Number: 1, Created: made(0), Blocks: list{over(3, 27, sectors), copied(3, 20)}}})
	r := reads(t, a.Image, 1)
	want := filled(20)
	for i := range BlockSize / sectorSize {
		if sectors>>i&1 != 0 {
			copy(want[i*sectorSize:(i+1)*sectorSize], filled(27)[i*sectorSize:])
		}
	}
	for _, off := range []int{0, 1, 511, 512, 700, 5000, BlockSize - 1} {
		got := make([]byte, BlockSize-off)
		if _, err := r.ReadAt(got, at(3)+int64(off)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want[off:]) {
			t.Errorf("from %d on the block differs", off)
		}
	}
}

// TestEnds reads past the end, before the start, and lost bytes.
func TestEnds(t *testing.T) {
	a := plain()
	fixtures.LayShadowCopies(a, a, []fixtures.ShadowCopy{{Number: 1, Created: made(0),
		Blocks: list{copied(3, blocks), copied(4, blocks-1), forward(5, 1<<40)}}})
	r := reads(t, a.Image, 1)
	size := a.Image.Size()
	tests := []struct {
		name   string
		off    int64
		length int
		n      int
		err    error
	}{
		{"last bytes", size - 10, 10, 10, nil},
		{"across the end", size - 10, 20, 10, io.EOF},
		{"behind the end", size, 1, 0, io.EOF},
		{"before the start", -1, 1, 0, parse.ErrRange},
		{"stored outside the evidence", at(3), 10, 0, parse.ErrTruncated},
		{"up to what is stored outside", at(3) - 5, 10, 5, parse.ErrTruncated},
		{"stored at its end", at(4), 10, 10, nil},
		{"forwarded outside", at(5), 10, 0, parse.ErrTruncated},
		{"nothing", at(3), 0, 0, nil},
	}
	for _, tt := range tests {
		n, err := r.ReadAt(make([]byte, tt.length), tt.off)
		if n != tt.n || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %d bytes and %v, want %d and %v", tt.name, n, err, tt.n, tt.err)
		}
	}
}

// TestManyBlocks has lists and catalog in several blocks each.
func TestManyBlocks(t *testing.T) {
	a := &fixtures.ShadowArea{Image: fixtures.NewImage(2000 * BlockSize)}
	var l list
	for i := range int64(700) {
		a.Image.WriteAt([]byte(fmt.Sprintf("old %4d", i)), at(1000+i))
		l = append(l, copied(i+1, 1000+i))
	}
	for i := int64(1700); i < 2000; i++ {
		a.Free = append(a.Free, at(i))
	}
	var copies []fixtures.ShadowCopy
	for i := range 70 {
		copies = append(copies, fixtures.ShadowCopy{Number: byte(i + 1), Created: made(70 - i)})
	}
	copies[10].Blocks = l
	fixtures.LayShadowCopies(a, a, copies)
	s, err := Open(a.Image, a.Image.Size())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Snapshots(); len(got) != 70 || got[0].StoreID != "600b0246-5bdf-11e3-9d6c-005056c00008" || got[69].Index != 70 {
		t.Fatalf("got %d shadow copies, the first %+v", len(got), got[0])
	}
	r, err := s.Reader(70 - 10)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(700) {
		b := make([]byte, 8)
		if _, err := r.ReadAt(b, at(i+1)); err != nil || string(b) != fmt.Sprintf("old %4d", i) {
			t.Fatalf("block %d: %q, %v", i+1, b, err)
		}
	}
}
