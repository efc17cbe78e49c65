package scan

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/format/evtx"
	"github.com/jobscan/jobscan/internal/isolate"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/eventlog"
	"github.com/jobscan/jobscan/internal/source/mft"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/internal/wtf8"
	"github.com/jobscan/jobscan/ntfs"
)

// decoderLimits bound the process that decodes event logs; a chunk of 64 KiB
// needs a few megabytes and milliseconds.
var decoderLimits = isolate.Limits{Memory: 512 << 20, Time: 20 * time.Second, Output: 16 << 20}

// Bounds of what event logs may cost and say.
const (
	maxLogs   = 256 // of one volume
	maxDeaths = 3   // of the decoder, in one reading of a volume's logs
	// maxReadings is how often the logs are read for the sake of tasks that they
	// themselves showed to be jobs.
	maxReadings = 3
	// maxLogBytes are looked through, maxDecoded chunks decoded, of one volume.
	maxLogBytes = 8 << 30
	maxDecoded  = 1 << 14
	// maxLogEntries is after how many events about jobs no further log is read.
	maxLogEntries = 100_000
)

// orEventLog lets the names of event logs through. It is asked of every name on
// the volume: the last four characters, as one word, turn nearly all away.
func orEventLog(want func(name []byte) bool) func([]byte) bool {
	const (
		evtx  = 'e' | 'v'<<16 | 't'<<32 | 'x'<<48
		evt   = '.' | 'e'<<16 | 'v'<<32 | 't'<<48
		lower = 0x20 | 0x20<<16 | 0x20<<32 | 0x20<<48
	)
	return func(name []byte) bool {
		if want(name) {
			return true
		}
		n := len(name)
		if n <= 8 {
			return false
		}
		last := binary.LittleEndian.Uint64(name[n-8:]) | lower
		return (last == evtx || last == evt) && eventlog.IsLog(wtf8.FromLE(name))
	}
}

// eventLog is one log on the volume, with what it told.
type eventLog struct {
	file *ntfs.File
	path winpath.Path
	log  eventlog.Log
}

// old reports a log of Windows XP or 2003.
func (l *eventLog) old() bool { return eventlog.IsOldLog(l.path.Name()) }

// readEventLogs reads the logs of the volume that tell of tasks. What they say of
// a task can make it one to look for; then they are read once more.
func (s *volumeScan) readEventLogs(ctx context.Context, events []*event.Event) error {
	s.chooseLogs()
	s.requireDecoder()
	if len(s.eventLogs) == 0 {
		return nil
	}
	s.taskNames = eventlog.NewNames(taskFiles(events))
	decoder := &chunkDecoder{command: s.opts.EventLogDecoder}
	defer decoder.close()
	for reading, again := 0, true; again && reading < maxReadings; reading++ {
		again = false
		decoder.deaths = 0
		entries, size := 0, int64(0)
		for _, l := range s.eventLogs {
			if n, ok := l.file.Size(); ok {
				size += n
			}
			if size > maxLogBytes {
				s.logProblem(l, fmt.Errorf("not read: the logs of this volume have more than %d bytes", int64(maxLogBytes)))
				continue
			}
			if entries >= maxLogEntries {
				s.logProblem(l, fmt.Errorf("not read: other logs have %d events about jobs already", entries))
				continue
			}
			log, problems, err := s.readEventLog(ctx, l, decoder)
			if err != nil {
				return err
			}
			log.Entries = append(l.log.Entries, log.Entries...) // what another reading found stays found
			l.log = log
			entries += len(log.Entries)
			for _, err := range problems {
				s.logProblem(l, err)
			}
		}
		for _, l := range s.eventLogs {
			again = s.taskNames.Learn(l.log.Entries) || again
		}
	}
	for _, l := range s.eventLogs {
		s.coverage.Artifacts = append(s.coverage.Artifacts, l.coverage(s.drive))
		tellSaves(l.log.Entries, events)
	}
	return nil
}

// requireDecoder leaves out the logs that need a decoder where there is none.
func (s *volumeScan) requireDecoder() {
	if s.opts.EventLogDecoder.Available() {
		return
	}
	i := slices.IndexFunc(s.eventLogs, func(l *eventLog) bool { return !l.old() })
	if i < 0 {
		return
	}
	s.logProblem(s.eventLogs[i], errors.New("event logs are not read: there is no command to decode them with"))
	s.eventLogs = slices.DeleteFunc(s.eventLogs, func(l *eventLog) bool { return !l.old() })
}

// readEventLog reads one log, by a decoder where its format needs one.
func (s *volumeScan) readEventLog(ctx context.Context, l *eventLog, d *chunkDecoder) (eventlog.Log, []error, error) {
	if l.old() {
		return eventlog.ReadOld(ctx, s.volume.NTFS, l.file)
	}
	return eventlog.Read(ctx, s.volume.NTFS, l.file, s.taskNames, d.decode)
}

// tellSaves tells registrations from changes, where old logs have one event for
// both: a job that came within a minute was registered, one that only changed
// then was changed.
func tellSaves(entries []eventlog.Entry, events []*event.Event) {
	if !slices.ContainsFunc(entries, func(e eventlog.Entry) bool { return e.IsSave() }) {
		return
	}
	came, changed := make(taskTimes), make(taskTimes)
	for _, o := range events {
		if !isTaskFile(o.Path) {
			continue
		}
		switch task, _ := eventlog.TaskOf(o.Path.Name()); {
		case o.Action.Arrives():
			came[task] = append(came[task], o.Time)
		case o.Action == event.Modification:
			changed[task] = append(changed[task], o.Time)
		}
	}
	came.sort()
	changed.sort()
	for i := range entries {
		if e := &entries[i]; e.IsSave() && !came.near(e) && changed.near(e) {
			e.Kind = eventlog.Updated
		}
	}
}

// taskTimes are when something happened to the files of tasks, by the name of the
// task in lower case.
type taskTimes map[string][]wintime.Filetime

func (t taskTimes) sort() {
	for _, times := range t {
		slices.Sort(times)
	}
}

// near reports one of the times within a minute of an event of its task.
func (t taskTimes) near(e *eventlog.Entry) bool {
	times := t[strings.ToLower(e.Task)]
	i, _ := slices.BinarySearch(times, e.Time-min(e.Time, agreeWithin))
	return i < len(times) && times[i] <= e.Time+agreeWithin
}

// chooseLogs keeps the logs in the folder where this Windows, or one before it,
// wrote them: a copy elsewhere may be of another machine.
func (s *volumeScan) chooseLogs() {
	found, elsewhere := s.eventLogs, 0
	s.eventLogs = nil
	for _, l := range found {
		l.path = s.pathOf(l.file)
		switch {
		case !l.atHome() && l.path.Complete() && elsewhere >= maxLogs:
			elsewhere++
		case !l.atHome() && l.path.Complete():
			elsewhere++
			s.coverage.Artifacts = append(s.coverage.Artifacts,
				"event log "+l.path.WithDrive(s.drive)+": not read, since it does not lie where Windows keeps its logs")
		case len(s.eventLogs) >= maxLogs:
			s.logProblem(l, fmt.Errorf("more than %d event logs: %s is not read", maxLogs, l.path.Name()))
		default:
			s.eventLogs = append(s.eventLogs, l)
		}
	}
	if elsewhere > maxLogs {
		s.coverage.Artifacts = append(s.coverage.Artifacts, fmt.Sprintf("%d further event logs that do not lie where Windows keeps its logs: not read", elsewhere-maxLogs))
	}
}

// atHome reports a log that lies where Windows writes it.
func (l *eventLog) atHome() bool {
	if l.old() {
		return inFolder(l.path, "System32", "config")
	}
	return inFolder(l.path, "System32", "winevt", "Logs")
}

// inFolder reports a path whose last folders are these.
func inFolder(path winpath.Path, folders ...string) bool {
	for _, folder := range slices.Backward(folders) {
		if path = path.Parent(); path.Len() == 0 || !strings.EqualFold(path.Name(), folder) {
			return false
		}
	}
	return true
}

// pathOf is where a file lies now, by its first name that is not a short one.
func (s *volumeScan) pathOf(f *ntfs.File) winpath.Path {
	for _, n := range f.Names() {
		if n.Namespace != ntfs.NamespaceDOS {
			return s.paths.Path(event.Name{Parent: n.Parent, Name: n.Name}, math.MaxInt64)
		}
	}
	return winpath.Path{Broken: "the log has no readable name", Gap: "?"}
}

// logProblem tells what of a log could not be read. It is a warning: what is lost
// are runs, not files.
func (s *volumeScan) logProblem(l *eventLog, err error) {
	if l.path.Len() > 0 {
		err = fmt.Errorf("%s: %w", l.path.Name(), err)
	}
	p := s.recordProblem(l.file.Record.Number, err)
	p.Source = string(l.source())
	p.Severity = report.SeverityWarning
	s.problems = append(s.problems, p)
}

func (l *eventLog) source() event.Source {
	if strings.EqualFold(l.path.Name(), eventlog.OperationalLog) {
		return event.TaskScheduler
	}
	return event.Security
}

// coverage says from when to when the log would have told of a run.
func (l *eventLog) coverage(drive byte) string {
	text := "event log " + l.path.WithDrive(drive)
	if !l.file.InUse() {
		text += " (deleted)"
	}
	if l.log.Empty() {
		return text + ": no readable part"
	}
	return fmt.Sprintf("%s: records %d to %d, from %s to %s", text, l.log.FirstID, l.log.LastID, l.log.FirstTime, l.log.LastTime)
}

// taskFiles are the names of the files that were in a folder for jobs.
func taskFiles(events []*event.Event) []string {
	var out []string
	for _, e := range events {
		if e.Action.Arrives() && isTaskFile(e.Path) {
			out = append(out, e.Path.Name())
		}
	}
	return out
}

// isTaskFile reports a job in a folder Tasks, or in one that is not known.
func isTaskFile(path winpath.Path) bool {
	return mft.IsJob(path.Name()) && (inFolder(path, "Tasks") || path.Len() == 1 && !path.Complete())
}

// chunkDecoder has chunks decoded in a process of its own, which it starts when
// it is first needed and again when it died.
type chunkDecoder struct {
	command isolate.Command
	child   *isolate.Child
	deaths  int
	decoded int
}

func (d *chunkDecoder) decode(ctx context.Context, chunk []byte) ([]evtx.Event, error) {
	if d.decoded++; d.decoded > maxDecoded {
		return nil, fmt.Errorf("more than %d parts of event logs concern jobs: %w", maxDecoded, eventlog.ErrGiveUp)
	}
	if d.deaths >= maxDeaths {
		return nil, fmt.Errorf("the decoder has died %d times: %w", d.deaths, eventlog.ErrGiveUp)
	}
	if d.child == nil {
		var err error
		if d.child, err = d.command.Start(decoderLimits); err != nil {
			return nil, fmt.Errorf("%w: %w", err, eventlog.ErrGiveUp)
		}
	}
	lines, err := d.child.Ask(ctx, chunk)
	if !d.child.Alive() {
		d.child = nil
		if d.deaths++; d.deaths >= maxDeaths {
			err = fmt.Errorf("%w; that was death %d of the decoder: %w", err, d.deaths, eventlog.ErrGiveUp)
		}
	}
	var events []evtx.Event
	for _, line := range lines {
		var e evtx.Event
		if bad := json.Unmarshal(line, &e); bad != nil {
			return events, errors.Join(err, bad)
		}
		events = append(events, e)
	}
	return events, err
}

func (d *chunkDecoder) close() { d.child.Close() }
