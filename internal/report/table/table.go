// Package table writes a report for people: findings or events as a table that
// fits the terminal, notes below it, and a footer that says what was counted,
// what the evidence covers and what could not be read. It alone uses
// tablewriter: draw.go to draw, wrap.go to measure text as that will.
//
// Everything from evidence passes report.Visible. The table may cut long text,
// which it marks with "…"; the exact values are in the JSON Lines format.
package table

import (
	"bytes"
	"io"
	"time"

	"github.com/jobscan/jobscan/internal/report"
)

// Format is the entry for the list of formats.
var Format = report.Format{
	Name: "table",
	Doc:  "table for people, with notes, coverage and problems below it",
	New:  newWriter,
}

const (
	// maxBatch is how many rows are laid out and drawn at once: a larger report
	// becomes several tables, so that memory and time stay in bounds.
	maxBatch = 2000
	// maxProblems is how many problems are listed, the others are counted.
	maxProblems = 20
	// minWidth is the narrowest terminal that is honoured, in columns.
	minWidth = 40
)

type writer struct {
	w        io.Writer
	width    int // columns, 0: no limit
	color    bool
	location *time.Location

	options map[string]string // of the scan, by name
	columns []report.Column
	rows    []row
	drawn   int // rows already written
	notes   notes
	volumes volumes
	counts  map[string]int // rows by verdict
	cut     bool           // some cell lost its middle
	kind    string         // "finding" or "event", the type of the first row

	problems []report.Document // the first maxProblems
	errors   int
	warnings int
}

func newWriter(w io.Writer, o report.Options) report.Writer {
	t := &writer{
		w: w, width: o.Width, color: o.Color, location: o.Location,
		columns: report.TableColumns(), counts: map[string]int{},
	}
	if t.location == nil {
		t.location = time.UTC
	}
	if t.width > 0 && t.width < minWidth {
		t.width = minWidth
	}
	return t
}

func (t *writer) Header(d report.Document) error {
	t.options = report.ScanOptions(d)
	return t.write(t.head(d))
}

func (t *writer) Finding(d report.Document) error { return t.row(d) }

func (t *writer) Event(d report.Document) error { return t.row(d) }

func (t *writer) Problem(d report.Document) error {
	if d.Text("severity") == "warning" {
		t.warnings++
	} else {
		t.errors++
	}
	if len(t.problems) < maxProblems {
		t.problems = append(t.problems, d)
	}
	return nil
}

func (t *writer) Summary(d report.Document) error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.write(t.footer(d))
}

func (t *writer) row(d report.Document) error {
	if t.kind == "" {
		t.kind = d.Type()
	}
	t.counts[d.Text("jobscan.verdict")]++
	t.rows = append(t.rows, t.newRow(d))
	if len(t.rows) < maxBatch {
		return nil
	}
	return t.flush()
}

// flush draws the rows collected so far, with their notes.
func (t *writer) flush() error {
	if len(t.rows) == 0 {
		return nil
	}
	var b bytes.Buffer
	if t.drawn > 0 {
		b.WriteByte('\n')
	}
	if err := t.draw(&b); err != nil {
		return err
	}
	t.drawn += len(t.rows)
	t.rows = t.rows[:0]
	text := b.Bytes()
	text = append(text, t.notes.text(t.width)...)
	t.notes = notes{}
	return t.write(text)
}

// write trims the blanks at the ends of lines and writes the rest.
func (t *writer) write(text []byte) error {
	out := make([]byte, 0, len(text))
	for line := range bytes.Lines(text) {
		body := bytes.TrimRight(line, " \n")
		out = append(append(out, body...), '\n')
	}
	_, err := t.w.Write(out)
	return err
}
