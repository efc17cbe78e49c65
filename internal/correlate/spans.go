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
	partial    bool        // first is not the record that began it: that one is before the journal
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
	// partial marks a cycle that began before the journal: the change may be
	// older than the record, and of a name that the file had before.
	partial bool
}

// replayFile replays the journal's records of one file, in the order of their
// USN. atEnd holds the names that the file has at the end of the journal, all
// the names in its FILE record, in use or free; known says whether atEnd can be
// relied on, that is whether there is an $MFT; cut whether the journal can have
// held something right before a USN that it does not hold any more.
func replayFile(records []usn.Record, atEnd, all []event.Name, known bool, cut func(int64) bool) ([]*span, []change) {
	steps := stepsOf(records)
	decideLinks(steps, atEnd, known)
	r := replay{named: make(map[event.Name][]*span), last: beforeJournal, cut: cut}
	for i := range steps {
		r.step(&steps[i])
	}
	r.addUnseen(all)
	if known && len(atEnd) == 0 && !r.deleted {
		r.lose()
	}
	return r.spans, r.changes
}

// replay is the state of the walk over one file's records.
type replay struct {
	spans   []*span
	named   map[event.Name][]*span // spans by name, those that ended taken off the front
	changes []change
	current *change     // the change record of this cycle
	old     *event.Name // the RENAME_OLD_NAME that waits for its RENAME_NEW_NAME
	created bool        // the journal holds the creation
	born    bool        // from its first record on: all the file's life is in the journal
	deleted bool
	last    int64 // USN of the record before
	cut     func(usn int64) bool
}

func (r *replay) step(s *step) {
	if s.begins {
		r.current = nil
	}
	r.arrive(s)
	r.depart(s)
	r.note(s)
	r.last = s.USN
}

func (r *replay) arrive(s *step) {
	creation := s.fresh&usn.ReasonFileCreate != 0 && !r.created
	if creation {
		r.created, r.born = true, !s.partial
	}
	switch {
	case s.link == linkAdded:
		if r.open(s.name) == nil {
			r.begin(&span{Name: s.name, begun: byLink}, s)
		}
	case creation && s.Reason&usn.ReasonRenameNewName != 0:
		r.begin(&span{Name: s.name, begun: byRename}, s) // created under another name
	case creation:
		r.begin(&span{Name: s.name, begun: byCreation}, s)
	case s.arrives:
		if r.open(s.name) == nil {
			r.begin(&span{Name: s.name, begun: byRename, previous: r.old}, s)
		}
		r.old = nil
	}
}

func (r *replay) depart(s *step) {
	switch {
	case s.departs:
		r.end(r.live(s), s, false)
		r.old = &s.name
	case s.link == linkRemoved:
		r.end(r.live(s), s, true)
	case s.fresh&usn.ReasonFileDelete != 0:
		r.delete(s)
	}
}

// begin opens a span. In the middle of a cycle the name was there before the
// journal, unless it can be this record that tells of its arrival. One of a
// rename would have that of the old name before it.
func (r *replay) begin(n *span, s *step) {
	n.from, n.to, n.first, n.partial = s.USN, afterJournal, s.Record, s.partial
	arrival := s.Reason&usn.ReasonHardLinkChange != 0 || s.Reason&usn.ReasonRenameNewName != 0 && r.cut(s.USN)
	if s.partial && (s.Reason&usn.ReasonClose != 0 || !arrival) {
		n.from = beforeJournal
	}
	r.add(n)
}

func (r *replay) end(n *span, s *step, deleted bool) {
	n.to, n.last, n.deleted = s.USN, s.Record, deleted
}

// delete ends all names of the file. A deletion that repeats after the end of
// its cycle adds nothing.
func (r *replay) delete(s *step) {
	if r.deleted {
		return
	}
	r.deleted = true
	r.live(s)
	for _, n := range r.spans {
		if n.to == afterJournal {
			r.end(n, s, true)
		}
	}
}

// open finds the open span of a name.
func (r *replay) open(name event.Name) *span {
	list := r.named[name]
	for len(list) > 0 && list[0].to != afterJournal {
		list = list[1:]
	}
	r.named[name] = list
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// add keeps a span that begins.
func (r *replay) add(n *span) {
	r.spans = append(r.spans, n)
	r.named[n.Name] = append(r.named[n.Name], n)
}

// live finds the open span of a name, and where no record showed its beginning
// makes one: from before the journal, or where the journal holds all the file's
// life from the lost stretch before this record.
func (r *replay) live(s *step) *span {
	if n := r.open(s.name); n != nil {
		return n
	}
	n := &span{Name: s.name, from: beforeJournal, to: afterJournal, first: s.Record}
	if r.born {
		n.from = s.USN
	}
	r.add(n)
	return n
}

// note keeps changes other than those of names, and learns of names from the
// records that tell of nothing new.
func (r *replay) note(s *step) {
	changed := s.fresh&^nameReasons != 0
	if r.deleted || !changed && !s.first {
		return
	}
	if !s.departs && s.link != linkRemoved {
		r.live(s)
	}
	if !changed || s.Reason&usn.ReasonFileCreate != 0 {
		return // the writes of the cycle that created the file are part of its creation
	}
	other := s.Reason &^ nameReasons
	if r.current != nil && r.current.Name == s.name {
		r.current.reason |= other
		return
	}
	r.changes = append(r.changes, change{Name: s.name, record: s.Record, reason: other, partial: s.partial})
	r.current = &r.changes[len(r.changes)-1]
}

// addUnseen joins the names of the $MFT.
func (r *replay) addUnseen(all []event.Name) {
	first := make(map[event.Name]*span)
	for _, s := range r.spans {
		if first[s.Name] == nil && (s.to == afterJournal || s.deleted) {
			first[s.Name] = s
		}
	}
	for _, name := range all {
		if s := first[name]; s != nil {
			s.inMFT = true
			continue
		}
		s := &span{Name: name, from: beforeJournal, to: afterJournal, inMFT: true}
		if r.born || r.deleted {
			s.from, s.contradict = r.last, true
		}
		first[name] = s
		r.spans = append(r.spans, s)
	}
}

// lose ends the names of a file that is gone, and whose deletion the journal
// does not hold, with the last record that shows the file: nobody knows how
// long it lived on, and which moves of folders it went along with.
func (r *replay) lose() {
	for _, s := range r.spans {
		if s.to == afterJournal {
			s.to = r.last
		}
	}
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
