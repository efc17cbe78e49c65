package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

// TestRenderEqualsScan: for each format, what a scan writes is what is made of
// its saved report.
func TestRenderEqualsScan(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	t.Setenv("COLUMNS", "140")
	dir := t.TempDir()
	for _, command := range []string{"demo", "scan", "timeline"} {
		args := []string{command, "--exit-zero", "--quiet"}
		if command != "demo" {
			story, ok := fixtures.Find("torn-record")
			if !ok {
				t.Fatal("no such scenario")
			}
			args = append(args, writeImage(t, story.Build()))
		}
		saved := filepath.Join(dir, command+".jsonl")
		runClean(t, append(args, "--format", "jsonl", "-o", saved)...)
		for _, format := range reportFormats {
			for _, zone := range []string{"UTC", "America/New_York"} {
				flags := []string{"--format", format.Name, "--timezone", zone}
				want := runClean(t, append(args, flags...)...)
				got := runClean(t, append([]string{"render", "--exit-zero", "--quiet", saved}, flags...)...)
				if !bytes.Equal(got, want) {
					t.Errorf("%s, %s, %s: the rendered report is another: %s", command, format.Name, zone, firstDifference(got, want))
				}
			}
		}
	}
}

// runClean runs a command line that must end with 0 and returns its output.
func runClean(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), args, bytes.NewReader(nil), &stdout, &stderr); code != exitClean {
		t.Fatalf("%q: exit code %d: %s", args, code, stderr.String())
	}
	return stdout.Bytes()
}

// firstDifference quotes the first lines that differ.
func firstDifference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return "\n got " + string(g[i]) + "\nwant " + string(w[i])
		}
	}
	return "one is longer"
}
