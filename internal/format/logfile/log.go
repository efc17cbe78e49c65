package logfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
)

const (
	// maxLog bounds what is read of a log, in bytes; Windows allows no larger one.
	maxLog = 4 << 30
	// Pages after the two restart pages that hold copies of the pages last
	// written: two tail pages in version 1.1, 32 fast pages in 2.0.
	tailPages = 2
	fastPages = 32
	// usualPages is how many pages a log has that Windows made as large as it makes
	// them by itself, 64 MiB.
	usualPages = 64 << 20 / defaultPageSize
)

// Stats counts what a log holds, and what of it was lost.
type Stats struct {
	Major, Minor uint16 // version of LFS; 0.0 where no restart page could be read
	CleanEnd     bool   // the volume was dismounted before the log was taken
	CurrentLSN   uint64 // the last one that the restart pages know of

	Pages   int // log record pages
	Unused  int // pages never written
	Damaged int // pages without a header, or that could not be read
	Torn    int // pages of which some sector was not written

	Records     int // those given without an error, Stale ones included
	Stale       int
	Incomplete  int // records whose end was lost
	Undecodable int // records whose operation makes no sense

	OldestLSN, NewestLSN uint64 // of the records that are not Stale
}

// Log is one $LogFile, laid open: its pages are known and in order. It is
// immutable but for its counts; a walk reads the pages again.
type Log struct {
	r         io.ReaderAt
	size      int64
	ringStart [2]int64 // bytes before the first page of the ring: in the log's version, and in the other
	restart   RestartPage
	pages     []page // in order of lap, place and preference
	problems  []error
	stats     Stats
}

// Open reads the restart pages and the headers of all pages of a log of size
// bytes. It fails only where nothing in it was ever written. What is damaged
// stands in Problems; without restart pages the usual layout is assumed.
func Open(r io.ReaderAt, size int64) (*Log, error) {
	l := &Log{r: r, size: size}
	if size > maxLog {
		l.size = maxLog
		l.problem(&parse.Error{Structure: "$LogFile", Offset: maxLog, Err: parse.ErrRange, Detail: fmt.Sprintf("%d bytes; the rest is not read", size)})
	}
	l.readRestart()
	l.size -= l.size % l.pageSize()
	l.readPages()
	if len(l.pages) == 0 {
		return nil, &parse.Error{Structure: "$LogFile", Err: parse.ErrSignature, Detail: "no log record page was ever written"}
	}
	return l, nil
}

// Restart gives the restart page that counts: of two good ones the newer.
func (l *Log) Restart() RestartPage { return l.restart }

// Problems tells what was found damaged when the log was opened.
func (l *Log) Problems() []error { return slices.Clone(l.problems) }

// Stats gives the counts, those of records as of the last walk.
func (l *Log) Stats() Stats { return l.stats }

func (l *Log) problem(err error) { l.problems = append(l.problems, err) }

// readRestart reads both restart pages: the second begins after the first, at
// the size that pages have, which is tried where the first is lost.
func (l *Log) readRestart() {
	b := make([]byte, min(maxPageSize, max(l.size, 0)))
	var best RestartPage
	found := false
	keep := func(at int64) int64 {
		n, err := l.r.ReadAt(b[:min(int64(len(b)), max(l.size-at, 0))], at)
		if err != nil && !errors.Is(err, io.EOF) {
			l.problem(&parse.Error{Structure: "restart page", Offset: at, Err: err})
		}
		p, err := ParseRestartPage(b[:n])
		if err != nil {
			l.problem(parse.At(err, at))
			return defaultPageSize
		}
		if !found || !p.Torn && best.Torn || p.Torn == best.Torn && p.CurrentLSN > best.CurrentLSN {
			best, found = p, true
		}
		return int64(p.SystemPageSize)
	}
	keep(keep(0))
	if !found {
		best = assumedRestartPage(l.size)
	}
	l.restart = best
	l.stats.Major, l.stats.Minor = best.Major, best.Minor
	l.stats.CleanEnd = found && best.Flags&2 != 0
	l.stats.CurrentLSN = best.CurrentLSN
}

// readPages reads the headers of all pages after the restart pages.
func (l *Log) readPages() {
	first := 2 * int64(l.restart.SystemPageSize)
	l.ringStart = [2]int64{first + tailPages*l.pageSize(), first + fastPages*l.pageSize()}
	if l.restart.Major != 1 {
		l.ringStart[0], l.ringStart[1] = l.ringStart[1], l.ringStart[0]
	}
	w := newWindow(l.r, l.size, int(l.pageSize()))
	l.pages = make([]page, 0, min(max(l.size-first, 0)/l.pageSize(), usualPages))
	for at := first; at+l.pageSize() <= l.size; at += l.pageSize() {
		b, err := w.page(at)
		if err != nil {
			l.problem(&parse.Error{Structure: "log record page", Offset: at, Err: err})
			l.stats.Damaged++
			continue
		}
		if unused(b) {
			l.stats.Unused++
			continue
		}
		l.addPage(l.describe(b, at), b)
	}
	slices.SortFunc(l.pages, comparePages)
}

// addPage keeps a page; b is the window's copy, whose fixups are undone here.
func (l *Log) addPage(p page, b []byte) {
	l.stats.Pages++
	switch {
	case !p.known:
		l.stats.Damaged++
		l.problem(&parse.Error{Structure: "log record page", Field: "signature", Offset: p.at, Err: parse.ErrSignature, Detail: fmt.Sprintf("found %q", b[:4])})
	default:
		if _, torn := undoFixups(b); torn > 0 {
			p.torn = uint8(torn)
			l.stats.Torn++
			l.problem(&parse.Error{Structure: "log record page", Offset: p.at, Err: parse.ErrFixup, Detail: fmt.Sprintf("%d sectors torn; bytes kept as read", torn)})
		}
	}
	l.pages = append(l.pages, p)
}

// comparePages orders pages as they were written; of several for one place the
// whole one that knows most comes first.
func comparePages(a, b page) int {
	return cmp.Or(
		cmp.Compare(a.lap, b.lap),
		cmp.Compare(a.logical, b.logical),
		cmp.Compare(min(a.torn, 1), min(b.torn, 1)),
		-cmp.Compare(a.last, b.last),
		cmp.Compare(a.torn, b.torn),
		-cmp.Compare(a.at, b.at), // the ring itself before the copy
	)
}

// following gives the page that the ring goes on with after a place. A log may
// have gone round in another version than it is in now.
func (l *Log) following(at place) (place, page, bool) {
	at.logical += l.pageSize()
	if at.logical < l.size {
		p, ok := l.find(at.lap, at.logical)
		return at, p, ok
	}
	at.lap++
	for _, at.logical = range l.ringStart {
		if p, ok := l.find(at.lap, at.logical); ok {
			return at, p, true
		}
	}
	return at, page{}, false
}

// find gives the page that continues the ring at a place, in a lap.
func (l *Log) find(lap uint64, logical int64) (page, bool) {
	i, ok := slices.BinarySearchFunc(l.pages, page{lap: lap, logical: logical}, func(p, want page) int {
		return cmp.Or(cmp.Compare(p.lap, want.lap), cmp.Compare(p.logical, want.logical))
	})
	if !ok || !l.pages[i].known {
		return page{}, false
	}
	return l.pages[i], true
}
