package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/wintime"
)

// writeImage writes a scenario's image to a file of the test.
func writeImage(t *testing.T, image *fixtures.Image) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "scenario.img")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(image.Size()); err != nil {
		t.Fatal(err)
	}
	if err := image.WriteSparse(f); err != nil {
		t.Fatal(err)
	}
	return name
}

// underTasks reports a path of the folder that the rule watches.
func underTasks(path string) bool {
	return len(path) > len(`\Windows\Tasks\`) && strings.EqualFold(path[:len(`\Windows\Tasks\`)], `\Windows\Tasks\`)
}

func isJobPath(path string) bool {
	return underTasks(path) && strings.HasSuffix(strings.ToLower(path), ".job")
}

// unknowable are arrivals that the damage of a scenario took out of the
// evidence, and those that it leaves under a broken path.
var unknowable = map[string]string{
	"broken-parent-chain": "the folder's FILE record is reused and the journal no longer names it",
}

// TestScenarios holds scans of the scenarios against their stories: inside the
// journal's window every arrival of a job is found with the path, kind and time
// of its moment; outside it every file that is left is found; nothing is
// invented.
func TestScenarios(t *testing.T) {
	for _, s := range fixtures.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			image := s.Build()
			findings, _ := jsonReport(t, "finding", "scan", writeImage(t, image))
			for i, truth := range image.Truth {
				checkScenario(t, s.Name, &truth, ofVolume(findings, i+1))
			}
		})
	}
}

func ofVolume(findings []line, n int) []line {
	return slices.DeleteFunc(slices.Clone(findings), func(f line) bool { return f.Jobscan.Evidence.Volume != n })
}

func checkScenario(t *testing.T, name string, truth *fixtures.Truth, findings []line) {
	t.Helper()
	alive := map[string]bool{}
	for _, a := range truth.Alive {
		alive[strings.ToValidUTF8(a.Path, "\uFFFD")+" "+a.Reference] = true
	}
	real := map[string]bool{}
	for _, e := range truth.Arrivals() {
		if !isJobPath(e.Path) || e.Directory || e.Stream != "" {
			continue
		}
		k := strings.ToValidUTF8(e.Path, "\uFFFD") + " " + e.Reference // as encoding/json reads it
		if real[k] {
			continue // a second arrival at the same path is no finding of its own
		}
		real[k] = true
		i := slices.IndexFunc(findings, func(f line) bool { return noDrive(f.File.Path)+" "+f.File.Inode == k })
		if i < 0 {
			if (e.InJournal || alive[k] || e.State == fixtures.StateDeleted) && unknowable[name] == "" {
				t.Errorf("missed: %s %s (%s)", e.Kind, k, e.State)
			}
			continue
		}
		checkFinding(t, &e, findings[i])
	}
	for _, f := range findings {
		k := noDrive(f.File.Path) + " " + f.File.Inode
		if !real[k] && unknowable[name] == "" && !headless(truth, &f) {
			t.Errorf("invented: %s %s", f.Event.Action, k)
		}
	}
}

// headless: the finding is that of a remnant that has lost whose name it was.
func headless(truth *fixtures.Truth, f *line) bool {
	return f.File.Inode == "" && f.Jobscan.State == fixtures.StateOverwritten &&
		slices.ContainsFunc(truth.Arrivals(), func(e fixtures.Event) bool {
			return e.Path == noDrive(f.File.Path) && wintime.Filetime(e.Time).String() == f.Timestamp && e.State == fixtures.StateOverwritten && !e.InJournal
		})
}

func checkFinding(t *testing.T, e *fixtures.Event, f line) {
	t.Helper()
	k := e.Path + " " + e.Reference
	if f.Jobscan.State != e.State {
		t.Errorf("%s: state %s, want %s", k, f.Jobscan.State, e.State)
	}
	if !e.InJournal {
		return
	}
	if f.Event.Action != e.Kind {
		t.Errorf("%s: %s, want %s", k, f.Event.Action, e.Kind)
	}
	if want := wintime.Filetime(e.Time).String(); f.Timestamp != want {
		t.Errorf("%s: time %s, want %s", k, f.Timestamp, want)
	}
	if e.Kind == fixtures.KindRename && noDrive(f.Jobscan.Previous) != e.Previous {
		t.Errorf("%s: from %s, want %s", k, f.Jobscan.Previous, e.Previous)
	}
}

// TestWorkersDoNotChangeTheReport runs each scenario with different numbers of
// workers, twice each: the bytes are the same.
func TestWorkersDoNotChangeTheReport(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	for _, name := range []string{"demo", "journal-with-holes-and-damage", "mbr-disk", "torn-record"} {
		s, ok := fixtures.Find(name)
		if !ok {
			t.Fatalf("no scenario %s", name)
		}
		image := writeImage(t, s.Build())
		var want []byte
		for _, workers := range []int{1, 1, 2, 8} {
			var stdout, stderr bytes.Buffer
			run(context.Background(), []string{"timeline", "--format", "jsonl", "-j", strconv.Itoa(workers), image}, nil, &stdout, &stderr)
			got := dropCommandLine(stdout.Bytes())
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: -j %d differs", name, workers)
			}
		}
		if len(want) == 0 {
			t.Errorf("%s: empty report", name)
		}
	}
}

// dropCommandLine takes off the header, which quotes the flags.
func dropCommandLine(b []byte) []byte {
	_, rest, _ := bytes.Cut(b, []byte("\n"))
	return rest
}
