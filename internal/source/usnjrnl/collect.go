// Package usnjrnl gathers the testimony of the USN journal: the records of the
// files that matter, and how folders were called at each moment. It decides
// nothing about events.
package usnjrnl

import (
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/wtf8"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Survey is the first pass over a journal: which files bear a wanted name at
// any moment, and the history of folders. Its zero maps are made by NewSurvey.
type Survey struct {
	// Want judges a name in UTF-16LE.
	want func(name []byte) bool
	// Candidates are the files that some record shows under a wanted name.
	Candidates map[ntfs.FileReference]bool
	// Folders holds what the records say of folders, in the order of the walk.
	Folders map[ntfs.FileReference][]event.FolderRecord
}

// NewSurvey prepares a pass that looks for names that want accepts.
func NewSurvey(want func(name []byte) bool) *Survey {
	return &Survey{
		want:       want,
		Candidates: make(map[ntfs.FileReference]bool),
		Folders:    make(map[ntfs.FileReference][]event.FolderRecord),
	}
}

// Visit looks at one record.
func (s *Survey) Visit(r usn.Raw) {
	if r.Major() == 4 {
		return // extents only: no name
	}
	if r.Attributes().IsDirectory() {
		if !r.Stale {
			s.folder(r)
		}
		return
	}
	if s.want(r.NameBytes()) {
		s.Candidates[r.File()] = true
	}
}

// folder keeps a folder's record, unless it and the two before it say the same:
// then the middle one tells nothing that its neighbours do not.
func (s *Survey) folder(r usn.Raw) {
	const telling = usn.ReasonFileCreate | usn.ReasonFileDelete | usn.ReasonRenameOldName | usn.ReasonRenameNewName
	ref := r.File()
	records := s.Folders[ref]
	rec := event.FolderRecord{USN: r.USN(), Offset: r.Offset, Time: r.Time(), Reason: r.Reason()}
	if n := len(records); n > 0 && records[n-1].Parent == r.Parent() && wtf8.EqualLE(records[n-1].Name.Name, r.NameBytes()) {
		rec.Name = records[n-1].Name
		if rec.Reason&telling == 0 && records[n-1].Reason&telling == 0 {
			records[n-1] = rec
			return
		}
	} else {
		rec.Name = event.Name{Parent: r.Parent(), Name: wtf8.FromLE(r.NameBytes())}
	}
	s.Folders[ref] = append(records, rec)
}

// History is the second pass: all records of the files that matter.
type History struct {
	Records map[ntfs.FileReference][]usn.Record
	// Problems are records that could not be decoded.
	Problems []error
}

// NewHistory prepares a pass that keeps the records of the given files.
func NewHistory(of map[ntfs.FileReference]bool) *History {
	h := &History{Records: make(map[ntfs.FileReference][]usn.Record, len(of))}
	for ref := range of {
		h.Records[ref] = nil
	}
	return h
}

// Visit keeps the record if it is about one of the files.
func (h *History) Visit(r usn.Raw) {
	if r.Major() == 4 {
		return
	}
	records, wanted := h.Records[r.File()]
	if !wanted {
		return
	}
	rec, err := r.Decode()
	if err != nil {
		h.Problems = append(h.Problems, err)
		return
	}
	h.Records[r.File()] = append(records, rec)
}

// Join adds what a pass over the next part of the journal found.
func (h *History) Join(next *History) {
	for ref, records := range next.Records {
		if len(records) > 0 {
			h.Records[ref] = append(h.Records[ref], records...)
		}
	}
}

// Join adds what a pass over the next part of the journal found.
func (s *Survey) Join(next *Survey) {
	for ref := range next.Candidates {
		s.Candidates[ref] = true
	}
	for ref, records := range next.Folders {
		s.Folders[ref] = append(s.Folders[ref], records...)
	}
}
