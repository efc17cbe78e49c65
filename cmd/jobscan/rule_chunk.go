package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/jobscan/jobscan/rule"
)

const (
	maxDocumentLine = 64 << 20 // bytes of one exported event
	chunkBytes      = 64 << 10 // bytes of lines that make a chunk full
	chunkVerdicts   = 16 << 10 // verdicts about the lines that do as well
	largeChunk      = 1 << 20  // bytes above which a chunk is evaluated alone
)

// documentChunk is a run of lines of an export, and what is said about them.
type documentChunk struct {
	name  string // of the input
	text  []byte // the lines, one behind the other
	lines []documentLine

	out, errs  []byte // for standard output and standard error
	unreadable int
	refused    int // verdicts that could not be reached
	counts     [rule.Match + 1]int

	document document // the one in hand
	because  []byte   // the sentence in hand
}

// documentLine is a line that is not blank.
type documentLine struct {
	line, document int // counted from 1
	start, end     int // in the text of the chunk
}

// large reports a chunk, of one long line at its end, of which only one is taken
// apart at a time, and whose output is not gathered.
func (c *documentChunk) large() bool { return len(c.text) > largeChunk }

func (c *documentChunk) reset(name string) {
	c.name, c.text, c.lines = name, c.text[:0], c.lines[:0]
	c.out, c.errs = c.out[:0], c.errs[:0]
	c.unreadable, c.refused, c.counts = 0, 0, [rule.Match + 1]int{}
}

// chunkReader cuts an export into chunks of lines.
type chunkReader struct {
	name      string
	lines     *bufio.Scanner
	line      int // number of the last line read
	documents int // lines that are not blank, of this input and those before it
	most      int // lines of a chunk
	ended     bool
	chunks    *sync.Pool
}

// newChunkReader reads an input, before which documents were read, for a number
// of rules.
func newChunkReader(in io.Reader, name string, documents, rules int, chunks *sync.Pool) *chunkReader {
	r := &chunkReader{name: name, lines: bufio.NewScanner(in), documents: documents, chunks: chunks}
	r.most = max(1, chunkVerdicts/max(1, rules))
	r.lines.Buffer(make([]byte, 0, 64<<10), maxDocumentLine)
	return r
}

// next gives the lines that follow. The error is io.EOF at the end of the input,
// and names the line where reading failed.
func (r *chunkReader) next() (*documentChunk, error) {
	c, ok := r.chunks.Get().(*documentChunk)
	if !ok {
		c = &documentChunk{}
	}
	c.reset(r.name)
	for len(c.text) < chunkBytes && len(c.lines) < r.most && !r.ended {
		if !r.lines.Scan() {
			r.ended = true
			break
		}
		r.line++
		line := bytes.TrimPrefix(r.lines.Bytes(), []byte("\xEF\xBB\xBF"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		r.documents++
		start := len(c.text)
		c.text = append(c.text, line...)
		c.lines = append(c.lines, documentLine{line: r.line, document: r.documents, start: start, end: len(c.text)})
	}
	if len(c.lines) > 0 {
		return c, nil
	}
	err := r.lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("longer than %d MiB, the most that an event may have", maxDocumentLine>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: line %d: %w", r.name, r.line+1, err)
	}
	return nil, io.EOF
}
