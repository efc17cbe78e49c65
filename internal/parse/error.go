// Package parse holds what every decoder of binary structures needs: a
// bounds-checked little-endian Cursor and an Error that names structure, field
// and offset. It knows no format and opens nothing.
package parse

import (
	"errors"
	"fmt"
)

// Causes that a decoder reports. Recognise them with errors.Is.
var (
	// ErrTruncated: the input ends before the field does.
	ErrTruncated = errors.New("input ends too early")
	// ErrSignature: the magic bytes of the structure are not there.
	ErrSignature = errors.New("wrong signature")
	// ErrFixup: the update sequence does not match (a torn write).
	ErrFixup = errors.New("update sequence mismatch")
	// ErrRange: a length, offset or number lies outside what is possible.
	ErrRange = errors.New("value out of range")
	// ErrUnsupported: recognised, but not decoded by this program.
	ErrUnsupported = errors.New("unsupported")
)

// Error is a failure to decode one field of one structure.
type Error struct {
	Structure string // the field's own word, e.g. "FILE record"
	Field     string // e.g. "first attribute offset"; may be empty
	Offset    int64  // bytes from the start of the decoder's input; callers that know the base use At
	Detail    string // what was expected and found; may be empty
	Err       error  // one of the causes above, or a read error
}

// Error renders "FILE record at 0xc000: first attribute offset: value out of range (expected ..., found ...)".
func (e *Error) Error() string {
	s := fmt.Sprintf("%s at %#x", e.Structure, e.Offset)
	if e.Field != "" {
		s += ": " + e.Field
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	return s
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// At returns err with base added to the offset of the Error in its chain, for a
// caller that knows where the decoder's input began. Other errors pass through.
func At(err error, base int64) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	moved := *e
	moved.Offset += base
	return &moved
}
