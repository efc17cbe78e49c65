package disk

import "io"

// AlignedReaderAt reads from R, which takes only offsets and lengths that are
// multiples of Align (a raw device on Windows and macOS), at any offset and
// length. It is safe for concurrent use as far as R is.
type AlignedReaderAt struct {
	R     io.ReaderAt
	Align int64 // bytes, at least 1
	Size  int64 // of R in bytes; nothing is returned from behind it
}

// ReadAt reads whole sectors straight into p, and those that p covers in part
// through a buffer of one sector.
func (a *AlignedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	p, end, err := within(p, off, a.Size)
	if err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) {
		var k int
		var err error
		if within, rest := (off+int64(n))%a.Align, int64(len(p)-n); within != 0 || rest < a.Align {
			k, err = a.part(p[n:], off+int64(n)-within, within)
		} else {
			k, err = a.R.ReadAt(p[n:n+int(rest-rest%a.Align)], off+int64(n))
			if k > 0 && err == io.EOF && int64(k) == rest-rest%a.Align {
				err = nil
			}
		}
		n += k
		if err != nil {
			return n, err
		}
		if k == 0 {
			return n, io.ErrNoProgress
		}
	}
	return n, end
}

// part copies from one sector, beginning at a byte within it.
func (a *AlignedReaderAt) part(p []byte, sector, within int64) (int, error) {
	buf := make([]byte, a.Align)
	k, err := a.R.ReadAt(buf, sector)
	if int64(k) <= within {
		if err == nil {
			err = io.ErrNoProgress
		}
		return 0, err
	}
	n := copy(p, buf[within:k])
	if k < len(buf) && n < len(p) && err != nil {
		return n, err
	}
	return n, nil
}
