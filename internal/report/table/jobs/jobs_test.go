package jobs

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/jobfile"
)

func document(t *testing.T, name string, x fixtures.Job) report.Document {
	t.Helper()
	j, err := jobfile.Parse(x.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return report.JobDocument(j, name)
}

func TestCardShowsNothingThatATerminalObeys(t *testing.T) {
	var b bytes.Buffer
	d := document(t, "a\x1bb.job", fixtures.Job{App: "cmd\x1b[2J.exe", Comment: "exe\u202Efdp.\n\rX"})
	if err := WriteCard(&b, d); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{`a\x1bb.job`, `cmd\x1b[2J.exe`, `\u202e`, `\x0a\x0d`, "Last run           never\n", "Windows loads it   yes\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.ContainsAny(got, "\x1b\r\u202E") {
		t.Errorf("raw control characters in %q", got)
	}
}

func TestCardOfDamage(t *testing.T) {
	j, _ := jobfile.ParsePrefix(fixtures.Job{App: "cmd.exe"}.Bytes()[:80])
	var b bytes.Buffer
	if err := WriteCard(&b, report.JobDocument(j, "x")); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "Complete           no: variable section at 0x48: application name") {
		t.Errorf("got\n%s", got)
	}
}

func TestTable(t *testing.T) {
	list := []report.Document{
		document(t, "one.job", fixtures.Job{App: "a\x1b.exe"}),
		document(t, "two.job", fixtures.Job{App: strings.Repeat("long", 100)}),
	}
	for _, width := range []int{0, 80} {
		var b bytes.Buffer
		if err := WriteTable(&b, list, width); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if !strings.Contains(got, "one.job") || !strings.Contains(got, `a\x1b.exe`) || !strings.Contains(got, "…") || strings.Count(got, "\n") != 4 {
			t.Errorf("width %d: got\n%s", width, got)
		}
	}
}
