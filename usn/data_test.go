package usn

import (
	"context"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/ntfs"
)

func TestData(t *testing.T) {
	src := NewSparseSource(zeros{}, 1000, []ntfs.Extent{
		{Offset: 10, Length: 20}, {Offset: 30, Length: 10, Physical: 7}, // one span
		{Offset: 40, Length: 60, Physical: -1},
		{Offset: 90, Length: 30},  // from 100
		{Offset: 50, Length: 40},  // goes backwards
		{Offset: 500, Length: -5}, // has no bytes
		{Offset: 900, Length: 1 << 62},
	})
	d := dataOf(src)
	want := data{spans: []span{{10, 40, 0}, {100, 120, 30}, {900, 1000, 50}}, longest: 100}
	if !reflect.DeepEqual(d, want) || d.total() != 150 {
		t.Errorf("got %+v, %d bytes; want %+v, 150", d, d.total(), want)
	}
	for n, want := range map[int64]int64{0: 10, 29: 39, 30: 100, 49: 119, 50: 900, 149: 999, 150: 1000, 200: 1000} {
		if got := d.position(n); got != want {
			t.Errorf("after %d bytes: got offset %d, want %d", n, got, want)
		}
	}
	for p, want := range map[int64]int{0: 3, 10: 3, 39: 3, 40: 2, 119: 2, 120: 1, 999: 1, 1000: 0, 5000: 0} {
		if got := len(d.after(p)); got != want {
			t.Errorf("behind offset %d: got %d spans, want %d", p, got, want)
		}
	}
	none := dataOf(NewSparseSource(zeros{}, 1000, nil))
	if none.total() != 0 || none.position(5) != 0 || len(none.after(0)) != 0 {
		t.Errorf("without data: got %+v", none)
	}
}

// fragmented gives its extents as a stream of a volume does: as a copy.
type fragmented struct {
	fileSource
	asked *int
}

func (f fragmented) Extents() []ntfs.Extent {
	*f.asked++
	return slices.Clone(f.extents)
}

// TestRangesOfFragments: the ranges of a stream in very many extents share one
// list of them; each once made its own, twice.
func TestRangesOfFragments(t *testing.T) {
	const count, cluster, limit = 200_000, 4096, 100 << 20
	extents := make([]ntfs.Extent, count)
	for i := range extents {
		extents[i] = ntfs.Extent{Offset: int64(i) * cluster, Length: cluster, Physical: int64(-(i % 2))}
	}
	asked := 0
	src := fragmented{fileSource{zeros{}, count * cluster, extents}, &asked}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ranges := Ranges(src, 256)
	for _, r := range ranges {
		if _, err := WalkRange(context.Background(), src, r, func(Raw) {}, func(at int64, err error) { t.Error(at, err) }); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; len(ranges) != 256 || asked != 1 || got > limit {
		t.Errorf("%d ranges asked %d times for the extents and took %d bytes of memory; want 256, once, at most %d", len(ranges), asked, got, limit)
	}
}
