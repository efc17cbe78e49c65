package correlate

import (
	"math"
	"slices"
	"sort"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// course is when the journal's records change what is told of a folder.
type course struct {
	turns []int64 // first moments of the times in which it is the same
	moves []int   // the records by which it was renamed or moved
}

// courseOf reads the records of a folder once.
func (f *Folders) courseOf(ref ntfs.FileReference) course {
	records := f.History[ref]
	if len(records) == 0 {
		return course{}
	}
	c, known := f.courses[ref]
	if known {
		return c
	}
	for i := range records {
		r := &records[i]
		if f.isMove(records, i) {
			c.moves = append(c.moves, i)
			c.turns = append(c.turns, r.USN)
		}
		last := i == len(records)-1
		if r.USN < math.MaxInt64 && (last || records[i+1].Name != r.Name) {
			c.turns = append(c.turns, r.USN+1)
		}
	}
	slices.Sort(c.turns)
	if f.courses == nil {
		f.courses = make(map[ntfs.FileReference]course)
	}
	f.courses[ref] = c
	return c
}

// isMove: by the record the folder was renamed or moved.
func (f *Folders) isMove(records []event.FolderRecord, i int) bool {
	r := &records[i]
	if r.Reason&usn.ReasonRenameNewName == 0 {
		return false
	}
	return i > 0 && records[i-1].Name != r.Name || i == 0 && f.beganByRename(r)
}

// unchanged gives the time around a moment, both ends included, in which at and
// moveAfter say the same of a folder.
func (f *Folders) unchanged(ref ntfs.FileReference, moment int64) (from, to int64) {
	turns := f.courseOf(ref).turns
	from, to = math.MinInt64, math.MaxInt64
	i := sort.Search(len(turns), func(i int) bool { return turns[i] > moment })
	if i > 0 {
		from = turns[i-1]
	}
	if i < len(turns) {
		to = turns[i] - 1
	}
	return from, to
}

// moveAfter finds the folder's first rename after a moment, nil if there is none.
func (f *Folders) moveAfter(ref ntfs.FileReference, moment int64) *event.FolderRecord {
	records, moves := f.History[ref], f.courseOf(ref).moves
	i := sort.Search(len(moves), func(i int) bool { return records[moves[i]].USN > moment })
	if i == len(moves) {
		return nil
	}
	return &records[moves[i]]
}
