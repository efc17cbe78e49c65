package usnjrnl

import (
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Survey is the first pass over a journal: which files bear a wanted name at
// any moment, and which part of the journal speaks of what.
type Survey struct {
	// Want judges a name in UTF-16LE.
	want func(name []byte) bool
	// Candidates are the files that some record shows under a wanted name.
	Candidates map[ntfs.FileReference]bool

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
	return &Survey{want: want, Candidates: make(map[ntfs.FileReference]bool)}
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
	if !attributes.IsDirectory() && s.want(name) {
		s.Candidates[ref] = true
	}
}

// Join adds what a pass over the next part of the journal found.
func (s *Survey) Join(next *Survey) {
	s.parts = append(s.parts, next.part)
	for ref := range next.Candidates {
		s.Candidates[ref] = true
	}
}

// Ranges gives the parts of the journal that may hold records of h's files, in
// order: those in which none of them was seen need not be read again.
func (s *Survey) Ranges(h *History) []usn.Range { return s.ranges(h.files) }

// FolderRanges is Ranges for folders.
func (s *Survey) FolderRanges(f *Folders) []usn.Range { return s.ranges(f.files) }

// ranges gives the parts that met a file of the trace; all parts for nil.
func (s *Survey) ranges(files *trace) []usn.Range {
	var out []usn.Range
	var words []word
	if files != nil {
		words = files.words()
	}
	for i := range s.parts {
		if files == nil || s.parts[i].files.meets(words) {
			out = append(out, s.parts[i].of)
		}
	}
	return out
}
