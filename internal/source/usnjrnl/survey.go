package usnjrnl

import (
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/wtf8"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Survey is the first pass over a journal: which files bear a wanted name at
// any moment, and the history of folders. Its maps are made by NewSurvey.
type Survey struct {
	// Want judges a name in UTF-16LE.
	want func(name []byte) bool
	// Candidates are the files that some record shows under a wanted name.
	Candidates map[ntfs.FileReference]bool
	// Folders holds what the records say of folders, in the order of the walk.
	Folders map[ntfs.FileReference][]event.FolderRecord

	part  part   // what this survey went over itself
	parts []part // what was joined
}

// part is a part of the journal and the files, folders too, that it speaks of.
type part struct {
	of    usn.Range
	files trace
}

// NewSurvey prepares a pass that looks for names that want accepts.
func NewSurvey(want func(name []byte) bool) *Survey {
	return &Survey{
		want:       want,
		Candidates: make(map[ntfs.FileReference]bool),
		Folders:    make(map[ntfs.FileReference][]event.FolderRecord),
	}
}

// Part prepares the pass over a part of the journal. Parts may be walked side by
// side; Join them in the journal's order.
func (s *Survey) Part(r usn.Range) *Survey {
	p := NewSurvey(s.want)
	p.part.of = r
	return p
}

// Visit looks at one record.
func (s *Survey) Visit(r usn.Raw) {
	ref, attributes, name := r.Glance()
	if name == nil {
		return // V4: extents only
	}
	s.part.files.add(ref)
	if attributes.IsDirectory() {
		if !r.Stale {
			s.folder(r)
		}
		return
	}
	if s.want(name) {
		s.Candidates[ref] = true
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

// Join adds what a pass over the next part of the journal found.
func (s *Survey) Join(next *Survey) {
	s.parts = append(s.parts, next.part)
	for ref := range next.Candidates {
		s.Candidates[ref] = true
	}
	for ref, records := range next.Folders {
		s.Folders[ref] = append(s.Folders[ref], records...)
	}
}

// Ranges gives the parts of the journal that may hold records of h's files, in
// order: those in which none of them was seen need not be read again.
func (s *Survey) Ranges(h *History) []usn.Range {
	var out []usn.Range
	words := h.files.words()
	for i := range s.parts {
		if s.parts[i].files.meets(words) {
			out = append(out, s.parts[i].of)
		}
	}
	return out
}
