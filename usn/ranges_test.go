package usn

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"reflect"
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
