package usn

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

// walker walks one range of a source. visit and problem set stopped to end it.
type walker struct {
	source  Source
	shift   int64
	visit   func(Raw)
	problem func(int64, error)

	stats   Stats
	stopped bool

	buf  []byte // the bytes at hand: a window on a chunk, and what lies around it
	base int64  // stream offset of buf[0]
	lost damage
}

// damage is the stretch without records that is being passed over, as offsets
// of the stream.
type damage struct {
	open       bool
	start, end int64
	bytes      int64
	zeros      int64 // since end, in the same page
	cause      *parse.Error
}

// walk goes through the data between two stream offsets, chunk by chunk.
func (w *walker) walk(ctx context.Context, from, to int64, d *data, rooms *rooms) (Stats, error) {
	w.stats.Shift = w.shift
	room := rooms.take(min(d.longest, roomSize))
	defer rooms.put(room)
	for _, sp := range d.after(from) {
		if sp.start >= to {
			break
		}
		start, end := max(sp.start, from), min(sp.end, to)
		for start < end {
			if err := ctx.Err(); err != nil {
				return w.stats, err
			}
			next := min(gridAfter(start, w.shift), end)
			w.chunk(*room, sp, start, next)
			if w.stopped {
				return w.stats, nil
			}
			start = next
		}
	}
	return w.stats, nil
}

// chunk reads and walks the records that begin in [start, end) of the stream.
// The page before is read along to see whether a record crosses start, the
// page after so that one may cross end: NTFS lets none do so, other writers
// might. What a chunk yields depends on these bytes alone, and not on the
// windows through which they are seen.
func (w *walker) chunk(room []byte, sp span, start, end int64) {
	whole := w.stats
	w.stats = Stats{Shift: w.shift}
	first, last := max(sp.start, start-pageSize), min(sp.end, end+pageSize)
	for at := start; at < end && !w.stopped; {
		w.base = first
		if at > start {
			w.base += (at - first) / pageSize * pageSize
		}
		w.buf = room[:min(int64(len(room)), last-w.base)]
		if n, _ := w.source.ReadAt(w.buf, w.base); n < len(w.buf) {
			w.buf = make([]byte, last-w.base) // the rest at once, so that each stretch is reported once
			if !w.read(at, end) {
				break
			}
		}
		if at == start {
			at = w.crossing(start)
		}
		at = w.records(at, end, w.base+int64(len(w.buf)) < last)
	}
	part := w.stats
	w.stats = whole
	w.stats.Join(part)
}

// read fills buf. Bytes that cannot be read become zero; those of the chunk
// itself are reported, a problem for each contiguous stretch.
func (w *walker) read(start, end int64) bool {
	n, err := w.source.ReadAt(w.buf, w.base)
	if n == len(w.buf) {
		return true
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	if n == 0 && errors.Is(err, io.EOF) {
		clear(w.buf)
		return w.unread(start, end, err)
	}
	var badStart, badEnd int64
	var cause error
	for p := 0; p < len(w.buf); p += pageSize {
		page := w.buf[p:min(p+pageSize, len(w.buf))]
		at := w.base + int64(p)
		n, err := w.source.ReadAt(page, at)
		if n == len(page) {
			continue
		}
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		clear(page[n:])
		if cause != nil && badEnd != at+int64(n) {
			if !w.unread(max(badStart, start), min(badEnd, end), cause) {
				return false
			}
			cause = nil
		}
		if cause == nil {
			badStart, cause = at+int64(n), err
		}
		badEnd = at + int64(len(page))
	}
	return cause == nil || w.unread(max(badStart, start), min(badEnd, end), cause)
}

// unread reports that [start, end) of the stream could not be read.
func (w *walker) unread(start, end int64, cause error) bool {
	if start >= end {
		return true
	}
	w.stats.DamagedBytes += end - start
	w.problem(start, &parse.Error{
		Structure: "change journal", Offset: start, Err: cause,
		Detail: fmt.Sprintf("%d bytes cannot be read", end-start),
	})
	return !w.stopped
}

// crossing gives the end of the record that begins in the page before start
// and reaches over it, or start.
func (w *walker) crossing(start int64) int64 {
	for p := alignUp(w.base); p < start; p += alignment {
		if n := exactAt(w.buf[p-w.base:], p+w.shift); p+int64(n) > start {
			return p + int64(n)
		}
	}
	return start
}

func alignUp(p int64) int64 { return (p + alignment - 1) &^ (alignment - 1) }

// records walks the records that begin in [start, end) of the stream, and tells
// how far it came. With more of the chunk to come behind buf it stops two pages
// before buf ends, so that it judges none, and no stretch of zeros, by less than a
// page.
func (w *walker) records(start, end int64, more bool) int64 {
	p, limit := int(alignUp(start)-w.base), min(int(end-w.base), len(w.buf))
	stop := limit - alignment + 1
	if more {
		stop = min(stop, len(w.buf)-2*pageSize)
	}
	for p < stop {
		b := w.buf[p:]
		if le.Uint64(b) == 0 {
			q := skipZeros(w.buf[:limit], p)
			if w.lost.open && !w.passZeros(p, q) {
				return end
			}
			p = q
			continue
		}
		at := w.base + int64(p)
		stale := false
		if !w.lost.open && w.stats.follows(at) {
			if q := w.plain(p, stop); q > p {
				p = q
				if w.stopped {
					return end
				}
				continue
			}
		}
		n := exactAt(b, at+w.shift)
		if n == 0 {
			n = plausibleAt(b[:limit-p])
			stale = true
		}
		if n == 0 {
			w.damaged(at, alignment, b)
			p += alignment
			continue
		}
		if w.lost.open && !w.flush() {
			return end
		}
		w.stats.record(b[:n:n], at, stale)
		if w.visit(Raw{b: b[:n:n], Offset: at, Stale: stale}); w.stopped {
			return end
		}
		p += n
	}
	if more {
		return w.base + int64(p)
	}
	for q := p; q < limit; q++ {
		if w.buf[q] != 0 {
			w.damaged(w.base+int64(p), int64(limit-p), w.buf[p:])
			break
		}
	}
	w.flush()
	return end
}

// plain walks the records from buf[p] on that stand directly one after the other
// and are as plainAt wants them, up to the first that is not, or begins at or
// after stop, and tells where that is. There must be no damage open, and the sums
// must have nothing to note but where a record ends and its time.
func (w *walker) plain(p, stop int) int {
	s := &w.stats
	last, count, from := s.LastTime, uint64(0), p
	for p < stop {
		b := w.buf[p:]
		n := plainAt(b, w.base+w.shift+int64(p))
		if n == 0 {
			break
		}
		if t := wintime.Filetime(le.Uint64(b[offTime:])); t != last {
			if t < last {
				s.LastTime = last
				s.step(t)
			}
			last = t
		}
		count++
		from = p
		p += n
		if w.visit(Raw{b: b[:n:n], Offset: w.base + int64(from)}); w.stopped {
			break
		}
	}
	if count > 0 {
		s.Records += count
		s.V2 += count
		s.edge.end = w.base + int64(p)
		s.LastUSN = w.base + int64(from) + s.Shift
		s.LastTime = last
	}
	return p
}

// skipZeros gives the first index at or after p, in steps of 8, that does not
// begin 8 zero bytes in b.
func skipZeros(b []byte, p int) int {
	for ; p+64 <= len(b); p += 64 {
		c := b[p : p+64 : p+64]
		if le.Uint64(c)|le.Uint64(c[8:])|le.Uint64(c[16:])|le.Uint64(c[24:])|
			le.Uint64(c[32:])|le.Uint64(c[40:])|le.Uint64(c[48:])|le.Uint64(c[56:]) != 0 {
			break
		}
	}
	for ; p+8 <= len(b) && le.Uint64(b[p:]) == 0; p += 8 {
	}
	return p
}

// damaged takes n bytes at a stream offset that are no record's.
func (w *walker) damaged(at, n int64, b []byte) {
	if !w.lost.open {
		w.lost = damage{open: true, start: at, end: at, cause: diagnose(b, at+w.shift)}
	}
	w.lost.bytes += w.lost.zeros + n
	w.lost.zeros = 0
	w.lost.end = at + n
}

// passZeros takes the zeros in buf[p:q] after damage. Those that reach the end
// of a page are padding; a whole page of them ends the stretch.
func (w *walker) passZeros(p, q int) bool {
	if q-p >= pageSize {
		return w.flush()
	}
	toEnd := toPage(w.base + int64(p) + w.shift)
	if toEnd > 0 && q-p < toEnd {
		w.lost.zeros += int64(q - p)
	} else {
		w.lost.zeros = 0
	}
	return true
}

// flush reports the damage that is open, if any.
func (w *walker) flush() bool {
	if !w.lost.open {
		return true
	}
	d := w.lost
	w.lost = damage{}
	w.stats.DamagedBytes += d.bytes
	w.stats.reach(d.start, d.end, true, true)
	e := *d.cause
	e.Offset += d.start
	e.Detail += fmt.Sprintf("; %d bytes lost up to %#x", d.bytes, d.end)
	w.problem(d.start, &e)
	return !w.stopped
}
