package tsv

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/report/reporttest"
)

// Format is the entry for the list of formats.
var Format = report.Format{
	Name: "tsv",
	Doc:  "a time and a path in each line",
	New:  func(w io.Writer, _ report.Options) report.Writer { return writer{w} },
}

type writer struct{ w io.Writer }

func (w writer) Header(report.Document) error { return nil }
func (w writer) Finding(d report.Document) error {
	return w.row(d.Text("@timestamp"), d.Text("file.path"))
}
func (w writer) Event(d report.Document) error {
	return w.row(d.Text("@timestamp"), d.Text("file.path"))
}
func (w writer) Problem(d report.Document) error { return w.row("problem", d.Text("message")) }
func (w writer) Summary(report.Document) error   { return nil }

func (w writer) row(first, second string) error {
	_, err := fmt.Fprintf(w.w, "%s\t%s\n", first, report.Visible(second))
	return err
}

func TestTSV(t *testing.T) {
	stream, err := os.ReadFile("../../../internal/report/testdata/stream.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, kind := range []string{report.TypeFinding, report.TypeEvent, report.TypeProblem} {
		want += strings.Count(string(stream), `{"type":"`+kind+`"`)
	}
	got := strings.Split(strings.TrimSuffix(string(reporttest.Render(t, stream, Format, report.Options{})), "\n"), "\n")
	if len(got) != want || want == 0 {
		t.Errorf("got %d lines, want %d", len(got), want)
	}
	for _, line := range got {
		if strings.Count(line, "\t") != 1 {
			t.Errorf("got %q", line)
		}
	}
}
