package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/format/evt"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/ntfs"
)

// OldSecurityLog is the Security log of Windows XP and 2003.
const OldSecurityLog = "SecEvent.Evt"

// IsOldLog reports the name of a log of Windows XP and 2003 that tells of tasks,
// in any case.
func IsOldLog(name string) bool { return strings.EqualFold(name, OldSecurityLog) }

const (
	// maxOldSize bounds the part of an old log that is read, in bytes.
	maxOldSize = 64 << 20
	// taskSaved is the event "Scheduled Task created". It is logged when a job
	// file is written by the scheduler, also when a task is changed.
	taskSaved   = 602
	auditSource = "Security"
)

// ReadOld reads the unnamed stream of a log of Windows XP or 2003: of each job
// that the log shows to have been registered or changed, an entry. The errors say
// what could not be read; what could be is given all the same. Of a deleted log
// whatever holds together is used, and nothing of it is an error. Only the
// context's error means that the reading was broken off.
func ReadOld(ctx context.Context, v *ntfs.Volume, f *ntfs.File) (Log, []error, error) {
	r := reader{ctx: ctx, deleted: !f.InUse()}
	s, err := openLog(v, f)
	if err != nil {
		return Log{}, []error{err}, nil
	}
	r.oldLog(r.whole(s))
	if r.moreProblems > 0 {
		r.problems = append(r.problems, fmt.Errorf("%d further problems of this log", r.moreProblems))
	}
	return r.log, r.problems, ctx.Err()
}

// whole reads a log at once; holes and what is not in the evidence are zeros.
func (r *reader) whole(s content) []byte {
	if s.size > maxOldSize {
		r.problem(&parse.Error{Structure: "event log", Field: "size", Offset: maxOldSize, Err: parse.ErrUnsupported,
			Detail: fmt.Sprintf("%d bytes, of which the first %d are read", s.size, maxOldSize)})
	}
	log := make([]byte, min(s.size, maxOldSize))
	for _, e := range s.extents {
		if e.Lost && !r.deleted {
			r.problem(&parse.Error{Structure: "event log", Offset: e.Offset, Err: parse.ErrTruncated,
				Detail: fmt.Sprintf("%d bytes are not in the evidence", e.Length)})
		}
		end := min(e.Offset+e.Length, int64(len(log)))
		if e.Physical < 0 || e.Offset >= end {
			continue
		}
		if n, err := s.ReadAt(log[e.Offset:end], e.Offset); err != nil && !errors.Is(err, io.EOF) {
			clear(log[e.Offset+int64(n) : end])
			if !r.deleted {
				r.problem(err)
			}
		}
	}
	return log
}

// oldLog walks over the records and keeps those that tell of jobs.
func (r *reader) oldLog(log []byte) {
	if _, err := evt.ParseHeader(log); err != nil && !r.deleted && len(log) > 0 {
		r.problem(err)
	}
	for rec, err := range evt.Records(log) {
		switch {
		case r.ctx.Err() != nil || r.givenUp:
			return
		case err != nil:
			if !r.deleted {
				r.problem(err)
			}
			continue
		}
		if !rec.Remnant {
			r.coverOld(rec)
		}
		if rec.Code() != taskSaved {
			continue
		}
		e, err := evt.ParseEvent(log, rec)
		if err != nil {
			if !r.deleted {
				r.problem(err)
			}
			continue
		}
		r.saved(rec, e)
	}
}

// coverOld widens what the log covers.
func (r *reader) coverOld(rec evt.Record) {
	l, id := &r.log, uint64(rec.Number)
	if l.Records == 0 || id < l.FirstID {
		l.FirstID = id
	}
	if l.Records == 0 || rec.Generated < l.FirstTime {
		l.FirstTime = rec.Generated
	}
	l.LastID, l.LastTime = max(l.LastID, id), max(l.LastTime, rec.Generated)
	l.Records++
}

func (r *reader) saved(rec evt.Record, e evt.Event) {
	entry, ok := savedTask(e)
	if !ok {
		return
	}
	if len(r.log.Entries) >= maxEntriesInLog {
		r.givenUp = true
		r.problem(errTooMany)
		return
	}
	entry.EventID, entry.RecordID, entry.Offset, entry.Time = taskSaved, uint64(rec.Number), int64(rec.Offset), rec.Generated
	r.log.Entries = append(r.log.Entries, entry)
}

// savedTask understands the audit of a saved task. Its text has, in this order:
// file, command, triggers, next run, flags, account of the task; name, domain and
// logon session of who saved it. The log has the strings without their titles,
// so they are given meanings only where there are as many and the last looks like
// a logon session; otherwise the file alone is known, by its name.
func savedTask(e evt.Event) (Entry, bool) {
	const command, triggers, account, user, domain, session, all = 1, 2, 5, 6, 7, 8, 9
	at := slices.IndexFunc(e.Strings, isJobFile)
	if !strings.EqualFold(e.Source, auditSource) || at < 0 {
		return Entry{}, false
	}
	file := e.Strings[at]
	entry := Entry{Kind: Registered, Source: event.Security, Path: clip(file), User: e.SID}
	folder, name := "", file
	if i := strings.LastIndexByte(file, '\\'); i >= 0 {
		folder, name = file[:i], file[i+1:]
	}
	if task := name[:len(name)-len(jobExtension)]; task != "" && len(task) <= maxName && inTasks(folder) {
		entry.Task = task
		entry.Proof = "the event names " + entry.Path
	}
	if len(e.Strings) != all || at != 0 || !isSession(e.Strings[session]) {
		entry.Said = "its strings: " + clip(strings.Join(e.Strings, " | "))
		return entry, true
	}
	entry.Program = clip(e.Strings[command])
	if e.Strings[user] != "" {
		entry.User = clip(strings.TrimPrefix(e.Strings[domain]+`\`+e.Strings[user], `\`))
	}
	entry.Said = clip("triggers: " + e.Strings[triggers] + "; account: " + e.Strings[account])
	return entry, true
}

// IsSave reports the event of an old log that tells both of a task's registration
// and of its changes, as one.
func (e *Entry) IsSave() bool { return e.Source == event.Security && e.EventID == taskSaved }

const jobExtension = ".job"

func isJobFile(s string) bool {
	return len(s) > len(jobExtension) && strings.EqualFold(s[len(s)-len(jobExtension):], jobExtension)
}

// inTasks reports the folder of the scheduler, or none.
func inTasks(folder string) bool {
	return folder == "" || strings.EqualFold(folder[strings.LastIndexByte(folder, '\\')+1:], "Tasks")
}

// isSession reports a logon session as such logs write it, "(0x0,0x158EB7)".
func isSession(s string) bool {
	return strings.HasPrefix(s, "(0x") && strings.HasSuffix(s, ")") && strings.Contains(s, ",0x")
}
