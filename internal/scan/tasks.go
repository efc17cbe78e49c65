package scan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/correlate"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/source/eventlog"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
)

const (
	// agreeWithin is how far apart a task's event and a file's may lie, in ticks
	// of 100 ns, to be of one deed.
	agreeWithin = 60 * 10_000_000
	// maxTasksTold bounds the lines of the summary about tasks.
	maxTasksTold = 100
	// maxTaskJobs bounds how many times the job of one task is known to have come.
	maxTaskJobs = 4096
)

// taskJob is a file while it was the job of a task.
type taskJob struct {
	file     *event.File
	path     winpath.Path
	from, to wintime.Filetime
}

// at reports that the file was there at a time, give or take some ticks.
func (j *taskJob) at(t, slack wintime.Filetime) bool {
	return t+slack >= j.from && (j.to > math.MaxUint64-slack || t <= j.to+slack)
}

// taskJobs finds the jobs of tasks, by the name of the task in lower case.
type taskJobs struct {
	byTask map[string][]*taskJob
	events map[string][]*event.Event // of the task's jobs under its name, in time order
	logged map[string]*taskJob       // known from a log alone
	volume int
}

// newTaskJobs follows the files concerned from arrival to departure. The events
// are in time order.
func newTaskJobs(events []*event.Event, concerned map[*event.File]bool, volume int) *taskJobs {
	t := &taskJobs{byTask: make(map[string][]*taskJob), events: make(map[string][]*event.Event), logged: make(map[string]*taskJob), volume: volume}
	open := make(map[*event.File][]*taskJob)
	for _, e := range events {
		if !concerned[e.File] {
			continue
		}
		if e.Action == event.Deletion || e.Action == event.Rename {
			open[e.File] = slices.DeleteFunc(open[e.File], func(j *taskJob) bool {
				gone := e.Path.Equal(j.path) && e.Action == event.Deletion || e.Previous != nil && e.Previous.Equal(j.path)
				if gone {
					j.to = e.Time
				}
				return gone
			})
		}
		if !isTaskFile(e.Path) {
			continue
		}
		task, _ := eventlog.TaskOf(e.Path.Name())
		t.events[task] = append(t.events[task], e)
		if e.Action.Arrives() && len(t.byTask[task]) < maxTaskJobs {
			j := &taskJob{file: e.File, path: e.Path, from: e.Time, to: math.MaxUint64}
			open[e.File] = append(open[e.File], j)
			t.byTask[task] = append(t.byTask[task], j)
		}
	}
	return t
}

// find gives the one file that was the task's job at a time.
func (t *taskJobs) find(task string, at wintime.Filetime) *taskJob {
	for _, slack := range []wintime.Filetime{0, agreeWithin} {
		var found *taskJob
		for _, j := range t.byTask[strings.ToLower(task)] {
			if !j.at(at, slack) {
				continue
			}
			if found != nil && found.file != j.file {
				return nil
			}
			found = j
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// known reports a task whose job some trace of the volume shows.
func (t *taskJobs) known(task string) bool { return len(t.byTask[strings.ToLower(task)]) > 0 }

// alone gives the job of a task of which no trace is left at that time.
func (t *taskJobs) alone(task string, folder winpath.Path) *taskJob {
	key := strings.ToLower(folder.WithDrive(0) + `\` + task)
	if j := t.logged[key]; j != nil {
		return j
	}
	j := &taskJob{file: &event.File{Volume: t.volume, State: event.Overwritten, Size: -1}, path: folder.Child(task + ".job")}
	t.logged[key] = j
	return j
}

// tasksTold joins what the event logs tell with the files concerned: runs become
// events, the rest supports the events that it agrees with. What agrees with none
// is told in the summary.
func (s *volumeScan) tasksTold(events []*event.Event, concerned map[*event.File]bool) []*event.Event {
	if len(s.eventLogs) == 0 || s.taskNames == nil {
		return nil
	}
	jobs := newTaskJobs(events, concerned, s.volume.Index)
	entries, logs := s.distinctEntries()
	var out []*event.Event
	var told []toldTask
	for _, run := range eventlog.Runs(entries) {
		e := s.runEvent(run, jobs, logs)
		if e == nil {
			continue
		}
		out = append(out, e)
		if !s.opts.Timeline && e.File.Reference == 0 { // no finding shows it
			told = append(told, toldTask{e.Time, e.Time.String() + " " + e.Support[0].Detail})
		}
	}
	for i := range entries {
		e := &entries[i]
		if !e.Kind.IsRun() && !s.support(e, jobs, logs) {
			told = append(told, toldTask{e.Time, s.unsupported(e, jobs, logs[place(e)])})
		}
	}
	s.tell(told)
	return out
}

// toldTask is a line of the summary.
type toldTask struct {
	time wintime.Filetime
	text string
}

func (s *volumeScan) tell(told []toldTask) {
	slices.SortStableFunc(told, func(a, b toldTask) int { return cmp.Compare(a.time, b.time) })
	for i, t := range told {
		if i == maxTasksTold {
			s.coverage.Artifacts = append(s.coverage.Artifacts, fmt.Sprintf("%d further events about tasks", len(told)-i))
			return
		}
		s.coverage.Artifacts = append(s.coverage.Artifacts, t.text)
	}
}

// entryPlace tells one event from all others, also when an archive and the log
// itself both hold it.
type entryPlace struct {
	source event.Source
	id     uint32
	record uint64
	time   wintime.Filetime
}

func place(e *eventlog.Entry) entryPlace {
	return entryPlace{e.Source, e.EventID, e.RecordID, e.Time}
}

// distinctEntries gives the events of all logs, each once, and its log.
func (s *volumeScan) distinctEntries() ([]eventlog.Entry, map[entryPlace]*eventLog) {
	var out []eventlog.Entry
	logs := make(map[entryPlace]*eventLog)
	for _, l := range s.eventLogs {
		for _, e := range l.log.Entries {
			if logs[place(&e)] == nil {
				logs[place(&e)] = l
				out = append(out, e)
			}
		}
	}
	return out, logs
}

// runEvent makes the event of a run of a job; nil for a task of which nothing
// shows that it was one.
func (s *volumeScan) runEvent(run *eventlog.Run, jobs *taskJobs, logs map[entryPlace]*eventLog) *event.Event {
	first := &run.Entries[0]
	detail := run.Sentence()
	j := jobs.find(run.Task, run.Time())
	if j == nil {
		why := s.provesJob(run.Task, run.Time())
		if jobs.known(run.Task) {
			why = "no file of this name is known to have been there then"
		}
		if why == "" {
			return nil
		}
		detail += "; " + why
		j = jobs.alone(run.Task, tasksFolderOf(logs[place(first)]))
	}
	support := s.testimonyOf(first, logs)
	support.Detail = detail + " (" + whereRun(run, logs) + ")"
	return &event.Event{Action: event.Execution, Time: run.Time(), Order: -1, File: j.file, Path: j.path, Support: []event.Support{support}}
}

// whereRun names the events of a run and their records, log by log.
func whereRun(run *eventlog.Run, logs map[entryPlace]*eventLog) string {
	var parts []string
	for rest := run.Entries; len(rest) > 0; {
		l := logs[place(&rest[0])]
		var ids, records []string
		for len(rest) > 0 && logs[place(&rest[0])] == l {
			ids = append(ids, strconv.FormatUint(uint64(rest[0].EventID), 10))
			records = append(records, strconv.FormatUint(rest[0].RecordID, 10))
			rest = rest[1:]
		}
		parts = append(parts, fmt.Sprintf("events %s, records %s of %s", strings.Join(ids, ", "), strings.Join(records, ", "), l.path.Name()))
	}
	return strings.Join(parts, "; ")
}

// provesJob says why a task of which no file is known was a job, "" if nothing
// shows it.
func (s *volumeScan) provesJob(task string, at wintime.Filetime) string {
	probe := eventlog.Entry{Task: task}
	if probe.IsAt() {
		return "at.exe makes tasks of this name, as jobs"
	}
	if since, ok := s.taskNames.Proven(task); ok && at+agreeWithin >= since {
		return "the Security log shows that the task was registered as a job"
	}
	return ""
}

// testimonyOf is the support that an event of a log gives.
func (s *volumeScan) testimonyOf(e *eventlog.Entry, logs map[entryPlace]*eventLog) event.Support {
	l := logs[place(e)]
	return event.Support{Source: e.Source, Volume: s.volume.Index, Reference: l.file.Reference(), Offset: e.Offset, Time: e.Time,
		Detail: fmt.Sprintf("%s (%s)", e.Sentence(), whereOf(e, l))}
}

func whereOf(e *eventlog.Entry, l *eventLog) string {
	return fmt.Sprintf("event %d, record %d of %s", e.EventID, e.RecordID, l.path.Name())
}

// support adds an event about a task to the event of its file that it agrees
// with, and reports whether there is one.
func (s *volumeScan) support(e *eventlog.Entry, jobs *taskJobs, logs map[entryPlace]*eventLog) bool {
	if e.Task == "" {
		return false
	}
	list := jobs.events[strings.ToLower(e.Task)]
	first, _ := slices.BinarySearchFunc(list, e.Time-min(e.Time, agreeWithin), func(o *event.Event, t wintime.Filetime) int { return cmp.Compare(o.Time, t) })
	var best *event.Event
	for _, o := range list[first:] {
		if o.Time > e.Time+agreeWithin {
			break
		}
		if agrees(e.Kind, o.Action) && (best == nil || apart(o.Time, e.Time) < apart(best.Time, e.Time)) {
			best = o
		}
	}
	if best == nil {
		return false
	}
	best.Support = append(best.Support, s.testimonyOf(e, logs))
	return true
}

func apart(a, b wintime.Filetime) wintime.Filetime { return max(a, b) - min(a, b) }

// agrees: what is told of a task fits what happened to its file. A task is also
// updated in the course of its registration.
func agrees(kind eventlog.Kind, action event.Action) bool {
	switch kind {
	case eventlog.Registered:
		return action.Arrives()
	case eventlog.Deleted:
		return action == event.Deletion
	case eventlog.Updated, eventlog.Enabled, eventlog.Disabled:
		return action == event.Modification || action.Arrives()
	}
	return false
}

// unsupported tells of a task's event that agrees with nothing that happened to
// a file.
func (s *volumeScan) unsupported(e *eventlog.Entry, jobs *taskJobs, l *eventLog) string {
	text := e.Time.String() + " " + e.Sentence()
	switch {
	case e.Task == "":
	case jobs.known(e.Task):
		text += ": nothing happened to " + e.Task + ".job within a minute"
	case s.provesJob(e.Task, e.Time) != "":
		text += ": no trace of " + e.Task + ".job"
	}
	for _, name := range e.Mentions {
		text += `; names \Windows\Tasks\` + name + ".job"
		if !jobs.known(name) {
			text += ", of which there is no trace"
		}
	}
	return text + " (" + whereOf(e, l) + ")"
}

// tasksFolderOf is the folder of the jobs of the Windows that wrote a log.
func tasksFolderOf(l *eventLog) winpath.Path {
	path := l.path
	if !path.Complete() {
		path = winpath.Of("Tasks")
		path.Broken, path.Gap = "the folder of the log is not known", "?"
		return path
	}
	for range 4 {
		path = path.Parent()
	}
	return path.Child("Tasks")
}

// addRuns puts the runs of files into the lists of their events, in time order.
func addRuns(history map[*event.File][]*event.Event, runs []*event.Event) {
	for _, e := range runs {
		history[e.File] = append(history[e.File], e)
	}
	for _, e := range runs {
		slices.SortStableFunc(history[e.File], correlate.Compare)
	}
}
