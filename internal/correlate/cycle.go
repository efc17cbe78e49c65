package correlate

import (
	"math/bits"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/usn"
)

// nameReasons are the reasons that tell of names; CLOSE tells of nothing.
const nameReasons = usn.ReasonFileCreate | usn.ReasonFileDelete | usn.ReasonRenameOldName |
	usn.ReasonRenameNewName | usn.ReasonHardLinkChange | usn.ReasonClose

// step is a record of one file set beside those before it. NTFS gathers the
// reasons from the opening of a file to its last CLOSE and writes a record for
// each that is new; only the new ones say what happened at the record's moment.
type step struct {
	*usn.Record
	name    event.Name
	fresh   usn.Reason // reasons that are new in the cycle
	first   bool       // of the file in the journal
	begins  bool       // the first record of its cycle that the journal holds
	partial bool       // first, and its cycle began before the journal
	departs bool       // RENAME_OLD_NAME: the file leaves this name
	arrives bool       // RENAME_NEW_NAME: the file comes to this name
	link    linkChange
}

// stepsOf sets the records of one file, in the order of their USN, beside each other.
func stepsOf(records []usn.Record) []step {
	steps := make([]step, len(records))
	var cycle usn.Reason
	pending := false // a RENAME_OLD_NAME waits for its RENAME_NEW_NAME
	for i := range records {
		rec := &records[i]
		s := step{Record: rec, name: event.Name{Parent: rec.Parent, Name: rec.Name}, first: i == 0}
		if cutOff(cycle, rec.Reason) || i > 0 && sameLink(&records[i-1], rec) {
			cycle = 0
		}
		s.begins = cycle == 0
		s.fresh = rec.Reason &^ cycle
		s.partial = s.first && inMidCycle(rec.Reason)
		s.departs, s.arrives = renameOf(&s, pending)
		if s.departs || s.arrives {
			pending = s.departs
		}
		cycle = cycle&^usn.ReasonRenameOldName | rec.Reason
		if rec.Reason&usn.ReasonClose != 0 {
			cycle = 0
		}
		steps[i] = s
	}
	return steps
}

// cutOff reports that a cycle ended without its CLOSE: a reason that it had is
// gone, or a change that it had is told again. RENAME_OLD_NAME goes with
// RENAME_NEW_NAME in any case, and the other way round.
func cutOff(cycle, next usn.Reason) bool {
	if cycle == next && next&nameReasons == 0 {
		return true
	}
	stays := cycle &^ usn.ReasonRenameOldName
	if next&usn.ReasonRenameOldName != 0 {
		stays &^= usn.ReasonRenameNewName
	}
	return stays&^next != 0
}

// sameLink reports a change of a link that is told twice, without a CLOSE
// between: the second is of a cycle of its own.
func sameLink(a, b *usn.Record) bool {
	return b.Reason&usn.ReasonHardLinkChange != 0 && a.Reason == b.Reason && b.Reason&usn.ReasonClose == 0 &&
		a.Parent == b.Parent && a.Name == b.Name
}

// inMidCycle reports that a file's first record in the journal is not the
// first of its cycle: that has one reason, and CLOSE only where a file or a
// name was deleted.
func inMidCycle(r usn.Reason) bool {
	const atOnce = usn.ReasonFileDelete | usn.ReasonHardLinkChange
	told := r &^ usn.ReasonClose
	return bits.OnesCount32(uint32(told)) > 1 || r&usn.ReasonClose != 0 && told&^atOnce != 0
}

// renameOf reads RENAME_OLD_NAME and RENAME_NEW_NAME. Both stand in one record
// when a file is renamed twice in a cycle: then the first such record names
// what the file leaves.
func renameOf(s *step, pending bool) (departs, arrives bool) {
	const both = usn.ReasonRenameOldName | usn.ReasonRenameNewName
	switch s.Reason & both {
	case usn.ReasonRenameOldName:
		return true, false
	case usn.ReasonRenameNewName:
		return false, pending || s.fresh&usn.ReasonRenameNewName != 0 && !linkInMidCycle(s)
	case both:
		departs = !pending && s.Reason&usn.ReasonClose == 0
		return departs, pending
	}
	return false, false
}

// linkInMidCycle reports a file's first record that has HARD_LINK_CHANGE among
// others. If it is that which is new, the record names a link that was added,
// or with CLOSE removed; the other reasons could be new only if the journal
// began right here.
func linkInMidCycle(s *step) bool {
	return s.partial && s.Reason&usn.ReasonHardLinkChange != 0
}
