package scan

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/isolate"
	"github.com/jobscan/jobscan/internal/source/eventlog"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/rule"
)

func TestOrEventLog(t *testing.T) {
	want := orEventLog(nameFilter(rule.Builtin()))
	for _, tt := range []struct {
		name string
		want bool
	}{
		{"Security.evtx", true}, {"SECURITY.EVTX", true}, {"Microsoft-Windows-TaskScheduler%4Operational.evtx", true},
		{"Archive-Security-2024-05-01-00-00-00-000.evtx", true}, {"x.job", true},
		{"SecEvent.Evt", true}, {"SECEVENT.EVT", true}, {"SysEvent.Evt", false}, {"SecEvent\u000eEvt", false}, {".evt", false}, {"SecEvent.Evu", false},
		{"System.evtx", false}, {".evtx", false}, {"evtx", false}, {"Security.evtz", false}, {"Security\u0145vtx", false}, {"", false},
	} {
		if got := want(utf16le(tt.name)); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if want(append(utf16le("Security.evtx"), 0)) {
		t.Error("Security.evtx and half a unit: got true, want false")
	}
}

func BenchmarkNameFilterWithLogs(b *testing.B) {
	want := orEventLog(orNamed(nameFilter(rule.Builtin()), "SchedLgU.txt", tasksFolderName))
	name := utf16le("document number 12345 of many.docx")
	for b.Loop() {
		if want(name) {
			b.Fatal("it is no job")
		}
	}
}

func BenchmarkNameFilterWithoutLogs(b *testing.B) {
	want := orNamed(nameFilter(rule.Builtin()), "SchedLgU.txt", tasksFolderName)
	name := utf16le("document number 12345 of many.docx")
	for b.Loop() {
		if want(name) {
			b.Fatal("it is no job")
		}
	}
}

// TestWithoutDecoder: logs that need none are read all the same.
func TestWithoutDecoder(t *testing.T) {
	logNamed := func(name string) *eventLog {
		return &eventLog{file: &ntfs.File{Record: &ntfs.Record{}}, path: winpath.Of("Windows", name)}
	}
	for _, tt := range []struct {
		name           string
		logs           []string
		command        string
		left, problems int
	}{
		{"both kinds", []string{"SecEvent.Evt", "Security.evtx", eventlog.OperationalLog}, "", 1, 1},
		{"old ones", []string{"SecEvent.Evt"}, "", 1, 0},
		{"new ones", []string{"Security.evtx"}, "", 0, 1},
		{"none", nil, "", 0, 0},
		{"with a decoder", []string{"SecEvent.Evt", "Security.evtx"}, "x", 2, 0},
	} {
		s := newVolumeScan(&evidence.Volume{}, &Options{EventLogDecoder: isolate.Command{Path: tt.command}})
		for _, name := range tt.logs {
			s.eventLogs = append(s.eventLogs, logNamed(name))
		}
		s.requireDecoder()
		if len(s.eventLogs) != tt.left || len(s.problems) != tt.problems {
			t.Errorf("%s: %d logs are left, problems %v", tt.name, len(s.eventLogs), s.problems)
		}
	}
}

// TestTellSaves: the one event of old logs is a change where the job was there
// already.
func TestTellSaves(t *testing.T) {
	const second = wintime.Filetime(10_000_000)
	path := func(name string) winpath.Path { return winpath.Of("WINDOWS", "Tasks", name) }
	events := []*event.Event{
		{Action: event.Creation, Time: 1000 * second, Path: path("A.job")},
		{Action: event.Modification, Time: 1010 * second, Path: path("A.job")},
		{Action: event.Modification, Time: 2000 * second, Path: path("A.job")},
		{Action: event.Deletion, Time: 3000 * second, Path: path("A.job")},
		{Action: event.Modification, Time: 1010 * second, Path: winpath.Of("Temp", "B.job")},
	}
	for _, tt := range []struct {
		name, task string
		id         uint32
		at         wintime.Filetime
		want       eventlog.Kind
	}{
		{"created", "a", 602, 1012, eventlog.Registered},
		{"created, just within the minute", "a", 602, 1060, eventlog.Registered},
		{"changed, the creation being too long ago", "a", 602, 1061, eventlog.Updated},
		{"changed", "A", 602, 1999, eventlog.Updated},
		{"neither", "A", 602, 2061, eventlog.Registered},
		{"deleted", "A", 602, 3000, eventlog.Registered},
		{"elsewhere", "B", 602, 1010, eventlog.Registered},
		{"no task", "", 602, 1010, eventlog.Registered},
		{"another event", "A", 4698, 1999, eventlog.Registered},
		{"at the beginning of time", "A", 602, 1, eventlog.Registered},
	} {
		e := eventlog.Entry{Source: event.Security, EventID: tt.id, Task: tt.task, Time: tt.at * second}
		entries := []eventlog.Entry{e}
		tellSaves(entries, events)
		if entries[0].Kind != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, entries[0].Kind, tt.want)
		}
	}
}

// TestTaskJobsFind: a run belongs to the file that was the task's job then.
func TestTaskJobsFind(t *testing.T) {
	const second = wintime.Filetime(10_000_000)
	path := winpath.Of("Windows", "Tasks", "A.job")
	first, other, elsewhere := &event.File{}, &event.File{}, &event.File{}
	events := []*event.Event{
		{Action: event.Creation, Time: 1000 * second, File: first, Path: path},
		{Action: event.Deletion, Time: 2000 * second, File: first, Path: path},
		{Action: event.Creation, Time: 2030 * second, File: other, Path: path},
		{Action: event.Creation, Time: 1500 * second, File: elsewhere, Path: winpath.Of("Temp", "A.job")},
	}
	jobs := newTaskJobs(events, map[*event.File]bool{first: true, other: true, elsewhere: true}, 1)
	for _, tt := range []struct {
		name string
		at   wintime.Filetime
		want *event.File
	}{
		{"before it came", 900 * second, nil},
		{"just before it came", 950 * second, first},
		{"in its life", 1500 * second, first},
		{"between the two, near both", 2010 * second, nil},
		{"in the life of the second", 2040 * second, other},
		{"at the end of time", math.MaxUint64, other},
	} {
		var got *event.File
		if j := jobs.find("a", tt.at); j != nil {
			got = j.file
		}
		if got != tt.want {
			t.Errorf("%s: got %p, want %p", tt.name, got, tt.want)
		}
	}
	if jobs.known("b") || !jobs.known("A") {
		t.Error("known tasks are mixed up")
	}
}

// TestDecoderThatDies is started anew until it died too often, or not at all.
func TestDecoderThatDies(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		command isolate.Command
		tries   int
	}{
		{"a program that is none", isolate.Command{Path: "/does/not/exist"}, 1},
		{"a program that decodes nothing", isolate.Command{Path: program, Args: []string{"-test.run=^$"}}, maxDeaths},
	} {
		d := &chunkDecoder{command: tt.command}
		for try := 1; try <= tt.tries; try++ {
			events, err := d.decode(context.Background(), make([]byte, 100))
			if err == nil || len(events) > 0 || errors.Is(err, eventlog.ErrGiveUp) != (try == tt.tries) {
				t.Errorf("%s, try %d: %v", tt.name, try, err)
			}
		}
		d.close()
	}
}
