package vss

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/parse"
)

// FuzzStructures gives any bytes to each parser.
func FuzzStructures(f *testing.F) {
	for _, s := range structures(f) {
		f.Add(unhex(f, s.hex, min(s.full, 512)))
	}
	all := structures(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		for _, s := range all {
			checkParse(t, s.name, s.parse, reflect.Zero(reflect.TypeOf(s.want)).Interface(), b)
		}
		if !bytes.Equal(b, before) {
			t.Error("the input was changed")
		}
	})
}

// patched is the sample volume of these tests with other bytes in its
// structures, which follow each other from one block on.
type patched struct {
	base  *fixtures.Image
	from  int    // bytes of structures that stay as they are
	patch []byte // XORed over the first bytes of each structure's block in turn
}

// patchSize is how much of each structure a patch reaches.
const patchSize = 640

func (p patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.base.ReadAt(b, off)
	for i, c := range p.patch {
		i += p.from
		pos := at(spare+int64(i/patchSize)) + int64(i%patchSize) - off
		if pos >= 0 && pos < int64(n) {
			b[pos] ^= c
		}
	}
	return n, err
}

func sample() *fixtures.Image {
	a := plain()
	fixtures.LayShadowCopies(a, a, []fixtures.ShadowCopy{
		{Number: 1, Created: made(0), Blocks: list{copied(3, 20), forward(4, 5), over(6, 21, 0xff)}},
		{Number: 2, Created: made(1), Blocks: list{copied(5, 22)}, Free: []byte{0xf0}, FreeBefore: []byte{0x80}},
	})
	return a.Image
}

// FuzzSet damages the structures of two shadow copies.
func FuzzSet(f *testing.F) {
	img := sample()
	f.Add([]byte{})
	f.Add(append(make([]byte, 40), 1))
	f.Add(append(make([]byte, patchSize+128), 0x80, 0xff))
	f.Add(append(make([]byte, 9*patchSize+128+8), 1))
	f.Fuzz(func(t *testing.T, patch []byte) { checkSet(t, patched{img, 0, patch}, img.Size()) })
}

// checkSet holds a set of shadow copies to what it promises for any volume.
func checkSet(t *testing.T, r io.ReaderAt, size int64) {
	t.Helper()
	counting := &counted{r: r}
	s, err := Open(counting, size)
	if err != nil {
		var e *parse.Error
		if s != nil || !errors.As(err, &e) && !errors.Is(err, ErrNone) {
			t.Errorf("open: %v, %v", s, err)
		}
		return
	}
	for i, c := range s.Snapshots() {
		if c.Index != i+1 || c.Size < 0 || c.Size > size {
			t.Errorf("shadow copy %+v of a volume of %d bytes", c, size)
		}
		rd, err := s.Reader(c.Index)
		if (rd == nil) != (err != nil) || c.Err != nil && err == nil {
			t.Errorf("shadow copy %d: %v with %v", c.Index, rd, err)
		}
	}
	// Each block of structures once, and the headers of the stores.
	if limit := size + int64(len(s.copies)+1)*BlockSize; counting.n > limit {
		t.Errorf("%d bytes read of %d", counting.n, size)
	}
	for _, c := range s.Snapshots() {
		rd, err := s.Reader(c.Index)
		if err != nil {
			continue
		}
		whole := make([]byte, min(size, 4*BlockSize))
		n, err := rd.ReadAt(whole, 0)
		if n > len(whole) || n < len(whole) && err == nil {
			t.Errorf("shadow copy %d: %d bytes of %d without an error", c.Index, n, len(whole))
		}
		part := make([]byte, 5000)
		k, err2 := rd.ReadAt(part, 3*BlockSize-1000)
		if end := 3*BlockSize - 1000 + k; end <= n && !bytes.Equal(part[:k], whole[3*BlockSize-1000:end]) {
			t.Errorf("shadow copy %d: a part differs from the whole", c.Index)
		} else if err == nil && err2 != nil {
			t.Errorf("shadow copy %d: a part fails where the whole did not: %v", c.Index, err2)
		}
	}
}

// counted counts the bytes read.
type counted struct {
	r io.ReaderAt
	n int64
}

func (c *counted) ReadAt(b []byte, off int64) (int, error) {
	c.n += int64(len(b))
	return c.r.ReadAt(b, off)
}

// TestHostileVolumes flips the bits of the structures, and cuts the volume at
// every sector.
func TestHostileVolumes(t *testing.T) {
	img := sample()
	// Of the structures in their order: header, block list and bitmap of the one
	// store, the previous bitmap of the other, the catalog.
	const catalog = 9
	wanted := []int{0, 1, 3, 8, catalog}
	for i := range (catalog + 1) * patchSize * 8 {
		if !slices.Contains(wanted, i/8/patchSize) {
			continue
		}
		// What lies between and behind the fields is not read, and of identifiers
		// one bit is as good as another.
		in := i / 8 % patchSize
		if in < len(identifier) && i%8 != 0 || in >= 56 && in < blockHeaderSize || in >= blockHeaderSize+96 && i/8/patchSize != catalog {
			continue
		}
		checkSet(t, patched{img, i / 8, []byte{1 << (i % 8)}}, img.Size())
		if t.Failed() {
			t.Fatalf("bit %d", i)
		}
	}
	for size := int64(0); size < img.Size(); size += sectorSize {
		checkSet(t, io.NewSectionReader(img, 0, size), size)
		if t.Failed() {
			t.Fatalf("volume of %d bytes", size)
		}
	}
}
