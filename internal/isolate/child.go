package isolate

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime/debug"
	"strings"
	"time"
)

// maxStack bounds the stack of the decoder, in bytes.
const maxStack = 32 << 20

// Serve is the child's side: it limits this process, for good, and answers
// requests until in ends. A program calls it in a process that has nothing else
// to do.
func Serve(d Decoder, in io.Reader, out io.Writer) error {
	var limits [16]byte
	if _, err := io.ReadFull(in, limits[:]); err != nil {
		return protocolError("limits: %w", noEOF(err))
	}
	memory := int64(binary.LittleEndian.Uint64(limits[:]))
	cpu := time.Duration(binary.LittleEndian.Uint64(limits[8:]))
	if memory <= 0 || cpu <= 0 {
		return protocolError("limits that are not positive")
	}
	debug.SetMaxStack(maxStack)
	if err := limitProcess(memory, cpu); err != nil {
		return protocolError("cannot be limited: %w", err)
	}
	w := bufio.NewWriter(out)
	for {
		request, err := readRequest(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := answer(d, request, w); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
}

// readRequest gives io.EOF where the requests end.
func readRequest(in io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > MaxRequest {
		return nil, protocolError("a request of %d bytes", n)
	}
	request := make([]byte, n)
	if _, err := io.ReadFull(in, request); err != nil {
		return nil, protocolError("request: %w", noEOF(err))
	}
	return request, nil
}

func answer(d Decoder, request []byte, w *bufio.Writer) error {
	var broken error // of the stream, which no answer can tell
	put := func(kind byte, b []byte) error {
		w.WriteByte(kind)
		w.Write(b)
		broken = w.WriteByte('\n') // a bufio.Writer keeps its first error
		return broken
	}
	err := d.Decode(request, func(line []byte) error {
		if bytes.IndexByte(line, '\n') >= 0 {
			return protocolError("a line feed in a line")
		}
		return put('=', line)
	})
	if broken != nil {
		return broken
	}
	if err != nil {
		return put('!', []byte(strings.ReplaceAll(err.Error(), "\n", " ")))
	}
	return put('.', nil)
}
