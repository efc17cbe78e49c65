package usnjrnl

import (
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// History is the second pass: all records of the files that matter.
type History struct {
	// Records holds an entry for each of the files, be it empty; in a Part only
	// for those that have records there.
	Records map[ntfs.FileReference][]usn.Record
	// Problems are records that could not be decoded.
	Problems []error
	// Omitted counts the records that were more than are kept of a file: changes,
	// and those that tell of its names.
	Omitted, OmittedNames uint64

	of    map[ntfs.FileReference]bool
	files *trace // of, for a quick no
}

// Bounds of the records of one file: so many of changes, and so many that tell of
// its names. Of more, those in the middle are left out.
const (
	maxChanges = 1 << 17
	maxNames   = 1 << 16
)

// NewHistory prepares a pass that keeps the records of the files for which the
// map says true; the others have an entry. It must not change any more.
func NewHistory(of map[ntfs.FileReference]bool) *History {
	h := &History{Records: make(map[ntfs.FileReference][]usn.Record, len(of)), of: of, files: new(trace)}
	for ref, wanted := range of {
		h.Records[ref] = nil
		if wanted {
			h.files.add(ref)
		}
	}
	return h
}

// Part prepares the pass over a part of the journal, for the same files. Parts
// may be walked side by side; Join them in the journal's order.
func (h *History) Part() *History {
	return &History{Records: make(map[ntfs.FileReference][]usn.Record), of: h.of, files: h.files}
}

// Visit keeps the record if it is about one of the files.
func (h *History) Visit(r usn.Raw) {
	ref := r.File()
	if !h.files.has(ref) || r.Major() == 4 || !h.of[ref] {
		return
	}
	rec, err := r.Decode()
	if err != nil {
		h.Problems = append(h.Problems, err)
		return
	}
	h.add(ref, rec)
}

func (h *History) add(ref ntfs.FileReference, rec usn.Record) {
	of := h.Records[ref]
	if n := len(of); n > 0 && of[n-1].Name == rec.Name {
		rec.Name = of[n-1].Name // one string for both
	}
	if of = append(of, rec); len(of) > 2*(maxChanges+maxNames) {
		of = h.trim(of)
	}
	h.Records[ref] = of
}

// Join adds what a pass over the next part of the journal found.
func (h *History) Join(next *History) {
	for ref, records := range next.Records {
		for _, rec := range records {
			h.add(ref, rec)
		}
		h.Records[ref] = h.trim(h.Records[ref])
	}
	h.Problems = append(h.Problems, next.Problems...)
	h.Omitted += next.Omitted
	h.OmittedNames += next.OmittedNames
}

// trim leaves out the middle of what is more than is kept of one file. That of
// parts, and of parts trimmed before, is the same as that of the whole.
func (h *History) trim(records []usn.Record) []usn.Record {
	if len(records) <= maxNames {
		return records
	}
	var changes, names middle
	for i := range records {
		if ofNames(&records[i]) {
			names.all++
		} else {
			changes.all++
		}
	}
	out := records[:0]
	for i := range records {
		if ofNames(&records[i]) && names.keeps(maxNames) || !ofNames(&records[i]) && changes.keeps(maxChanges) {
			out = append(out, records[i])
		}
	}
	h.Omitted += changes.omitted
	h.OmittedNames += names.omitted
	clear(records[len(out):])
	return out
}

// middle goes through records of one kind, and leaves out those in the middle.
type middle struct {
	all, at int
	omitted uint64
}

// keeps reports whether the next one is kept, of which there may be most.
func (m *middle) keeps(most int) bool {
	i := m.at
	m.at++
	if i < most/2 || i >= m.all-most/2 {
		return true
	}
	m.omitted++
	return false
}

// ofNames: the record tells of a name of its file that came or went.
func ofNames(r *usn.Record) bool { return r.Reason&(Telling|usn.ReasonHardLinkChange) != 0 }
