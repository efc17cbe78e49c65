package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// small writes a small volume and gives what it holds.
func small(t *testing.T) volume {
	t.Helper()
	v, err := write(t.TempDir(), 500, 900)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFloorReadsAll(t *testing.T) {
	v := small(t)
	ranges, err := floorRanges(v.Path)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "floor.exe")
	if out, err := exec.Command("go", "build", "-o", program, "./floor").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var read facts
	for _, tool := range tools(options{floor: program}, "", ranges) {
		if tool.name == nameFloor {
			out, err := exec.Command(program, tool.command(v.Path, "")[1:]...).Output()
			if err != nil {
				t.Fatal(err)
			}
			if read, err = tool.facts(bytes.NewReader(out)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := read.Bytes; n < v.MFT+v.Journal || n > v.MFT+v.Journal+2<<20 || read.Loop <= 0 {
		t.Errorf("got %+v; $MFT has %d bytes, $J %d", read, v.MFT, v.Journal)
	}
}

func TestGoNTFSFindsTheJobs(t *testing.T) {
	v := small(t)
	for _, page := range []int64{smallPage, largePage} {
		got, err := goNTFS(v.Path, page)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Jobs) != 3 || got.Records < uint64(v.Entries) {
			t.Errorf("pages of %d bytes: got %+v", page, got)
		}
	}
}

func TestFacts(t *testing.T) {
	tests := []struct {
		name  string
		facts func(io.Reader) (facts, error)
		in    string
		want  facts
	}{
		{"jobscan", jobscanFacts, `{"type":"header"}
{"type":"finding","file":{"path":"?:\\b.JOB","inode":"39-1"},"jobscan":{"state":"allocated"}}
{"type":"finding","file":{"path":"?:\\a.job","inode":"37-2"},"jobscan":{"state":"allocated"}}
{"type":"finding","file":{"path":"?:\\c.job","inode":"37-2"},"jobscan":{"state":"allocated"}}
{"type":"finding","file":{"path":"?:\\gone.job","inode":"40-2"},"jobscan":{"state":"deleted"}}
{"type":"summary","volumes":[{"usn":{"records":7}},{"usn":{"records":4}}]}`, facts{Jobs: []uint64{37, 39}, Records: 11}},
		{"fls", bodyfileFacts, `0|/Windows/Tasks/Moved.job ($FILE_NAME)|39-48-1|r/r|0
0|/Windows/Tasks/Moved.job|39-128-2|r/r|0
0|/Windows/Tasks/gone.job (deleted)|41-128-2|r/r|0
0|/x.job.txt|42-128-2|r/r|0
`, facts{Jobs: []uint64{39}}},
		{"usnjls", usnjlsFacts, "37-2\ta\n38-2\tb\n", facts{Records: 2}},
		{"fsntfsinfo", fsntfsinfoJournalFacts, "USN record:\n\tName: a\n\nUSN record:\n", facts{Records: 2}},
		{"itself", ownFacts, `{"jobs":[1,2],"records":3}`, facts{Jobs: []uint64{1, 2}, Records: 3}},
	}
	for _, tt := range tests {
		got, err := tt.facts(strings.NewReader(tt.in))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
	if _, err := jobscanFacts(strings.NewReader(`{"type":"finding"}`)); err == nil {
		t.Error("a report that ends early was taken")
	}
}

func TestAgree(t *testing.T) {
	a := facts{Jobs: []uint64{1}, Records: 5}
	tests := []struct {
		name string
		b    facts
		want bool
	}{
		{"same", a, true},
		{"silent", facts{}, true},
		{"other jobs", facts{Jobs: []uint64{2}, Records: 5}, false},
		{"no jobs found", facts{Jobs: []uint64{}}, false},
		{"other number of records", facts{Records: 6}, false},
	}
	for _, tt := range tests {
		if err := a.agree(tt.b); (err == nil) != tt.want || err != nil && !errors.Is(err, errDisagree) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestNoRatioOnDisagreement(t *testing.T) {
	list := []tool{{name: nameJobscan}, {name: nameUsnjls}}
	all := []series{{runs: []measurement{{wall: time.Second}}, facts: facts{Records: 4}}, {runs: []measurement{{wall: time.Second}}, facts: facts{Records: 5}}}
	var b bytes.Buffer
	if err := writeTable(&b, volume{}, list, all, options{}); !errors.Is(err, errDisagree) || strings.Contains(b.String(), "ratio") {
		t.Errorf("got %v after %q", err, b.String())
	}
}

func TestStarts(t *testing.T) {
	if _, err := exec.LookPath("true"); err != nil {
		t.Skip("there is no program true")
	}
	var b, complaint bytes.Buffer
	o := options{dir: t.TempDir(), jobscan: "true", starts: 2} // takes any arguments
	if err := starts(o, &b, &complaint); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 runs of each", "| `true` |", "| `true version` |", "| `true job` |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in:\n%s", want, b.String())
		}
	}
	o.jobscan = "false"
	if err := starts(o, io.Discard, &complaint); err == nil {
		t.Error("a program that fails was measured")
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		in   []int64
		want int64
	}{{nil, 0}, {[]int64{3}, 3}, {[]int64{9, 1, 5}, 5}, {[]int64{4, 1, 2, 100}, 3}} {
		in := slices.Clone(tt.in)
		if got := median(in); got != tt.want || !slices.Equal(in, tt.in) {
			t.Errorf("median of %v: got %d, want %d; left %v", tt.in, got, tt.want, in)
		}
	}
}

func TestSumsAreRoundByRound(t *testing.T) {
	a := series{runs: []measurement{{wall: 1}, {wall: 2}}}
	b := series{runs: []measurement{{wall: 10}, {wall: 20}}}
	got, ok := sums(map[string]*series{"a": &a, "b": &b}, []string{"a", "b"})
	if want := []measurement{{wall: 11}, {wall: 22}}; !ok || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, ok := sums(map[string]*series{"a": &a}, []string{"a", "b"}); ok {
		t.Error("a sum without one of its parts")
	}
}

func TestPlotIsXML(t *testing.T) {
	b := plot([]point{
		{records: 1, bytes: 100 << 20, jobscan: 50 * time.Millisecond, floor: 10 * time.Millisecond},
		{records: 2, bytes: 10 << 30, jobscan: 2 * time.Second, floor: time.Second},
	})
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
	if bytes.Contains(b, []byte("NaN")) {
		t.Errorf("got %s", b)
	}
}

func TestNoContainerRatioOnDisagreement(t *testing.T) {
	list := []tool{{name: "raw"}, {name: "qcow2"}}
	one := []measurement{{wall: time.Second, cpu: time.Second}}
	all := []series{{runs: one, facts: facts{Jobs: []uint64{4}, Records: 4}}, {runs: []measurement{{wall: 3 * time.Second, cpu: 2 * time.Second}}, facts: facts{Jobs: []uint64{4}, Records: 4}}}
	var b bytes.Buffer
	if err := writeContainers(&b, list, all, options{}); err != nil || !strings.Contains(b.String(), "| qcow2 | 3.000 | 2.000 | 0.0 | 3.00 | 2.00 |") {
		t.Errorf("got %v after %q", err, b.String())
	}
	all[1].facts.Jobs = nil
	all[1].facts.Records = 5
	b.Reset()
	if err := writeContainers(&b, list, all, options{}); !errors.Is(err, errDisagree) || b.Len() > 0 {
		t.Errorf("got %v after %q", err, b.String())
	}
}
