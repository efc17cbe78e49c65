package csv

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/report/reporttest"
)

func TestGolden(t *testing.T) {
	reporttest.Golden(t, "stream", reporttest.Render(t, reporttest.Stream(t), Format, report.Options{}))
}

// A reader of CSV gets the heading and one row for each finding, in rows that
// hold no formula and nothing hidden.
func TestReadBack(t *testing.T) {
	out := reporttest.Render(t, reporttest.Stream(t), Format, report.Options{})
	if bytes.Count(out, []byte("\n")) != bytes.Count(out, []byte("\r\n")) {
		t.Error("a line does not end in CRLF")
	}
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 8 {
		t.Fatalf("got %d rows, want the heading and 7 findings", len(rows))
	}
	columns := report.Columns()
	for i, c := range columns {
		if rows[0][i] != c.Name {
			t.Errorf("heading %d: got %q, want %q", i, rows[0][i], c.Name)
		}
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if cell != report.Visible(cell) || cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("%s: cell %q", columns[i].Name, cell)
			}
		}
	}
	value := func(row int, name string) string {
		return rows[row][slices.Index(rows[0], name)]
	}
	tests := []struct {
		row        int
		name, want string
	}{
		{1, "file.path", `C:\Windows\Tasks\updater.job`},
		{1, "jobscan.job.flags", "DELETE_WHEN_DONE; SYSTEM_REQUIRED"},
		{1, "process.pid", "4711"},
		{2, "process.executable", ""},
		{2, "jobscan.missing", "process.executable"},
		{4, "file.name", `\x1b[2J\x1b]0;owned\x07.job`},
		{5, "jobscan.job.command_line", `'=cmd|'/C calc'!A0 +1\x09@SUM(1)\x0d\x0anext`},
		{5, "jobscan.job.comment", "'-2+3"},
		{5, "jobscan.job.max_run_time_ms", ""},
		{6, "file.name", `lone\ud83dsurrogate😀é日本.job`},
	}
	for _, tt := range tests {
		if got := value(tt.row, tt.name); got != tt.want {
			t.Errorf("row %d, %s: got %q, want %q", tt.row, tt.name, got, tt.want)
		}
	}
}

// A report without findings is still a table with its heading.
func TestEmpty(t *testing.T) {
	stream := `{"type":"header"}` + "\n" + `{"type":"problem","message":"x"}` + "\n" + `{"type":"summary"}` + "\n"
	out := string(reporttest.Render(t, []byte(stream), Format, report.Options{}))
	if !strings.HasPrefix(out, "@timestamp,jobscan.verdict,") || strings.Count(out, "\r\n") != 1 {
		t.Errorf("got %q, want the heading alone", out)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteError(t *testing.T) {
	w := Format.New(brokenWriter{}, report.Options{})
	if err := w.Summary(report.NewDocument(report.TypeSummary)); err != io.ErrClosedPipe {
		t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
	}
}

func BenchmarkFinding(b *testing.B) {
	d, err := report.ReadDocument(bytes.SplitAfter(reporttest.Stream(b), []byte("\n"))[1])
	if err != nil {
		b.Fatal(err)
	}
	w := Format.New(io.Discard, report.Options{})
	for b.Loop() {
		if err := w.Finding(d); err != nil {
			b.Fatal(err)
		}
	}
}
