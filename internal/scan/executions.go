package scan

import (
	"math"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/mft"
	"github.com/jobscan/jobscan/internal/source/runs"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/ntfs"
)

// executions finds the runs of the files concerned: those that their own
// content tells, and those that the scheduler's log tells, also of jobs that
// have left no other trace.
func (s *volumeScan) executions(events []*event.Event, concerned map[*event.File]bool) []*event.Event {
	jobs := newJobNames(events, concerned)
	var out []*event.Event
	for _, name := range jobs.order {
		for _, j := range jobs.byName[name] {
			s.recover(j.file)
			if c := j.file.Content; c != nil && c.Job != nil {
				if run, ok := runs.FromJob(j.path.Name(), c.Job); ok {
					e := run.Event(j.file, event.Job)
					e.Path = j.path
					out = append(out, e)
				}
			}
		}
	}
	for _, log := range s.logs {
		out = append(out, s.logged(log, jobs)...)
	}
	return out
}

// logged makes events of the runs in one log.
func (s *volumeScan) logged(log *ntfs.File, jobs *jobNames) []*event.Event {
	folder := s.tasksFolder(log)
	found, err := runs.FromLog(s.volume.NTFS, log)
	if err != nil {
		p := s.recordProblem(log.Record.Number, err)
		p.Source = string(event.SchedLgU)
		p.Severity = report.SeverityWarning
		s.problems = append(s.problems, p)
	}
	var out []*event.Event
	for _, run := range found {
		if !mft.IsJob(run.Job) {
			continue
		}
		j := jobs.of(run, s.volume.Index, folder)
		e := run.Event(j.file, event.SchedLgU)
		e.Path = j.path
		out = append(out, e)
	}
	return out
}

// job is a file with the path that it last had as a job.
type job struct {
	file *event.File
	path winpath.Path
}

// jobNames finds jobs by the name of their file, without regard to case.
type jobNames struct {
	byName map[string][]job
	order  []string
	logged map[string]job // known from a log alone
}

func newJobNames(events []*event.Event, concerned map[*event.File]bool) *jobNames {
	n := &jobNames{byName: make(map[string][]job), logged: make(map[string]job)}
	seen := make(map[*event.File]bool)
	for _, e := range events {
		if !concerned[e.File] || seen[e.File] || !e.Action.Arrives() || !mft.IsJob(e.Path.Name()) {
			continue
		}
		seen[e.File] = true
		n.add(job{e.File, e.Path})
	}
	return n
}

func (n *jobNames) add(j job) {
	key := strings.ToLower(j.path.Name())
	if n.byName[key] == nil {
		n.order = append(n.order, key)
	}
	n.byName[key] = append(n.byName[key], j)
}

// of gives the job that a run belongs to: the only one of its name, or one that
// the log alone knows, where none or several are known by that name.
func (n *jobNames) of(run runs.Run, volume int, folder winpath.Path) job {
	key := strings.ToLower(run.Job)
	if known := n.byName[key]; len(known) == 1 {
		return known[0]
	}
	if logged, ok := n.logged[key]; ok {
		return logged
	}
	j := job{file: &event.File{Volume: volume, State: event.Overwritten, Size: -1}, path: folder.Child(run.Job)}
	n.logged[key] = j
	return j
}

// tasksFolder is the folder of the jobs that a log speaks of: the log lies in
// it, or beside it.
func (s *volumeScan) tasksFolder(log *ntfs.File) winpath.Path {
	for _, n := range log.Names() {
		if n.Namespace == ntfs.NamespaceDOS {
			continue
		}
		path := s.paths.Path(event.Name{Parent: n.Parent, Name: n.Name}, math.MaxInt64).Parent()
		if !strings.EqualFold(path.Name(), "Tasks") {
			path = path.Child("Tasks")
		}
		return path
	}
	return winpath.Path{Broken: "the log has no readable name", Gap: "?"}
}
