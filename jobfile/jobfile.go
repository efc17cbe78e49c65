// Package jobfile decodes Task Scheduler 1.0 job files ([MS-TSCH] 2.4), the
// files that Windows keeps as *.job in its Tasks folder, says in words when a
// task would run, and finds job files inside other data. It knows bytes and the
// calendar alone: no file system, no registry, no zone; what a file's name,
// place or owner mean is for others to say.
//
// Numbers in a job file are little-endian, strings are UTF-16LE with a count,
// and every time is the local wall clock of the machine, with no zone recorded.
package jobfile

import (
	"errors"

	"github.com/jobscan/jobscan/internal/parse"
)

// MaxSize is the largest number of bytes that the counts of one job file can
// describe: the fixed section, the running instance count, five strings, user
// data and reserved data with 16-bit counts, 65535 triggers and a signature.
// What lies beyond it in a file belongs to no part of the job.
const MaxSize = fixedSize + 2 + 5*(2+2*maxCount) + 2*(2+maxCount) + 2 + maxCount*triggerSize + signatureSize

// maxCount is the largest value of a 16-bit count.
const maxCount = 0xFFFF

// Job is one decoded job file. Values are kept as they stand in the file, also
// where Windows would refuse them; Anomalies and Loadable judge.
type Job struct {
	// Fixed section, 68 bytes ([MS-TSCH] 2.4.1).

	Product            Product   // Windows version that the writing program saw
	FileVersion        uint16    // 1 in every file that Windows loads
	UUID               UUID      // identifies the task
	ApplicationOffset  uint16    // bytes from the start of the file to the count of the application name
	TriggerOffset      uint16    // bytes from the start of the file to the trigger count; Windows does not read it
	ErrorRetryCount    uint16    // not settable through the API: 0
	ErrorRetryInterval uint16    // minutes
	IdleDeadline       uint16    // minutes to wait for the machine to become idle
	IdleWait           uint16    // minutes that the machine has to be idle
	Priority           Priority  // priority class of the process
	MaxRunTime         RunTime   // milliseconds
	ExitCode           uint32    // of the last run; programs mean an int32, an NTSTATUS or a plain number
	Status             Status    // SCHED_S_ code
	Flags              Flags     // bit set
	LastRun            LocalTime // local time; all zero: never ran; may be no date at all

	// Variable section ([MS-TSCH] 2.4.2), in file order.

	RunningInstances uint16 // instances running when the file was written
	// Application is the program that Windows Vista and later start: the
	// string at ApplicationOffset. Where nothing readable is there it is the
	// sequential one.
	Application String
	// ApplicationSequential is the first string of the variable section, the
	// program that Windows XP and Server 2003 start.
	ApplicationSequential String
	Parameters            String
	WorkingDirectory      String
	Author                String // free text of the creator, not the account that the task runs as
	Comment               String
	UserData              []byte // bytes of the creating program
	UserDataOffset        int    // of the first byte of the data; 0: not reached
	Reserved              []byte // 8 bytes, or none
	ReservedOffset        int    // of the first byte of the data; 0: not reached
	// StartError is the HRESULT of the last attempt to start the task. It
	// means something only where HasStartError is set (reserved data of 8 bytes).
	StartError    Status
	HasStartError bool
	TaskFlags     uint32 // second half of the reserved data; 0 from Windows
	TriggerCount  uint16 // as the file says; Triggers may hold fewer
	// TriggersOffset is where the trigger count stands, what TriggerOffset should say; 0: not reached.
	TriggersOffset int
	Triggers       []Trigger
	Signature      Signature

	Trailing      Trailing // what follows the last structure
	TrailingBytes int      // bytes that follow the last structure
	Size          int      // bytes of the whole file

	// DecodedBytes is where decoding stopped. Fields of the fixed section past
	// it are zero because they were not there to be read.
	DecodedBytes int
	Complete     bool         // every structure was decoded
	Err          *parse.Error // why not, when Complete is not set
	Anomalies    []Anomaly    // in file order of the checks, never duplicated for one place
}

// Parse decodes a whole job file. A layout that does not fit the bytes is an
// error (*parse.Error) and then the Job is nil; values that Windows refuses or
// nobody should write are not errors, but anomalies of the Job.
func Parse(b []byte) (*Job, error) {
	j, err := ParsePrefix(b)
	if err != nil {
		return nil, err
	}
	return j, nil
}

// ParsePrefix decodes as much of a job file as there is. The Job is never nil:
// with an error (*parse.Error, also in Job.Err) it holds what was decoded
// before it, and Complete is not set.
func ParsePrefix(b []byte) (*Job, error) {
	return ParseHead(b, int64(len(b)))
}

// ParseHead is ParsePrefix for a file of size bytes of which b is the
// beginning; MaxSize bytes are enough for every job. Sizes and trailing bytes
// are those of the whole file.
func ParseHead(b []byte, size int64) (*Job, error) {
	d := decoder{b: b, j: &Job{}}
	d.decode()
	j := d.finish(int(min(max(size, int64(len(b))), int64(maxInt))))
	if d.err != nil {
		return j, d.err
	}
	return j, nil
}

const maxInt = int(^uint(0) >> 1)

// decoder walks the structures of one job file in order.
type decoder struct {
	b   []byte
	off int // of the next field
	err *parse.Error
	j   *Job
}

func (d *decoder) decode() {
	if d.err = foreign(d.b); d.err != nil {
		return
	}
	d.read("fixed section", d.j.readFixed)
	d.read("variable section", func(c *parse.Cursor) {
		d.j.RunningInstances = c.U16("running instance count")
	})
	d.readStrings()
	d.readUserData()
	d.readReserved()
	d.readTriggers()
	if d.err == nil {
		d.j.Signature = signatureOf(d.b, d.off)
		d.off += d.j.Signature.size()
	}
}

// finish says how far decoding came in a file of size bytes, and judges.
func (d *decoder) finish(size int) *Job {
	j := d.j
	j.Size = size
	j.DecodedBytes = d.off
	j.Complete = d.err == nil
	j.Err = d.err
	if j.Complete {
		j.Trailing = trailingOf(d.b, d.off, size)
		j.TrailingBytes = j.Trailing.Size
	}
	j.Anomalies = check(j, d.b)
	return j
}

// read lets f decode one structure at the current offset, unless an earlier one failed.
func (d *decoder) read(structure string, f func(c *parse.Cursor)) {
	if d.err != nil {
		return
	}
	c := parse.NewCursor(d.b[d.off:], structure)
	f(c)
	if err := c.Err(); err != nil {
		errors.As(parse.At(err, int64(d.off)), &d.err)
	}
	d.off += c.Offset()
}
