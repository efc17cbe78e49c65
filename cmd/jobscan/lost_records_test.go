package main

import (
	"encoding/binary"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

// lostRecordStory is a volume with a job and a folder in Tasks, no journal.
func lostRecordStory() *fixtures.Image {
	at := time.Date(2024, 5, 1, 12, 0, 0, 123456700, time.UTC)
	v := fixtures.NewVolume(fixtures.Options{Label: "Windows"})
	v.Create(`\Windows\Tasks\a.job`, fixtures.Job{App: `C:\a.exe`}.Bytes(), at)
	v.Create(`\Windows\Tasks\Sub\b.job`, fixtures.Job{App: `C:\b.exe`}.Bytes(), at.Add(time.Minute))
	return v.Build()
}

// recordOf is the number of the FILE record of a path of the story.
func recordOf(t *testing.T, m *fixtures.Image, path string) uint64 {
	t.Helper()
	for _, e := range m.Truth[0].Events {
		if e.Path == path {
			number, _, _ := strings.Cut(e.Reference, "-")
			n, err := strconv.ParseUint(number, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("the story has no %s", path)
	return 0
}

// TestLostRecords: what a FILE record no longer tells, an index or the row of
// the other records does.
func TestLostRecords(t *testing.T) {
	tests := []struct {
		name   string
		damage func(t *testing.T, m *fixtures.Image)
		want   []string // path, state, anomalies
	}{
		{"nothing", func(*testing.T, *fixtures.Image) {}, []string{
			`\Windows\Tasks\a.job allocated`, `\Windows\Tasks\Sub\b.job allocated`}},
		{"of a job", func(t *testing.T, m *fixtures.Image) {
			fixtures.ZeroRecord(m, recordOf(t, m, `\Windows\Tasks\a.job`))
		}, []string{`\Windows\Tasks\a.job allocated record_unreadable`, `\Windows\Tasks\Sub\b.job allocated`}},
		{"of the folder Tasks", func(t *testing.T, m *fixtures.Image) {
			fixtures.ZeroRecord(m, recordOf(t, m, `\Windows\Tasks`))
		}, []string{`\Windows\Tasks\a.job allocated path_by_index`, `\Windows\Tasks\Sub\b.job allocated path_by_index`}},
		{"of a folder in a loop", func(t *testing.T, m *fixtures.Image) {
			sub := recordOf(t, m, `\Windows\Tasks\Sub`)
			fixtures.PatchRecord(m, recordOf(t, m, `\Windows\Tasks`), func(b []byte) { setParent(b, sub) })
		}, []string{`\Windows\Tasks\a.job allocated path_by_index`, `\Windows\Tasks\Sub\b.job allocated path_by_index`}},
		{"of the folder in Tasks", func(t *testing.T, m *fixtures.Image) {
			fixtures.ZeroRecord(m, recordOf(t, m, `\Windows\Tasks\Sub`))
		}, []string{`\Windows\Tasks\a.job allocated`, `\Windows\Tasks\Sub\b.job allocated path_by_index`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := lostRecordStory()
			tt.damage(t, m)
			findings, _ := jsonReport(t, "finding", "scan", writeImage(t, m))
			if got := brief(findings); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func brief(findings []line) []string {
	var out []string
	for _, f := range findings {
		s := noDrive(f.File.Path) + " " + f.Jobscan.State
		for _, a := range f.Jobscan.Anomalies {
			s += " " + a.Code
		}
		out = append(out, s)
	}
	return out
}

// setParent makes the first $FILE_NAME of a FILE record name another folder.
func setParent(b []byte, n uint64) {
	le := binary.LittleEndian
	for at := int(le.Uint16(b[0x14:])); le.Uint32(b[at:]) != 0xFFFFFFFF; at += int(le.Uint32(b[at+4:])) {
		if le.Uint32(b[at:]) == 0x30 {
			value := at + int(le.Uint16(b[at+0x14:]))
			le.PutUint64(b[value:], n|1<<48)
			return
		}
	}
}

// TestRecordZeroAndItsCopyLost: the FILE records that stand in a row are read.
func TestRecordZeroAndItsCopyLost(t *testing.T) {
	m := lostRecordStory()
	fixtures.ZeroRecord(m, 0)
	name := writeImage(t, m)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	boot := make([]byte, 512)
	if _, err := f.ReadAt(boot, 0); err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	mirror := int64(le.Uint64(boot[56:])) * int64(le.Uint16(boot[11:])) * int64(boot[13])
	if _, err := f.WriteAt(make([]byte, 1024), mirror); err != nil {
		t.Fatal(err)
	}
	findings, _ := jsonReport(t, "finding", "scan", name)
	if got := brief(findings); !slices.Equal(got, []string{`\Windows\Tasks\a.job allocated`, `\Windows\Tasks\Sub\b.job allocated`}) {
		t.Errorf("got %q", got)
	}
	problems, _ := jsonReport(t, "problem", "scan", name)
	if !slices.ContainsFunc(problems, func(l line) bool { return strings.Contains(l.Message, "stand in a row") }) {
		t.Errorf("nothing says what is missing: %+v", problems)
	}
}
