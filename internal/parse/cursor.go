package parse

import (
	"encoding/binary"
	"fmt"
)

// Cursor reads little-endian fields from a byte slice in file order. The first
// read past the end sets a sticky error; from then on every read gives zero, so
// a decoder checks Err once, at the end, before it uses what it read.
type Cursor struct {
	b         []byte
	off       int
	structure string
	err       *Error
}

// NewCursor reads b, naming structure in errors.
func NewCursor(b []byte, structure string) *Cursor {
	return &Cursor{b: b, structure: structure}
}

// Offset is the position of the next field in bytes.
func (c *Cursor) Offset() int { return c.off }

// Len is the number of bytes left.
func (c *Cursor) Len() int { return len(c.b) - c.off }

// Err is nil, or the *Error of the first read that failed.
func (c *Cursor) Err() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// Bytes returns the next n bytes without copying, or nil when they are not there.
func (c *Cursor) Bytes(n int, field string) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > len(c.b)-c.off {
		c.err = &Error{
			Structure: c.structure, Field: field, Offset: int64(c.off), Err: ErrTruncated,
			Detail: fmt.Sprintf("expected %d bytes, found %d", n, len(c.b)-c.off),
		}
		return nil
	}
	p := c.b[c.off : c.off+n : c.off+n]
	c.off += n
	return p
}

// Skip passes over n bytes.
func (c *Cursor) Skip(n int, field string) { c.Bytes(n, field) }

// U8 reads one byte.
func (c *Cursor) U8(field string) uint8 {
	if p := c.Bytes(1, field); p != nil {
		return p[0]
	}
	return 0
}

// U16 reads a little-endian 16-bit number.
func (c *Cursor) U16(field string) uint16 {
	if p := c.Bytes(2, field); p != nil {
		return binary.LittleEndian.Uint16(p)
	}
	return 0
}

// U32 reads a little-endian 32-bit number.
func (c *Cursor) U32(field string) uint32 {
	if p := c.Bytes(4, field); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

// U64 reads a little-endian 64-bit number.
func (c *Cursor) U64(field string) uint64 {
	if p := c.Bytes(8, field); p != nil {
		return binary.LittleEndian.Uint64(p)
	}
	return 0
}

// Fail records an error about a value that was just read, unless one is set already.
func (c *Cursor) Fail(field string, offset int, cause error, detail string) {
	if c.err == nil {
		c.err = &Error{Structure: c.structure, Field: field, Offset: int64(offset), Err: cause, Detail: detail}
	}
}
