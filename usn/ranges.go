package usn

import (
	"context"
	"sync"
)

// Range is a part of a stream that can be walked by itself, in bytes.
type Range struct {
	Offset, Length int64
	Shift          int64 // USN minus stream offset, as FindShift found it

	shared *shared // by all of Ranges; nil is allowed
}

// shared is what the walks of all ranges of one source have in common.
type shared struct {
	data  data
	rooms rooms
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
	common := &shared{data: dataOf(s)}
	d := &common.data
	size, shift, total := s.Size(), findShift(s, d), d.total()
	pieces := min(int64(n), total/chunkSize+1)
	var out []Range
	start := int64(0)
	for i := int64(1); i < pieces; i++ {
		cut := gridAfter(d.position(total/pieces*i), shift)
		if cut > start && cut < size {
			out = append(out, Range{start, cut - start, shift, common})
			start = cut
		}
	}
	return append(out, Range{start, size - start, shift, common})
}

// WalkRange is Walk for one of Ranges, of the same s.
func WalkRange(ctx context.Context, s Source, r Range, visit func(Raw), problem func(offset int64, err error)) (Stats, error) {
	w := walker{source: s, shift: r.Shift, visit: visit, problem: problem}
	end := r.Offset + r.Length
	if r.shared == nil {
		d := dataOf(s)
		return w.walk(ctx, r.Offset, end, &d, nil)
	}
	return w.walk(ctx, r.Offset, end, &r.shared.data, &r.shared.rooms)
}

// gridAfter gives the first offset after p whose USN is a multiple of chunkSize.
func gridAfter(p, shift int64) int64 {
	return p + chunkSize - int64(uint64(p+shift)%chunkSize)
}
