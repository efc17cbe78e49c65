package html

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/report/reporttest"
)

// FuzzPage: whatever a report holds, the page has our elements alone and hides
// nothing.
func FuzzPage(f *testing.F) {
	for line := range bytes.Lines(reporttest.Stream(f)) {
		f.Add(line)
	}
	f.Add([]byte(`{"type":"finding","a":{"b":[{"c":[1,{"d":"<script>"}]},2]},"@timestamp":"2024-05-01T12:00:00Z"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		d, err := report.ReadDocument(line)
		if err != nil {
			return
		}
		var b bytes.Buffer
		w := Format.New(&b, report.Options{})
		if d.Type() != report.TypeHeader {
			if err := w.Header(report.NewDocument(report.TypeHeader)); err != nil {
				t.Fatal(err)
			}
		}
		if report.Dispatch(w, d) != nil {
			return // of no type that a report has
		}
		if d.Type() != report.TypeSummary {
			if err := w.Summary(report.NewDocument(report.TypeSummary)); err != nil {
				t.Fatal(err)
			}
		}
		p := mustParse(t, b.Bytes())
		for _, field := range flatten(d, nil) {
			if strings.HasPrefix(field.Name, "later.") && !strings.Contains(p.text, field.Value) {
				t.Fatalf("%s: %q is not on the page", field.Name, field.Value)
			}
		}
	})
}
