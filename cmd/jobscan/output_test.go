package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/evidence"
)

// countedReader counts the bytes that are asked of it.
type countedReader struct {
	image *fixtures.Image
	bytes atomic.Int64
}

func (r *countedReader) ReadAt(p []byte, off int64) (int, error) {
	r.bytes.Add(int64(len(p)))
	return r.image.ReadAt(p, off)
}

// TestOutputBeforeHash: evidence is not read for its hash before it is certain
// that the report can be written.
func TestOutputBeforeHash(t *testing.T) {
	story, ok := fixtures.Find("created-and-deleted")
	if !ok {
		t.Fatal("no such scenario")
	}
	dir := t.TempDir()
	exists := filepath.Join(dir, "exists")
	if err := os.WriteFile(exists, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{exists, filepath.Join(dir, "no", "such", "folder")} {
		image := &countedReader{image: story.Build()}
		host, err := evidence.OpenReader(t.Context(), "x.img", image, image.image.Size())
		if err != nil {
			t.Fatal(err)
		}
		var f scanFlags
		f.register(&cobra.Command{})
		f.hash, f.output.file = true, name
		o, err := f.options(false)
		if err != nil {
			t.Fatal(err)
		}
		before := image.bytes.Load()
		a := &app{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
		if err := a.scanHost(t.Context(), host, o, &f); err == nil || image.bytes.Load() != before {
			t.Errorf("%s: %d bytes were read, then %v", name, image.bytes.Load()-before, err)
		}
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestIsPartOf: whatever way a path into a folder of evidence is written.
func TestIsPartOf(t *testing.T) {
	dir := t.TempDir()
	tri := filepath.Join(dir, "tri")
	if err := os.MkdirAll(filepath.Join(tri, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tri, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{
		"tri/new": true, "tri/file": true, "tri/sub/new": true, "tri/sub/../new": true, "other/../tri/new": true,
		"new": false, "tri/../new": false, "trial/new": false, "tri2": false,
	}
	if err := os.Mkdir(filepath.Join(dir, "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Symlink(filepath.Join(tri, "sub"), filepath.Join(dir, "link")) == nil {
		paths["link/new"] = true
	}
	if os.Symlink(filepath.Join(tri, "file"), filepath.Join(dir, "filelink")) == nil {
		paths["filelink"] = true
	}
	t.Chdir(dir)
	for name, want := range paths {
		for _, path := range []string{name, filepath.Join(dir, filepath.FromSlash(name))} {
			if got := isPartOf(path, []string{"missing", tri}); got != want {
				t.Errorf("%s: got %v, want %v", path, got, want)
			}
		}
	}
	t.Chdir(filepath.Join(tri, "sub"))
	if !isPartOf("new", []string{tri}) || !isPartOf("new", []string{"."}) || isPartOf("../../new", []string{".."}) {
		t.Error("seen from within the folder it is another")
	}
}

// TestIsJobIn: a job file in a folder of them would be read by the next run.
func TestIsJobIn(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"jobs/sub", "other"} {
		if err := os.MkdirAll(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{
		"jobs/x.job": true, "other/../jobs/X.JOB": true, filepath.Join(dir, "jobs", "x.job"): true,
		"jobs/x.csv": false, "jobs/sub/x.job": false, "x.job": false, "none/x.job": false,
	} {
		if got := isJobIn(name, []string{"missing", "jobs"}); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestDanglingLink: no file is made at the end of a link, which may lead anywhere.
func TestDanglingLink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	target := filepath.Join(t.TempDir(), "target")
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	if _, err := createOutput(link, true); err == nil || !strings.Contains(err.Error(), "leads nowhere") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("it was made")
	}
}

// TestTooManyOpenFiles: the message says what to do.
func TestTooManyOpenFiles(t *testing.T) {
	err := &fs.PathError{Op: "open", Path: "x.img", Err: syscall.EMFILE}
	if got := errorText(err); !strings.Contains(got, "ulimit -n") {
		t.Errorf("got %q", got)
	}
	host := evidence.Host{Problems: []evidence.Problem{{Path: "x.img", Err: err}, {Path: "y.img", Err: context.Canceled}}}
	adviseProblems(&host)
	if got := host.Problems[0].Err.Error(); !strings.Contains(got, "ulimit -n") || host.Problems[1].Err != context.Canceled {
		t.Errorf("got %q, %v", got, host.Problems[1].Err)
	}
}
