package vss

import (
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

func TestSnapshots(t *testing.T) {
	a := plain()
	fixtures.LayShadowCopies(a, a, []fixtures.ShadowCopy{{Number: 7, Created: made(30)}, {Number: 9, Created: made(10)}})
	s, err := Open(a.Image, a.Image.Size())
	if err != nil {
		t.Fatal(err)
	}
	want := []Snapshot{
		{Index: 1, StoreID: "600b0209-5bdf-11e3-9d6c-005056c00008", ID: "600b0409-5bdf-11e3-9d6c-005056c00008", SetID: "600b0509-5bdf-11e3-9d6c-005056c00008",
			Created: wintime.FromTime(made(10)), Size: a.Image.Size(), Attributes: 0x00420009},
		{Index: 2, StoreID: "600b0207-5bdf-11e3-9d6c-005056c00008", ID: "600b0407-5bdf-11e3-9d6c-005056c00008", SetID: "600b0507-5bdf-11e3-9d6c-005056c00008",
			Created: wintime.FromTime(made(30)), Size: a.Image.Size(), Attributes: 0x00420009},
	}
	if got := s.Snapshots(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, n := range []int{-1, 0, 3} {
		if r, err := s.Reader(n); err == nil || r != nil {
			t.Errorf("shadow copy %d: got a reader", n)
		}
	}
}

func TestNone(t *testing.T) {
	noCatalog := plain().Image
	area := &fixtures.ShadowArea{Image: noCatalog, Free: []int64{at(40)}}
	fixtures.LayShadowCopies(area, area, nil)
	noCatalog.WriteAt(make([]byte, 8), headerOffset+48)
	for _, tt := range []struct {
		name string
		img  *fixtures.Image
		err  error
	}{
		{"no header", plain().Image, ErrNone},
		{"too small", fixtures.NewImage(headerOffset + headerSize - 1), ErrNone},
		{"no catalog", noCatalog, nil},
	} {
		s, err := Open(tt.img, tt.img.Size())
		if !errors.Is(err, tt.err) || (s == nil) != (tt.err != nil) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.err)
		}
		if s != nil && len(s.Snapshots()) != 0 {
			t.Errorf("%s: got %d shadow copies", tt.name, len(s.Snapshots()))
		}
	}
}

// TestElsewhere keeps the stores on another volume.
func TestElsewhere(t *testing.T) {
	a, b := plain(), plain()
	b.Image.WriteAt(filled(0x55), at(20))
	b.Image.WriteAt(filled(0x66), at(10))
	fixtures.LayShadowCopies(a, b, []fixtures.ShadowCopy{
		{Number: 1, Created: made(0), Blocks: list{forward(4, 3)}},
		{Number: 2, Created: made(1), Blocks: list{copied(3, 20), copied(10, 10)}},
	})
	s, err := Open(a.Image, a.Image.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Snapshots() {
		if !errors.Is(c.Err, ErrElsewhere) || c.StoreID == "" || c.ID != "" {
			t.Errorf("without the other volume: %+v", c)
		}
	}
	if _, err := s.Reader(1); !errors.Is(err, ErrElsewhere) {
		t.Errorf("reader: %v", err)
	}
	other, err := Open(b.Image, b.Image.Size())
	if err != nil {
		t.Fatal(err)
	}
	if len(other.Snapshots()) != 0 {
		t.Errorf("the storage volume has %d shadow copies of itself", len(other.Snapshots()))
	}
	if other.Adopt(s) || !s.Adopt(other) || s.Adopt(other) {
		t.Error("only the volume adopts, and once")
	}
	for _, c := range s.Snapshots() {
		if c.Err != nil || c.ID == "" {
			t.Errorf("with the other volume: %+v", c)
		}
	}
	for _, tt := range []struct {
		index, block int64
		want         byte
	}{{1, 3, 0x55}, {1, 4, 0x55}, {2, 3, 0x55}, {2, 4, 4}, {1, 20, 20}, {1, 10, 0x66}, {1, 11, 11}} {
		r, err := s.Reader(int(tt.index))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 2*BlockSize) // two blocks may lie on two volumes
		if _, err := r.ReadAt(got, at(tt.block-1)); err != nil || got[BlockSize] != tt.want {
			t.Errorf("shadow copy %d, block %d: got %d and %v, want %d", tt.index, tt.block, got[BlockSize], err, tt.want)
		}
	}
}

// TestDamage damages one structure of the second of three shadow copies.
func TestDamage(t *testing.T) {
	// As laid out: each store has header, block list, range list, bitmap and
	// previous bitmap, in this order; the catalog follows.
	const second, catalog = spare + 5, spare + 15
	tests := []struct {
		name     string
		block    int64
		offset   int64
		bytes    []byte
		opens    bool
		problems int
		lost     []int // shadow copies that cannot be read
		cause    error
	}{
		{"store header", second, 0, []byte{0}, true, 1, nil, nil},
		{"block list identifier", second + 1, 0, []byte{0}, true, 0, []int{1, 2}, parse.ErrSignature},
		{"block list type", second + 1, 20, []byte{6}, true, 0, []int{1, 2}, parse.ErrRange},
		{"block list position", second + 1, 33, []byte{1}, true, 0, []int{1, 2}, parse.ErrRange},
		{"block list names itself", second + 1, 40, le(at(second + 1)), true, 0, []int{1, 2}, parse.ErrRange},
		{"block list goes on outside", second + 1, 40, le(at(blocks)), true, 0, []int{1, 2}, parse.ErrRange},
		{"block list goes on far away", second + 1, 40, le(-BlockSize), true, 0, []int{1, 2}, parse.ErrRange},
		{"block list goes on in the bitmap", second + 1, 40, le(at(second + 3)), true, 0, []int{1, 2}, parse.ErrRange},
		{"original offset", second + 1, 128, le(1), true, 0, []int{1, 2}, parse.ErrRange},
		{"store offset", second + 1, 128 + 16, le(-1), true, 0, []int{1, 2}, parse.ErrRange},
		{"range list", second + 2, 0, []byte{0}, true, 0, nil, nil},
		{"bitmap", second + 3, 0, []byte{0}, true, 0, []int{1, 2}, parse.ErrSignature},
		{"previous bitmap", second + 4, 0, []byte{0}, true, 0, []int{1, 2}, parse.ErrSignature},
		{"catalog", catalog, 0, []byte{0}, false, 0, nil, parse.ErrSignature},
		{"catalog goes on in itself", catalog, 40, le(at(catalog)), true, 1, nil, nil},
		{"catalog: volume size", catalog, 128 + 8, le(-1), true, 1, nil, nil},
		{"catalog: same store twice", catalog, 128*4 + 16, []byte{1}, true, 1, []int{1, 2}, ErrElsewhere},
		{"catalog: same shadow copy twice", catalog, 128*3 + 16, []byte{1}, true, 1, nil, nil},
		{"catalog: block list", catalog, 128*4 + 8, le(0), true, 0, []int{1, 2}, parse.ErrRange},
		{"catalog: bitmap", catalog, 128*4 + 48, le(-1), true, 1, []int{1, 2}, ErrElsewhere},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := plain()
			var copies []fixtures.ShadowCopy
			for i := range 3 {
				copies = append(copies, fixtures.ShadowCopy{Number: byte(i + 1), Created: made(i), FreeBefore: []byte{0}, Blocks: list{copied(3, 20)}})
			}
			fixtures.LayShadowCopies(a, a, copies)
			a.Image.WriteAt(tt.bytes, at(tt.block)+tt.offset)
			s, err := Open(a.Image, a.Image.Size())
			if (err == nil) != tt.opens {
				t.Fatalf("open: %v", err)
			}
			if !tt.opens {
				if !errors.Is(err, tt.cause) {
					t.Errorf("open: got %v, want %v", err, tt.cause)
				}
				return
			}
			if got := s.Problems(); len(got) != tt.problems {
				t.Errorf("got problems %v, want %d", got, tt.problems)
			}
			var lost []int
			for _, c := range s.Snapshots() {
				r, err := s.Reader(c.Index)
				if err == nil {
					if _, err := r.ReadAt(make([]byte, 1), 0); err != nil {
						t.Errorf("shadow copy %d: %v", c.Index, err)
					}
					continue
				}
				lost = append(lost, c.Index)
				if !errors.Is(err, tt.cause) {
					t.Errorf("shadow copy %d: got %v, want %v", c.Index, err, tt.cause)
				}
				if _, again := s.Reader(c.Index); again == nil || again.Error() != err.Error() {
					t.Errorf("shadow copy %d: got %v the second time, %v the first", c.Index, again, err)
				}
			}
			if !reflect.DeepEqual(lost, tt.lost) {
				t.Errorf("lost %v, want %v", lost, tt.lost)
			}
		})
	}
}

func le(n int64) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	return b
}

// failing cannot be read from an offset on.
type failing struct {
	io.ReaderAt
	from int64
}

var errBroken = errors.New("broken disk")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errBroken
	}
	return f.ReaderAt.ReadAt(p, off)
}

// TestReadErrors lets the disk fail: no error of it becomes zeros.
func TestReadErrors(t *testing.T) {
	a := plain()
	fixtures.LayShadowCopies(a, a, []fixtures.ShadowCopy{{Number: 1, Created: made(0)}})
	size := a.Image.Size()
	for _, from := range []int64{headerOffset, at(spare + 4)} {
		if _, err := Open(failing{a.Image, from}, size); !errors.Is(err, errBroken) {
			t.Errorf("disk broken from %#x on: open: %v", from, err)
		}
	}
	s, err := Open(failing{a.Image, at(blocks - 1)}, size)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Reader(1)
	if err != nil {
		t.Fatal(err)
	}
	n, err := r.ReadAt(make([]byte, 2*BlockSize), at(blocks-2))
	if !errors.Is(err, errBroken) || n != 0 {
		t.Errorf("got %d bytes, %v", n, err)
	}
}
