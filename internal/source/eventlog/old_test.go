package eventlog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/format/evt"
	"github.com/jobscan/jobscan/internal/wintime"
)

// savedStrings are those of an event 602, as its text orders them.
func savedStrings(file string) []string {
	return []string{file, "cmd.exe", "At 9:46 AM", "8/9/2004 9:46:00 AM", "0x18000C0", `ELM\backup`, "ann", "ELM", "(0x0,0x158EB7)"}
}

func TestSavedTask(t *testing.T) {
	change := func(i int, s string) []string {
		out := savedStrings(`C:\WINDOWS\Tasks\At1.job`)
		out[i] = s
		return out
	}
	const proof = `; the event names C:\WINDOWS\Tasks\At1.job`
	const known = `task C:\WINDOWS\Tasks\At1.job registered or changed by ELM\ann, cmd.exe, triggers: At 9:46 AM; account: ELM\backup` + proof
	tests := []struct {
		name, source string
		strings      []string
		task, want   string // "" for none
	}{
		{"as documented", "Security", savedStrings(`C:\WINDOWS\Tasks\At1.job`), "At1", known},
		{"source in capitals", "SECURITY", savedStrings(`C:\WINDOWS\Tasks\At1.job`), "At1", known},
		{"another source", "Evil", savedStrings(`C:\WINDOWS\Tasks\At1.job`), "", ""},
		{"no job", "Security", savedStrings(`C:\WINDOWS\Tasks\At1.txt`), "", ""},
		{"no strings", "Security", nil, "", ""},
		{"a name of an extension alone", "Security", []string{".job"}, "", ""},
		{"an extension in Tasks", "Security", []string{`C:\WINNT\tasks\.JOB`}, "",
			`task C:\WINNT\tasks\.JOB registered or changed by S-1-5-18, its strings: C:\WINNT\tasks\.JOB`},
		{"another folder", "Security", savedStrings(`C:\Temp\At1.job`), "",
			`task C:\Temp\At1.job registered or changed by ELM\ann, cmd.exe, triggers: At 9:46 AM; account: ELM\backup`},
		{"no folder", "Security", savedStrings(`Backup it.JOB`), "Backup it",
			`task Backup it.JOB registered or changed by ELM\ann, cmd.exe, triggers: At 9:46 AM; account: ELM\backup; the event names Backup it.JOB`},
		{"no domain", "Security", change(7, ""), "At1", strings.Replace(known, `ELM\ann`, "ann", 1)},
		{"no user", "Security", change(6, ""), "At1", strings.Replace(known, `ELM\ann`, "S-1-5-18", 1)},
		{"no logon session", "Security", change(8, "ELM"), "At1",
			`task C:\WINDOWS\Tasks\At1.job registered or changed by S-1-5-18, its strings: ` + strings.Join(change(8, "ELM"), " | ") + proof},
		{"nine strings in another order", "Security", append([]string{"ann"}, append(savedStrings(`C:\WINDOWS\Tasks\At1.job`)[:7:7], "(0x0,0x1)")...), "At1",
			`task C:\WINDOWS\Tasks\At1.job registered or changed by S-1-5-18, its strings: ann | ` +
				strings.Join(savedStrings(`C:\WINDOWS\Tasks\At1.job`)[:7], " | ") + ` | (0x0,0x1)` + proof},
		{"another order", "Security", []string{"ann", `C:\WINDOWS\Tasks\At1.job`}, "At1",
			`task C:\WINDOWS\Tasks\At1.job registered or changed by S-1-5-18, its strings: ann | C:\WINDOWS\Tasks\At1.job` + proof},
	}
	for _, tt := range tests {
		e, ok := savedTask(evt.Event{Source: tt.source, SID: "S-1-5-18", Strings: tt.strings})
		got := ""
		if ok {
			e.EventID = taskSaved
			got = e.Sentence()
			if e.Proof != "" {
				got += "; " + e.Proof
			}
		}
		if got != tt.want || e.Task != tt.task || ok && (e.Kind != Registered || e.Source != event.Security) {
			t.Errorf("%s: task %q\ngot  %s\nwant %s", tt.name, e.Task, got, tt.want)
		}
	}
	long := strings.Repeat("é", 5000)
	e, _ := savedTask(evt.Event{Source: "Security", Strings: []string{`C:\Tasks\` + long + ".job", long, long, "", "", long, long, long, "(0x0,0x1)"}})
	if n := len(e.Sentence()); e.Task != "" || n > 5*maxValue {
		t.Errorf("a long name: task of %d bytes, sentence of %d", len(e.Task), n)
	}
}

// oldLog has six events, of which the audits 602 tell of At1, Known and At2.
func oldLog(o fixtures.OldLogOptions) []byte {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	return fixtures.OldEventLog(o,
		fixtures.OldLogEvent{Source: "Security", ID: 528, Time: at(0)},
		fixtures.SavedTask(at(1), `C:\WINDOWS\Tasks\At1.job`, "a.exe"),
		fixtures.OldLogEvent{Source: "Other", ID: 602, Time: at(2), Strings: savedStrings(`C:\WINDOWS\Tasks\At9.job`)},
		fixtures.SavedTask(at(3), `C:\WINDOWS\Tasks\Known.job`, "b.exe"),
		fixtures.SavedTask(at(4), `C:\WINDOWS\Tasks\At2.job`, "c.exe"),
		fixtures.OldLogEvent{Source: "Security", ID: 517, Time: at(5)})
}

func TestReadOld(t *testing.T) {
	flip := func(at ...int) func([]byte) []byte {
		return func(b []byte) []byte {
			for _, i := range at {
				b[i] ^= 0xFF
			}
			return b
		}
	}
	plain := oldLog(fixtures.OldLogOptions{})
	var offsets []int
	for r := range evt.Records(plain) {
		offsets = append(offsets, r.Offset)
	}
	tests := []struct {
		name                string
		options             fixtures.OldLogOptions
		change              func([]byte) []byte
		deleted, compressed bool
		records             int
		tasks               string
		problems            int
	}{
		{name: "as Windows wrote it", records: 6, tasks: "At1 Known At2"},
		{name: "compressed by NTFS", compressed: true, records: 6, tasks: "At1 Known At2"},
		{name: "not closed", options: fixtures.OldLogOptions{Dirty: true}, records: 6, tasks: "At1 Known At2"},
		{name: "wrapped", options: fixtures.OldLogOptions{Size: 1300}, records: 4, tasks: "Known At2"},
		{name: "no header", change: flip(4), records: 6, tasks: "At1 Known At2", problems: 1},
		{name: "a record lost", change: flip(offsets[3]), records: 5, tasks: "At1 At2", problems: 1},
		{name: "strings lost", change: flip(offsets[3] + 38), records: 6, tasks: "At1 At2", problems: 1},
		{name: "deleted", deleted: true, records: 6, tasks: "At1 Known At2"},
		{name: "deleted, and overwritten in part", deleted: true, change: flip(4, offsets[3], offsets[4]+38), records: 5, tasks: "At1"},
		{name: "no log at all", change: func([]byte) []byte { return bytes.Repeat([]byte("no log"), 30000) }, problems: 2},
		{name: "zeros", change: func(b []byte) []byte { return make([]byte, len(b)) }, problems: 1},
		{name: "empty", change: func([]byte) []byte { return nil }},
	}
	for _, tt := range tests {
		log := oldLog(tt.options)
		if tt.change != nil {
			log = tt.change(log)
		}
		v, f := volumeWith(t, log, tt.deleted, tt.compressed)
		got, problems, err := ReadOld(context.Background(), v, f)
		var tasks []string
		for _, e := range got.Entries {
			tasks = append(tasks, e.Task)
			if e.EventID != 602 || e.User != `HOST\ann` || e.Offset < evt.HeaderSize || e.Time < wintime.FromTime(noon) || e.RecordID == 0 || !e.IsSave() {
				t.Errorf("%s: entry %+v", tt.name, e)
			}
		}
		if err != nil || got.Records != tt.records || strings.Join(tasks, " ") != tt.tasks || len(problems) != tt.problems || got.Empty() != (tt.records == 0) {
			t.Errorf("%s: got %d records, %q, problems %v, error %v", tt.name, got.Records, tasks, problems, err)
		}
	}
}

// TestReadOldCoverage: from when to when the log would have told of a job, and
// where the events lie.
func TestReadOldCoverage(t *testing.T) {
	v, f := volumeWith(t, oldLog(fixtures.OldLogOptions{FirstRecord: 50}), false, false)
	got, _, _ := ReadOld(context.Background(), v, f)
	if got.FirstID != 50 || got.LastID != 55 || got.FirstTime != wintime.FromTime(noon) || got.LastTime != wintime.FromTime(noon.Add(5*time.Second)) {
		t.Errorf("got %+v", got)
	}
	e := got.Entries[0]
	if e.RecordID != 51 || e.Time != wintime.FromTime(noon.Add(time.Second)) || e.Program != "a.exe" || e.Path != `C:\WINDOWS\Tasks\At1.job` {
		t.Errorf("entry %+v", e)
	}
	// What the log had given up is told, and not covered.
	log := oldLog(fixtures.OldLogOptions{FirstRecord: 50})
	end := bytes.Index(log, []byte("\x11\x11\x11\x11\x22\x22\x22\x22")) - 4
	copy(log[0x30+binary.LittleEndian.Uint32(log[0x30:]):], log[end:end+0x28])
	v, f = volumeWith(t, log, false, false)
	if got, problems, _ := ReadOld(context.Background(), v, f); got.Records != 1 || got.LastID != 50 || len(got.Entries) != 2 || len(problems) > 0 {
		t.Errorf("remnants: %+v, %v", got, problems)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got, _, err := ReadOld(ctx, v, f); !errors.Is(err, context.Canceled) || len(got.Entries) > 0 {
		t.Errorf("cancelled: %+v, %v", got, err)
	}
}

// TestReadOldManyEvents: more events than are told are a problem, not more memory.
func TestReadOldManyEvents(t *testing.T) {
	var events []fixtures.OldLogEvent
	for i := range 2 * maxProblems {
		events = append(events, fixtures.SavedTask(noon, fmt.Sprintf(`C:\WINDOWS\Tasks\%d.job`, i), ""))
	}
	log := fixtures.OldEventLog(fixtures.OldLogOptions{}, events...)
	for r := range evt.Records(slices.Clone(log)) {
		log[r.Offset+39] = 0xFF // of the offset of the strings
	}
	v, f := volumeWith(t, log, false, false)
	if got, problems, err := ReadOld(context.Background(), v, f); err != nil || len(got.Entries) > 0 || len(problems) != maxProblems+1 {
		t.Errorf("%d entries, %d problems, %v", len(got.Entries), len(problems), err)
	}
	r := reader{ctx: context.Background()}
	r.log.Entries = make([]Entry, maxEntriesInLog)
	r.oldLog(oldLog(fixtures.OldLogOptions{}))
	if len(r.log.Entries) != maxEntriesInLog || len(r.problems) != 1 || !errors.Is(r.problems[0], errTooMany) {
		t.Errorf("%d entries, %v", len(r.log.Entries), r.problems)
	}
}

func FuzzSavedTask(f *testing.F) {
	f.Add("Security", strings.Join(savedStrings(`C:\WINDOWS\Tasks\At1.job`), "\n"))
	f.Add("Security", "a\n\\.job\n(0x,0x)")
	f.Fuzz(func(t *testing.T, source, text string) {
		e, ok := savedTask(evt.Event{Source: source, Strings: strings.Split(text, "\n")})
		if !ok && e.Path != "" || ok && e.Path == "" {
			t.Errorf("%+v, %v", e, ok)
		}
		if strings.Contains(e.Task, `\`) || len(e.Task) > maxName || (e.Task == "") != (e.Proof == "") || len(e.Mentions) > 0 {
			t.Errorf("%+v", e)
		}
	})
}
