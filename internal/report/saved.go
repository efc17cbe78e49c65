package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxLine bounds one line of a saved report, in bytes.
const maxLine = 64 << 20

// savedLine is one line of a saved report that is not empty.
type savedLine struct {
	number   int   // 1-based
	offset   int64 // of its first byte in the file
	document Document
	err      error // why there is no document, without the line's number
}

// savedLines yields the lines of a saved report in order, those that do not
// decode with their error. A line longer than limit bytes is stepped over, so
// memory is bounded by it; where reading fails, that is the last line.
// The sequence can be used once.
func savedLines(r io.Reader, limit int) iter.Seq[savedLine] {
	return func(yield func(savedLine) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		var raw []byte
		next := int64(0)
		for number := 1; ; number++ {
			var length int64
			var err error
			raw, length, err = readLine(in, raw[:0], limit)
			line := savedLine{number: number, offset: next}
			next += length
			switch {
			case err != nil && err != io.EOF:
				line.err = fmt.Errorf("reading the report: %w", err)
			case length > int64(len(raw)):
				line.err = fmt.Errorf("report line: longer than %d bytes", limit)
			case len(bytes.TrimSpace(raw)) > 0:
				line.document, line.err = ReadDocument(raw)
			}
			if (line.err != nil || line.document.Dict != nil) && !yield(line) || err != nil {
				return
			}
		}
	}
}

// readLine appends the next line, with its LF, to raw, at most limit bytes of
// it. It returns the length of the whole line as well.
func readLine(in *bufio.Reader, raw []byte, limit int) (line []byte, length int64, err error) {
	for {
		part, err := in.ReadSlice('\n')
		length += int64(len(part))
		raw = append(raw, part[:min(len(part), limit-len(raw))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return raw, length, err
		}
	}
}
