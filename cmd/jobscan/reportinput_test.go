package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// repeated gives the same bytes for ever.
type repeated string

func (r repeated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], r)
	}
	return n, nil
}

// TestRenderEnds: input that is no report, or stops being one, is left, however
// long it goes on.
func TestRenderEnds(t *testing.T) {
	const header = `{"type":"header","tool":"jobscan"}` + "\n"
	zeros := repeated(strings.Repeat("\x00", 4096))
	lines := repeated(strings.Repeat("x", 4095) + "\n")
	tests := []struct {
		name string
		in   func() io.Reader
		code int
		want string
	}{
		{"zeros", func() io.Reader { return zeros }, exitFailure, "the first 16 MiB hold no line of a jobscan report"},
		{"lines of something else", func() io.Reader { return lines }, exitFailure, "the first 16 MiB hold no line of a jobscan report"},
		{"a header, then zeros", func() io.Reader { return io.MultiReader(strings.NewReader(header), zeros) }, exitIncomplete, "line 2: reading the report: a line of more than 256 MiB"},
	}
	for _, tt := range tests {
		for _, format := range []string{"table", "csv"} {
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), []string{"render", "--quiet", "--format", format, "-"}, tt.in(), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("%s, %s: exit code %d, %q, want %d, %q", tt.name, format, code, stderr.String(), tt.code, tt.want)
			}
		}
	}
}
