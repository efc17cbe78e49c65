package html

import (
	"bufio"
	"bytes"
	"compress/flate"
	"io"
)

// spool keeps rendered text in memory, compressed, until its place in the page
// is reached. The zero spool is empty.
type spool struct {
	packed chunks
	flate  *flate.Writer
	in     *bufio.Writer // templates write in small pieces
}

// render adds a template's output.
func (s *spool) render(name string, data any) error {
	if s.in == nil {
		var err error
		if s.flate, err = flate.NewWriter(&s.packed, flate.BestSpeed); err != nil {
			return err
		}
		s.in = bufio.NewWriterSize(s.flate, 32<<10)
	}
	return page().ExecuteTemplate(s.in, name, data)
}

// copyTo ends the spool and writes all that was added.
func (s *spool) copyTo(w io.Writer) error {
	if s.in == nil {
		return nil
	}
	if err := s.in.Flush(); err != nil {
		return err
	}
	if err := s.flate.Close(); err != nil {
		return err
	}
	_, err := io.Copy(w, flate.NewReader(s.packed.reader()))
	return err
}

// chunkSize is the length of one chunk, in bytes.
const chunkSize = 1 << 20

// chunks is memory that grows without being copied.
type chunks [][]byte

func (c *chunks) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		last := len(*c) - 1
		if last < 0 || len((*c)[last]) == chunkSize {
			*c = append(*c, make([]byte, 0, chunkSize))
			last++
		}
		part := min(len(p), chunkSize-len((*c)[last]))
		(*c)[last] = append((*c)[last], p[:part]...)
		p = p[part:]
	}
	return n, nil
}

func (c chunks) reader() io.Reader {
	parts := make([]io.Reader, len(c))
	for i, chunk := range c {
		parts[i] = bytes.NewReader(chunk)
	}
	return bufio.NewReader(io.MultiReader(parts...))
}
