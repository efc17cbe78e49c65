// Package runs gathers testimony that jobs ran: the log SchedLgU.txt of the Task
// Scheduler service and the last run that a job file holds of itself. Both give
// local times of the machine and no zone; the package keeps them as they stand
// and says so.
package runs

import (
	"fmt"
	"strings"
	"time"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/format/schedlgu"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
)

// LogName is the name of the service's log, in the Windows folder or in Tasks.
const LogName = "SchedLgU.txt"

// maxLog bounds what is read of a log, in bytes. Windows keeps it at 32 KiB
// unless told otherwise.
const maxLog = 16 << 20

// Run is one execution of a job.
type Run struct {
	Job    string           // name of the job file
	Local  wintime.Filetime // the local clock, written as if it were UTC
	Detail string           // for a person
	Offset int64            // bytes in the log
	// Doubt says why the time may be another; "" if only the zone is missing.
	Doubt string
}

// FromLog reads the runs of a log. The error says what could not be read; the
// runs that could be are given all the same.
func FromLog(v *ntfs.Volume, f *ntfs.File) ([]Run, error) {
	content, err := v.Contents(f, maxLog)
	if err != nil {
		return nil, err
	}
	log, err := schedlgu.Parse(content.Data)
	if err != nil {
		return nil, err
	}
	var out []Run
	for _, run := range log.Runs() {
		if r, ok := describe(run); ok {
			out = append(out, r)
		}
	}
	if !content.Complete {
		return out, fmt.Errorf("%s could not be read whole: runs that it told of may be missing", LogName)
	}
	return out, nil
}

func describe(run schedlgu.Run) (Run, bool) {
	first := run.Start
	if first == nil {
		first = run.Finish
	}
	if first == nil || len(first.Times) == 0 {
		return Run{}, false
	}
	r := Run{Job: run.Name, Local: filetime(first.Times[0]), Offset: int64(first.Offset)}
	if len(first.Times) > 1 {
		r.Doubt = fmt.Sprintf("day and month of %q may be either way round: also %s", first.TimeText, first.Times[1])
	}
	r.Detail = sentence(run)
	return r, true
}

func sentence(run schedlgu.Run) string {
	var parts []string
	if run.Program != "" {
		parts = append(parts, "ran "+run.Program)
	}
	if run.Start != nil {
		parts = append(parts, "started "+run.Start.TimeText)
	}
	if run.Finish != nil {
		parts = append(parts, "finished "+run.Finish.TimeText)
	}
	if run.ExitCode != "" {
		parts = append(parts, "exit code "+run.ExitCode)
	}
	return strings.Join(parts, ", ")
}

func filetime(t schedlgu.LocalTime) wintime.Filetime {
	return wintime.FromTime(time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute, t.Second, 0, time.UTC))
}

// FromJob gives the last run that a job file holds of itself.
func FromJob(name string, j *jobfile.Job) (Run, bool) {
	t := j.LastRun
	if t.IsZero() || !t.Valid() {
		return Run{}, false
	}
	at := time.Date(int(t.Year), time.Month(t.Month), int(t.Day), int(t.Hour), int(t.Minute), int(t.Second),
		int(t.Millisecond)*int(time.Millisecond), time.UTC)
	return Run{Job: name, Local: wintime.FromTime(at),
		Detail: fmt.Sprintf("last run of the job file: %s, exit code %#x", j.CommandLine(), j.ExitCode)}, true
}

// Event makes the event of a run of a file.
func (r Run) Event(file *event.File, source event.Source) *event.Event {
	e := &event.Event{Action: event.Execution, Time: r.Local, Order: -1, File: file}
	e.Support = []event.Support{{Source: source, Volume: file.Volume, Reference: file.Reference,
		Offset: r.Offset, Time: r.Local, Detail: r.Detail}}
	e.Anomalies = []event.Anomaly{{Code: "local_time",
		Detail: "the time is the machine's local time; its zone is not recorded with it"}}
	if r.Doubt != "" {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "ambiguous_date", Detail: r.Doubt})
	}
	return e
}
