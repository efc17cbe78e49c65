package logfile

import (
	"encoding/binary"
	"io"
	"iter"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
)

// Remnant is a stretch of a page, its fixups undone, that belongs to no record
// that could be decoded: what is left of records of an earlier lap, of records
// whose head is lost, of pages without header; or the data of a record whose
// operation makes no sense, joined over pages. Zeros alone are none.
type Remnant struct {
	Offset int64  // bytes in the log
	Bytes  []byte // valid during the call
	Torn   bool
}

// Records yields the records of a log of size bytes; see Log.Walk. What was
// damaged is yielded as errors, each for something lost or in doubt. A log that
// was never written yields its one error.
func Records(r io.ReaderAt, size int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		l, err := Open(r, size)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for _, err := range l.problems {
			if !yield(Record{}, err) {
				return
			}
		}
		l.Walk(func(r *Record) bool { return yield(*r, nil) }, nil,
			func(err error) bool { return yield(Record{}, err) })
	}
}

// Walk visits every record of the log once, in the order in which they were
// written, but for Stale ones, which come with the page that they lie in. A
// record in a torn sector may be followed by the same from a copy of the page.
// Each is valid during the call alone.
// problem is told of records that were lost. remnant, where not nil, gets what
// lies between records, in no order. Each returns false to end the walk.
func (l *Log) Walk(record func(*Record) bool, remnant func(Remnant) bool, problem func(error) bool) {
	w := &walker{
		log: l, record: record, remnant: remnant, problem: problem,
		pages: newWindow(l.r, l.size, int(l.pageSize())),
	}
	s := &l.stats
	s.Records, s.Stale, s.Incomplete, s.Undecodable, s.OldestLSN, s.NewestLSN = 0, 0, 0, 0, 0, 0
	for i, p := range l.pages {
		if !w.walkPage(p, i > 0 && l.pages[i-1].lap == p.lap && l.pages[i-1].logical == p.logical) {
			return
		}
	}
}

// walker is the state of one walk.
type walker struct {
	log     *Log
	record  func(*Record) bool
	remnant func(Remnant) bool
	problem func(error) bool
	pages   *window
	page    []byte   // the page under way, fixups undone
	current Record   // the record under way
	further []byte   // the head of a page in which a record goes on, fixups undone
	data    []byte   // a record over several pages, put together
	seen    []uint64 // LSNs that were given from pages for this place
	again   bool     // another page for the same place came before
	resume  place    // where the record ended that went into further pages
}

// place is a position in the ring.
type place struct {
	lap     uint64
	logical int64
	offset  int // bytes in the page
}

// walkPage visits the records of one page. again: the page before it in order
// was for the same place, so records that were visited there are not again.
func (w *walker) walkPage(p page, again bool) bool {
	b, err := w.pages.page(p.at)
	if err != nil {
		return w.problem(&parse.Error{Structure: "log record page", Offset: p.at, Err: err})
	}
	w.page = append(w.page[:0], b...)
	var torn sectorSet
	if p.known {
		torn, _ = undoFixups(w.page)
	} else {
		for i := range len(b) / fixupStride {
			torn.add(i)
		}
	}
	if w.again = again; !again {
		w.seen = w.seen[:0]
	}
	off := int(w.log.restart.DataOffset)
	if !p.known {
		off = 0
	}
	if p.lap == w.resume.lap && p.logical == w.resume.logical && w.resume.offset > off {
		off = w.resume.offset
	}
	return w.walkRecords(p, &torn, off)
}

// walkRecords looks for records from off on. A record is known by its LSN,
// which says where it stands; where none is, the next place is tried.
func (w *walker) walkRecords(p page, torn *sectorSet, off int) bool {
	header := int(w.log.restart.HeaderLength)
	gap := off
	for off+header <= len(w.page) {
		h, ok := w.headerAt(p, off)
		if !ok {
			off += 8
			continue
		}
		if !w.leave(p, torn, gap, off) {
			return false
		}
		next, goOn := w.visit(p, torn, off, h)
		if !goOn {
			return false
		}
		off, gap = next, next
	}
	return w.leave(p, torn, gap, len(w.page))
}

// headerAt reads a record's header at off if one stands there.
func (w *walker) headerAt(p page, off int) (recordHeader, bool) {
	b := w.page[off:]
	lsn := binary.LittleEndian.Uint64(b)
	if w.log.position(lsn) != p.logical+int64(off) {
		return recordHeader{}, false
	}
	h := decodeHeader(b)
	return h, h.plausible(w.log.size)
}

// visit decodes the record at off and gives it to the caller. It returns where
// the next one can stand in the page; a record whose end is lost takes all of it.
func (w *walker) visit(p page, torn *sectorSet, off int, h recordHeader) (next int, goOn bool) {
	start := off + int(w.log.restart.HeaderLength)
	r := &w.current
	h.fill(r, p.at+int64(off))
	end := start + int(h.length)
	r.Stale = !p.known || w.log.lapOf(h.lsn) != p.lap
	r.Torn = torn.overlaps(off, min(end, len(w.page)))
	if end <= len(w.page) {
		r.Data = w.page[start:end:end]
	} else {
		w.assemble(r, p, start, int(h.length))
		end = len(w.page)
	}
	next = (end + 7) &^ 7
	if w.again && slices.Contains(w.seen, h.lsn) || r.Stale && w.elsewhere(p, h.lsn) {
		return next, true
	}
	if !r.Torn {
		w.seen = append(w.seen, h.lsn)
	}
	return next, w.give(r)
}

// elsewhere: the page that a stale record was written in is still there, and
// gives it.
func (w *walker) elsewhere(p page, lsn uint64) bool {
	own, ok := w.log.find(w.log.lapOf(lsn), w.log.pageOf(lsn))
	return ok && own.torn == 0 && own.at != p.at && own.last >= lsn
}

// give decodes the operation and hands the record over.
func (w *walker) give(r *Record) bool {
	s := &w.log.stats
	if r.Missing > 0 {
		s.Incomplete++
		if !r.Stale && !w.problem(recordError(r, parse.ErrTruncated, "its end is lost")) {
			return false
		}
	}
	if err := r.decodeClient(); err != nil {
		s.Undecodable++
		if !r.Stale && !w.problem(parse.At(err, r.Offset+int64(w.log.restart.HeaderLength))) {
			return false
		}
		return w.remnant == nil || len(r.Data) == 0 || w.remnant(Remnant{Offset: r.Offset, Bytes: r.Data, Torn: r.Torn})
	}
	s.Records++
	if r.Stale {
		s.Stale++
	} else {
		s.NewestLSN = max(s.NewestLSN, r.LSN)
		if s.OldestLSN == 0 || r.LSN < s.OldestLSN {
			s.OldestLSN = r.LSN
		}
	}
	return w.record(r)
}

// assemble joins the client data of a record that starts in page p at byte
// start and goes on in the pages after it, as far as they are of its lap.
func (w *walker) assemble(r *Record, p page, start, length int) {
	l := w.log
	if start > len(w.page) {
		start = len(w.page)
	}
	w.data = append(w.data[:0], w.page[start:]...)
	at := place{lap: l.lapOf(r.LSN), logical: p.logical}
	for len(w.data) < length {
		var next page
		var ok bool
		if at, next, ok = l.following(at); !ok || next.last < r.LSN {
			break
		}
		b, err := w.pages.page(next.at)
		if err != nil {
			break
		}
		from, need := int(l.restart.DataOffset), length-len(w.data)
		if need > len(b)-from && next.last > r.LSN {
			break // a record begins in a page that this one would fill
		}
		end := min(from+need, len(b))
		w.further = append(w.further[:0], b[:(end+fixupStride-1)&^(fixupStride-1)]...)
		torn, _ := undoFixupsAhead(w.further, len(b))
		r.Torn = r.Torn || torn.overlaps(from, end)
		w.data = append(w.data, w.further[from:end]...)
		at.offset = (end + 7) &^ 7
	}
	if len(w.data) >= length && !r.Stale {
		w.resume = at
	}
	r.Missing = length - len(w.data)
	r.Data = w.data
}

// leave hands the bytes between two records to the caller.
func (w *walker) leave(p page, torn *sectorSet, from, to int) bool {
	if w.remnant == nil || to-from < 8 {
		return true
	}
	zero := w.page[from] == 0 && uniform(w.page[from:to])
	return zero || w.remnant(Remnant{Offset: p.at + int64(from), Bytes: w.page[from:to:to], Torn: torn.overlaps(from, to)})
}

func recordError(r *Record, cause error, detail string) error {
	return &parse.Error{Structure: "log record", Offset: r.Offset, Err: cause, Detail: detail}
}
