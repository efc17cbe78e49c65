package ewf

import (
	"errors"
	"fmt"
	"sort"

	"github.com/jobscan/jobscan/internal/parse"
)

// place finds out which chunks of the disk each table holds. Tables do not say it:
// they are counted from the first on, and behind chunks whose number is lost from
// the last one back.
func (e *set) place() {
	pieces := e.pieces()
	total, needed := int64(e.volume.Chunks), e.volume.needed()
	if total != needed {
		e.flaws.add(&parse.Error{Structure: "EWF volume section", Field: "chunk count", Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected %d for %d sectors, found %d", needed, e.volume.Sectors, total)}, lossUnless)
	}
	at, next := int64(0), 0
	for ; next < len(pieces) && pieces[next].chunks() != unknown; next++ {
		at = pieces[next].put(at, &e.placed)
	}
	if next < len(pieces) {
		e.placeFromEnd(pieces[next:], at)
	} else if at > needed {
		e.flaws.add(fmt.Errorf("the tables hold %d chunks, the disk %d: what is beyond is not read", at, needed), loss)
	} else if at < needed {
		e.flaws.add(fmt.Errorf("the tables hold %d chunks, the disk %d", at, needed), loss)
	}
	e.complete = e.covers(needed)
	if !e.complete {
		e.tellLost(needed)
	}
}

// pieces lists the pieces of all segments; a missing one is chunks whose number is
// not known.
func (e *set) pieces() (out []piece) {
	for _, g := range e.segments {
		if g == nil {
			out = append(out, piece{count: unknown})
			continue
		}
		out = append(out, g.pieces...)
	}
	return out
}

// put places a piece at a chunk and gives the chunk behind it.
func (p piece) put(at int64, placed *[]*group) int64 {
	if p.table != nil && p.table.count > 0 {
		p.table.start = at
		*placed = append(*placed, p.table)
	}
	return at + p.chunks()
}

// placeFromEnd places the pieces behind the last gap of unknown size. first is the
// chunk at which the gap can begin at the earliest.
func (e *set) placeFromEnd(pieces []piece, first int64) {
	last, behind := 0, int64(0)
	for i, p := range pieces {
		if p.chunks() == unknown {
			last, behind = i, 0
		} else {
			behind += p.chunks()
		}
	}
	n := len(e.segments)
	total := int64(e.volume.Chunks)
	if e.segments[n-1] == nil || !e.segments[n-1].done || total != e.volume.needed() || total-behind < first {
		last = len(pieces) - 1 // nothing says where the end is
	} else {
		at := total - behind
		for _, p := range pieces[last+1:] {
			at = p.put(at, &e.placed)
		}
	}
	var lost int64
	for _, p := range pieces[:last+1] {
		lost += max(p.chunks(), 0)
	}
	if lost > 0 {
		e.flaws.add(fmt.Errorf("%d chunks are there of which nobody knows their place on the disk", lost), loss)
	}
}

// covers reports that each of the first n chunks has its place.
func (e *set) covers(n int64) bool {
	at := int64(0)
	for _, t := range e.placed {
		if t.start > at {
			return false
		}
		at = max(at, t.start+int64(t.count))
	}
	return at >= n
}

// tellLost says which sectors of the disk have no chunk.
func (e *set) tellLost(needed int64) {
	at := int64(0)
	tell := func(end int64) {
		if end = min(end, needed); at < end {
			per := int64(e.volume.SectorsPerChunk)
			e.flaws.add(fmt.Errorf("chunks %d to %d are lost, which are sectors %d to %d of the disk", at, end-1, at*per, min(end*per, int64(e.volume.Sectors))-1), loss)
		}
	}
	for _, t := range e.placed {
		tell(t.start)
		at = max(at, t.start+int64(t.count))
	}
	tell(needed)
}

var errLost = errors.New("it is in no table that could be read")

// find gives the table that holds a chunk.
func (e *set) find(chunk int64) (*group, error) {
	i := sort.Search(len(e.placed), func(i int) bool { return e.placed[i].start > chunk }) - 1
	if i < 0 || chunk-e.placed[i].start >= int64(e.placed[i].count) {
		return nil, fmt.Errorf("EWF chunk %d of %d: %w", chunk, e.volume.needed(), errLost)
	}
	return e.placed[i], nil
}
