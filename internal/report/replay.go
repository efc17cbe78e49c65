package report

import (
	"errors"
	"fmt"
	"io"
)

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
	return unknownType(d)
}

func unknownType(d Document) error {
	return fmt.Errorf("report: a line of type %q is not part of a report", d.Type())
}

// Replay reads a saved JSON Lines report and hands every line to the writer.
// Empty lines are skipped. A line that does not decode, a report that does not
// begin with its header or does not end with its summary (a scan that was cut
// off) is an error that names the line; the writer has had all lines before it.
// Restore is the one that goes on.
func Replay(r io.Reader, w Writer) error {
	last := ""
	for line := range savedLines(r, maxLine) {
		if line.err != nil {
			return fmt.Errorf("line %d: %w", line.number, line.err)
		}
		kind := line.document.Type()
		switch {
		case (last == "") != (kind == TypeHeader):
			return fmt.Errorf("line %d: a report begins with its only header, found type %q", line.number, kind)
		case last == TypeSummary:
			return fmt.Errorf("line %d: type %q after the summary", line.number, kind)
		}
		if err := Dispatch(w, line.document); err != nil {
			return fmt.Errorf("line %d: %w", line.number, err)
		}
		last = kind
	}
	if last != TypeSummary {
		return errors.New("report: ends without its summary: it is not complete")
	}
	return nil
}
