package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

// remain is what is expected of one finding that only traces tell of.
type remain struct {
	name    string // of the file
	inode   string
	from    string // jobscan.job.recovered_from; "" for no content
	runs    string // the program
	anomaly string // that must be there
	sources string // of the support, in order
	hash    bool
}

// traceLine is what the tests look at in a finding or summary.
type traceLine struct {
	Type string `json:"type"`
	File struct {
		Name  string `json:"name"`
		Inode string `json:"inode"`
		Hash  struct {
			SHA256 string `json:"sha256"`
		} `json:"hash"`
	} `json:"file"`
	Jobscan struct {
		State string `json:"state"`
		Job   *struct {
			Application   string `json:"application"`
			RecoveredFrom string `json:"recovered_from"`
		} `json:"job"`
		Support []struct {
			Source   string  `json:"source"`
			Record   *uint64 `json:"record"`
			Sequence *uint16 `json:"sequence"`
		} `json:"support"`
		Anomalies []struct{ Code, Detail string } `json:"anomalies"`
		Events    []json.RawMessage               `json:"events"`
	} `json:"jobscan"`
	Volumes []struct {
		Artifacts []string `json:"artifacts"`
	} `json:"volumes"`
}

func (l *traceLine) has(code string) bool {
	return slices.ContainsFunc(l.Jobscan.Anomalies, func(a struct{ Code, Detail string }) bool { return a.Code == code })
}

func scanTraces(t *testing.T, image *fixtures.Image, flags ...string) (findings []traceLine, artifacts []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(context.Background(), append(append([]string{"scan", "--format", "jsonl"}, flags...), writeImage(t, image)), nil, &stdout, &stderr)
	for text := range bytes.Lines(stdout.Bytes()) {
		var l traceLine
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		switch {
		case l.Type == "finding" && !strings.HasPrefix(l.File.Name, "filler"):
			findings = append(findings, l)
		case l.Type == "summary":
			for _, v := range l.Volumes {
				artifacts = append(artifacts, v.Artifacts...)
			}
		}
	}
	return findings, artifacts
}

func buildScenario(t *testing.T, name string) *fixtures.Image {
	t.Helper()
	s, ok := fixtures.Find(name)
	if !ok {
		t.Fatalf("no scenario %s", name)
	}
	return s.Build()
}

// TestRemains holds what a scan makes of traces against the stories.
func TestRemains(t *testing.T) {
	const nightly = "Nightly copy of everything.job"
	tests := []struct {
		scenario  string
		plain     []remain // without --carve; nil: as with it
		carved    []remain
		artifacts []string // parts of the lines about bodies without a name, with --carve
	}{
		{
			scenario: "record-slack-name",
			plain:    []remain{},
			carved:   []remain{{name: nightly, from: "record_slack", runs: "powershell.exe", anomaly: "incarnation_unknown", sources: "mft_carved", hash: true}},
		},
		{
			scenario:  "record-slack-body",
			carved:    []remain{{name: nightly, inode: "80-1", from: "record_slack", runs: "powershell.exe", anomaly: "content_joined_by_record", sources: "usn index_slack", hash: true}},
			artifacts: []string{`in the slack of FILE record 81: runs C:\tool.exe`},
		},
		{
			scenario: "index-remnant-without-head",
			plain:    []remain{{name: "zz nobody knows whose.job", anomaly: "incarnation_unknown", sources: "index_slack"}},
			carved:   []remain{{name: "zz nobody knows whose.job", anomaly: "incarnation_unknown", sources: "index_slack", from: "record_slack", runs: "powershell.exe"}},
		},
		{
			scenario: "index-remnant-of-a-known-job",
			carved:   []remain{{name: "zz known.job", inode: "80-1", from: "record_slack", runs: "powershell.exe", anomaly: "content_joined_by_record", sources: "usn index_slack", hash: true}},
		},
		{
			scenario: "identical-bodies",
			plain:    []remain{{name: "zz lost.job", inode: "80-1", sources: "usn index_slack"}},
			carved:   []remain{{name: "zz lost.job", inode: "80-1", from: "unallocated", runs: `C:\Users\Public\evil.exe`, anomaly: "content_joined_by_size", sources: "usn index_slack"}},
		},
		{
			scenario: "bodies-of-one-size",
			plain: []remain{
				{name: "At1.job", inode: "80-1", sources: "usn index_slack"}, {name: "GoogleUpdateTaskMachineUA.job", inode: "81-1", sources: "usn index_slack"},
				{name: "zz third.job", inode: "82-1", sources: "usn index_slack"}, {name: "zz fourth.job", inode: "83-1", sources: "usn index_slack"},
			},
			carved: []remain{
				{name: "At1.job", inode: "80-1", from: "unallocated", runs: `C:\Users\Public\first1.exe`, anomaly: "content_joined_by_name", sources: "usn index_slack"},
				{name: "GoogleUpdateTaskMachineUA.job", inode: "81-1", from: "unallocated", runs: `C:\Google\Update\GoogleUpdate.exe`, anomaly: "content_joined_by_name", sources: "usn index_slack"},
				{name: "zz third.job", inode: "82-1", sources: "usn index_slack"}, {name: "zz fourth.job", inode: "83-1", sources: "usn index_slack"},
			},
			artifacts: []string{`evil03.exe`, `evil04.exe`},
		},
		{
			scenario:  "body-by-uuid",
			plain:     []remain{{name: "zz partial.job", inode: "82-1", from: "deleted_record", runs: `C:\Users\Public\evil.exe`, sources: "usn mft index_slack", hash: true}},
			carved:    []remain{{name: "zz partial.job", inode: "82-1", from: "unallocated", runs: `C:\Users\Public\evil.exe`, anomaly: "content_joined_by_uuid", sources: "usn mft index_slack"}},
			artifacts: []string{`othr.exe`},
		},
		{
			scenario:  "body-by-record",
			plain:     []remain{{name: "zz lost.job", inode: "80-1", sources: "usn index_slack"}},
			carved:    []remain{{name: "zz lost.job", inode: "80-1", from: "unallocated", runs: `C:\Users\Public\evil.exe`, anomaly: "content_joined_by_record", sources: "usn index_slack mft_carved", hash: true}},
			artifacts: []string{`othr.exe`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			if tt.plain == nil {
				tt.plain = tt.carved
			}
			image := buildScenario(t, tt.scenario)
			findings, _ := scanTraces(t, image)
			checkRemains(t, "without --carve", findings, tt.plain)
			findings, artifacts := scanTraces(t, image, "--carve")
			checkRemains(t, "with --carve", findings, tt.carved)
			for _, want := range tt.artifacts {
				if !slices.ContainsFunc(artifacts, func(a string) bool { return strings.Contains(a, want) }) {
					t.Errorf("no body %q among %q", want, artifacts)
				}
			}
			if len(tt.artifacts) == 0 && len(artifacts) > 0 {
				t.Errorf("bodies without a name: %q", artifacts)
			}
		})
	}
}

func checkRemains(t *testing.T, how string, got []traceLine, want []remain) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d findings, want %d", how, len(got), len(want))
		return
	}
	for i, w := range want {
		g := got[i]
		r := remain{name: g.File.Name, inode: g.File.Inode, anomaly: w.anomaly, hash: g.File.Hash.SHA256 != ""}
		if j := g.Jobscan.Job; j != nil {
			r.from, r.runs = j.RecoveredFrom, j.Application
		}
		var sources []string
		for _, s := range g.Jobscan.Support {
			sources = append(sources, s.Source)
		}
		r.sources = strings.Join(sources, " ")
		if w.anomaly != "" && !g.has(w.anomaly) {
			r.anomaly = "none of that"
		}
		if r != w {
			t.Errorf("%s:\n got %+v\nwant %+v", how, r, w)
		}
		if w.anomaly == "" && (g.has("content_joined_by_size") || g.has("content_joined_by_name")) {
			t.Errorf("%s: %s was given a body: %v", how, w.name, g.Jobscan.Anomalies)
		}
		if len(g.Jobscan.Events) == 0 || w.inode == "" && g.Jobscan.State != fixtures.StateOverwritten {
			t.Errorf("%s: %s has %d events, state %s", how, w.name, len(g.Jobscan.Events), g.Jobscan.State)
		}
	}
}

// TestIdenticalBodiesNameAllPlaces: the copies of a body count once and are all told.
func TestIdenticalBodiesNameAllPlaces(t *testing.T) {
	findings, _ := scanTraces(t, buildScenario(t, "identical-bodies"), "--carve")
	for _, a := range findings[0].Jobscan.Anomalies {
		if a.Code == "content_joined_by_size" && strings.Count(a.Detail, "at byte 0x") != 2 {
			t.Errorf("got %q, want two places", a.Detail)
		}
	}
}

// TestUnlikelyNames: what the slack holds is no name of a file where its folder
// never was, is a file, or where times and characters make no sense.
func TestUnlikelyNames(t *testing.T) {
	le := binary.LittleEndian
	const parent, created, changed, text = 0, 8, 24, 0x42 // in a $FILE_NAME
	saDat := uint32(0)                                    // FILE record, of sequence number 1
	for _, a := range buildScenario(t, "record-slack-name").Truth[0].Alive {
		if number, ok := strings.CutSuffix(a.Reference, "-1"); ok && strings.HasSuffix(a.Path, `\SA.DAT`) {
			n, _ := strconv.ParseUint(number, 10, 32)
			saDat = uint32(n)
		}
	}
	tests := []struct {
		name   string
		change func(name []byte)
		want   int
	}{
		{"as it was", func([]byte) {}, 1},
		{"the folder's sequence number never was", func(b []byte) { le.PutUint16(b[parent+6:], le.Uint16(b[parent+6:])+1) }, 0},
		{"the folder is a file", func(b []byte) { le.PutUint32(b[parent:], saDat) }, 0},
		{"no such FILE record", func(b []byte) { le.PutUint32(b[parent:], 1<<20) }, 0},
		{"created long after its last change", func(b []byte) { le.PutUint64(b[created:], le.Uint64(b[created:])+50*365*864e9) }, 0},
		{"changed in the year 3000", func(b []byte) { le.PutUint64(b[changed:], 441_481_536e9) }, 0},
		{"a character that no name has", func(b []byte) { le.PutUint16(b[text:], '?') }, 0},
		{"a control character", func(b []byte) { le.PutUint16(b[text+2:], 7) }, 0},
		{"a folder", func(b []byte) { le.PutUint32(b[0x38:], 0x10000010) }, 0},
	}
	for _, tt := range tests {
		image := buildScenario(t, "record-slack-name")
		fixtures.PatchRecord(image, 34, func(b []byte) {
			at := bytes.Index(b, []byte("N\x00i\x00g\x00h\x00t\x00l\x00y"))
			tt.change(b[at-text:])
		})
		if findings, _ := scanTraces(t, image, "--carve"); len(findings) != tt.want {
			t.Errorf("%s: %d findings, want %d: %+v", tt.name, len(findings), tt.want, findings)
		}
	}
}

// TestRandomSlack: random bytes behind the attributes of every FILE record make
// no finding.
func TestRandomSlack(t *testing.T) {
	image := buildScenario(t, "deleted-and-record-reused")
	x := uint64(1)
	for n := uint64(24); n < 40; n++ {
		fixtures.PatchRecord(image, n, func(b []byte) {
			for i := int(binary.LittleEndian.Uint32(b[24:])); i < len(b); i++ {
				x = x*6364136223846793005 + 1442695040888963407
				b[i] = byte(x >> 56)
			}
		})
	}
	findings, artifacts := scanTraces(t, image, "--carve")
	if len(findings) != 1 || len(artifacts) != 0 {
		t.Errorf("%d findings, want 1; bodies %q", len(findings), artifacts)
	}
}

// TestRemainsInShadowCopies: a job that a shadow copy shows whole and of which
// the volume has a name without an owner is one finding, which knows both.
func TestRemainsInShadowCopies(t *testing.T) {
	at := time.Date(2024, 5, 1, 9, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return at.Add(time.Duration(n) * time.Minute) }
	v := fixtures.NewVolume(fixtures.Options{LostHeaders: true, NoShortNames: true, SizeBytes: 32 << 20})
	for i := range 45 {
		v.Create(`\Windows\Tasks\filler`+string(rune('A'+i/26))+string(rune('a'+i%26))+`.job`, fixtures.Job{App: "filler.exe"}.Bytes(), minute(i))
	}
	v.Create(`\Windows\Tasks\zz lost.job`, fixtures.Job{App: "evil.exe"}.Bytes(), minute(60))
	then := v.Build()
	v.Delete(`\Windows\Tasks\zz lost.job`, minute(80))
	v.Create(`\Users\ann\b.txt`, []byte("b"), minute(81))
	image := fixtures.WithShadowCopies(v.Build(), fixtures.Moment{At: minute(70), Image: then})
	findings, _ := scanTraces(t, image)
	if len(findings) != 1 {
		t.Fatalf("%d findings, want 1: %+v", len(findings), findings)
	}
	f := findings[0]
	if f.File.Inode == "" || f.has("incarnation_unknown") || f.Jobscan.State != fixtures.StateOverwritten || f.Jobscan.Job == nil || f.Jobscan.Job.RecoveredFrom != "shadow_copy" {
		t.Errorf("got %+v", f)
	}
	unknown := 0
	for _, s := range f.Jobscan.Support {
		if s.Record == nil && s.Sequence == nil {
			unknown++
		}
	}
	if unknown == 0 {
		t.Errorf("the name in the index's slack does not support it: %+v", f.Jobscan.Support)
	}
}

// TestCarvedBesideLiveStructures: what lies within the clusters of $MFT and $J
// and belongs to neither is looked at too.
func TestCarvedBesideLiveStructures(t *testing.T) {
	job := fixtures.Job{App: "found.exe"}.Bytes()
	tests := []struct {
		name string
		at   func(*fixtures.Image) int64
	}{
		{"a slot of $MFT without a FILE record", func(m *fixtures.Image) int64 { return m.RecordOffset(60) }},
		{"behind the end of $J in its last cluster", func(m *fixtures.Image) int64 { return m.JournalOffset((m.Truth[0].JournalEnd + 15) &^ 7) }},
	}
	for _, tt := range tests {
		image := buildScenario(t, "created-and-still-there")
		if _, err := image.WriteAt(job, tt.at(image)); err != nil {
			t.Fatal(err)
		}
		findings, artifacts := scanTraces(t, image, "--carve")
		if len(findings) != 1 || len(artifacts) != 1 || !strings.Contains(artifacts[0], "found.exe") {
			t.Errorf("%s: %d findings, bodies %q", tt.name, len(findings), artifacts)
		}
	}
}
