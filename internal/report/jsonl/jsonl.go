// Package jsonl writes a report as JSON Lines: one document a line, all of
// them, as they come. It is the exact format, from which the others can be made
// again. It knows documents and nothing of their fields.
package jsonl

import (
	"io"

	"github.com/jobscan/jobscan/internal/report"
)

// Format is the entry for the list of formats.
var Format = report.Format{
	Name: "jsonl",
	Doc:  "JSON Lines: every document of the report, exact, one a line",
	New:  func(w io.Writer, _ report.Options) report.Writer { return writer{w} },
}

// writer buffers nothing: each document is one Write, so that a reader that
// follows the output sees whole lines.
type writer struct{ w io.Writer }

func (w writer) Header(d report.Document) error  { return report.WriteJSONLine(w.w, d.Dict) }
func (w writer) Finding(d report.Document) error { return report.WriteJSONLine(w.w, d.Dict) }
func (w writer) Event(d report.Document) error   { return report.WriteJSONLine(w.w, d.Dict) }
func (w writer) Problem(d report.Document) error { return report.WriteJSONLine(w.w, d.Dict) }
func (w writer) Summary(d report.Document) error { return report.WriteJSONLine(w.w, d.Dict) }
