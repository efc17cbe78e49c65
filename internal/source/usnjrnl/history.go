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

	of    map[ntfs.FileReference]bool
	files *trace // of, for a quick no
}

// NewHistory prepares a pass that keeps the records of the given files. The set
// must not change any more.
func NewHistory(of map[ntfs.FileReference]bool) *History {
	h := &History{Records: make(map[ntfs.FileReference][]usn.Record, len(of)), of: of, files: new(trace)}
	for ref := range of {
		h.Records[ref] = nil
		h.files.add(ref)
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
	h.Records[ref] = append(h.Records[ref], rec)
}

// Join adds what a pass over the next part of the journal found.
func (h *History) Join(next *History) {
	for ref, records := range next.Records {
		if len(records) > 0 {
			h.Records[ref] = append(h.Records[ref], records...)
		}
	}
	h.Problems = append(h.Problems, next.Problems...)
}
