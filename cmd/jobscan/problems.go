package main

import (
	"fmt"
	"io"

	"github.com/jobscan/jobscan/internal/report"
)

// withProblems adds to a format that has no place for problems, such as CSV,
// their printing on standard error.
type withProblems struct {
	report.Writer
	stderr io.Writer
}

// Problem prints the problem; the format gets it as well.
func (w withProblems) Problem(d report.Document) error {
	fmt.Fprintf(w.stderr, "jobscan: %s: %s: %s\n", d.Text("severity"), report.Visible(d.Text("evidence")), report.Visible(d.Text("message")))
	return w.Writer.Problem(d)
}

// Summary says what a reader of the rows alone would not know.
func (w withProblems) Summary(d report.Document) error {
	if d.Text("complete") == "false" {
		fmt.Fprintln(w.stderr, "jobscan: incomplete: parts of the evidence could not be read")
	}
	return w.Writer.Summary(d)
}
