package scan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/jobscan/jobscan/internal/correlate"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/source/usnjrnl"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Bounds of what is kept of the journal records found outside the journal of one
// volume. Folders' records do not take the room of files'.
const (
	maxCarvedWanted  = 1 << 18 // records of files with a wanted name
	maxCarvedOther   = 1 << 18 // of other files
	maxCarvedFolders = 1 << 19 // of folders, without those that repeat a name
)

// carvedRecords are journal records found outside the journal: in free clusters,
// in $LogFile.
type carvedRecords struct {
	clusterSize int64

	files   map[ntfs.FileReference][]usn.Record
	folders map[ntfs.FileReference][]event.FolderRecord // in no order

	seen                    map[carvedKey]bool // of files
	wanted, other, inFolder int                // how many are kept
	omitted, foldersOmitted uint64
}

type carvedKey struct {
	usn    int64
	file   ntfs.FileReference
	reason usn.Reason
}

// newCarvedRecords is for a volume with clusters of so many bytes; 0: not known.
func newCarvedRecords(clusterSize int64) carvedRecords {
	return carvedRecords{clusterSize: max(clusterSize, 512), files: make(map[ntfs.FileReference][]usn.Record), folders: make(map[ntfs.FileReference][]event.FolderRecord),
		seen: make(map[carvedKey]bool)}
}

// empty reports that nothing was found.
func (c *carvedRecords) empty() bool { return len(c.files) == 0 && len(c.folders) == 0 }

// keep adds a record, unless it was found before. wanted: its name is; that counts
// for files alone.
func (c *carvedRecords) keep(r usn.Record, wanted bool) {
	if r.FileAttributes.IsDirectory() {
		c.keepFolder(r.File, event.FolderRecord{USN: r.USN, Offset: r.Offset, Time: r.Time, Reason: r.Reason,
			Name: event.Name{Parent: r.Parent, Name: r.Name}})
		return
	}
	key := carvedKey{r.USN, r.File, r.Reason}
	if c.seen[key] {
		return
	}
	count, most := &c.other, maxCarvedOther
	if wanted {
		count, most = &c.wanted, maxCarvedWanted
	}
	if *count >= most {
		c.omitted++
		return
	}
	*count++
	c.seen[key] = true
	c.files[r.File] = append(c.files[r.File], r)
}

func (c *carvedRecords) keepFolder(ref ntfs.FileReference, r event.FolderRecord) {
	before := c.folders[ref]
	after := addFolderRecord(before, r, c.clusterSize)
	more := len(after) - len(before)
	if c.inFolder+more > maxCarvedFolders {
		c.foldersOmitted++
		return
	}
	c.inFolder += more
	c.folders[ref] = after
}

// join adds what was found behind it; of files all those are wanted.
func (c *carvedRecords) join(next *carvedRecords) {
	for _, ref := range slices.Sorted(maps.Keys(next.files)) {
		for _, r := range next.files[ref] {
			c.keep(r, true)
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(next.folders)) {
		for _, r := range next.folders[ref] {
			c.keepFolder(ref, r)
		}
	}
	c.omitted += next.omitted
	c.foldersOmitted += next.foldersOmitted
}

// problems tells of records beyond the bounds.
func (c *carvedRecords) problems() (out []error) {
	if c.omitted > 0 {
		out = append(out, fmt.Errorf("%d further journal records found outside the journal are left out", c.omitted))
	}
	if c.foldersOmitted > 0 {
		out = append(out, fmt.Errorf("%d further journal records of folders found outside the journal are left out: where a folder was then can be missing or wrong", c.foldersOmitted))
	}
	return out
}

// addFolderRecord adds a record to those of its folder, in the place of the last
// one if nothing can have stood between the two that says otherwise: they lie in
// one cluster, as far apart as in the journal. Clusters are given away as a whole,
// and what is written into them begins at their start.
func addFolderRecord(records []event.FolderRecord, r event.FolderRecord, clusterSize int64) []event.FolderRecord {
	last := len(records) - 1
	if last < 0 || records[last].Name != r.Name {
		return append(records, r)
	}
	r.Name = records[last].Name // one string for both
	p := &records[last]
	together := p.USN < r.USN && r.USN-p.USN == r.Offset-p.Offset && p.Offset/clusterSize == r.Offset/clusterSize
	if together && (p.Reason|r.Reason)&usnjrnl.Telling == 0 {
		*p = r
		return records
	}
	return append(records, r)
}

// joinFolderRecords puts records in the order of the journal and drops those that
// were found before, and those after which another one says the same: a record
// speaks for the time before it too, back to the one before.
func joinFolderRecords(records []event.FolderRecord) []event.FolderRecord {
	slices.SortStableFunc(records, func(a, b event.FolderRecord) int {
		return cmp.Or(cmp.Compare(a.USN, b.USN), cmp.Compare(a.Reason, b.Reason))
	})
	out := records[:0]
	for _, r := range records {
		last := len(out) - 1
		switch {
		case last < 0 || out[last].Name != r.Name:
			out = append(out, r)
		case out[last].USN == r.USN && out[last].Reason == r.Reason: // found twice
		case (out[last].Reason|r.Reason)&usnjrnl.Telling == 0:
			out[last] = r
		default:
			out = append(out, r)
		}
	}
	return out
}

// covered reports that the live journal has the record with a USN.
func (s *volumeScan) covered(number int64) bool {
	u := &s.coverage.USN
	return u.Records > 0 && number >= u.FirstUSN && number <= u.LastUSN
}

// carvedFolders adds what records found outside the journal say of folders to
// what the journal says of them; nil where there are none.
func (s *volumeScan) carvedFolders() *correlate.Folders {
	if s.carved.empty() {
		return nil
	}
	history := maps.Clone(s.paths.History)
	for ref := range s.above {
		if of := s.carved.folders[ref]; len(of) > 0 {
			history[ref] = joinFolderRecords(slices.Concat(history[ref], of))
		}
	}
	f := *s.paths
	f.History, f.Gaps = history, true
	f.Sort()
	return &f
}
