package table

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/report/reporttest"
)

func TestGolden(t *testing.T) {
	tests := []struct {
		name    string
		options report.Options
	}{
		{"no_width", report.Options{}},
		{"width_200", report.Options{Width: 200}},
		{"width_120", report.Options{Width: 120}},
		{"width_80", report.Options{Width: 80}},
		{"width_60_list", report.Options{Width: 60}},
		{"color", report.Options{Width: 160, Color: true}},
		{"zone", report.Options{Width: 160, Location: time.FixedZone("Europe/Berlin", 7200)}},
	}
	stream := reporttest.Stream(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reporttest.Golden(t, tt.name, reporttest.Render(t, stream, Format, tt.options))
		})
	}
}

func TestGoldenEmpty(t *testing.T) {
	var kept [][]byte
	for line := range bytes.Lines(reporttest.Stream(t)) {
		if !bytes.Contains(line, []byte(`"type":"finding"`)) && !bytes.Contains(line, []byte(`"type":"problem"`)) {
			kept = append(kept, bytes.Replace(line, []byte(`"complete":false`), []byte(`"complete":true`), 1))
		}
	}
	reporttest.Golden(t, "empty", reporttest.Render(t, bytes.Join(kept, nil), Format, report.Options{Width: 100}))
}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// At every width no line is wider than the terminal, and nothing from evidence
// reaches it as a control.
func TestFitsEveryWidth(t *testing.T) {
	stream := reporttest.Stream(t)
	for width := minWidth; width <= 260; width += 3 {
		out := reporttest.Render(t, stream, Format, report.Options{Width: width, Color: true})
		text := colour.ReplaceAllString(string(out), "")
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if line != report.Visible(line) {
				t.Fatalf("width %d: line %q holds a control", width, line)
			}
			if w := textWidth(line); w > width {
				t.Fatalf("width %d: line of %d columns: %q", width, w, line)
			}
		}
	}
}

// More rows than one batch become several tables that hold all of them.
func TestBatches(t *testing.T) {
	const rows = 3*maxBatch + 1
	var b bytes.Buffer
	w := Format.New(&b, report.Options{Width: 200})
	start := time.Now()
	for i := range rows {
		if err := w.Finding(finding(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Summary(report.NewDocument(report.TypeSummary)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("%d rows took %v", rows, took)
	}
	out := b.String()
	if got := strings.Count(out, "TIME (UTC)"); got != 4 {
		t.Errorf("got %d headings, want 4", got)
	}
	for i := range rows {
		if name := fmt.Sprintf("job%06d.job", i); !strings.Contains(out, name) {
			t.Fatalf("%s is missing", name)
		}
	}
	if want := fmt.Sprintf("%d findings: 0 match, %d undecided, 0 excluded", rows, rows); !strings.Contains(out, want) {
		t.Errorf("footer lacks %q", want)
	}
	if want := "+: … and 1900 more, see --format jsonl"; !strings.Contains(out, want) {
		t.Errorf("notes lack %q", want)
	}
}

func finding(i int) report.Document {
	d := report.NewDocument(report.TypeFinding)
	report.Set(d.Dict, "@timestamp", "2024-05-01T12:00:00.1234567Z")
	report.Set(d.Dict, "event.action", "creation")
	report.Set(d.Dict, "file.path", fmt.Sprintf(`C:\Windows\Tasks\job%06d.job`, i))
	report.Set(d.Dict, "jobscan.verdict", "undecided")
	report.Set(d.Dict, "jobscan.because", fmt.Sprintf("match unless job%d was written by the agent", i))
	report.Set(d.Dict, "jobscan.state", "deleted")
	return d
}

// A timeline counts events, and shows verdicts that a scan leaves out.
func TestTimeline(t *testing.T) {
	var b bytes.Buffer
	w := Format.New(&b, report.Options{Width: 160})
	for i, verdict := range []string{"match", "no_match"} {
		d := finding(i)
		d.Update("type", report.TypeEvent)
		report.Set(d.Dict, "jobscan.verdict", verdict)
		if i == 0 {
			report.Set(d.Dict, "jobscan.job", ordereddict.NewDict().Set("command_line", nil))
		}
		if err := w.Event(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Summary(report.NewDocument(report.TypeSummary)); err != nil {
		t.Fatal(err)
	}
	out := b.String()
	if want := "2 events: 1 match, 0 undecided, 0 excluded, 1 no_match\n"; !strings.Contains(out, want) {
		t.Errorf("footer lacks %q:\n%s", want, out)
	}
	if strings.Count(out, "no program") != 1 || strings.Contains(out, "not recovered") {
		t.Errorf("RUNS is not as wanted:\n%s", out)
	}
}

func TestProblems(t *testing.T) {
	var b bytes.Buffer
	w := Format.New(&b, report.Options{})
	for i := range maxProblems + 5 {
		p := report.NewDocument(report.TypeProblem)
		p.Set("severity", "warning").Set("source", "mft").Set("record", i).Set("message", "torn\x1b[2J")
		if err := w.Problem(p); err != nil {
			t.Fatal(err)
		}
	}
	summary := report.Document{Dict: ordereddict.NewDict().Set("type", "summary").Set("complete", false)}
	if err := w.Summary(summary); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"25 problems (0 errors, 25 warnings)\n",
		"  warning: evidence: mft record 19: torn\\x1b[2J\n  … and 5 more, see --format jsonl\n",
		"INCOMPLETE:", "No .job file was found", "no volume was read",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, b.String())
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteError(t *testing.T) {
	w := Format.New(brokenWriter{}, report.Options{})
	if err := w.Finding(finding(1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Summary(report.NewDocument(report.TypeSummary)); err != io.ErrClosedPipe {
		t.Errorf("got %v, want %v", err, io.ErrClosedPipe)
	}
}

func BenchmarkRows(b *testing.B) {
	for b.Loop() {
		w := Format.New(io.Discard, report.Options{Width: 160})
		for i := range maxBatch {
			if err := w.Finding(finding(i)); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Summary(report.NewDocument(report.TypeSummary)); err != nil {
			b.Fatal(err)
		}
	}
}
