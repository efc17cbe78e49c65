package scan

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/isolate"
	"github.com/jobscan/jobscan/internal/source/eventlog"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
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

// TestTaskJobsFind: a run belongs to the file that was the task's job then.
func TestTaskJobsFind(t *testing.T) {
	const second = wintime.Filetime(10_000_000)
	path := winpath.Path{Names: []string{"Windows", "Tasks", "A.job"}}
	first, other, elsewhere := &event.File{}, &event.File{}, &event.File{}
	events := []*event.Event{
		{Action: event.Creation, Time: 1000 * second, File: first, Path: path},
		{Action: event.Deletion, Time: 2000 * second, File: first, Path: path},
		{Action: event.Creation, Time: 2030 * second, File: other, Path: path},
		{Action: event.Creation, Time: 1500 * second, File: elsewhere, Path: winpath.Path{Names: []string{"Temp", "A.job"}}},
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
