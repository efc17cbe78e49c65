package usnjrnl

import (
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/wtf8"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Folders is a pass that keeps what the journal says of folders. Records of an
// older journal are left out.
type Folders struct {
	// Records are in the order of the walk, put together by AppendFolder.
	Records map[ntfs.FileReference][]event.FolderRecord

	of    map[ntfs.FileReference]bool // nil: all folders
	files *trace                      // of, for a quick no; nil as well
}

// NewFolders prepares a pass that keeps the records of the given folders, of all
// folders for nil. The set must not change any more.
func NewFolders(of map[ntfs.FileReference]bool) *Folders {
	f := &Folders{Records: make(map[ntfs.FileReference][]event.FolderRecord), of: of}
	if of != nil {
		f.files = new(trace)
	}
	for ref := range of {
		f.files.add(ref)
	}
	return f
}

// Part prepares the pass over a part of the journal, for the same folders. Parts
// may be walked side by side; Join them in the journal's order.
func (f *Folders) Part() *Folders {
	return &Folders{Records: make(map[ntfs.FileReference][]event.FolderRecord), of: f.of, files: f.files}
}

// Visit keeps the record if it is about one of the folders.
func (f *Folders) Visit(r usn.Raw) {
	ref, attributes, name := r.Glance()
	if name == nil || !attributes.IsDirectory() || r.Stale {
		return
	}
	if f.of != nil && (!f.files.has(ref) || !f.of[ref]) {
		return
	}
	f.Records[ref] = AppendFolder(f.Records[ref], r)
}

// Join adds what a pass over the next part of the journal found.
func (f *Folders) Join(next *Folders) {
	for ref, records := range next.Records {
		f.Records[ref] = append(f.Records[ref], records...)
	}
}

// Telling are the reasons of a folder's records that tell more than its name and
// place: of others in a row the last one says all.
const Telling = usn.ReasonFileCreate | usn.ReasonFileDelete | usn.ReasonRenameOldName | usn.ReasonRenameNewName

// AppendFolder adds a folder's record to those before it, in the place of the last
// one if that has the same name and neither tells more than the name: a record
// speaks for the time before it too, back to the one before.
func AppendFolder(records []event.FolderRecord, r usn.Raw) []event.FolderRecord {
	rec := event.FolderRecord{USN: r.USN(), Offset: r.Offset, Time: r.Time(), Reason: r.Reason()}
	n := len(records)
	if n == 0 || records[n-1].Parent != r.Parent() || !wtf8.EqualLE(records[n-1].Name.Name, r.NameBytes()) {
		rec.Name = event.Name{Parent: r.Parent(), Name: wtf8.FromLE(r.NameBytes())}
		return append(records, rec)
	}
	rec.Name = records[n-1].Name
	if (rec.Reason|records[n-1].Reason)&Telling == 0 {
		records[n-1] = rec
		return records
	}
	return append(records, rec)
}
