package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
)

// savedReport opens the report, and refuses one that would be its own output.
func (a *app) savedReport(name, output string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.stdin), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder: expected a JSON Lines report", name)
	}
	if other, otherErr := os.Stat(output); err == nil && otherErr == nil && os.SameFile(info, other) {
		err = fmt.Errorf("%s is the report that is read: write to another file", output)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Limits on a saved report, in bytes. Lines that are longer than a report's are
// stepped over; these end the reading of what is none and may have no end.
const (
	maxSavedLine = 256 << 20 // of one line
	maxPrelude   = 16 << 20  // before the first line that is part of a report
)

// reportReader reads a saved report until the context ends, or a limit is passed.
type reportReader struct {
	ctx   context.Context
	r     io.Reader
	begun func() bool // a line was part of a report

	read, line int64 // bytes in all, and of the line at hand
	refused    error // which limit was passed
}

// Read implements io.Reader.
func (r *reportReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, interruptedError{}
	}
	if r.refused != nil {
		return 0, r.refused
	}
	n, err := r.r.Read(p)
	r.read += int64(n)
	if end := bytes.LastIndexByte(p[:n], '\n'); end >= 0 {
		r.line = int64(n - end - 1)
	} else {
		r.line += int64(n)
	}
	switch {
	case r.line > maxSavedLine:
		r.refused = fmt.Errorf("a line of more than %d MiB: this is no jobscan report, or what follows is not read", maxSavedLine>>20)
	case r.read > maxPrelude && !r.begun():
		r.refused = fmt.Errorf("the first %d MiB hold no line of a jobscan report", maxPrelude>>20)
	}
	return n, err
}
