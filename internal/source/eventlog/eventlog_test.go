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
	"github.com/jobscan/jobscan/internal/format/evtx"
	"github.com/jobscan/jobscan/internal/format/evtx/binxml"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

func TestIsLog(t *testing.T) {
	for name, want := range map[string]bool{
		"Microsoft-Windows-TaskScheduler%4Operational.evtx": true, "security.EVTX": true, "Security.evtx": true,
		"SecEvent.Evt": true, "secevent.evt": true, "SysEvent.Evt": false, "SecEvent.Evtx": false,
		"Archive-Security-2024-05-01-10-00-00-123.evtx": true, "ARCHIVE-SECURITY-1.EVTX": true,
		"Archive-Security-.evtx": false, "Archive-System-1.evtx": false, "Security.evtx.bak": false, "System.evtx": false, "": false,
		"Microsoft-Windows-TaskScheduler%4Maintenance.evtx": false, "Security": false,
	} {
		if got := IsLog(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestMayConcern(t *testing.T) {
	names := NewNames([]string{"Backup.job", "Ünïcode Näme.JOB", "x.txt", ".job"})
	tests := []struct {
		name, text string
		want       bool
	}{
		{"no TaskName", `\At1 x.job \Backup`, false},
		{"other tasks only", `TaskName \OneDrive \Microsoft\Windows\Defrag \Attach \At`, false},
		{"at", `TaskName \At7`, true},
		{"at in capitals", `TaskName \AT12`, true},
		{"a name with a dot", `TaskName x.jo .jab`, false},
		{"extension", `TaskName C:\Windows\Tasks\y.JOB`, true},
		{"known", `TaskName \bAcKuP`, true},
		{"known, and more after it", `TaskName \BackupC:\x`, true},
		{"known, without backslash", `TaskName Backup`, false},
		{"known, not ASCII", `TaskName \ünÏcode näMe`, true},
		{"a definition of the old kind", `TaskName <Task version="1.1"`, true},
		{"a definition of the new kind", `TaskName <Task version="1.2"`, false},
		{"field in other case", `taskname \At7`, false},
		{"at the very end", `TaskName \`, false},
	}
	for _, tt := range tests {
		for _, shift := range []int{0, 1} {
			b := append(make([]byte, shift), wide(tt.text)...)
			if got := names.mayConcern(b); got != tt.want {
				t.Errorf("%s, at offset %d: got %v, want %v", tt.name, shift, got, tt.want)
			}
		}
	}
}

func logged(id uint32, provider string, data ...string) *evtx.Event {
	e := &evtx.Event{ID: id, Provider: provider, RecordID: 5, Time: 77}
	for i := 0; i+1 < len(data); i += 2 {
		e.Data = append(e.Data, evtx.Datum{Name: data[i], Value: data[i+1]})
	}
	return e
}

func TestEntryOf(t *testing.T) {
	v := func(version string) string { return fixtures.TaskDefinition(version, `C:\Windows\Tasks\other.job`) }
	tests := []struct {
		name  string
		event *evtx.Event
		want  string // of what the entry says; "" for none
	}{
		{"registered", logged(106, schedulerProvider, "TaskName", `\x`, "UserContext", `H\ann`), `registered x by H\ann`},
		{"below the root", logged(106, schedulerProvider, "TaskName", `\a\At1`), `registered  by `},
		{"no name", logged(106, schedulerProvider, "User", `x`), ""},
		{"another event", logged(107, schedulerProvider, "TaskName", `\x`), ""},
		{"another provider", logged(106, "Evil", "TaskName", `\x`), ""},
		{"the number of another provider", logged(4698, schedulerProvider, "TaskName", `\x`), ""},
		{"at", logged(141, schedulerProvider, "TaskName", `\AT12`, "UserName", "SYSTEM"), `deleted AT12 by SYSTEM: tasks of this name are made by at.exe as jobs`},
		{"at, too long", logged(106, schedulerProvider, "TaskName", `\At`+strings.Repeat("1", 300)), `registered  by `},
		{"long values", logged(106, schedulerProvider, "TaskName", `\x`, "UserContext", strings.Repeat("é", 1000)), `registered x by ` + strings.Repeat("é", 256) + "…"},
		{"not at", logged(141, schedulerProvider, "TaskName", `\At12b`), `deleted At12b by `},
		{"audited", logged(4698, securityProvider, "TaskName", `\x`, "SubjectUserName", "ann", "SubjectDomainName", "H", "TaskContent", v("1.2")),
			`registered x by H\ann, names [other]`},
		{"audited, of old version", logged(4702, securityProvider, "TaskName", `\x`, "SubjectUserSid", "S-1-5-18", "TaskContentNew", v("1.1")),
			`updated x by S-1-5-18: its definition is of version 1.1, that of tasks with a job file, names [other]`},
		{"its own job", logged(200, schedulerProvider, "TaskName", `\X y`, "ActionName", `c:\windows\TASKS\x Y.job`),
			`action started X y by : the event names \Windows\Tasks\x Y.job`},
	}
	for _, tt := range tests {
		e, ok := entryOf(tt.event)
		got := ""
		if ok {
			got = fmt.Sprintf("%s %s by %s", verbs[e.Kind], e.Task, e.User)
			if e.Proof != "" {
				got += ": " + e.Proof
			}
			if len(e.Mentions) > 0 {
				got += fmt.Sprintf(", names %v", e.Mentions)
			}
		}
		if got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestTaskVersion(t *testing.T) {
	for definition, want := range map[string]string{
		"": "", fixtures.TaskDefinition("1.0", "x"): "1.0", fixtures.TaskDefinition("1.10", "x"): "1.10",
		`<Task xmlns="x" version="1.1">`: "1.1", `<Task xmlns="x"><a version="1.1">`: "", `<Task version="1.1`: "", `<Task `: "",
		`<Tasks version="1.1">`: "", strings.Repeat(" ", 600) + `<Task version="1.1">`: "",
	} {
		if got := taskVersion(definition); got != want {
			t.Errorf("%.60q: got %q, want %q", definition, got, want)
		}
	}
}

func TestRuns(t *testing.T) {
	at := func(seconds float64) wintime.Filetime {
		return wintime.FromTime(noon) + wintime.Filetime(seconds*10_000_000)
	}
	entries := []Entry{
		{Kind: ActionCompleted, Time: at(4), Task: "a", Instance: "I1", Result: "1", RecordID: 4},
		{Kind: Started, Time: at(0.2), Task: "A", Instance: "i1", User: "u", RecordID: 2},
		{Kind: ProcessCreated, Time: at(0), Task: "a", Program: "p.exe", Process: "9", RecordID: 1},
		{Kind: ActionStarted, Time: at(0.3), Task: "a", Instance: "I1", Program: "action", RecordID: 3},
		{Kind: Registered, Time: at(0), Task: "a"},
		{Kind: Started, Time: at(0.1), Task: "b", Instance: "I1", RecordID: 5},
		{Kind: Started, Time: at(30), Task: "a", Instance: "I2", RecordID: 6},
		{Kind: ProcessCreated, Time: at(31), Task: "a", Process: "10", RecordID: 7},
		{Kind: ProcessCreated, Time: at(200), Task: "a", Process: "11", RecordID: 8},
		{Kind: Completed, Time: at(500), Task: "a", Instance: "I3", RecordID: 9},
		{Kind: Started, Time: at(500), Task: "", Instance: "I3"},
	}
	want := []string{
		`1 2 3 4 task \a ran p.exe, process 9, completed 2024-05-01T12:00:04.0000000Z, result code 0x1, for user u, instance i1`,
		`5 task \b ran, instance I1`,
		`6 7 task \a ran, process 10, instance I2`,
		`8 task \a ran, process 11`,
		`9 task \a ran, completed 2024-05-01T12:08:20.0000000Z, instance I3`,
	}
	for range 2 {
		var got []string
		for _, r := range Runs(entries) {
			var records []string
			for _, e := range r.Entries {
				records = append(records, fmt.Sprint(e.RecordID))
			}
			got = append(got, strings.Join(records, " ")+" "+strings.Replace(r.Sentence(), `\A`, `\a`, 1))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		slices.Reverse(entries)
	}
}

// inProcess decodes what fixtures wrote, without a process of its own.
func inProcess(_ context.Context, chunk []byte) ([]evtx.Event, error) { return binxml.Decode(chunk) }

const logPath = `\Windows\System32\winevt\Logs\Security.evtx`

// volumeWith gives a volume and the file of a log on it, deleted or not.
func volumeWith(t *testing.T, log []byte, deleted, compressed bool) (*ntfs.Volume, *ntfs.File) {
	t.Helper()
	v := fixtures.NewVolume(fixtures.Options{})
	if compressed {
		v.CreateCompressed(logPath, log, noon)
	} else {
		v.Create(logPath, log, noon)
	}
	if deleted {
		v.Delete(logPath, noon)
	}
	image := v.Build()
	volume, err := ntfs.Open(image, image.Size())
	if err != nil {
		t.Fatal(err)
	}
	for n := range volume.RecordCount() {
		f, err := volume.File(n)
		if err == nil && slices.ContainsFunc(f.Names(), func(n ntfs.FileName) bool { return n.Name == "Security.evtx" }) {
			return volume, f
		}
	}
	t.Fatal("the log is not on the volume")
	return nil, nil
}

// auditLog has three chunks of two events; the tasks of the second concern nobody.
func auditLog(o fixtures.LogOptions) []byte {
	o.PerChunk = 2
	return fixtures.EventLog(o,
		fixtures.AuditEvent(4698, noon, `\At1`, ""), fixtures.AuditEvent(4699, noon, `\other`, ""),
		fixtures.AuditEvent(4698, noon, `\third`, ""), fixtures.AuditEvent(4699, noon, `\third`, ""),
		fixtures.AuditEvent(4698, noon, `\Known`, ""), fixtures.AuditEvent(4699, noon.Add(time.Hour), `\known`, ""))
}

func TestRead(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 0xFF; return b }
	}
	const first, second, third = 4096, 4096 + evtx.ChunkSize, 4096 + 2*evtx.ChunkSize
	tests := []struct {
		name                string
		options             fixtures.LogOptions
		change              func([]byte) []byte
		deleted, compressed bool
		chunks, decoded     int
		tasks               string
		problems            int
	}{
		{name: "as Windows wrote it", chunks: 3, decoded: 2, tasks: "At1 Known known"},
		{name: "compressed by NTFS", compressed: true, chunks: 3, decoded: 2, tasks: "At1 Known known"},
		{name: "not closed", options: fixtures.LogOptions{Stale: true}, chunks: 3, decoded: 2, tasks: "At1 Known known"},
		{name: "no file header", change: flip(0), chunks: 3, decoded: 2, tasks: "At1 Known known", problems: 1},
		{name: "sum of the file header", change: flip(60), chunks: 3, decoded: 2, tasks: "At1 Known known", problems: 1},
		{name: "a chunk lost", change: flip(first), chunks: 2, decoded: 1, tasks: "Known known", problems: 1},
		{name: "sum of a chunk header", change: flip(third + 200), chunks: 3, decoded: 2, tasks: "At1 Known known", problems: 1},
		{name: "a record lost", change: flip(third + 512), chunks: 3, decoded: 2, tasks: "At1", problems: 3},
		{name: "cut in a chunk", change: func(b []byte) []byte { return b[:second+1000] }, chunks: 2, decoded: 1, tasks: "At1", problems: 2},
		{name: "unused chunks", change: func(b []byte) []byte { return append(b, make([]byte, 3*evtx.ChunkSize)...) }, chunks: 3, decoded: 2, tasks: "At1 Known known"},
		{name: "deleted", deleted: true, chunks: 3, decoded: 2, tasks: "At1 Known known"},
		{name: "deleted, a chunk overwritten", deleted: true, change: flip(first + 600), chunks: 2, decoded: 1, tasks: "Known known"},
		{name: "deleted, no file header", deleted: true, change: flip(0), chunks: 3, decoded: 2, tasks: "At1 Known known"},
		{name: "no log at all", change: func([]byte) []byte { return bytes.Repeat([]byte("no log"), 30000) }, problems: 4},
		{name: "empty", change: func([]byte) []byte { return nil }},
	}
	for _, tt := range tests {
		log := auditLog(tt.options)
		if tt.change != nil {
			log = tt.change(log)
		}
		v, f := volumeWith(t, log, tt.deleted, tt.compressed)
		got, problems, err := Read(context.Background(), v, f, NewNames([]string{"KNOWN.job"}), inProcess)
		var tasks []string
		for _, e := range got.Entries {
			tasks = append(tasks, e.Task)
			if e.Source != event.Security || e.User != `HOST\ann` || e.Offset < 4096 {
				t.Errorf("%s: entry %+v", tt.name, e)
			}
		}
		if err != nil || got.Chunks != tt.chunks || got.Decoded != tt.decoded || strings.Join(tasks, " ") != tt.tasks || len(problems) != tt.problems {
			t.Errorf("%s: got %d chunks, %d decoded, %q, problems %v, error %v", tt.name, got.Chunks, got.Decoded, tasks, problems, err)
		}
	}
}

// TestCoverage: from when to when a log would have told of a run.
func TestCoverage(t *testing.T) {
	v, f := volumeWith(t, auditLog(fixtures.LogOptions{FirstRecord: 50}), false, false)
	got, _, _ := Read(context.Background(), v, f, NewNames(nil), inProcess)
	if got.FirstID != 50 || got.LastID != 55 || got.FirstTime != wintime.FromTime(noon) || got.LastTime != wintime.FromTime(noon.Add(time.Hour)) {
		t.Errorf("got %+v", got)
	}
	if at := got.Entries[0].Offset; at != 4096+512 {
		t.Errorf("the first record lies at %d", at)
	}
}

// TestDecoderFails: a chunk that cannot be decoded is a problem, and ends the
// reading only if the decoder says so.
func TestDecoderFails(t *testing.T) {
	v, f := volumeWith(t, auditLog(fixtures.LogOptions{}), false, false)
	names := NewNames([]string{"known.job"})
	for _, tt := range []struct {
		name  string
		err   error
		tries int
	}{{"once more", errors.New("dead"), 2}, {"no more", ErrGiveUp, 1}} {
		tries := 0
		_, problems, err := Read(context.Background(), v, f, names, func(context.Context, []byte) ([]evtx.Event, error) {
			tries++
			return nil, tt.err
		})
		if err != nil || tries != tt.tries || len(problems) != tries {
			t.Errorf("%s: %d tries, problems %v, error %v", tt.name, tries, problems, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Read(ctx, v, f, names, inProcess); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestLearn: what one log says of a task makes it one to look for.
func TestLearn(t *testing.T) {
	n := NewNames([]string{"known.job"})
	chunk := wide(`TaskName \Fresh`)
	if n.mayConcern(chunk) {
		t.Fatal("a task that nobody knows")
	}
	if n.Learn([]Entry{{Task: "known", Proof: "p"}, {Task: "At5", Proof: "p"}, {Task: "Fresh"}}) {
		t.Error("nothing new, and the logs are to be read again")
	}
	if !n.Learn([]Entry{{Task: "Fresh", Proof: "p", Time: 9}, {Task: "FRESH", Proof: "p", Time: 5}}) || !n.mayConcern(chunk) {
		t.Error("the new task is not looked for")
	}
	if since, ok := n.Proven("fresh"); !ok || since != 5 {
		t.Errorf("since %d, %v", since, ok)
	}
}

// TestHostileNames: very many names cost little; a chunk with more places to look
// at than a log has is decoded.
func TestHostileNames(t *testing.T) {
	var files []string
	for i := range 250 {
		files = append(files, strings.Repeat("a", i+1)+fmt.Sprint(i)+".job")
	}
	n := NewNames(files)
	chunk := append(wide("TaskName"), bytes.Repeat([]byte{'\\', 0}, maxLookups)...)
	if n.mayConcern(chunk) {
		t.Error("found a name among backslashes")
	}
	if !n.mayConcern(append(chunk, '\\', 0)) {
		t.Error("a chunk with more backslashes is not decoded")
	}
}

func FuzzEntryOf(f *testing.F) {
	f.Add(uint32(4698), `\At1`, fixtures.TaskDefinition("1.1", `C:\Windows\Tasks\x.job`))
	f.Add(uint32(200), `\a\b`, `\windows\tasks\.job\WINDOWS\TASKS\\windows\tasks\a.job`)
	f.Fuzz(func(t *testing.T, id uint32, name, text string) {
		for _, provider := range []string{schedulerProvider, securityProvider} {
			e, ok := entryOf(logged(id, provider, "TaskName", name, "TaskContent", text, "ActionName", text))
			if ok && (strings.Contains(e.Task, `\`) || len(e.Mentions) > maxMentions || name == "") {
				t.Errorf("%+v", e)
			}
			for _, m := range e.Mentions {
				if m == "" || len(m) > maxName || !strings.Contains(text+name, m) {
					t.Errorf("mentions %q", m)
				}
			}
		}
	})
}

func BenchmarkMayConcern(b *testing.B) {
	n := NewNames([]string{"GoogleUpdateTaskMachineCore.job", "At1.job"})
	chunk := make([]byte, evtx.ChunkSize)
	for i := range len(chunk) / 4 {
		binary.LittleEndian.PutUint32(chunk[4*i:], uint32(i)*2654435761)
	}
	copy(chunk[1000:], wide(`TaskName \Microsoft\Windows\Defrag\ScheduledDefrag`))
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		n.mayConcern(chunk)
	}
}
