// Package schedlgu reads SchedLgU.txt (SCHEDLOG.TXT on Windows 9x), the log of
// Task Scheduler 1.0: when the service and its tasks started and ended, with
// what exit code, and what failed. It proves runs of jobs that are deleted.
//
// The words of the log are those of the Windows installation's language and the
// dates those of its locale, so records are told apart by their shape first and
// by words of a few languages second. It knows the text alone, no job files,
// and takes every time for the local time that it is.
package schedlgu

import (
	"strings"

	"github.com/jobscan/jobscan/internal/parse"
)

// Kind says what a record is about.
type Kind string

// The kinds of records. KindOther is a record of known shape whose words are
// not known.
const (
	KindServiceStarted Kind = "service_started"
	KindServiceExited  Kind = "service_exited"
	KindJobStarted     Kind = "job_started"
	KindJobFinished    Kind = "job_finished"
	KindError          Kind = "error"
	KindWarning        Kind = "warning"
	KindFragment       Kind = "fragment" // what the wrap-around left of the oldest record
	KindOther          Kind = "other"
)

// Log is one decoded log, oldest record first.
type Log struct {
	Encoding string // "utf-16le" or "ansi"
	Wrapped  bool   // the log went round: the oldest record is likely cut
	Order    Order  // of day and month in its dates
	OrderBy  string // how Order is known: "year first", "field above 12", "order of records"; "" when it is not
	Records  []Record
}

// Record is one entry.
type Record struct {
	Kind    Kind
	Offset  int    // bytes from the start of the file
	Name    string // of the job file, or of the service
	Program string // as the log has it, usually without folder
	// TimeText is the date and time as written, "" when there is none.
	TimeText string
	// Times are the times that TimeText can mean: one, two where day and month
	// may be either way round, none where it is no date.
	Times []LocalTime
	// ExitCode is the text of the code in a result, "" without one. Its base is
	// not certain: "65" is 65 or 0x65.
	ExitCode string
	// ErrorCode is the HRESULT that an error or warning gives, HasErrorCode whether it does.
	ErrorCode    uint32
	HasErrorCode bool
	Lines        []string // the lines as written, without line ends
}

// Parse decodes a log. Input in which no record is found is an error
// (*parse.Error); a damaged record is kept as a fragment or as KindOther.
func Parse(b []byte) (*Log, error) {
	if len(b) == 0 {
		return nil, &parse.Error{Structure: "scheduler log", Err: parse.ErrTruncated, Detail: "the file is empty"}
	}
	lines, encoding := split(b)
	l := &Log{Encoding: encoding}
	lines, l.Wrapped = unroll(lines)
	l.Records = group(lines)
	known := false
	for _, r := range l.Records {
		known = known || r.Kind != KindFragment
	}
	if !known {
		return nil, &parse.Error{Structure: "scheduler log", Err: parse.ErrSignature, Detail: "expected a line that begins with a quoted name, found none"}
	}
	l.settleDates()
	return l, nil
}

// Run is one run of a job: a start, a finish, or both.
type Run struct {
	Name, Program string
	Start, Finish *Record // nil where the log does not have it
	ExitCode      string  // of the finish
}

// Runs pairs every finish with the last open start of the same job, in order of
// the starts or, without one, of the finish.
func (l *Log) Runs() []Run {
	var out []Run
	open := map[string]int{}
	for i := range l.Records {
		r := &l.Records[i]
		key := strings.ToLower(r.Name)
		switch r.Kind {
		case KindJobStarted:
			open[key] = len(out)
			out = append(out, Run{Name: r.Name, Program: r.Program, Start: r})
		case KindJobFinished:
			at, ok := open[key]
			if !ok {
				at = len(out)
				out = append(out, Run{Name: r.Name, Program: r.Program})
			}
			delete(open, key)
			out[at].Finish, out[at].ExitCode = r, r.ExitCode
		}
	}
	return out
}
