package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jobscan/jobscan/internal/report"
)

// withProblems adds to a format that has no place for problems, such as CSV,
// their printing on standard error.
type withProblems struct {
	report.Writer
	stderr     io.Writer
	errorsOnly bool // leave warnings out
}

// Problem prints the problem; the format gets it as well.
func (w withProblems) Problem(d report.Document) error {
	if !w.errorsOnly || d.Text("severity") != report.SeverityWarning {
		fmt.Fprintf(w.stderr, "jobscan: %s\n", problemText(d))
	}
	return w.Writer.Problem(d)
}

// Summary says what a reader of the rows alone would not know.
func (w withProblems) Summary(d report.Document) error {
	if d.Text("complete") == "false" {
		fmt.Fprintln(w.stderr, "jobscan: incomplete: parts of the evidence could not be read")
	}
	return w.Writer.Summary(d)
}

// problemText is one problem in a line: how grave, where, in which structure, what.
func problemText(d report.Document) string {
	source := d.Text("source")
	if record := d.Text("record"); record != "" {
		source += " record " + record
	}
	if offset := d.Text("offset"); offset != "" {
		source += " at byte " + offset
	}
	structure, field, message := d.Text("structure"), d.Text("field"), d.Text("message")
	place := strings.TrimSpace(structure + " " + field)
	if strings.Contains(message, structure) && strings.Contains(message, field) {
		place = "" // the message says it already
	}
	var parts []string
	for _, part := range []string{d.Text("severity"), report.VolumeName(d.Text("evidence"), d.Text("volume"), ""), source, place, message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return report.Visible(strings.Join(parts, ": "))
}
