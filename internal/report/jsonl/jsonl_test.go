package jsonl

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/report/reporttest"
)

// The shared report is itself what this format writes: rendering it again
// changes no byte.
func TestRoundTrip(t *testing.T) {
	stream := reporttest.Stream(t)
	got := reporttest.Render(t, stream, Format, report.Options{})
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(stream, []byte("\n"))
	if len(gotLines) != len(wantLines) {
		t.Fatalf("got %d lines, want %d", len(gotLines), len(wantLines))
	}
	for i := range wantLines {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Errorf("line %d\n got %s\nwant %s", i+1, gotLines[i], wantLines[i])
		}
	}
}

// A report of 20,000 findings must be a matter of a fraction of a second.
func TestLargeReport(t *testing.T) {
	stream := reporttest.Stream(t)
	d, err := report.ReadDocument(bytes.SplitAfter(stream, []byte("\n"))[1])
	if err != nil {
		t.Fatal(err)
	}
	w := Format.New(io.Discard, report.Options{})
	start := time.Now()
	for range 20000 {
		if err := w.Finding(d); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("20000 findings took %v", took)
	}
}

func BenchmarkFinding(b *testing.B) {
	d, err := report.ReadDocument(bytes.SplitAfter(reporttest.Stream(b), []byte("\n"))[1])
	if err != nil {
		b.Fatal(err)
	}
	w := Format.New(io.Discard, report.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Finding(d); err != nil {
			b.Fatal(err)
		}
	}
}

// errorWriter fails after so many writes.
type errorWriter struct{ left int }

func (e *errorWriter) Write(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.ErrClosedPipe
	}
	e.left--
	return len(b), nil
}

func TestWriteError(t *testing.T) {
	w := Format.New(&errorWriter{left: 1}, report.Options{})
	if err := w.Header(report.NewDocument(report.TypeHeader)); err != nil {
		t.Fatalf("first write: got %v, want nil", err)
	}
	if err := w.Summary(report.NewDocument(report.TypeSummary)); err != io.ErrClosedPipe {
		t.Errorf("second write: got %v, want %v", err, io.ErrClosedPipe)
	}
}
