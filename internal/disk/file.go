package disk

import (
	"io"
	"os"
)

// file is an Image of an ordinary file's bytes.
type file struct {
	f    *os.File
	size int64
}

func (f *file) ReadAt(p []byte, off int64) (int, error) { return f.f.ReadAt(p, off) }
func (f *file) Close() error                            { return f.f.Close() }
func (f *file) Size() int64                             { return f.size }

// maxRanges bounds what Data lists; a file with more parts counts as whole.
const maxRanges = 1 << 16

// Data lists the parts of a sparse file that are stored; where the system
// cannot tell, all of it. It moves the file's offset, which ReadAt ignores.
func (f *file) Data() []Range {
	all := []Range{{0, f.size}}
	if seekData == 0 {
		return all
	}
	var out []Range
	for at := int64(0); at < f.size; {
		start, err := f.f.Seek(at, seekData)
		if err != nil {
			if at == 0 && !noMoreData(err) {
				return all
			}
			break
		}
		end, err := f.f.Seek(start, seekHole)
		if err != nil || end <= start || len(out) == maxRanges {
			return all
		}
		out = append(out, Range{start, min(end, f.size) - start})
		at = end
	}
	if _, err := f.f.Seek(0, io.SeekStart); err != nil {
		return all
	}
	return out
}
