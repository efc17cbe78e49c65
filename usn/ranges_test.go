package usn

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/jobscan/jobscan/ntfs"
)

// messy is a journal of several chunks with everything in it that goes wrong.
func messy(shift int64) Source {
	s := stream{shift: shift}
	rng := rand.New(rand.NewPCG(1, 2))
	for len(s.b) < 5*chunkSize {
		s.fill(1 + rng.IntN(300))
		s.v4()
		at := s.v2("victim", ReasonClose)
		switch rng.IntN(6) {
		case 0:
			s.b[at+4] = 9
		case 1:
			binary.LittleEndian.PutUint64(s.b[at+24:], 64)
		case 2:
			clear(s.b[at:])
		case 3:
			s.b = append(s.b, make([]byte, -uint64(int64(len(s.b))+shift)%pageSize+3*pageSize)...)
		case 4:
			s.time -= 100
		case 5:
			for i := range 5000 {
				s.b = append(s.b, byte(i*7))
			}
			s.b = append(s.b, make([]byte, -len(s.b)&7)...)
		}
	}
	size := int64(len(s.b))
	return NewSparseSource(bytes.NewReader(s.b), size, []ntfs.Extent{
		{Offset: 0, Length: 2<<20 + 4096, Physical: 0},
		{Offset: 2<<20 + 4096, Length: 512 << 10, Physical: -1},
		{Offset: 2<<20 + 4096 + 512<<10, Length: size, Physical: 1},
	})
}

func TestRangesGiveTheSame(t *testing.T) {
	for _, shift := range []int64{0, 312568880} {
		src := messy(shift)
		want := walkAll(t, src)
		if want.stats.Shift != shift || want.stats.Stale == 0 || len(want.problems) == 0 || len(want.stats.Gaps) == 0 || want.stats.BackwardSteps.Count == 0 {
			t.Fatalf("the sample is too tame: %+v", want.stats)
		}
		for _, n := range []int{-1, 0, 1, 2, 3, 4, 7, 100} {
			var got walked
			ranges := Ranges(src, n)
			if len(ranges) > max(n, 1) || n > 1 && n < 5 && len(ranges) != n {
				t.Errorf("%d ranges asked for, got %d", n, len(ranges))
			}
			end := int64(0)
			for _, r := range ranges {
				if r.Offset != end {
					t.Errorf("range at %d, want %d", r.Offset, end)
				}
				end += r.Length
				st, err := WalkRange(context.Background(), src, r, got.visit(t), got.problem(t))
				if err != nil {
					t.Fatal(err)
				}
				if r.Offset == 0 {
					got.stats = st
				} else {
					got.stats.Join(st)
				}
			}
			if end != src.Size() || !reflect.DeepEqual(got, want) {
				t.Errorf("shift %d, %d ranges to %d: not the same as one walk:\n%+v\n%+v", shift, n, end, got.stats, want.stats)
			}
		}
	}
}

// TestWindowsGiveTheSame: a piece of the stream gives the same seen through small
// windows as seen at once, whatever is wrong with it, and where it cannot be read.
func TestWindowsGiveTheSame(t *testing.T) {
	for _, shift := range []int64{0, 312568880} {
		whole := messy(shift)
		for _, bad := range [][2]int64{{}, {3 << 19, 3<<19 + 512}, {1 << 20, 1<<20 + 300<<10}, {3<<20 + 5000, 1 << 40}} {
			src := NewSparseSource(badSectors{whole, bad[0], bad[1]}, whole.Size(), whole.Extents())
			want := walkThrough(t, src, shift, chunkSize+2*pageSize)
			if want.stats.Records == 0 || len(want.problems) == 0 {
				t.Fatalf("the sample is too tame: %+v", want.stats)
			}
			for _, size := range []int{4 * pageSize, 5 * pageSize, 60_000, roomSize} {
				got := walkThrough(t, src, shift, size)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("shift %d, unreadable %v, windows of %d bytes: got %d records, %d problems, %d bytes damaged, want %d, %d, %d", shift, bad, size,
						len(got.offsets), len(got.problems), got.stats.DamagedBytes, len(want.offsets), len(want.problems), want.stats.DamagedBytes)
				}
			}
		}
	}
}

// badSectors cannot be read from one offset to another.
type badSectors struct {
	io.ReaderAt
	from, to int64
}

func (b badSectors) ReadAt(p []byte, off int64) (int, error) {
	if off >= b.to || off+int64(len(p)) <= b.from {
		return b.ReaderAt.ReadAt(p, off)
	}
	n := 0
	if off < b.from {
		n, _ = b.ReaderAt.ReadAt(p[:b.from-off], off)
	}
	return n, errors.New("bad sector")
}

// walkThrough walks all of s with a buffer of size bytes.
func walkThrough(t *testing.T, s Source, shift int64, size int) (out walked) {
	t.Helper()
	w := walker{source: s, shift: shift, visit: out.visit(t), problem: out.problem(t)}
	var err error
	d := dataOf(s)
	out.stats, err = w.walk(context.Background(), 0, s.Size(), &d, &rooms{pool: sync.Pool{New: func() any {
		b := make([]byte, size)
		return &b
	}}})
	if err != nil {
		t.Fatal(err)
	}
	// What cannot be read is told when it is met.
	slices.Sort(out.problems)
	slices.Sort(out.at)
	return out
}

// TestPlainAt: the quick look takes no record for one that the full one refuses,
// or for another, and nearly all that the full one takes.
func TestPlainAt(t *testing.T) {
	src := messy(312568880)
	b := make([]byte, src.Size())
	if _, err := src.(fileSource).ReaderAt.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	plain, exact := 0, 0
	for p := 0; p < len(b); p += alignment {
		usn := int64(p) + 312568880
		n, want := plainAt(b[p:], usn), exactAt(b[p:], usn)
		if n != 0 && n != want {
			t.Fatalf("at %#x: got a record of %d bytes, want %d", p, n, want)
		}
		if n != 0 {
			plain++
		}
		if want != 0 {
			exact++
		}
	}
	if plain == 0 || plain == exact || plain < exact*9/10 {
		t.Errorf("got %d of %d records", plain, exact)
	}
}
