package correlate

import (
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// span is a stretch of the journal during which a file had a name.
type span struct {
	event.Name
	from, to   int64 // USN of the records that began and ended it, or beforeJournal, afterJournal
	begun      beginning
	first      *usn.Record // the record that began it, or the first that shows it; nil if none does
	last       *usn.Record // the record that ended it; nil while open
	deleted    bool        // ended by the deletion of the file or of this name
	previous   *event.Name // the name before, for begun == byRename
	inMFT      bool        // the $MFT holds this name
	contradict bool        // the journal and the $MFT cannot both be right
}

// beginning says how a span began.
type beginning uint8

const (
	unseen beginning = iota // before the journal, or in a part of it that is lost
	byCreation
	byRename
	byLink
)

// change is a write or another change of a file under a name, one per open/close cycle.
type change struct {
	event.Name
	record *usn.Record
	reason usn.Reason // all reasons of the cycle that are neither arrival nor departure
}

// nameReasons are the reasons that tell of names; CLOSE tells of nothing.
const nameReasons = usn.ReasonFileCreate | usn.ReasonFileDelete | usn.ReasonRenameOldName |
	usn.ReasonRenameNewName | usn.ReasonHardLinkChange | usn.ReasonClose

// replayFile replays the journal's records of one file, in the order of their
// USN. atEnd holds the names that the file has at the end of the journal, all
// the names in its FILE record, in use or free; known says whether atEnd can be
// relied on, that is whether there is an $MFT.
func replayFile(records []usn.Record, atEnd, all []event.Name, known bool) ([]*span, []change) {
	r := replay{links: linkAdditions(records, atEnd, known)}
	for i := range records {
		r.step(i, &records[i])
	}
	r.addUnseen(all)
	return r.spans, r.changes
}

// replay is the state of the walk over one file's records.
type replay struct {
	links   map[int]bool // index of a HARD_LINK_CHANGE marker → the link was added
	spans   []*span
	changes []change
	cycle   usn.Reason  // reasons accumulated since the last CLOSE
	current *change     // the change record of this cycle
	old     *event.Name // the RENAME_OLD_NAME that waits for its RENAME_NEW_NAME
	created bool
	deleted bool
	usn     int64 // of the record before
	seen    bool
}

func (r *replay) step(i int, rec *usn.Record) {
	if r.cycle&^(rec.Reason|usn.ReasonRenameOldName|usn.ReasonRenameNewName) != 0 {
		r.endCycle() // the CLOSE of the cycle before is missing
	}
	fresh := rec.Reason &^ r.cycle
	name := event.Name{Parent: rec.Parent, Name: rec.Name}
	switch {
	case fresh&usn.ReasonFileCreate != 0 && !r.created:
		r.create(name, rec)
	case rec.Reason&usn.ReasonRenameOldName != 0 && rec.Reason&usn.ReasonRenameNewName == 0:
		r.end(r.live(name, rec), rec, false)
		r.old = &name
	case rec.Reason&usn.ReasonRenameNewName != 0 && r.open(name) == nil:
		r.begin(&span{Name: name, begun: byRename, previous: r.old}, rec)
		r.old = nil
	case isLinkMarker(r.links, i):
		r.link(name, rec, r.links[i])
	case fresh&usn.ReasonFileDelete != 0:
		r.delete(name, rec)
	}
	r.note(name, rec, fresh)
	r.cycle |= rec.Reason
	if rec.Reason&usn.ReasonClose != 0 {
		r.endCycle()
	}
	r.usn, r.seen = rec.USN, true
}

func isLinkMarker(links map[int]bool, i int) bool { _, ok := links[i]; return ok }

func (r *replay) endCycle() { r.cycle, r.current = 0, nil }

func (r *replay) create(name event.Name, rec *usn.Record) {
	r.created = true
	r.begin(&span{Name: name, begun: byCreation}, rec)
}

func (r *replay) begin(s *span, rec *usn.Record) {
	s.from, s.to, s.first = rec.USN, afterJournal, rec
	r.spans = append(r.spans, s)
}

func (r *replay) end(s *span, rec *usn.Record, deleted bool) {
	s.to, s.last, s.deleted = rec.USN, rec, deleted
}

func (r *replay) link(name event.Name, rec *usn.Record, added bool) {
	if !added {
		r.end(r.live(name, rec), rec, true)
		return
	}
	if r.open(name) == nil {
		r.begin(&span{Name: name, begun: byLink}, rec)
	}
}

// delete ends all names of the file. A deletion that repeats after the end of
// its cycle adds nothing.
func (r *replay) delete(name event.Name, rec *usn.Record) {
	if r.deleted {
		return
	}
	r.deleted = true
	r.live(name, rec)
	for _, s := range r.spans {
		if s.to == afterJournal {
			r.end(s, rec, true)
		}
	}
}

// open finds the open span of a name.
func (r *replay) open(name event.Name) *span {
	for _, s := range r.spans {
		if s.to == afterJournal && s.Name == name {
			return s
		}
	}
	return nil
}

// live finds the open span of a name, and where no record showed its beginning
// makes one: from before the journal for a file's first record, otherwise from
// the lost stretch before this record.
func (r *replay) live(name event.Name, rec *usn.Record) *span {
	if s := r.open(name); s != nil {
		return s
	}
	s := &span{Name: name, from: beforeJournal, to: afterJournal, first: rec}
	if r.created {
		s.from = rec.USN
	}
	r.spans = append(r.spans, s)
	return s
}

// note keeps changes other than those of names, and learns of names from any record.
func (r *replay) note(name event.Name, rec *usn.Record, fresh usn.Reason) {
	other := rec.Reason &^ nameReasons
	if fresh&^nameReasons == 0 || r.deleted {
		return
	}
	if rec.Reason&(usn.ReasonRenameOldName) == 0 {
		r.live(name, rec)
	}
	if rec.Reason&usn.ReasonFileCreate != 0 {
		return // the writes of the cycle that created the file are part of its creation
	}
	if r.current != nil && r.current.Name == name {
		r.current.reason |= other
		return
	}
	r.changes = append(r.changes, change{Name: name, record: rec, reason: other})
	r.current = &r.changes[len(r.changes)-1]
}

// addUnseen joins the names of the $MFT.
func (r *replay) addUnseen(all []event.Name) {
	for _, name := range all {
		i := slices.IndexFunc(r.spans, func(s *span) bool { return s.Name == name && (s.to == afterJournal || s.deleted) })
		if i >= 0 {
			r.spans[i].inMFT = true
			continue
		}
		s := &span{Name: name, from: beforeJournal, to: afterJournal, inMFT: true}
		if r.seen && (r.created || r.deleted) {
			s.from, s.contradict = r.usn, true
		}
		r.spans = append(r.spans, s)
	}
}

// linkAdditions decides for each first HARD_LINK_CHANGE of a cycle whether the
// link that it names was added or removed. The record does not say; what
// follows does: the name's next departure or arrival, and at the end the $MFT.
func linkAdditions(records []usn.Record, final []event.Name, known bool) map[int]bool {
	markers := map[int]bool{}
	var cycle usn.Reason
	inCycle := map[event.Name]bool{}
	for i := range records {
		rec := &records[i]
		if cycle&^(rec.Reason|usn.ReasonRenameOldName|usn.ReasonRenameNewName) != 0 {
			cycle, inCycle = 0, map[event.Name]bool{}
		}
		name := event.Name{Parent: rec.Parent, Name: rec.Name}
		if rec.Reason&usn.ReasonHardLinkChange != 0 && rec.Reason&(usn.ReasonRenameOldName|usn.ReasonFileCreate) == 0 &&
			(cycle&usn.ReasonHardLinkChange == 0 || !inCycle[name]) {
			markers[i] = false
			inCycle[name] = true
		}
		cycle |= rec.Reason
		if rec.Reason&usn.ReasonClose != 0 {
			cycle, inCycle = 0, map[event.Name]bool{}
		}
	}
	if len(markers) == 0 {
		return nil
	}
	present := map[event.Name]bool{}
	decided := map[event.Name]bool{}
	for _, name := range final {
		present[name] = true
	}
	for i := len(records) - 1; i >= 0; i-- {
		rec := &records[i]
		name := event.Name{Parent: rec.Parent, Name: rec.Name}
		_, marker := markers[i]
		switch {
		case marker:
			markers[i] = present[name] || (!known && !decided[name])
			present[name] = !markers[i]
			decided[name] = true
		case rec.Reason&(usn.ReasonFileDelete|usn.ReasonRenameOldName) != 0:
			present[name], decided[name] = true, true
		case rec.Reason&(usn.ReasonRenameNewName|usn.ReasonFileCreate) != 0 && rec.Reason&usn.ReasonClose == 0:
			present[name], decided[name] = false, true
		}
	}
	return markers
}

// splitLives cuts the records of one file reference where a deleted file's
// sequence number came round again: a creation after a deletion is another file.
func splitLives(records []usn.Record) [][]usn.Record {
	var lives [][]usn.Record
	start := 0
	deleted := false
	for i := range records {
		if deleted && records[i].Reason&usn.ReasonFileCreate != 0 && records[i].Reason&usn.ReasonFileDelete == 0 {
			lives = append(lives, records[start:i])
			start, deleted = i, false
		}
		if records[i].Reason&usn.ReasonFileDelete != 0 {
			deleted = true
		}
	}
	return append(lives, records[start:])
}

// namesOf are the names of a file that paths are made of: a DOS name is the
// twin of another and never a path of its own.
func namesOf(all []ntfs.FileName) []ntfs.FileName {
	out := slices.Clone(all)
	return slices.DeleteFunc(out, func(n ntfs.FileName) bool { return n.Namespace == ntfs.NamespaceDOS })
}
