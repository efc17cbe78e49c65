package usnjrnl

import (
	"maps"
	"slices"

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
	// Omitted counts the records that were more than are kept.
	Omitted uint64

	of    map[ntfs.FileReference]bool
	files *trace // of, for a quick no
	kept  int
}

// maxHistory bounds the records that are kept of all files of a journal together.
const maxHistory = 1 << 19

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
	if h.kept == maxHistory {
		h.Omitted++
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
	h.kept++
	of := h.Records[ref]
	if n := len(of); n > 0 && of[n-1].Name == rec.Name {
		rec.Name = of[n-1].Name // one string for both
	}
	h.Records[ref] = append(of, rec)
}

// Join adds what a pass over the next part of the journal found.
func (h *History) Join(next *History) {
	h.Omitted += next.Omitted
	for _, ref := range slices.Sorted(maps.Keys(next.Records)) {
		for _, rec := range next.Records[ref] {
			if h.kept == maxHistory {
				h.Omitted++
				continue
			}
			h.add(ref, rec)
		}
	}
	h.Problems = append(h.Problems, next.Problems...)
}
