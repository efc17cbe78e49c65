// Package isolate runs a decoder in a process of its own, so that evidence which
// makes it crash, hang or eat memory ends that process and nothing else. The
// process is the same program, started with a command that only package main
// knows; it limits itself (memory, processor time, stack) before it sees the
// first byte of evidence, and its parent limits the time and size of each answer.
//
// The package knows how to ask and to answer, not what is decoded. Bytes of
// evidence go through standard input only, never on a command line.
//
// The protocol: before its first request the parent writes 16 bytes, the limits of
// memory (bytes) and of processor time (ns) as little-endian 64-bit numbers; then
// for each request its length as a 32-bit number and its bytes. The child answers
// each with lines: "=" and a line of output, any number of times; then "." for
// success or "!" and an error text.
package isolate

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Limits bound a child. All must be positive.
type Limits struct {
	Memory int64         // bytes that the child may use more than at its start
	Time   time.Duration // for one answer
	Output int64         // bytes of one answer
}

// MaxRequest bounds one request, in bytes.
const MaxRequest = 1 << 20

// Why an answer did not come. Recognise them with errors.Is.
var (
	ErrTime   = errors.New("no answer within the time allowed")
	ErrOutput = errors.New("the answer is larger than allowed")
	ErrDied   = errors.New("the decoder ended without an answer")
)

// Decoder is what a child can do.
type Decoder struct {
	Name, Doc string
	// Decode answers one request with lines, which must not hold a line feed. An
	// error is told to the parent after the lines written so far.
	Decode func(request []byte, line func([]byte) error) error
}

// refusal is the text of an error of the decoder itself; the child lives on.
type refusal string

func (r refusal) Error() string { return string(r) }

// protocolError is a fault in what the other side sent.
func protocolError(format string, args ...any) error {
	return fmt.Errorf("decoder process: "+format, args...)
}

// noEOF makes of the end of a stream an unexpected one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
