package jobfile

import "io"

// Scanner finds jobs in windows of data that its caller reads, for a caller
// that looks for other things in the same pass. It finds what Carve finds. The
// windows come in ascending order; a Scanner is not safe for concurrent use.
type Scanner struct{ c carver }

// Sizes, in bytes, that a window should reach beyond the place where hits are
// looked for.
const (
	ScannerLead = carveLead // before it: a record that begins there may reach into it
	ScannerTail = carveTail // after it: a header and the record around it
)

// NewScanner prepares a search in size bytes of r (-1: not known). r is read
// only for jobs that leave their window.
func NewScanner(r io.ReaderAt, size int64) *Scanner {
	return &Scanner{carver{r: r, size: size, credit: carveFree}}
}

// Window calls found for the jobs whose first byte lies in b[begin:end], in
// ascending order, and for ends of jobs around it. base is the offset of b in
// the data. Update sequences of NTFS records are undone in b itself, so b must
// not be used for anything else afterwards. The Job of a hit does not refer to b.
func (s *Scanner) Window(b []byte, base int64, begin, end int, found func(Carved)) {
	c := &s.c
	c.win, c.base, c.begin, c.end = b, base, max(begin, 0), min(end, len(b))
	if c.end <= c.begin {
		return
	}
	c.credit += int64(c.end - c.begin)
	c.undoFixups()
	c.scan(func(hit Carved, _ error) bool {
		found(hit)
		return true
	})
}
