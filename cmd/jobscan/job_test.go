package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/jobfile"
)

func sampleJobFile() []byte {
	return fixtures.Job{App: `C:\WINDOWS\system32\calc.exe`, Params: "=1+1", Comment: "exe\u202Efdp\x1b[2J",
		Triggers: []fixtures.Trigger{{Begin: time.Date(2023, 5, 11, 9, 0, 0, 0, time.UTC), Type: fixtures.TriggerDaily, A: 1}}}.Bytes()
}

// jobFolder holds two jobs, one cut off, and what is no job by name.
func jobFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range map[string][]byte{
		"a.job": sampleJobFile(), "B.JOB": sampleJobFile(), "cut.job": sampleJobFile()[:100],
		"empty.job": nil, "readme.txt": []byte("x"), "data.bin": append(make([]byte, 1234), sampleJobFile()...),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub.job"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// jobCommand runs the program with the command job.
func jobCommand(stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	var out, errOut bytes.Buffer
	code = run(context.Background(), append([]string{"job"}, args...), stdin, &out, &errOut)
	return code, out.String(), errOut.String()
}

func TestJobExitCodes(t *testing.T) {
	dir := jobFolder(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	tests := []struct {
		name string
		args []string
		code int
		out  string // in standard output
		err  string // in standard error
	}{
		{"one", []string{in("a.job")}, 0, "Runs               C:\\WINDOWS\\system32\\calc.exe =1+1\n", ""},
		{"two", []string{in("a.job"), in("B.JOB")}, 0, "B.JOB", ""},
		{"cut off", []string{in("cut.job")}, 3, "Complete           no:", "application name"},
		{"cut off, exit zero", []string{"--exit-zero", in("cut.job")}, 0, `C:\WINDOWS\sys`, "application name"},
		{"empty", []string{in("empty.job")}, 3, "input ends too early", "input ends too early"},
		{"folder", []string{dir}, 3, "B.JOB", ""},
		{"pattern", []string{in("a*.job")}, 0, "a.job", ""},
		{"no such file", []string{in("none.job")}, 2, "", "none.job"},
		{"no such file among others", []string{in("none.job"), in("a.job")}, 2, "calc", "none.job"},
		{"no argument", nil, 2, "", "name at least one FILE"},
		{"format", []string{"--format", "xml", in("a.job")}, 2, "", "table, csv or jsonl"},
		{"after", []string{"--after", "soon", in("a.job")}, 2, "", "RFC 3339"},
		{"next", []string{"--next", "-1", in("a.job")}, 2, "", "--next"},
		{"too many", []string{"--next", "10001", in("a.job")}, 2, "", "at most 10000"},
		{"next runs", []string{"--next", "2", "--after", "2024-02-28T10:00:00Z", in("a.job")}, 0, "Next runs          2024-02-29 09:00, 2024-03-01 09:00\n", ""},
		{"no job inside", []string{"--carve", in("readme.txt")}, 0, "", "no job file inside"},
		{"carved", []string{"--carve", in("data.bin")}, 0, "Offset             1234\n", ""},
		{"output is a folder", []string{"-o", dir, in("a.job")}, 2, "", "exists"},
		{"output is an input", []string{"--force", "-o", in("a.job"), in("a.job")}, 2, "", "is an input"},
	}
	for _, tt := range tests {
		code, out, errOut := jobCommand(strings.NewReader(""), tt.args...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errOut, tt.err) || tt.err == "" && errOut != "" && tt.name != "folder" {
			t.Errorf("%s: got %d\n%s%s\nwant %d, %q, %q", tt.name, code, out, errOut, tt.code, tt.out, tt.err)
		}
		if strings.ContainsAny(out, "\x1b\u202E") {
			t.Errorf("%s: raw control characters in %q", tt.name, out)
		}
	}
}

func TestJobJSONLines(t *testing.T) {
	dir := jobFolder(t)
	code, out, _ := jobCommand(strings.NewReader(""), "--format", "jsonl", dir)
	if code != 3 || strings.Count(out, "\n") != 4 {
		t.Fatalf("got %d and %d lines, want 3 and 4", code, strings.Count(out, "\n"))
	}
	for line := range strings.Lines(out) {
		var d struct {
			Type, File string
			Complete   bool
			Comment    *string
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		whole := strings.HasSuffix(strings.ToLower(d.File), "a.job") || strings.HasSuffix(d.File, "B.JOB")
		if d.Type != "job" || d.Complete != whole || whole && *d.Comment != "exe\u202Efdp\x1b[2J" {
			t.Errorf("got %+v", d)
		}
	}
}

func TestJobCSV(t *testing.T) {
	code, out, _ := jobCommand(bytes.NewReader(sampleJobFile()), "--format", "csv", "-")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if code != 0 || err != nil || len(rows) != 2 || strings.Count(out, "\r\n") != 2 {
		t.Fatalf("got %d, %v, %d rows", code, err, len(rows))
	}
	for i, name := range rows[0] {
		if want := map[string]string{"file": "'-", "parameters": "'=1+1", "comment": `exe\u202efdp\x1b[2J`}[name]; want != "" && rows[1][i] != want {
			t.Errorf("%s: got %q, want %q", name, rows[1][i], want)
		}
	}
}

func TestJobOutputFile(t *testing.T) {
	dir := jobFolder(t)
	name := filepath.Join(dir, "out.jsonl")
	for _, args := range [][]string{{"-o", name}, {"--force", "-o", name}} {
		if code, out, errOut := jobCommand(nil, append(args, "--format", "jsonl", filepath.Join(dir, "a.job"))...); code != 0 || out != "" {
			t.Errorf("%v: got %d, %q, %q", args, code, out, errOut)
		}
	}
	if code, _, errOut := jobCommand(nil, "-o", name, filepath.Join(dir, "a.job")); code != 2 || !strings.Contains(errOut, "--force") {
		t.Errorf("existing output: got %d, %q", code, errOut)
	}
	if b, err := os.ReadFile(name); err != nil || !bytes.HasPrefix(b, []byte(`{"type":"job"`)) {
		t.Errorf("got %q, %v", b, err)
	}
}

// zeros never ends, like a device.
type zeros struct{ read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read += int64(len(p))
	return len(p), nil
}

func TestJobReadsNoMoreThanAJobCanHold(t *testing.T) {
	z := &zeros{}
	code, out, _ := jobCommand(io.MultiReader(bytes.NewReader(sampleJobFile()), z), "--format", "jsonl", "-")
	if code != 0 || !strings.Contains(out, `"code":"trailing_data"`) || z.read > jobfile.MaxSize+1<<20 {
		t.Errorf("got %d, %d bytes read", code, z.read)
	}
}

// A sparse file of 4 GiB is decoded by its head, with its size told right.
func TestJobInAHugeFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "huge.job")
	if err := os.WriteFile(name, sampleJobFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 4<<30); err != nil {
		t.Skip("no sparse files here: ", err)
	}
	code, out, _ := jobCommand(nil, "--format", "jsonl", name)
	if code != 0 || !strings.Contains(out, `"size":4294967296,`) {
		t.Errorf("got %d, %s", code, out)
	}
}

// A stream is carved like a file, with no more memory.
func TestJobCarvesAStream(t *testing.T) {
	data := make([]byte, 40<<20)
	places := []int{5, 1<<20 - 100, 17<<20 + 3, len(data) - len(sampleJobFile())}
	for _, at := range places {
		copy(data[at:], sampleJobFile())
	}
	code, out, errOut := jobCommand(io.MultiReader(bytes.NewReader(data)), "--carve", "--format", "jsonl", "-")
	if code != 0 || strings.Count(out, "\n") != len(places) {
		t.Errorf("got %d, %d hits, want %d: %s", code, strings.Count(out, "\n"), len(places), errOut)
	}
	s := &streamReaderAt{r: &zeros{}}
	buf := make([]byte, 1<<20)
	for off := int64(0); off < 100<<20; off += 1 << 20 {
		if n, err := s.ReadAt(buf, off); n != len(buf) || err != nil {
			t.Fatal(n, err)
		}
		if len(s.buf) > 2*streamKeep+2<<20 {
			t.Fatalf("%d bytes kept", len(s.buf))
		}
	}
}

// TestJobEndlessInput: a device on standard input is as endless as one that is named.
func TestJobEndlessInput(t *testing.T) {
	f, err := os.Open("/dev/zero")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	in, err := openJobInput(&app{stdin: f}, "-")
	if err != nil || !in.endless {
		t.Fatalf("got %+v, %v", in, err)
	}
	if code, _, errOut := jobCommand(f, "--carve", "-"); code != 2 || !strings.Contains(errOut, "the device gives no size") {
		t.Errorf("got %d, %s", code, errOut)
	}
}
