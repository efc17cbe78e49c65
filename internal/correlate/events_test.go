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

// The folders of the tests: \Windows is 64-1, \Windows\Tasks 65-1, \Temp 66-1.
var (
	root    = ntfs.NewFileReference(5, 5)
	windows = ntfs.NewFileReference(64, 1)
	tasks   = ntfs.NewFileReference(65, 1)
	temp    = ntfs.NewFileReference(66, 1)
	file    = ntfs.NewFileReference(70, 1)
)

const (
	create  = usn.ReasonFileCreate
	extend  = usn.ReasonDataExtend
	over    = usn.ReasonDataOverwrite
	oldName = usn.ReasonRenameOldName
	newName = usn.ReasonRenameNewName
	link    = usn.ReasonHardLinkChange
	remove  = usn.ReasonFileDelete
	closed  = usn.ReasonClose
)

// rec is one journal record of the test's file; its time is its USN.
func rec(number int64, parent ntfs.FileReference, name string, reason usn.Reason) usn.Record {
	return usn.Record{USN: number, Offset: number, Major: 2, File: file, Parent: parent, Name: name,
		Reason: reason, Time: wintime.Filetime(number)}
}

func folderRec(number int64, parent ntfs.FileReference, name string, reason usn.Reason) event.FolderRecord {
	return event.FolderRecord{USN: number, Offset: number, Time: wintime.Filetime(number), Reason: reason,
		Name: event.Name{Parent: parent, Name: name}}
}

func fileName(parent ntfs.FileReference, name string, created wintime.Filetime) ntfs.FileName {
	return ntfs.FileName{Parent: parent, Name: name, Created: created, Modified: created, Changed: created, Accessed: created}
}

func inUse(names ...ntfs.FileName) *event.FileRecord {
	return &event.FileRecord{InUse: true, Names: names, Size: -1}
}

// now is the present state of the folders, unless a test has its own.
func now(ref ntfs.FileReference) (event.Name, error) {
	switch ref {
	case windows:
		return event.Name{Parent: root, Name: "Windows"}, nil
	case tasks:
		return event.Name{Parent: windows, Name: "Tasks"}, nil
	case temp:
		return event.Name{Parent: root, Name: "Temp"}, nil
	}
	return event.Name{}, fmt.Errorf("folder %s is gone", ref)
}

func line(e *event.Event) string {
	s := fmt.Sprintf("%d %s %s", e.Time, e.Action, e.Path.WithDrive(0))
	if e.Previous != nil {
		s += " from " + e.Previous.WithDrive(0)
	}
	if e.Arrival != "" {
		s += " (" + string(e.Arrival) + ")"
	}
	for _, a := range e.Anomalies {
		s += " !" + a.Code
	}
	return s + " " + string(e.File.State)
}

// eventsTest is the testimony of one file and the events that it makes.
type eventsTest struct {
	name    string
	journal []usn.Record
	record  *event.FileRecord
	folders map[ntfs.FileReference][]event.FolderRecord
	now     func(ntfs.FileReference) (event.Name, error)
	noMFT   bool
	carved  []usn.Record
	traces  []event.Trace
	// unsettled folders may have been renamed since they were made.
	unsettled []ntfs.FileReference
	want      []string
}

func TestEvents(t *testing.T) {
	tests := []eventsTest{
		{
			name: "one cycle is one creation, its writes belong to it",
			journal: []usn.Record{
				rec(100, tasks, "x.job", create), rec(200, tasks, "x.job", create|extend), rec(300, tasks, "x.job", create|extend|closed),
			},
			record: inUse(fileName(tasks, "x.job", 100)),
			want:   []string{`100 creation ?:\Windows\Tasks\x.job (created) allocated`},
		},
		{
			name: "created, written again, deleted, record reused",
			journal: []usn.Record{
				rec(100, tasks, "x.job", create), rec(200, tasks, "x.job", create|closed),
				rec(300, tasks, "x.job", over), rec(310, tasks, "x.job", over|extend), rec(320, tasks, "x.job", over|extend|closed),
				rec(400, tasks, "x.job", remove|closed),
			},
			want: []string{
				`100 creation ?:\Windows\Tasks\x.job (created) overwritten`,
				`300 modification ?:\Windows\Tasks\x.job overwritten`,
				`400 deletion ?:\Windows\Tasks\x.job overwritten`,
			},
		},
		{
			name: "the close is missing: the next cycle starts anew",
			journal: []usn.Record{
				rec(100, tasks, "x.job", create), rec(200, tasks, "x.job", over), rec(300, tasks, "x.job", over|closed),
			},
			want: []string{
				`100 creation ?:\Windows\Tasks\x.job (created) overwritten`,
				`200 modification ?:\Windows\Tasks\x.job overwritten`,
			},
		},
		{
			name: "the journal begins within the cycle of the creation",
			journal: []usn.Record{
				rec(200, tasks, "x.job", create|extend), rec(300, tasks, "x.job", create|extend|closed),
			},
			want: []string{`200 creation ?:\Windows\Tasks\x.job (created) !time_is_upper_bound overwritten`},
		},
		{
			name: "renamed in",
			journal: []usn.Record{
				rec(100, temp, "x.tmp", create),
				rec(200, temp, "x.tmp", oldName), rec(210, tasks, "x.job", newName), rec(220, tasks, "x.job", newName|closed),
			},
			record: inUse(fileName(tasks, "x.job", 100)),
			want: []string{
				`100 creation ?:\Temp\x.tmp (created) allocated`,
				`210 rename ?:\Windows\Tasks\x.job from ?:\Temp\x.tmp (renamed_in) allocated`,
			},
		},
		{
			name: "renamed out; its arrival was before the journal",
			journal: []usn.Record{
				rec(200, tasks, "x.job", oldName), rec(210, temp, "x.tmp", newName), rec(220, temp, "x.tmp", newName|closed),
			},
			record: inUse(fileName(temp, "x.tmp", 50)),
			want: []string{
				`50 creation ?:\Windows\Tasks\x.job (unknown) allocated`,
				`210 rename ?:\Temp\x.tmp from ?:\Windows\Tasks\x.job (renamed_in) allocated`,
			},
		},
		{
			name: "a link added, the first name removed",
			journal: []usn.Record{
				rec(100, temp, "a.dat", create),
				rec(200, tasks, "x.job", link), rec(210, tasks, "x.job", link|closed),
				rec(300, temp, "a.dat", link|closed),
			},
			record: inUse(fileName(tasks, "x.job", 100)),
			want: []string{
				`100 creation ?:\Temp\a.dat (created) allocated`,
				`200 link ?:\Windows\Tasks\x.job (linked) allocated`,
				`300 deletion ?:\Temp\a.dat allocated`,
			},
		},
		{
			name: "a link from before the journal is removed, not added",
			journal: []usn.Record{
				rec(200, tasks, "x.job", link|closed),
			},
			record: inUse(fileName(temp, "a.dat", 50)),
			want: []string{
				`50 creation ?:\Temp\a.dat (created) allocated`,
				`50 creation ?:\Windows\Tasks\x.job (unknown) allocated`,
				`200 deletion ?:\Windows\Tasks\x.job allocated`,
			},
		},
		{
			name: "a link added and the file deleted under its first name",
			journal: []usn.Record{
				rec(100, temp, "a.dat", create),
				rec(200, tasks, "x.job", link|closed),
				rec(300, tasks, "x.job", link|closed),
				rec(400, temp, "a.dat", remove|closed),
			},
			want: []string{
				`100 creation ?:\Temp\a.dat (created) overwritten`,
				`200 link ?:\Windows\Tasks\x.job (linked) overwritten`,
				`300 deletion ?:\Windows\Tasks\x.job overwritten`,
				`400 deletion ?:\Temp\a.dat overwritten`,
			},
		},
		{
			name:    "the folder was renamed since: the path is that of the moment",
			journal: []usn.Record{rec(100, tasks, "x.job", create)},
			record:  inUse(fileName(tasks, "x.job", 100)),
			folders: map[ntfs.FileReference][]event.FolderRecord{
				tasks: {folderRec(200, windows, "Tasks", oldName), folderRec(210, windows, "TasksOld", newName), folderRec(220, windows, "TasksOld", newName|closed)},
			},
			now: func(ref ntfs.FileReference) (event.Name, error) {
				if ref == tasks {
					return event.Name{Parent: windows, Name: "TasksOld"}, nil
				}
				return now(ref)
			},
			want: []string{
				`100 creation ?:\Windows\Tasks\x.job (created) allocated`,
				`210 rename ?:\Windows\TasksOld\x.job from ?:\Windows\Tasks\x.job (renamed_in) allocated`,
			},
		},
		{
			name:    "a file older than the journal was where its folder was before the rename",
			journal: nil,
			record:  inUse(fileName(tasks, "x.job", 50)),
			folders: map[ntfs.FileReference][]event.FolderRecord{
				tasks: {folderRec(200, windows, "Jobs", oldName), folderRec(210, windows, "Tasks", newName)},
			},
			want: []string{
				`50 creation ?:\Windows\Jobs\x.job (created) allocated`,
				`210 rename ?:\Windows\Tasks\x.job from ?:\Windows\Jobs\x.job (renamed_in) allocated`,
			},
		},
		{
			name:    "a folder that is gone gives a broken path with its reason",
			journal: []usn.Record{rec(100, ntfs.NewFileReference(80, 3), "x.job", create)},
			want:    []string{`100 creation ?:\<unknown parent 80-3>\x.job (created) !broken_path overwritten`},
		},
		{
			name:    "a deleted folder is known by its deletion",
			journal: []usn.Record{rec(100, ntfs.NewFileReference(80, 3), "x.job", create), rec(150, ntfs.NewFileReference(80, 3), "x.job", remove|closed)},
			folders: map[ntfs.FileReference][]event.FolderRecord{
				ntfs.NewFileReference(80, 3): {folderRec(200, tasks, "sub", remove|closed)},
			},
			want: []string{
				`100 creation ?:\Windows\Tasks\sub\x.job (created) overwritten`,
				`150 deletion ?:\Windows\Tasks\sub\x.job overwritten`,
			},
		},
		{
			name:    "parents that form a loop end",
			journal: []usn.Record{rec(100, windows, "x.job", create)},
			now: func(ntfs.FileReference) (event.Name, error) {
				return event.Name{Parent: windows, Name: "loop"}, nil
			},
			want: []string{`100 creation ?:\<unknown parent 64-1>\loop\x.job (created) !broken_path overwritten`},
		},
		{
			name:    "no $MFT: state unknown",
			noMFT:   true,
			journal: []usn.Record{rec(100, root, "x.job", create)},
			want:    []string{`100 creation ?:\x.job (created) unknown`},
		},
		{
			name:   "$MFT alone, with an 8.3 twin: one event",
			record: inUse(fileName(tasks, "LongName.job", 50), ntfs.FileName{Parent: tasks, Name: "LONGNA~1.JOB", Created: 50, Namespace: ntfs.NamespaceDOS}),
			want:   []string{`50 creation ?:\Windows\Tasks\LongName.job (created) allocated`},
		},
		{
			name:   "$MFT alone, deleted",
			record: &event.FileRecord{Names: []ntfs.FileName{fileName(tasks, "x.job", 50)}, Size: -1},
			want:   []string{`50 creation ?:\Windows\Tasks\x.job (created) deleted`},
		},
		{
			name: "$MFT alone, two names: the later attribute is the link",
			record: inUse(
				ntfs.FileName{Parent: temp, Name: "a.dat", Created: 50, Modified: 50, Changed: 50, Accessed: 50, AttributeID: 2},
				ntfs.FileName{Parent: tasks, Name: "x.job", Created: 50, Modified: 60, Changed: 60, Accessed: 60, AttributeID: 5}),
			want: []string{
				`50 creation ?:\Temp\a.dat (created) allocated`,
				`50 link ?:\Windows\Tasks\x.job (linked) allocated`,
			},
		},
		{
			name: "a sequence number that came round again is another file",
			journal: []usn.Record{
				rec(100, tasks, "x.job", create), rec(200, tasks, "x.job", remove|closed),
				rec(300, tasks, "y.job", create),
			},
			record: inUse(fileName(tasks, "y.job", 300)),
			want: []string{
				`100 creation ?:\Windows\Tasks\x.job (created) overwritten`,
				`200 deletion ?:\Windows\Tasks\x.job overwritten`,
				`300 creation ?:\Windows\Tasks\y.job (created) allocated`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

func (tt *eventsTest) run(t *testing.T) {
	folders := &Folders{History: tt.folders}
	if !tt.noMFT {
		folders.Now = now
		if tt.now != nil {
			folders.Now = tt.now
		}
	}
	folders.Sort()
	folders.First = tt.firstUSN()
	folders.Settled = func(ref ntfs.FileReference) bool { return !slices.Contains(tt.unsettled, ref) }
	v := Volume{Index: 1, Folders: folders, HasMFT: !tt.noMFT}
	var got []string
	for _, e := range v.Events([]event.Testimony{{Reference: file, Record: tt.record, Journal: tt.journal, Carved: tt.carved, Traces: tt.traces}}) {
		got = append(got, line(e))
	}
	if !slices.Equal(got, tt.want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
	}
}

// firstUSN is that of the first record which the test's journal holds.
func (tt *eventsTest) firstUSN() int64 {
	first := afterJournal
	for _, r := range tt.journal {
		first = min(first, r.USN)
	}
	for _, records := range tt.folders {
		for _, r := range records {
			first = min(first, r.USN)
		}
	}
	return first
}

func TestEventsDoNotDependOnOrder(t *testing.T) {
	var files []event.Testimony
	for i := range 20 {
		ref := ntfs.NewFileReference(uint64(100+i), 1)
		var journal []usn.Record
		for j, reason := range []usn.Reason{create, create | closed, oldName, newName, newName | closed, remove | closed} {
			r := rec(int64(1000*j+i), tasks, fmt.Sprintf("f%d.job", i), reason)
			r.File = ref
			if reason&newName != 0 || reason&remove != 0 {
				r.Name = "g" + r.Name
			}
			journal = append(journal, r)
		}
		files = append(files, event.Testimony{Reference: ref, Journal: journal})
	}
	want := render(files)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		for _, f := range files {
			r.Shuffle(len(f.Journal), func(i, j int) { f.Journal[i], f.Journal[j] = f.Journal[j], f.Journal[i] })
		}
		if got := render(files); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func render(files []event.Testimony) string {
	v := Volume{Index: 1, Folders: &Folders{Now: now}, HasMFT: true}
	var b strings.Builder
	for _, e := range v.Events(files) {
		fmt.Fprintln(&b, line(e))
	}
	return b.String()
}
