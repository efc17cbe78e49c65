package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds one line of a saved report, in bytes.
const maxLine = 64 << 20

// Dispatch hands a document to the method of the writer that its type names.
func Dispatch(w Writer, d Document) error {
	switch d.Type() {
	case TypeHeader:
		return w.Header(d)
	case TypeFinding:
		return w.Finding(d)
	case TypeEvent:
		return w.Event(d)
	case TypeProblem:
		return w.Problem(d)
	case TypeSummary:
		return w.Summary(d)
	}
	return fmt.Errorf("report: a line of type %q is not part of a report", d.Type())
}

// Replay reads a saved JSON Lines report and hands every line to the writer.
// Empty lines are skipped. A line that does not decode, a report that does not
// begin with its header or does not end with its summary (a scan that was cut
// off) is an error that names the line; the writer has had all lines before it.
func Replay(r io.Reader, w Writer) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	last := ""
	n := 0
	for lines.Scan() {
		n++
		line := lines.Bytes()
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		d, err := ReadDocument(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		kind := d.Type()
		switch {
		case (last == "") != (kind == TypeHeader):
			return fmt.Errorf("line %d: a report begins with its only header, found type %q", n, kind)
		case last == TypeSummary:
			return fmt.Errorf("line %d: type %q after the summary", n, kind)
		}
		if err := Dispatch(w, d); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		last = kind
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("after line %d: %w", n, err)
	}
	if last != TypeSummary {
		return errors.New("report: ends without its summary: it is not complete")
	}
	return nil
}
