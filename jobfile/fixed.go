package jobfile

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

const (
	fixedSize         = 68 // bytes of FIXDLEN_DATA
	fileVersion       = 1  // the only one that Windows loads
	applicationOffset = 70 // where every known producer puts the application name
)

// Offsets of fields in the fixed section, in bytes from the start of the file.
const (
	offProduct           = 0
	offFileVersion       = 2
	offUUID              = 4
	offApplicationOffset = 20
	offTriggerOffset     = 22
	offPriority          = 32
	offExitCode          = 40
	offStatus            = 44
	offFlags             = 48
	offLastRun           = 52
)

// readFixed decodes FIXDLEN_DATA ([MS-TSCH] 2.4.1). Note the order of the idle
// fields: the deadline stands before the wait.
func (j *Job) readFixed(c *parse.Cursor) {
	j.Product = Product(c.U16("product version"))
	j.FileVersion = c.U16("file version")
	copy(j.UUID[:], c.Bytes(16, "job UUID"))
	j.ApplicationOffset = c.U16("application name offset")
	j.TriggerOffset = c.U16("trigger offset")
	j.ErrorRetryCount = c.U16("error retry count")
	j.ErrorRetryInterval = c.U16("error retry interval")
	j.IdleDeadline = c.U16("idle deadline")
	j.IdleWait = c.U16("idle wait")
	j.Priority = Priority(c.U32("priority"))
	j.MaxRunTime = RunTime(c.U32("maximum run time"))
	j.ExitCode = c.U32("exit code")
	j.Status = Status(c.U32("status"))
	j.Flags = Flags(c.U32("flags"))
	if b := c.Bytes(16, "last run"); b != nil {
		j.LastRun = systemTime(b)
	}
}

// UUID is a GUID as it stands in the file: the first three groups are
// little-endian numbers, the last eight bytes stand in order.
type UUID [16]byte

// String renders 8-4-4-4-12 in lower case.
func (u UUID) String() string { return guid.GUID(u).String() }

// IsZero reports a UUID of nothing but zeros.
func (u UUID) IsZero() bool { return u == UUID{} }

// Version is the UUID version nibble: 4 for the random ones that Windows makes.
func (u UUID) Version() int { return int(u[7] >> 4) }

// Product is the Windows version that the writing process saw, major number in
// the high byte. A program without a manifest sees 6.2 on every later Windows,
// so 0602 on Windows 10 is nothing strange.
type Product uint16

// String gives four hexadecimal digits, as in "0601".
func (p Product) String() string { return fmt.Sprintf("%04X", uint16(p)) }

// Name is the name of the Windows version, "" when it is none.
func (p Product) Name() string {
	switch p {
	case 0x0400:
		return "Windows NT 4.0"
	case 0x0500:
		return "Windows 2000"
	case 0x0501:
		return "Windows XP"
	case 0x0502: // not listed in [MS-TSCH], follows from the version number
		return "Windows Server 2003"
	case 0x0600:
		return "Windows Vista / Server 2008"
	case 0x0601:
		return "Windows 7 / Server 2008 R2"
	case 0x0602:
		return "Windows 8 / Server 2012"
	case 0x0603:
		return "Windows 8.1 / Server 2012 R2"
	case 0x0A00:
		return "Windows 10 or later"
	}
	return ""
}

// Known reports a version that some Windows has.
func (p Product) Known() bool { return p.Name() != "" }

// Priority is the priority class for the process; exactly one bit in a sound file.
type Priority uint32

// The priority classes of [MS-TSCH] 2.4.1.
const (
	PriorityNormal   Priority = 0x20  // NORMAL_PRIORITY_CLASS
	PriorityIdle     Priority = 0x40  // IDLE_PRIORITY_CLASS
	PriorityHigh     Priority = 0x80  // HIGH_PRIORITY_CLASS
	PriorityRealtime Priority = 0x100 // REALTIME_PRIORITY_CLASS
)

// String gives normal, idle, high or realtime, "" for everything else.
func (p Priority) String() string {
	switch p {
	case PriorityNormal:
		return "normal"
	case PriorityIdle:
		return "idle"
	case PriorityHigh:
		return "high"
	case PriorityRealtime:
		return "realtime"
	}
	return ""
}

// RunTime is the longest time a task may run, in milliseconds.
type RunTime uint32

// Unlimited reports a task without limit: 0xFFFFFFFF, and 0xFFFFFFFE, which
// Google's updater wrote.
func (r RunTime) Unlimited() bool { return r >= 0xFFFFFFFE }

// String gives the time in words: "3 days", "no limit".
func (r RunTime) String() string {
	if r.Unlimited() {
		return "no limit"
	}
	if r%60000 == 0 && r != 0 {
		return minutesText(uint32(r / 60000))
	}
	if r%1000 == 0 {
		return count(int(r/1000), "second")
	}
	return count(int(r), "millisecond")
}
