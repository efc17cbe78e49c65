package correlate

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// arrival makes the event by which a name began.
func (b *fileBuilder) arrival(s *span, path winpath.Path, moment int64) *event.Event {
	if s.begun == unseen {
		return b.unseenArrival(s, path, moment)
	}
	e := b.event(actionOf(s.begun), s.first.Time, s.first.USN, path)
	e.Support = append(e.Support, b.usnSupport(s.first))
	switch s.begun {
	case byCreation:
		e.Arrival = event.Created
		b.checkCreation(e, s)
	case byLink:
		e.Arrival = event.Linked
	case byRename:
		e.Arrival = event.RenamedIn
		if s.previous != nil {
			from := b.path(*s.previous, b.momentOf(s.first))
			e.Previous = &from
		}
	}
	if s.partial {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: upperBound,
			Detail: "the first record of this file in the journal already carries later reasons: it came to this path at this time or before"})
	}
	if s.inMFT {
		e.Support = append(e.Support, b.mftSupport(s.Name)...)
	}
	return e
}

// upperBound is the code of events whose own record the journal no longer holds.
const upperBound = "time_is_upper_bound"

func actionOf(begun beginning) event.Action {
	switch begun {
	case byRename:
		return event.Rename
	case byLink:
		return event.Link
	}
	return event.Creation
}

func (b *fileBuilder) momentOf(r *usn.Record) int64 {
	if b.timeless {
		return beforeJournal
	}
	return r.USN
}

// checkCreation compares a creation in the journal with what else is known of it.
func (b *fileBuilder) checkCreation(e *event.Event, s *span) {
	if b.file.Times == nil || !s.inMFT || s.partial {
		return
	}
	if born := b.file.Times.Created; born > s.first.Time+clockSlack {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "si_created_after_journal",
			Detail: fmt.Sprintf("$STANDARD_INFORMATION says created %s, which is later than the journal's record of the creation, %s: set forward by a program, or the clock was set", born, s.first.Time)})
	} else if born < s.first.Time {
		if gap := s.first.Time - born; gap > clockSlack {
			e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "si_created_before_journal",
				Detail: fmt.Sprintf("$STANDARD_INFORMATION says created %s, the journal %s: set by a program, or inherited from a file of the same name deleted within 15 seconds before (tunnelling)", born, s.first.Time)})
		}
	}
}

// clockSlack is how much earlier than its journal record a file's creation time
// may be: the time is taken when the file is made, the record written after. In ticks: one second.
const clockSlack = wintime.Filetime(10_000_000)

// unseenArrival makes the event for a name whose beginning no journal record
// shows: its time comes from $FILE_NAME, or is bounded by the first record that
// shows the name.
func (b *fileBuilder) unseenArrival(s *span, path winpath.Path, moment int64) *event.Event {
	fn, own := b.fileName(s.Name)
	if fn == nil {
		return b.boundedArrival(s, path)
	}
	action, how := event.Creation, event.UnknownArrival
	detail := "$FILE_NAME"
	if own {
		action, how, detail = b.inferArrival(fn)
	} else {
		detail = fmt.Sprintf("$FILE_NAME of the file's later name %q: the file is not older than this, its arrival here is not dated", fn.Name)
	}
	e := b.event(action, fn.Created, -1, path)
	e.Arrival = how
	e.Support = append(e.Support, b.recordSupport(fn, detail))
	if s.first != nil {
		support := b.usnSupport(s.first)
		support.Detail += " (shows the name, not its beginning)"
		e.Support = append(e.Support, support)
	}
	if s.contradict {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "name_not_in_journal",
			Detail: "the journal covers the file's life and yet shows no record of this name: records are missing, or the $MFT and the journal are of different moments"})
	}
	if moment != beforeJournal && moment != s.from {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "arrived_after_creation",
			Detail: "the folder is younger than the start of the journal: the file came to this path later than its creation time says"})
	}
	return e
}

// boundedArrival is for names that only later journal records show.
func (b *fileBuilder) boundedArrival(s *span, path winpath.Path) *event.Event {
	e := b.event(event.Creation, s.first.Time, s.first.USN-1, path)
	e.Arrival = event.UnknownArrival
	support := b.usnSupport(s.first)
	support.Detail += " (the first record of this name)"
	e.Support = append(e.Support, support)
	e.Anomalies = append(e.Anomalies, event.Anomaly{Code: upperBound,
		Detail: "the journal does not hold the arrival of this name: it came at this time or before"})
	return e
}

// fileName finds the $FILE_NAME of a name, or failing that any of the file's; own tells which.
func (b *fileBuilder) fileName(n event.Name) (fn *ntfs.FileName, own bool) {
	for i := range b.names {
		if b.names[i].Name == n.Name && b.names[i].Parent == n.Parent {
			return &b.names[i], true
		}
	}
	if len(b.names) > 0 {
		return &b.names[0], false
	}
	return nil, false
}

// inferArrival reads from a $FILE_NAME how the name came to be. Its four times
// are equal when it was made together with the file; a rename or a link copies
// them from $STANDARD_INFORMATION. Of several names all but the oldest
// attribute were added as links.
func (b *fileBuilder) inferArrival(fn *ntfs.FileName) (event.Action, event.Arrival, string) {
	if len(b.names) > 1 {
		switch oldest, known := b.oldestName(fn); {
		case !known:
			return event.Creation, event.UnknownArrival, "$FILE_NAME, one of several names: which of them is the first is not recorded"
		case !oldest:
			return event.Link, event.Linked, "$FILE_NAME, one of several names and not the first: the time is the file's creation, the link came later"
		}
	}
	if fn.Modified == fn.Created && fn.Changed == fn.Created && fn.Accessed == fn.Created {
		return event.Creation, event.Created, "$FILE_NAME"
	}
	return event.Creation, event.UnknownArrival, "$FILE_NAME with times copied from an existing file: the file may have come to this path after its creation"
}

// oldestName compares attribute ids, which NTFS counts up within one FILE record.
func (b *fileBuilder) oldestName(fn *ntfs.FileName) (oldest, known bool) {
	oldest = true
	for i := range b.names {
		n := &b.names[i]
		if n.Holder != fn.Holder {
			return false, false
		}
		if n.AttributeID < fn.AttributeID {
			oldest = false
		}
	}
	return oldest, true
}

// mftSupport cites the $FILE_NAME of a name.
func (b *fileBuilder) mftSupport(n event.Name) []event.Support {
	fn, own := b.fileName(n)
	if !own {
		return nil
	}
	return []event.Support{b.recordSupport(fn, "$FILE_NAME")}
}

// recordSupport cites a name of the FILE record, or of a folder's index where
// that stands in for it.
func (b *fileBuilder) recordSupport(fn *ntfs.FileName, detail string) event.Support {
	s := event.Support{Source: event.MFT, Volume: b.volume.Index, Reference: b.reference,
		Offset: b.record.Offset, Time: fn.Created, Detail: detail}
	if b.record.Indexed {
		s.Source, s.Detail = event.IndexSlack, fmt.Sprintf("entry in the index of folder %s", fn.Parent)
	}
	return s
}
