// Package correlate turns the testimony of a volume into events: it joins the
// journal's records of one file, sets them beside its FILE record, and finds
// the path that held at each moment. It is pure: it reads nothing itself, and
// what it is given in another order gives the same events.
package correlate

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Moments outside the journal.
const (
	beforeJournal = int64(math.MinInt64)
	afterJournal  = int64(math.MaxInt64)
)

// maxDepth bounds the chain of parents; Windows itself stops far earlier.
const maxDepth = 4096

// maxUnits is the longest path that Windows can express, in UTF-16 units.
const maxUnits = 32767

// rootRecord is the FILE record number of the root folder.
const rootRecord = 5

// Folders gives the state of each folder at each moment covered by the journal,
// and the present state beyond it.
type Folders struct {
	// History holds the journal's records of folders by file reference. Records
	// that repeat the name of their neighbours on both sides may be left out.
	History map[ntfs.FileReference][]event.FolderRecord
	// Now gives the name that the $MFT holds for a folder, or why it has none.
	// It is nil where there is no $MFT.
	Now func(ntfs.FileReference) (event.Name, error)
	// Settled reports that the $MFT shows a folder to have had its name since it
	// was made. It is nil where there is no $MFT.
	Settled func(ntfs.FileReference) bool
	// ByIndex gives the name that a folder has in the live index of the one above
	// it. It is asked where the folder's own FILE record cannot tell. May be nil.
	ByIndex func(ntfs.FileReference) (event.Name, bool)
	// First is the USN of the journal's first record, Gaps that parts of the
	// journal are lost: before a first record or a gap other records stood.
	First int64
	Gaps  bool

	// Unfollowed counts the paths that are broken because the folders had more
	// states than are followed.
	Unfollowed int

	// What was found out before; none of it is safe for use by several goroutines.
	courses             map[ntfs.FileReference]course
	byRecord, byIndexes *chains
	doubtful, wereMoved doubts
}

// Sort puts the history in the order of the journal. Call it before use, and
// again after a change or in a copy: it forgets what was found out before.
func (f *Folders) Sort() {
	f.courses, f.byRecord, f.byIndexes, f.doubtful, f.wereMoved = nil, nil, nil, nil, nil
	for _, records := range f.History {
		slices.SortFunc(records, func(a, b event.FolderRecord) int {
			switch {
			case a.USN < b.USN:
				return -1
			case a.USN > b.USN:
				return 1
			}
			return 0
		})
	}
}

// at gives the folder's name at a moment, or an error that says why it is not known.
//
// A journal record names its folder as of its own moment, and as of every
// earlier moment back to the record before it; so the first record at or after
// the moment answers. Past the last record the $MFT does.
func (f *Folders) at(ref ntfs.FileReference, moment int64) (event.Name, error) {
	records := f.History[ref]
	i := sort.Search(len(records), func(i int) bool { return records[i].USN >= moment })
	if i < len(records) {
		return f.stateBefore(ref, records, i, moment)
	}
	if f.Now != nil {
		now, err := f.Now(ref)
		if err == nil {
			return now, nil
		}
		if len(records) == 0 {
			return event.Name{}, err
		}
	}
	if len(records) == 0 {
		return event.Name{}, fmt.Errorf("folder %s is named neither by the journal nor by an $MFT", ref)
	}
	last := records[len(records)-1]
	if last.Reason&usn.ReasonFileDelete != 0 {
		return event.Name{}, fmt.Errorf("folder %s was deleted before this moment", ref)
	}
	return last.Name, nil
}

func (f *Folders) stateBefore(ref ntfs.FileReference, records []event.FolderRecord, i int, moment int64) (event.Name, error) {
	r := records[i]
	if i > 0 || r.USN == moment {
		return r.Name, nil
	}
	if f.beganByRename(&r) {
		return event.Name{}, fmt.Errorf("folder %s was renamed at USN %d and the journal no longer holds its earlier name", ref, r.USN)
	}
	return r.Name, nil
}

// beganByRename reports that a folder's first record tells of its rename to
// this name, and the record of its name before is lost. That one stands right
// before it, so a later record that still has the reason is of an older rename.
func (f *Folders) beganByRename(r *event.FolderRecord) bool {
	const other = usn.ReasonRenameOldName | usn.ReasonClose
	return r.Reason&usn.ReasonRenameNewName != 0 && r.Reason&other == 0 && (f.Gaps || r.USN == f.First)
}

// existsFrom gives the USN of the folder's creation where the journal covers it.
func (f *Folders) existsFrom(ref ntfs.FileReference) (int64, bool) {
	records := f.History[ref]
	if len(records) > 0 && records[0].Reason == usn.ReasonFileCreate { // not a later record of its cycle
		return records[0].USN, true
	}
	return 0, false
}

// Path resolves a name at a moment. A chain that cannot be followed to the root
// gives a broken path with its reason, never a guess. Where FILE records of
// folders cannot be followed, the indexes of the folders above them may be.
func (f *Folders) Path(n event.Name, moment int64) winpath.Path {
	path := f.recorded().path(n, moment)
	if path.Broken == "" || f.ByIndex == nil {
		return path
	}
	indexed := f.indexed().path(n, moment)
	if indexed.Broken != "" {
		return path
	}
	indexed.Detour = path.Broken + "; the path is that of the folders' indexes"
	return indexed
}

// recorded are the chains as journal and $MFT name the folders.
func (f *Folders) recorded() *chains {
	if f.byRecord == nil {
		f.byRecord = newChains(f, f.at)
	}
	return f.byRecord
}

// indexed are the chains with the names that the folders' indexes have for them.
func (f *Folders) indexed() *chains {
	if f.byIndexes == nil {
		f.byIndexes = newChains(f, f.atByIndex)
	}
	return f.byIndexes
}

// atByIndex is at, with the indexes asked first where the journal is silent.
func (f *Folders) atByIndex(ref ntfs.FileReference, moment int64) (event.Name, error) {
	if len(f.History[ref]) == 0 {
		if name, ok := f.ByIndex(ref); ok {
			return name, nil
		}
	}
	return f.at(ref, moment)
}

// unitsOf counts a name's UTF-16 units.
func unitsOf(name string) int {
	n := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c < 0x80 || c >= 0xC0 && c < 0xF0:
			n++
		case c >= 0xF0:
			n += 2
		}
	}
	return n
}

// nextMove finds the first record after a moment, and before the end, by which
// a folder above the name was renamed or moved.
func (f *Folders) nextMove(n event.Name, moment, end int64) (event.FolderRecord, ntfs.FileReference, bool) {
	if n.Parent.Record() == rootRecord {
		return event.FolderRecord{}, 0, false
	}
	l := f.recorded().of(n.Parent, moment)
	if l == nil {
		return event.FolderRecord{}, 0, false
	}
	first := l.firstMove()
	if first == nil || first.move.USN >= end {
		return event.FolderRecord{}, 0, false
	}
	return *first.move, first.ref, true
}
