package correlate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// second is one, in ticks of 100 ns; the times of these tests are far enough
// apart for the slack of clocks.
const second = wintime.Filetime(10_000_000)

// remnant is a name in the slack of the Tasks folder's index that has lost whose
// it was. Times are in seconds.
func remnant(name string, created, changed wintime.Filetime) event.Trace {
	n := fileName(tasks, name, created*second)
	n.Changed = changed * second
	return event.Trace{Source: event.IndexSlack, Name: n, Offset: int64(changed), Detail: "slack"}
}

// inRecord is a name in the slack of a FILE record.
func inRecord(number uint64, name string, created wintime.Filetime) event.Trace {
	return event.Trace{Source: event.MFTCarved, Reference: ntfs.NewFileReference(number, 0), Slack: true,
		Name: fileName(tasks, name, created*second), Offset: int64(created), Detail: "slack of FILE record"}
}

func atSecond(r usn.Record, s wintime.Filetime) usn.Record {
	r.Time = s * second
	return r
}

func TestNamesOfUnknownIncarnation(t *testing.T) {
	cycle := []usn.Record{
		atSecond(rec(100, tasks, "x.job", create), 100), atSecond(rec(110, tasks, "x.job", create|closed), 101),
		atSecond(rec(200, tasks, "x.job", remove|closed), 200),
	}
	deletion := []usn.Record{atSecond(rec(200, tasks, "x.job", remove|closed), 200)}
	tests := []struct {
		name    string
		journal []usn.Record
		record  *event.FileRecord
		traces  []event.Trace
		loose   []event.Trace
		want    []string // "seconds action name supports" and "alone" for a file without reference
	}{
		{"a file of its own", nil, nil, nil, []event.Trace{remnant("x.job", 50, 60)}, []string{"50 creation x.job 1 alone"}},
		{"the same name and time twice is one file", nil, nil, nil,
			[]event.Trace{remnant("x.job", 50, 60), remnant("X.JOB", 50, 70)}, []string{"50 creation x.job 2 alone"}},
		{"two times are two files", nil, nil, nil,
			[]event.Trace{remnant("x.job", 50, 60), remnant("x.job", 51, 70)}, []string{"50 creation x.job 1 alone", "51 creation x.job 1 alone"}},
		{"of the file in the $MFT", nil, inUse(fileName(tasks, "x.job", 50*second)), nil,
			[]event.Trace{remnant("X.job", 50, 60)}, []string{"50 creation x.job 2"}},
		{"of the same name, made at another time", nil, inUse(fileName(tasks, "x.job", 50*second)), nil,
			[]event.Trace{remnant("x.job", 40, 45)}, []string{"40 creation x.job 1 alone", "50 creation x.job 1"}},
		{"of the same time, another name", nil, inUse(fileName(tasks, "x.job", 50*second)), nil,
			[]event.Trace{remnant("y.job", 50, 60)}, []string{"50 creation y.job 1 alone", "50 creation x.job 1"}},
		{"of a file that a trace with reference shows", nil, nil, []event.Trace{{Source: event.IndexSlack, Reference: file, Name: fileName(tasks, "x.job", 50*second), Offset: 1}},
			[]event.Trace{remnant("x.job", 50, 60)}, []string{"50 creation x.job 2"}},
		{"of a file that the journal shows being made", cycle, nil, nil,
			[]event.Trace{remnant("x.job", 100, 150)}, []string{"100 creation x.job 2", "200 deletion x.job 1"}},
		{"its creation time was set since", cycle, nil, nil,
			[]event.Trace{remnant("x.job", 7, 150)}, []string{"100 creation x.job 2", "200 deletion x.job 1"}},
		{"of an earlier file", cycle, nil, nil,
			[]event.Trace{remnant("x.job", 50, 60)}, []string{"50 creation x.job 1 alone", "100 creation x.job 1", "200 deletion x.job 1"}},
		{"of a later file", cycle, nil, nil,
			[]event.Trace{remnant("x.job", 250, 260)}, []string{"100 creation x.job 1", "200 deletion x.job 1", "250 creation x.job 1 alone"}},
		{"of a file whose creation the journal no longer has", deletion, nil, nil,
			[]event.Trace{remnant("x.job", 50, 60)}, []string{"200 creation x.job 2", "200 deletion x.job 1"}},
		{"in the slack of the file's own FILE record", deletion, nil, nil,
			[]event.Trace{inRecord(70, "x.job", 50)}, []string{"200 creation x.job 2", "200 deletion x.job 1"}},
		{"in the slack of another FILE record", deletion, nil, nil,
			[]event.Trace{inRecord(71, "x.job", 50)}, []string{"50 creation x.job 1 alone", "200 creation x.job 1", "200 deletion x.job 1"}},
		{"an 8.3 name is none of its own", nil, nil, nil,
			[]event.Trace{{Source: event.IndexSlack, Name: ntfs.FileName{Parent: tasks, Name: "X~1.JOB", Created: 50 * second, Namespace: ntfs.NamespaceDOS}}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Volume{Index: 1, Folders: &Folders{Now: now}, HasMFT: true, Loose: tt.loose, Fold: strings.ToUpper}
			var got []string
			for _, e := range v.Events([]event.Testimony{{Reference: file, Record: tt.record, Journal: tt.journal, Traces: tt.traces}}) {
				s := fmt.Sprintf("%d %s %s %d", e.Time/second, e.Action, e.Path.Name(), len(e.Support))
				if e.File.Reference == 0 {
					s += " alone"
				}
				got = append(got, s)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// TestLooseEvent looks at all that the event of a lone name says.
func TestLooseEvent(t *testing.T) {
	first, later := remnant("x.job", 50, 50), remnant("x.job", 50, 90)
	first.Name.Size, later.Name.Size = 900, 440
	later.Content = []byte("body")
	gone := remnant("y.job", 50, 60)
	gone.Name.Parent = ntfs.NewFileReference(99, 3)
	v := Volume{Index: 3, Folders: &Folders{Now: now}, HasMFT: true, Loose: []event.Trace{later, gone, first}}
	events := v.Events(nil)
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprintf("%s size %d volume %d", line(e), e.File.Size, e.File.Volume))
	}
	want := []string{
		`500000000 creation ?:\<unknown parent 99-3>\y.job (unknown) !broken_path !incarnation_unknown overwritten size -1 volume 3`,
		`500000000 creation ?:\Windows\Tasks\x.job (created) !path_unproven !incarnation_unknown overwritten size 440 volume 3`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if c := events[1].File.Trace; c == nil || string(c.Data) != "body" || c.Slack {
		t.Errorf("content: got %+v", c)
	}
}

func TestLooseEventsDoNotDependOnOrder(t *testing.T) {
	var loose []event.Trace
	var files []event.Testimony
	for i := range 30 {
		loose = append(loose, remnant(fmt.Sprintf("f%d.job", i%7), wintime.Filetime(50+i%11), wintime.Filetime(100+i)), inRecord(uint64(70+i%3), fmt.Sprintf("f%d.job", i%5), wintime.Filetime(50+i%6)))
		files = append(files, event.Testimony{Reference: ntfs.NewFileReference(uint64(70+i), 1), Record: inUse(fileName(tasks, fmt.Sprintf("F%d.job", i%7), wintime.Filetime(50+i%9)*second))})
	}
	tell := func() string {
		v := Volume{Index: 1, Folders: &Folders{Now: now}, HasMFT: true, Loose: loose, Fold: strings.ToUpper}
		var b strings.Builder
		for _, e := range v.Events(files) {
			fmt.Fprintln(&b, line(e), e.File.Reference, e.Support)
		}
		return b.String()
	}
	want := tell()
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		r.Shuffle(len(loose), func(i, j int) { loose[i], loose[j] = loose[j], loose[i] })
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		if got := tell(); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// TestContentOfTraces: the newest size counts, and of several contents the one
// that has it; a file that is there keeps its own.
func TestContentOfTraces(t *testing.T) {
	trace := func(offset int64, changed wintime.Filetime, size uint64, content string) event.Trace {
		n := fileName(tasks, "x.job", 50*second)
		n.Changed, n.Size = changed, size
		tr := event.Trace{Source: event.LogFile, Reference: file, Name: n, Offset: offset}
		if content != "" {
			tr.Content = []byte(content)
		}
		return tr
	}
	traces := []event.Trace{trace(1, 10, 0, "short"), trace(2, 30, 7, ""), trace(3, 20, 99, ""), trace(4, 5, 0, "correct")}
	for _, tt := range []struct {
		name   string
		record *event.FileRecord
		size   int64
		data   string
	}{
		{"gone", nil, 7, "correct"},
		{"only extension records are left", &event.FileRecord{Orphan: true, Size: -1}, 7, "correct"},
		{"deleted", &event.FileRecord{Names: []ntfs.FileName{fileName(tasks, "x.job", 50*second)}, Size: 3}, 3, ""},
	} {
		v := Volume{Index: 1, Folders: &Folders{Now: now}, HasMFT: true}
		events := v.Events([]event.Testimony{{Reference: file, Record: tt.record, Traces: traces}})
		f := events[0].File
		data := ""
		if f.Trace != nil {
			data = string(f.Trace.Data)
		}
		if len(events) != 1 || f.Size != tt.size || data != tt.data {
			t.Errorf("%s: %d events, size %d, content %q; want 1, %d, %q", tt.name, len(events), f.Size, data, tt.size, tt.data)
		}
	}
}
