package usn

import (
	"cmp"
	"slices"
)

// data is where a source has bytes of the journal: not in holes, and not behind
// the initialized size.
type data struct {
	spans   []span // ascending, apart
	longest int64  // bytes of the longest span
}

// span is a contiguous part of the stream that holds data.
type span struct {
	start, end int64
	before     int64 // bytes of data in the spans before it
}

// dataOf asks s for its extents, once. Extents that go backwards or overlap are
// cut to what is new.
func dataOf(s Source) data {
	limit := min(s.Size(), s.InitializedSize())
	var d data
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
		d.add(start, end)
	}
	return d
}

// add takes [start, end) of the stream, which lies behind all that was taken.
func (d *data) add(start, end int64) {
	if n := len(d.spans); n > 0 && d.spans[n-1].end == start {
		d.spans[n-1].end = end
	} else {
		d.spans = append(d.spans, span{start, end, d.total()})
	}
	last := d.spans[len(d.spans)-1]
	d.longest = max(d.longest, last.end-last.start)
}

// total is the number of bytes of data.
func (d *data) total() int64 {
	if len(d.spans) == 0 {
		return 0
	}
	last := d.spans[len(d.spans)-1]
	return last.before + last.end - last.start
}

// position gives the stream offset after n bytes of data.
func (d *data) position(n int64) int64 {
	if len(d.spans) == 0 {
		return 0
	}
	i, found := slices.BinarySearchFunc(d.spans, n, func(sp span, n int64) int { return cmp.Compare(sp.before, n) })
	if !found {
		i--
	}
	sp := d.spans[max(i, 0)]
	return min(sp.start+n-sp.before, sp.end)
}

// after gives the spans that end behind a stream offset.
func (d *data) after(p int64) []span {
	i, _ := slices.BinarySearchFunc(d.spans, p, func(sp span, p int64) int {
		if sp.end <= p {
			return -1
		}
		return 1
	})
	return d.spans[i:]
}
