package disk

import (
	"errors"
	"fmt"
	"io"
)

// Piece says where bytes of a container's disk are, from an asked offset on: in a
// file, in a packed block, or nowhere, which means zeros.
type Piece struct {
	Length int64 // bytes for which this holds, at least 1

	From io.ReaderAt // the file; nil for zeros and packed blocks
	At   int64       // offset in From, or within the unpacked block

	Packed *Packed
}

// Packed is a compressed block. It is unpacked as a whole.
type Packed struct {
	Key  int64 // tells it from the image's other blocks
	Size int   // bytes when it is unpacked; the format bounds it
	// Unpack fills dst, which has Size bytes. It may run on several goroutines.
	Unpack func(dst []byte) error
}

// Mapped is an Image whose bytes lie in pieces. It is safe for concurrent use as
// far as locate, the files and Unpack are.
type Mapped struct {
	size   int64
	locate func(off int64) (Piece, error)
	closer func() error
	blocks blockCache
}

// NewMapped makes an image of size bytes. locate is asked for offsets within it
// and tells of what cannot be read by an error, which ReadAt gives on, with what
// was read before. close closes the files; nil does nothing.
func NewMapped(size int64, locate func(off int64) (Piece, error), close func() error) *Mapped {
	return &Mapped{size: size, locate: locate, closer: close}
}

// Size gives the size of the disk in bytes.
func (m *Mapped) Size() int64 { return m.size }

// Close closes the container's files.
func (m *Mapped) Close() error {
	if m.closer == nil {
		return nil
	}
	return m.closer()
}

// maxPieces bounds how many pieces Data looks at.
const maxPieces = 1 << 20

// Data lists the parts of the disk that are somewhere in the container, or should
// be; a disk in very many pieces counts as whole.
func (m *Mapped) Data() []Range {
	var out []Range
	pieces := 0
	for off := int64(0); off < m.size; {
		p, err := m.locate(off)
		if pieces++; err != nil || p.Length < 1 || pieces > maxPieces || len(out) > maxRanges {
			// Up to where this holds is not known.
			return appendRange(out, Range{off, m.size - off})
		}
		length := min(p.Length, m.size-off)
		if p.From != nil || p.Packed != nil {
			out = appendRange(out, Range{off, length})
		}
		off += length
	}
	return out
}

// appendRange lengthens the last range if r follows it.
func appendRange(out []Range, r Range) []Range {
	if n := len(out); n > 0 && out[n-1].Offset+out[n-1].Length == r.Offset {
		out[n-1].Length += r.Length
		return out
	}
	return append(out, r)
}

// ReadAt reads across pieces. Every error names the offset on the disk.
func (m *Mapped) ReadAt(p []byte, off int64) (int, error) {
	p, end, err := within(p, off, m.size)
	if err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) {
		k, err := m.piece(p[n:], off+int64(n))
		n += k
		if err != nil {
			return n, fmt.Errorf("at %#x of the disk: %w", off+int64(n), err)
		}
	}
	return n, end
}

// within cuts p to what lies before size, where a read at off then ends with end:
// io.EOF if it was cut. The error is that of a read of nothing.
func within(p []byte, off, size int64) (_ []byte, end, err error) {
	switch {
	case off < 0:
		return nil, nil, errors.New("negative offset")
	case off >= size:
		return nil, nil, io.EOF
	case int64(len(p)) > size-off:
		return p[:size-off], io.EOF, nil
	}
	return p, nil, nil
}

// notEOF keeps what is wrong with a piece from being taken for the disk's end.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %v", io.ErrUnexpectedEOF, err)
	}
	return err
}

// piece reads the beginning of p, which lies at off.
func (m *Mapped) piece(p []byte, off int64) (int, error) {
	at, err := m.locate(off)
	if err != nil {
		return 0, notEOF(err)
	}
	if at.Length < 1 {
		return 0, io.ErrNoProgress
	}
	p = p[:min(int64(len(p)), at.Length)]
	switch {
	case at.Packed != nil:
		n, err := m.blocks.read(p, at.Packed, at.At)
		return n, notEOF(err)
	case at.From == nil:
		clear(p)
		return len(p), nil
	}
	n, err := at.From.ReadAt(p, at.At)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // the table says that there is more
	}
	return n, err
}
