package eventlog

import (
	"strings"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/format/evtx"
	"github.com/jobscan/jobscan/internal/wintime"
)

// Kind says what an event tells of a task.
type Kind uint8

// The kinds.
const (
	Registered Kind = iota
	Updated
	Deleted
	Enabled
	Disabled
	ProcessCreated
	Started         // an instance of the task
	Completed       // an instance of the task
	ActionStarted   // a program of the instance
	ActionCompleted // a program of the instance
)

// IsRun reports that the event belongs to a run.
func (k Kind) IsRun() bool { return k >= ProcessCreated }

// Entry is one event about the task of a job, or one that names a job's file.
type Entry struct {
	Kind     Kind
	Source   event.Source
	EventID  uint32
	RecordID uint64
	Offset   int64            // of the record in the log, bytes
	Time     wintime.Filetime // UTC
	Task     string           // without the backslash before it; "" if it lies not in the root folder
	Path     string           // of the task, as it stands; in old logs of its file
	// User is who registered, changed or deleted the task, or whom it ran for.
	User string
	// Of runs, as far as the event has them.
	Program, Process, Result, Instance string
	// Proof says why the task is a job, where the event itself shows it.
	Proof string
	// Mentions are the base names of jobs in \Windows\Tasks that the event names,
	// other than that of its own task.
	Mentions []string
	// Said is what else the event of an old log says, in its words.
	Said string
}

// Providers of the events.
const (
	schedulerProvider = "Microsoft-Windows-TaskScheduler"
	securityProvider  = "Microsoft-Windows-Security-Auditing"
)

var schedulerKinds = map[uint32]Kind{
	100: Started, 102: Completed, 106: Registered, 129: ProcessCreated, 140: Updated, 141: Deleted,
	200: ActionStarted, 201: ActionCompleted,
}

var securityKinds = map[uint32]Kind{4698: Registered, 4699: Deleted, 4700: Enabled, 4701: Disabled, 4702: Updated}

// entryOf understands an event; ok is false for one that is not about a task.
func entryOf(e *evtx.Event) (entry Entry, ok bool) {
	entry = Entry{EventID: e.ID, RecordID: e.RecordID, Time: e.Time}
	switch e.Provider {
	case schedulerProvider:
		entry.Kind, ok = schedulerKinds[e.ID]
		entry.Source = event.TaskScheduler
	case securityProvider:
		entry.Kind, ok = securityKinds[e.ID]
		entry.Source = event.Security
	}
	if !ok {
		return Entry{}, false
	}
	if entry.Path, ok = e.Get("TaskName"); !ok || entry.Path == "" {
		return Entry{}, false
	}
	if name, root := strings.CutPrefix(entry.Path, `\`); root && len(name) <= maxName && !strings.Contains(name, `\`) {
		entry.Task = name
	}
	entry.Path = clip(entry.Path)
	entry.User = clip(user(e))
	entry.Program = clip(first(e, "Path", "ActionName"))
	entry.Process = clip(first(e, "ProcessID", "ProcessId"))
	entry.Result = clip(first(e, "ResultCode"))
	entry.Instance = clip(strings.Trim(first(e, "InstanceId", "TaskInstanceId"), "{}"))
	entry.judge(e)
	return entry, true
}

// judge looks for what makes the task of an event, or another, a job.
func (entry *Entry) judge(e *evtx.Event) {
	if entry.Task != "" {
		if isAt(entry.Task) {
			entry.Proof = "tasks of this name are made by at.exe as jobs"
		}
		definition := first(e, "TaskContent", "TaskContentNew")
		if v := taskVersion(definition); v == "1.0" || v == "1.1" {
			entry.Proof = "its definition is of version " + v + ", that of tasks with a job file"
		}
	}
	for _, d := range e.Data {
		for _, name := range jobsIn(d.Value) {
			if entry.Task != "" && strings.EqualFold(name, entry.Task) {
				entry.Proof = `the event names \Windows\Tasks\` + name + ".job"
			} else if len(entry.Mentions) < maxMentions {
				entry.Mentions = append(entry.Mentions, name)
			}
		}
	}
}

const (
	maxMentions    = 8
	maxDeclaration = 512 // characters before the element Task
)

// taskVersion gives the version of a task's definition, the attribute of its
// element Task: 1.0 for tasks that at.exe makes and 1.1 for those made by writing
// a job file; 1.2 and later have none ([MS-TSCH] 1.7 and 3.2.1).
func taskVersion(definition string) string {
	_, rest, found := strings.Cut(definition[:min(len(definition), maxDeclaration)], "<Task ")
	if !found {
		return ""
	}
	rest, _, _ = strings.Cut(rest, ">")
	_, rest, found = strings.Cut(rest, `version="`)
	if !found {
		return ""
	}
	version, _, found := strings.Cut(rest, `"`)
	if !found {
		return ""
	}
	return version
}

const tasksFolder = `\windows\tasks\`

// jobsIn gives the base names of the jobs in \Windows\Tasks that a text names.
func jobsIn(text string) []string {
	var out []string
	lower := asciiLower(text)
	for from := 0; ; {
		i := strings.Index(lower[from:], tasksFolder)
		if i < 0 {
			return out
		}
		from += i + len(tasksFolder)
		name := lower[from:min(len(lower), from+maxName+len(".job"))]
		if end := strings.IndexAny(name, "\\/:*?\"<>|\r\n"); end >= 0 {
			name = name[:end]
		}
		if end := strings.Index(name, ".job"); end > 0 {
			out = append(out, strings.Clone(text[from:from+end])) // the text can be large
		}
	}
}

const (
	// maxName bounds the name of a job without its extension, in bytes.
	maxName = 251
	// maxValue bounds the values of an event that are kept, in bytes.
	maxValue = 512
)

// clip cuts a value that is too long, between characters, and marks the cut.
func clip(s string) string {
	if len(s) <= maxValue {
		return s
	}
	at := maxValue
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return s[:at] + "…"
}

// asciiLower keeps all offsets, also of bytes that are no text.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// user is who the event says did it, or whom the run was for.
func user(e *evtx.Event) string {
	if u := first(e, "UserContext", "UserName"); u != "" {
		return u
	}
	name, domain := first(e, "SubjectUserName"), first(e, "SubjectDomainName")
	switch {
	case name == "":
		return first(e, "SubjectUserSid")
	case domain == "":
		return name
	}
	return domain + `\` + name
}

// first is the first of some values that is there and not empty.
func first(e *evtx.Event, names ...string) string {
	for _, n := range names {
		if v, _ := e.Get(n); v != "" {
			return v
		}
	}
	return ""
}
