package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

// carvedJobs gives the JSON lines about the jobs inside a file, with its name
// taken out.
func carvedJobs(t *testing.T, path string) (lines, stderr string, code int) {
	t.Helper()
	code, out, stderr := jobCommand(nil, "--carve", "--format", "jsonl", path)
	named := `"file":"` + jsonText(path) + `"`
	if jobs := strings.Count(out, `"type":"job"`); strings.Count(out, named) != jobs {
		t.Errorf("%s: not every line of %d names the file as it was given: %s", path, jobs, out)
	}
	return strings.ReplaceAll(out, named, `"file":"F"`), stderr, code
}

// TestCarveContainers: whatever wraps a disk, the same jobs are carved at the
// same places of the disk.
func TestCarveContainers(t *testing.T) {
	want, _, code := carvedJobs(t, unpacked(t, "ntfs", "built", "b09_mbr.img.gz"))
	if code != exitClean || strings.Count(want, "\n") < 3 {
		t.Fatalf("raw: got exit code %d and %s", code, want)
	}
	for _, ending := range []string{"E01", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "raw"} {
		t.Run(ending, func(t *testing.T) {
			got, stderr, code := carvedJobs(t, container(t, "b17_mbr", ending))
			if got != want || stderr != "" || code != exitClean {
				t.Errorf("got exit code %d, %q and\n%s\nwant\n%s", code, stderr, got, want)
			}
		})
	}
}

// TestCarveCutContainer: what a cut container has lost is told by the exit code
// and in few words; what is left is found where it was.
func TestCarveCutContainer(t *testing.T) {
	whole, _, _ := carvedJobs(t, container(t, "b17_mbr", "qcow2"))
	b := corpus.Bytes(t, "ntfs", "built", "b17_mbr.qcow2")
	path := filepath.Join(t.TempDir(), "cut.qcow2")
	most, opened := 0, 0
	for i := 1; i < 8; i++ {
		if err := os.WriteFile(path, b[:len(b)*i/8], 0o600); err != nil {
			t.Fatal(err)
		}
		got, stderr, code := carvedJobs(t, path)
		if !strings.Contains(stderr, "carved as they lie") { // otherwise it is cut before its tables
			opened++
		}
		if code != exitIncomplete || !strings.Contains(stderr, path+": ") || strings.Count(stderr, "\n") > toldRanges+5 {
			t.Errorf("%d of 8: got exit code %d and %q", i, code, stderr)
		}
		for line := range strings.Lines(got) {
			if !strings.Contains(line, `"complete":false`) && !strings.Contains(whole, line) {
				t.Errorf("%d of 8: %s is not in the whole container", i, line)
			}
		}
		most = max(most, strings.Count(got, "\n"))
	}
	if most == 0 || opened < 3 {
		t.Errorf("%d of 7 opened, at most %d jobs were found in what was left", opened, most)
	}
}

// TestCarveWhatDoesNotOpen: what no format opens is carved as the bytes that it is.
func TestCarveWhatDoesNotOpen(t *testing.T) {
	tests := []struct{ name, head, told string }{
		{"zip", "PK\x03\x04", "ZIP archive: "},
		{"gzip", "\x1f\x8b\x08", "gzip file: "},
		{"7z", "7z\xbc\xaf\x27\x1c", "7z archive: "},
		{"ex01", "EVF2\x0d\x0a\x81\x00", "Expert Witness (Ex01) container: "},
		{"version of qcow2", "QFI\xfb\x00\x00\x00\x09", "QCOW2 container of version 9: "},
		{"damaged qcow2", "QFI\xfb\x00\x00\x00\x03", "QCOW2 "},
		{"version of vmdk", "KDMV", "VMDK "},
	}
	for _, tt := range tests {
		b := make([]byte, 4096)
		copy(b, tt.head)
		path := filepath.Join(t.TempDir(), "x.bin")
		if err := os.WriteFile(path, append(b, sampleJobFile()...), 0o600); err != nil {
			t.Fatal(err)
		}
		got, stderr, code := carvedJobs(t, path)
		want := exitClean
		if strings.HasPrefix(tt.name, "damaged") {
			want = exitIncomplete
		}
		if code != want || strings.Count(got, `"offset":4096,`) != 1 || !strings.Contains(stderr, tt.told) ||
			!strings.Contains(stderr, "; its bytes are carved as they lie\n") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: got exit code %d, %q, %s", tt.name, code, stderr, got)
		}
	}
}

// numberedFiles writes a job over the end of the first of three numbered files.
func numberedFiles(t *testing.T) (names []string, at int) {
	t.Helper()
	const size = 64 << 10
	at = size - 50
	b := make([]byte, 3*size)
	copy(b[at:], sampleJobFile())
	dir := t.TempDir()
	for i, n := range []string{"001", "002", "003"} {
		name := filepath.Join(dir, "disk.raw."+n)
		if err := os.WriteFile(name, b[i*size:(i+1)*size], 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names, at
}

// TestCarveNumberedFiles: a job that lies in two files is whole, is found once
// however many of them are named, and no file of the set is written to.
func TestCarveNumberedFiles(t *testing.T) {
	names, at := numberedFiles(t)
	for _, args := range [][]string{names[:1], names[1:2], names, {filepath.Join(filepath.Dir(names[0]), "disk.*")}} {
		code, out, stderr := jobCommand(nil, append([]string{"--carve", "--format", "csv"}, args...)...)
		if code != exitClean || strings.Count(out, "\n") != 2 || !strings.Contains(out, ",65486,") {
			t.Errorf("%v: got exit code %d, %q and %s; want a job at %d", args, code, stderr, out, at)
		}
	}
	before, err := os.ReadFile(names[2])
	if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := jobCommand(nil, "--carve", "--force", "-o", names[2], names[0])
	after, err := os.ReadFile(names[2])
	if code != exitFailure || !strings.Contains(stderr, "is an input") || err != nil || !bytes.Equal(before, after) {
		t.Errorf("output is a file of the disk: got exit code %d, %q, %v", code, stderr, err)
	}
	if err := os.Remove(names[1]); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := jobCommand(nil, "--carve", "--format", "jsonl", names[0])
	if code != exitIncomplete || !strings.Contains(stderr, `"disk.raw.002"`) || !strings.Contains(out, `"offset":65486,`) {
		t.Errorf("a file is missing: got exit code %d, %q, %s", code, stderr, out)
	}
}

// TestCarveContainerOnStandardInput: a stream is carved as it comes.
func TestCarveContainerOnStandardInput(t *testing.T) {
	b := append([]byte("PK\x03\x04"), sampleJobFile()...)
	code, out, stderr := jobCommand(io.MultiReader(bytes.NewReader(b)), "--carve", "--format", "jsonl", "-")
	if code != exitClean || stderr != "" || !strings.Contains(out, `"offset":4,`) {
		t.Errorf("got exit code %d, %q, %s", code, stderr, out)
	}
}
