package logfile

import (
	"errors"
	"io"

	"github.com/jobscan/jobscan/internal/parse"
)

// window reads a log in pieces, a page at a time. The pieces grow while pages are
// asked for one after the other, and are single pages where they are not: a log
// whose laps jump to and fro costs no more reading than it has pages.
type window struct {
	r        io.ReaderAt
	size     int64
	pageSize int
	buf      []byte
	at       int64 // of buf; negative: nothing read yet
	n        int   // bytes of buf that hold the log
	piece    int   // bytes that the last read asked for
	asked    int   // bytes of pages that were asked for since
}

// windowSize is the largest piece, in bytes.
const windowSize = 256 << 10

func newWindow(r io.ReaderAt, size int64, pageSize int) *window {
	return &window{r: r, size: size, pageSize: pageSize, buf: make([]byte, min(windowSize, max(size, int64(pageSize)))), at: -1}
}

// page gives the page at offset at, valid until the next call.
func (w *window) page(at int64) ([]byte, error) {
	if w.at < 0 || at < w.at || at+int64(w.pageSize) > w.at+int64(w.n) {
		if err := w.read(at); err != nil {
			return nil, err
		}
	}
	w.asked += w.pageSize
	off := int(at - w.at)
	return w.buf[off : off+w.pageSize : off+w.pageSize], nil
}

// read fills the window from offset at on, with a page at least.
func (w *window) read(at int64) error {
	if w.at >= 0 && at == w.at+int64(w.n) && 2*w.asked >= w.n {
		w.piece = min(2*w.piece, len(w.buf))
	} else {
		w.piece = w.pageSize
	}
	n, err := w.r.ReadAt(w.buf[:min(int64(w.piece), w.size-at)], at)
	w.asked = 0
	if n < w.pageSize {
		w.at = -1
		if err == nil || errors.Is(err, io.EOF) {
			err = parse.ErrTruncated
		}
		return err
	}
	w.at, w.n = at, n-n%w.pageSize
	return nil
}
