package usn

import "github.com/jobscan/jobscan/internal/wintime"

// Stats sums up a walk: what was there, what was lost, which window of time
// the journal covers.
type Stats struct {
	Records    uint64 // all, stale ones included
	V2, V3, V4 uint64
	Stale      uint64
	// StaleWithin are the stale ones between records that are not: others of the
	// journal stood in their place, and are lost.
	StaleWithin uint64

	// DamagedBytes counts what is neither a record nor zero, in words of 8
	// bytes, zero words in the midst of damage included, and what could not be read.
	DamagedBytes int64

	// FirstUSN and LastUSN, FirstTime and LastTime are those of the first and
	// last record in stream order that is not stale (for the times: that has
	// one). With a clock that was set back FirstTime need not be the least.
	FirstUSN, LastUSN   int64
	FirstTime, LastTime wintime.Filetime

	// BackwardSteps counts records older than the one before them.
	BackwardSteps BackwardSteps

	// Shift is USN minus stream offset: zero for a whole $J, the length of
	// what is missing for one that was taken without its head.
	Shift int64

	// Gaps are stretches without records between records, in stream order:
	// holes and zeros where the journal had something. At most MaxGaps are
	// listed, GapsOmitted counts the rest.
	Gaps        []Gap
	GapsOmitted uint64

	edge edge
}

// BackwardSteps describes a clock that ran backwards.
type BackwardSteps struct {
	Count   uint64
	Largest uint64 // in ticks of 100 ns
}

// Gap is a stretch of the stream without records, in bytes. Padding to the end
// of a page is none. Before and After are the times of the nearest records
// that have one; zero where there is none.
type Gap struct {
	Offset, Length int64
	Before, After  wintime.Filetime
}

// MaxGaps bounds Stats.Gaps.
const MaxGaps = 1000

// edge remembers what Join needs of a walk's first and last piece: a piece is
// a record or damage.
type edge struct {
	any        bool
	first, end int64 // stream offsets
	firstLoose bool  // damage or a stale record: not tied to the page grid
	endLoose   bool
	fresh      bool   // FirstUSN is set
	staleHead  uint64 // stale records before the first that is not
	staleTail  uint64 // behind the last that is not
	timed      bool   // FirstTime is set
}

// Join adds the sums of the range that follows s's directly.
func (s *Stats) Join(next Stats) {
	s.Records += next.Records
	s.V2 += next.V2
	s.V3 += next.V3
	s.V4 += next.V4
	s.Stale += next.Stale
	s.DamagedBytes += next.DamagedBytes
	s.Shift = next.Shift

	if next.edge.any {
		s.reach(next.edge.first, next.edge.end, next.edge.firstLoose, next.edge.endLoose)
	}
	if next.edge.timed {
		s.closeGap(next.FirstTime)
	}
	for _, g := range next.Gaps {
		s.addGap(g)
	}
	s.GapsOmitted += next.GapsOmitted
	s.joinStale(next)

	if next.edge.fresh {
		if !s.edge.fresh {
			s.FirstUSN, s.edge.fresh = next.FirstUSN, true
		}
		s.LastUSN = next.LastUSN
	}
	if next.edge.timed {
		s.step(next.FirstTime)
		s.LastTime = next.LastTime
	}
	s.BackwardSteps.Count += next.BackwardSteps.Count
	s.BackwardSteps.Largest = max(s.BackwardSteps.Largest, next.BackwardSteps.Largest)
}

// joinStale finds stale records between the last fresh one of s and the first of next.
func (s *Stats) joinStale(next Stats) {
	e := &s.edge
	switch {
	case !next.edge.fresh && !e.fresh:
		e.staleHead += next.Stale
	case !next.edge.fresh:
		e.staleTail += next.Stale
	case !e.fresh:
		e.staleHead += next.edge.staleHead
		s.StaleWithin, e.staleTail = next.StaleWithin, next.edge.staleTail
	default:
		s.StaleWithin += e.staleTail + next.edge.staleHead + next.StaleWithin
		e.staleTail = next.edge.staleTail
	}
}

// record counts the record b at a stream offset.
func (s *Stats) record(b []byte, at int64, stale bool) {
	s.Records++
	end := at + int64(len(b))
	if b[4] == 2 && !stale && s.follows(at) {
		s.V2++
		s.edge.end = end
		s.LastUSN = at + s.Shift
		t := wintime.Filetime(le.Uint64(b[offTime:]))
		if t < s.LastTime {
			s.step(t)
		}
		s.LastTime = t
		return
	}
	switch b[4] {
	case 2:
		s.V2++
	case 3:
		s.V3++
	default:
		s.V4++
	}
	s.reach(at, end, stale, stale)
	if stale {
		s.Stale++
		if s.edge.fresh {
			s.edge.staleTail++
		} else {
			s.edge.staleHead++
		}
		return
	}
	s.StaleWithin += s.edge.staleTail
	s.edge.staleTail = 0
	usn := at + s.Shift
	if !s.edge.fresh {
		s.FirstUSN, s.edge.fresh = usn, true
	}
	s.LastUSN = usn
	if b[4] != 4 {
		t := Raw{b: b}.Time()
		s.closeGap(t)
		s.step(t)
	}
}

// follows tells that nothing is to be noted but where a record ends and its time:
// it stands directly after another one, or at the next page, and there was no
// gap so far.
func (s *Stats) follows(at int64) bool {
	e := &s.edge
	if !e.timed || e.endLoose || len(s.Gaps) > 0 {
		return false
	}
	return at == e.end || at == e.end+int64(-uint64(e.end+s.Shift)%pageSize)
}

// step takes a time in stream order.
func (s *Stats) step(t wintime.Filetime) {
	switch {
	case !s.edge.timed:
		s.FirstTime, s.edge.timed = t, true
	case t < s.LastTime:
		s.BackwardSteps.Count++
		s.BackwardSteps.Largest = max(s.BackwardSteps.Largest, uint64(s.LastTime-t))
	}
	s.LastTime = t
}

// reach takes a piece of the stream and notes a gap before it.
func (s *Stats) reach(first, end int64, firstLoose, endLoose bool) {
	if !s.edge.any {
		s.edge.any, s.edge.first, s.edge.firstLoose = true, first, firstLoose
	} else if first > s.edge.end {
		s.gap(s.edge.end, first, s.edge.endLoose || firstLoose)
	}
	s.edge.end, s.edge.endLoose = end, endLoose
}

// gap decides whether the zeros from end to first are more than padding. Beside
// pieces that are not tied to the page grid only whole pages count.
func (s *Stats) gap(end, first int64, loose bool) {
	page := end + int64(-uint64(end+s.Shift)%pageSize)
	switch {
	case first == page, loose && first-page < pageSize:
		return
	case first < page:
		page = end
	}
	s.addGap(Gap{Offset: page, Length: first - page, Before: s.LastTime})
}

func (s *Stats) addGap(g Gap) {
	if len(s.Gaps) >= MaxGaps {
		s.GapsOmitted++
		return
	}
	s.Gaps = append(s.Gaps, g)
}

// closeGap gives the last gap the time of the record after it.
func (s *Stats) closeGap(t wintime.Filetime) {
	if n := len(s.Gaps); n > 0 && s.Gaps[n-1].After == 0 {
		s.Gaps[n-1].After = t
	}
}
