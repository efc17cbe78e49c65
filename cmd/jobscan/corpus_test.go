package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/wintime"
)

// unpacked decompresses a gzip file of the corpus into the test's own folder.
func unpacked(t *testing.T, parts ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), strings.TrimSuffix(parts[len(parts)-1], ".gz"))
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, corpus.Open(t, parts...)); err != nil {
		t.Fatal(err)
	}
	return name
}

// line is what the tests look at in a JSON Lines report.
type line struct {
	Type      string `json:"type"`
	Timestamp string `json:"@timestamp"`
	Message   string `json:"message"`
	Complete  bool   `json:"complete"`
	Event     struct {
		Action string `json:"action"`
	} `json:"event"`
	File struct {
		Path  string `json:"path"`
		Inode string `json:"inode"`
		Hash  struct {
			SHA256 string `json:"sha256"`
		} `json:"hash"`
		Created string `json:"created"`
	} `json:"file"`
	Jobscan struct {
		Verdict  string   `json:"verdict"`
		Missing  []string `json:"missing"`
		State    string   `json:"state"`
		Arrival  string   `json:"arrival"`
		Previous string   `json:"previous_path"`
		Job      *struct {
			Complete bool `json:"complete"`
		} `json:"job"`
		Evidence struct {
			Volume int `json:"volume"`
		} `json:"evidence"`
		Anomalies []struct{ Code string }           `json:"anomalies"`
		Support   []struct{ Source, Detail string } `json:"support"`
	} `json:"jobscan"`
}

// jsonReport runs a command and gives its lines of one type.
func jsonReport(t *testing.T, kind string, args ...string) (lines []line, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), append(args, "--format", "jsonl"), nil, &stdout, &stderr)
	if code == exitFailure {
		t.Fatalf("%v: %s", args, stderr.String())
	}
	for text := range bytes.Lines(stdout.Bytes()) {
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if l.Type == kind {
			lines = append(lines, l)
		}
	}
	return lines, code
}

func readJSON(t *testing.T, v any, parts ...string) {
	t.Helper()
	text, err := os.ReadFile(corpus.Path(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

// noDrive takes the drive letter off a path.
func noDrive(path string) string { return path[strings.IndexByte(path, ':')+1:] }

// stories are the volumes written through random operations, with all that happened.
func TestCorpusStories(t *testing.T) {
	type happened struct {
		Kind, Path, Ref, State, Prev string
		Time                         uint64
		IsDir                        bool `json:"isdir"`
		InWindow                     bool `json:"in_window"`
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(corpus.Path(t, "truth", "story3.json")), "story*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".json")
		t.Run(base, func(t *testing.T) {
			var truth struct{ Arrivals, Alive []happened }
			readJSON(t, &truth, "truth", base+".json")
			image := unpacked(t, "truth", base+".img.gz")
			findings, _ := jsonReport(t, "finding", "scan", image)

			key := func(path, ref string) string { return ref + " " + noDrive(path) }
			found := map[string]line{}
			for _, f := range findings {
				found[key(f.File.Path, f.File.Inode)] = f
			}
			real, alive := map[string]bool{}, map[string]bool{}
			for _, a := range truth.Alive {
				alive[key("?:"+a.Path, a.Ref)] = true
			}
			for _, a := range truth.Arrivals {
				k := key("?:"+a.Path, a.Ref)
				real[k] = true
				f, ok := found[k]
				if !ok {
					if a.InWindow || alive[k] { // otherwise it may have left no trace
						t.Errorf("missed: %+v", a)
					}
					continue
				}
				if f.Jobscan.State != a.State {
					t.Errorf("%s: state %s, want %s", k, f.Jobscan.State, a.State)
				}
				if a.InWindow && f.Event.Action != a.Kind {
					t.Errorf("%s: action %s, want %s", k, f.Event.Action, a.Kind)
				}
				if a.InWindow && !sameMoment(t, f.Timestamp, a.Time) {
					t.Errorf("%s: time %s, want %s", k, f.Timestamp, fileTime(a.Time))
				}
				if a.Prev != "" && a.InWindow && noDrive(f.Jobscan.Previous) != a.Prev {
					t.Errorf("%s: came from %s, want %s", k, f.Jobscan.Previous, a.Prev)
				}
			}
			for k := range found {
				if !real[k] {
					t.Errorf("invented: %s", k)
				}
			}
		})
	}
}

// TestCorpusStoryTimeline holds every event of every file inside the journal's
// window against what happened.
func TestCorpusStoryTimeline(t *testing.T) {
	var truth struct {
		Events []struct {
			Kind, Path, Ref string
			Time            uint64
			IsDir           bool `json:"isdir"`
			InWindow        bool `json:"in_window"`
		}
	}
	readJSON(t, &truth, "truth", "story3.json")
	rule := filepath.Join(t.TempDir(), "all.toml")
	writeFile(t, rule, allFilesRule)
	events, _ := jsonReport(t, "event", "timeline", "--rule", rule, unpacked(t, "truth", "story3.img.gz"))
	got := map[string][]string{} // what happened to which file → when
	for _, e := range events {
		if e.fromJournal() && !byFolder(e) {
			k := strings.Join([]string{e.Event.Action, noDrive(e.File.Path), e.File.Inode}, " ")
			got[k] = append(got[k], e.Timestamp)
		}
	}
	for _, e := range truth.Events {
		if e.IsDir || !e.InWindow {
			continue
		}
		kind := e.Kind
		if kind == "unlink" {
			kind = "deletion"
		}
		k := strings.Join([]string{kind, e.Path, e.Ref}, " ")
		i := slices.IndexFunc(got[k], func(when string) bool { return sameMoment(t, when, e.Time) })
		if i < 0 {
			t.Errorf("missed: %s %s", fileTime(e.Time), k)
			continue
		}
		got[k] = slices.Delete(got[k], i, i+1)
	}
	for k, times := range got {
		for _, when := range times {
			t.Errorf("invented: %s %s", when, k)
		}
	}
}

// fromJournal reports an event whose own moment the journal holds.
func (l line) fromJournal() bool {
	for _, a := range l.Jobscan.Anomalies {
		if a.Code == "time_is_upper_bound" {
			return false
		}
	}
	return len(l.Jobscan.Support) > 0 && l.Jobscan.Support[0].Source == "usn"
}

// sameMoment allows for the truth's clock, which was read beside the operation.
func sameMoment(t *testing.T, got string, want uint64) bool {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, got)
	if err != nil {
		t.Fatal(err)
	}
	return at.Sub(wintime.Filetime(want).Time()).Abs() < time.Millisecond
}

// byFolder reports an arrival by the move of a folder: the truth has the
// folder's event only.
func byFolder(e line) bool {
	return e.Event.Action == "rename" && strings.Contains(e.Jobscan.Support[0].Detail, "of the folder")
}

const allFilesRule = `
[metadata]
creation_date = "2024/01/01"
maturity = "production"
updated_date = "2024/01/01"

[rule]
author = ["test"]
description = "every file"
language = "eql"
name = "every file"
risk_score = 1
rule_id = "00000000-0000-0000-0000-000000000001"
severity = "low"
type = "eql"
query = '''
file where true
'''
`

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

type builtFile struct {
	Path, Kind, State, SHA256, Record string
	Entry                             uint64
	Sequence                          uint16   `json:"seq_on_disk"`
	InScope                           bool     `json:"in_scope_path"`
	Former                            []string `json:"in_scope_former"`
}

// TestCorpusBuilt holds the volumes made by other programs against their truth:
// every job under \Windows\Tasks whose FILE record is left, and no other.
func TestCorpusBuilt(t *testing.T) {
	root := filepath.Dir(corpus.Path(t, "ntfs", "built", "b02_cl4096.truth.json"))
	names, err := filepath.Glob(filepath.Join(root, "*.truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".truth.json")
		t.Run(base, func(t *testing.T) {
			var truth struct {
				Volumes []struct {
					Files   []builtFile
					Journal *struct{ Present bool }
				}
			}
			readJSON(t, &truth, "ntfs", "built", base+".truth.json")
			if len(truth.Volumes) == 0 {
				t.Skip("its containers: TestCorpusContainers")
			}
			findings, _ := jsonReport(t, "finding", "scan", unpacked(t, "ntfs", "built", base+".img.gz"))
			want, gone := map[string]builtFile{}, map[string]bool{}
			for i, v := range truth.Volumes {
				if v.Journal != nil && v.Journal.Present {
					t.Skip("has a test of its own")
				}
				for _, f := range v.Files {
					if f.InScope && (f.Kind == "file" || f.Kind == "hardlink") && (f.State == "live" || f.State == "deleted") {
						want[fmt.Sprintf("%d %s", i+1, f.Path)] = f
					} else if f.InScope {
						gone[fmt.Sprintf("%d %s", i+1, f.Path)] = true
					}
				}
			}
			// Of a file whose FILE record is reused a remnant may be left.
			findings = slices.DeleteFunc(findings, func(f line) bool {
				return f.Jobscan.State == "overwritten" && gone[fmt.Sprintf("%d %s", f.Jobscan.Evidence.Volume, noDrive(f.File.Path))]
			})
			checkBuilt(t, findings, want, spoiled[base])
		})
	}
}

// spoiled names the files whose content the damage of a volume took.
var spoiled = map[string]string{
	"b15a_tornfixup": `\Windows\Tasks\At1.job`,
	"b15e_hugeruns":  `\Windows\Tasks\deleted_big.job`,
}

func checkBuilt(t *testing.T, findings []line, want map[string]builtFile, spoiled string) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range findings {
		k := fmt.Sprintf("%d %s", f.Jobscan.Evidence.Volume, noDrive(f.File.Path))
		w, ok := want[k]
		if !ok {
			t.Errorf("not in the truth: %s", k)
			continue
		}
		seen[k] = true
		state, sequence := "allocated", w.Sequence
		if w.State == "deleted" {
			state, sequence = "deleted", w.Sequence-1
		}
		if f.Jobscan.State != state {
			t.Errorf("%s: state %s, want %s", k, f.Jobscan.State, state)
		}
		if inode := fmt.Sprintf("%d-%d", w.Entry, sequence); w.Kind == "file" && f.File.Inode != inode {
			t.Errorf("%s: inode %s, want %s", k, f.File.Inode, inode)
		}
		if w.SHA256 != "" && w.Path != spoiled && f.File.Hash.SHA256 != w.SHA256 {
			t.Errorf("%s: SHA-256 %q, want %s", k, f.File.Hash.SHA256, w.SHA256)
		}
		if strings.HasSuffix(k, "CCleanerCrashReporting.job") || strings.HasSuffix(k, "DCAgentUpdater.job") {
			if f.Jobscan.Verdict != "undecided" || !slices.Equal(f.Jobscan.Missing, []string{"process.executable"}) {
				t.Errorf("%s: verdict %s, missing %v", k, f.Jobscan.Verdict, f.Jobscan.Missing)
			}
		} else if f.Jobscan.Verdict != "match" {
			t.Errorf("%s: verdict %s, want match", k, f.Jobscan.Verdict)
		}
	}
	for k := range want {
		if !seen[k] {
			t.Errorf("missed: %s", k)
		}
	}
}

// TestCorpusJournal is the volume whose journal tells more than its $MFT.
func TestCorpusJournal(t *testing.T) {
	var truth struct {
		Volumes []struct {
			Creates []struct {
				Path, How, Fate, Time string
				Entry                 uint64
				Seq                   uint16
			} `json:"expected_creates"`
			Files []builtFile
		}
	}
	readJSON(t, &truth, "ntfs", "built", "b12_usn.truth.json")
	findings, _ := jsonReport(t, "finding", "scan", unpacked(t, "ntfs", "built", "b12_usn.img.gz"))
	found := map[string]line{}
	for _, f := range findings {
		found[noDrive(f.File.Path)+" "+f.File.Inode] = f
	}
	for _, c := range truth.Volumes[0].Creates {
		k := fmt.Sprintf("%s %d-%d", c.Path, c.Entry, c.Seq)
		f, ok := found[k]
		if !ok {
			t.Errorf("missed: %s (%s)", k, c.How)
			continue
		}
		delete(found, k)
		if c.Time != "" && f.Timestamp != c.Time {
			t.Errorf("%s: time %s, want %s", k, f.Timestamp, c.Time)
		}
		if arrival := arrivalOf(c.How); f.Jobscan.Arrival != arrival {
			t.Errorf("%s (%s): arrival %s, want %s", k, c.How, f.Jobscan.Arrival, arrival)
		}
	}
	delete(found, `\Windows\Tasks\modified.job 84-1`) // in the $MFT; the journal shows only its writes
	for k := range found {
		t.Errorf("invented: %s", k)
	}
}

func arrivalOf(how string) string {
	switch {
	case strings.HasPrefix(how, "rename"):
		return "renamed_in"
	case how == "hard-link":
		return "linked"
	}
	return "created"
}

// fileTime renders FILETIME ticks as reports do.
func fileTime(ticks uint64) string { return wintime.Filetime(ticks).String() }

// TestCorpusCreates holds a rule for every file against all arrivals that
// another program found in a journal.
func TestCorpusCreates(t *testing.T) {
	list, err := os.ReadFile(corpus.Path(t, "ntfs", "built", "expected", "b12_usn", "expected.creates.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	rule := filepath.Join(t.TempDir(), "all.toml")
	writeFile(t, rule, allFilesRule)
	events, _ := jsonReport(t, "event", "timeline", "--rule", rule, unpacked(t, "ntfs", "built", "b12_usn.img.gz"))
	got := map[string]bool{}
	for _, e := range events {
		got[strings.Join([]string{e.Timestamp, e.Event.Action, noDrive(e.File.Path), e.File.Inode}, " ")] = true
	}
	kinds := map[string]string{"create": "creation", "rename": "rename", "hardlink-change": "link"}
	for text := range bytes.Lines(list) {
		var want struct {
			Dir              bool
			Entry            uint64
			Seq              uint16
			Kind, Path, Time string
			Deleted          string `json:"deleted_at"`
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if want.Dir {
			continue
		}
		ref := fmt.Sprintf("%d-%d", want.Entry, want.Seq)
		if k := strings.Join([]string{want.Time, kinds[want.Kind], want.Path, ref}, " "); !got[k] {
			t.Errorf("missed: %s", k)
		}
		if want.Deleted == "" {
			continue
		}
		if k := strings.Join([]string{want.Deleted, "deletion"}, " "); !slices.ContainsFunc(events, func(e line) bool {
			return e.Timestamp+" "+e.Event.Action == k && e.File.Inode == ref
		}) {
			t.Errorf("missed: %s %s", k, ref)
		}
	}
}
