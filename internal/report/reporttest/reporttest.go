// Package reporttest holds a format's output for one shared report against a
// golden file. It is imported by tests of formats alone.
package reporttest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/jobscan/jobscan/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Stream is the shared report: findings of every verdict, hostile names,
// problems, and a volume with and one without a journal.
func Stream(t testing.TB) []byte {
	t.Helper()
	return read(t, filepath.Join("..", "testdata", "stream.jsonl"))
}

// Render gives a saved report to a format and returns what it writes.
func Render(t testing.TB, stream []byte, f report.Format, o report.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Replay(bytes.NewReader(stream), f.New(&b, o)); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return b.Bytes()
}

// Golden compares the output for the shared report to testdata/NAME.golden of
// the calling package; with -update it writes that file.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := read(t, path)
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := 0; i < len(gotLines) || i < len(wantLines); i++ {
		var g, w []byte
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if !bytes.Equal(g, w) {
			t.Errorf("%s: line %d\n got %q\nwant %q\n(go test -update writes the golden anew)", path, i+1, g, w)
			return
		}
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
