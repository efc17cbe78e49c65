package usn

import (
	"context"
	"sync"
)

// Range is a part of a stream that can be walked by itself, in bytes.
type Range struct {
	Offset, Length int64
	Shift          int64 // USN minus stream offset, as FindShift found it

	rooms *rooms // shared by all of Ranges; nil is allowed
}

// rooms are the buffers of walks that have ended, for those to come.
type rooms struct{ pool sync.Pool }

// roomSize is how much of a chunk is looked at through one window: little enough
// that what was read is still in the cache, and that few pages of memory are
// touched for the first time.
const roomSize = 256<<10 + 2*pageSize

// take gives a buffer of at least size bytes, which is at most roomSize. It
// holds anything.
func (r *rooms) take(size int64) *[]byte {
	if r == nil {
		b := make([]byte, size)
		return &b
	}
	if b, ok := r.pool.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, roomSize)
	return &b
}

func (r *rooms) put(b *[]byte) {
	if r != nil {
		r.pool.Put(b)
	}
}

// chunkSize is how much is walked by itself. Walks treat each chunk on its own, on
// a grid that is fixed by USN, so that it makes no difference how chunks are
// dealt out to ranges.
const chunkSize = 1 << 20

// Ranges divides s into at most n ranges of about as much data each. Walking
// them one by one or side by side, and joining what comes out in order
// (Stats.Join for the sums), gives what Walk gives. There is at least one.
func Ranges(s Source, n int) []Range {
	all := whole(s)
	spans := dataSpans(s)
	var total int64
	for _, sp := range spans {
		total += sp.end - sp.start
	}
	pieces := min(int64(n), total/chunkSize+1)
	var out []Range
	shared := new(rooms)
	start := int64(0)
	for i := int64(1); i < pieces; i++ {
		cut := gridAfter(positionOf(spans, total/pieces*i), all.Shift)
		if cut > start && cut < all.Length {
			out = append(out, Range{start, cut - start, all.Shift, shared})
			start = cut
		}
	}
	return append(out, Range{start, all.Length - start, all.Shift, shared})
}

// WalkRange is Walk for one of Ranges.
func WalkRange(ctx context.Context, s Source, r Range, visit func(Raw), problem func(offset int64, err error)) (Stats, error) {
	w := walker{source: s, shift: r.Shift, visit: visit, problem: problem}
	return w.walk(ctx, r.Offset, r.Offset+r.Length, r.rooms)
}

// span is a contiguous part of the stream that holds data.
type span struct{ start, end int64 }

// dataSpans lists the data of s in ascending order, without holes, up to the
// initialized size. Extents that go backwards or overlap are cut to what is new.
func dataSpans(s Source) []span {
	limit := min(s.Size(), s.InitializedSize())
	var out []span
	reached := int64(0)
	for _, e := range s.Extents() {
		if e.Length <= 0 || e.Offset < 0 || e.Offset >= limit {
			continue
		}
		start, end := max(e.Offset, reached), limit
		if e.Length < limit-e.Offset {
			end = e.Offset + e.Length
		}
		if start >= end {
			continue
		}
		reached = end
		if e.Physical < 0 && !e.Resident {
			continue
		}
		if n := len(out); n > 0 && out[n-1].end == start {
			out[n-1].end = end
			continue
		}
		out = append(out, span{start, end})
	}
	return out
}

// positionOf gives the stream offset after n bytes of data.
func positionOf(spans []span, n int64) int64 {
	for _, sp := range spans {
		if n < sp.end-sp.start {
			return sp.start + n
		}
		n -= sp.end - sp.start
	}
	if len(spans) == 0 {
		return 0
	}
	return spans[len(spans)-1].end
}

// gridAfter gives the first offset after p whose USN is a multiple of chunkSize.
func gridAfter(p, shift int64) int64 {
	return p + chunkSize - int64(uint64(p+shift)%chunkSize)
}
