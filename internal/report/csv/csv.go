// Package csv writes findings and events as comma-separated values (RFC 4180:
// CRLF, a heading line, quotes where needed) for spreadsheets and databases.
// The columns are those of report.Columns, headed by their dotted names.
//
// It holds rows only: the header, problems and the summary of a report have no
// place in it, and are for the caller to show elsewhere.
package csv

import (
	"encoding/csv"
	"io"

	"github.com/jobscan/jobscan/internal/report"
)

// Format is the entry for the list of formats.
var Format = report.Format{
	Name: "csv",
	Doc:  "comma-separated values: one row for each finding or event, without problems and coverage",
	New:  newWriter,
}

type writer struct {
	csv     *csv.Writer
	columns []report.Column
	headed  bool
	row     []string
}

func newWriter(w io.Writer, _ report.Options) report.Writer {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	columns := report.Columns()
	return &writer{csv: c, columns: columns, row: make([]string, len(columns))}
}

func (w *writer) Header(report.Document) error { return w.heading() }

func (w *writer) Finding(d report.Document) error { return w.write(d) }

func (w *writer) Event(d report.Document) error { return w.write(d) }

// Problem writes nothing, see the package comment.
func (w *writer) Problem(report.Document) error { return nil }

// Summary completes the output.
func (w *writer) Summary(report.Document) error {
	if err := w.heading(); err != nil {
		return err
	}
	w.csv.Flush()
	return w.csv.Error()
}

func (w *writer) heading() error {
	if w.headed {
		return nil
	}
	w.headed = true
	for i, c := range w.columns {
		w.row[i] = c.Name
	}
	return w.csv.Write(w.row)
}

func (w *writer) write(d report.Document) error {
	if err := w.heading(); err != nil {
		return err
	}
	for i, c := range w.columns {
		w.row[i] = report.CSVCell(c.Get(d))
	}
	return w.csv.Write(w.row)
}
