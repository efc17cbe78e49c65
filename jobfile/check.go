package jobfile

import (
	"errors"

	"github.com/jobscan/jobscan/internal/parse"
)

// layout tells why decoding stopped, and of bytes that no structure covers.
func (f *findings) layout() {
	j := f.j
	if j.Err != nil {
		if errors.Is(j.Err, parse.ErrSignature) {
			f.add("not_a_job", 0, "The content is no job file (%s): something else was put under this name.", j.Err.Detail)
			return
		}
		f.add("incomplete", int(j.Err.Offset), "Decoding stopped in the %s, %s: the file was cut off, overwritten or made by hand.", j.Err.Structure, j.Err.Field)
		return
	}
	t := j.Trailing
	switch {
	case t.Size == 0:
	case t.Zero:
		f.add("trailing_data", t.Offset, "%s of zeros follow the last structure; Windows writes none.", count(t.Size, "byte"))
	case t.Magic != "":
		f.add("trailing_data", t.Offset, "%s follow the last structure and look like %s: a payload may be stored there.", count(t.Size, "byte"), t.Magic)
	default:
		f.add("trailing_data", t.Offset, "%s follow the last structure (entropy %.1f bits a byte): a payload may be stored there.", count(t.Size, "byte"), t.Entropy)
	}
}

// fixed checks the fields of the fixed section against each other.
func (f *findings) fixed() {
	j := f.j
	if !j.Product.Known() {
		f.add("product_unknown", offProduct, "Product version %s belongs to no Windows: the file was made or changed by hand.", j.Product)
	}
	if j.FileVersion != fileVersion {
		f.add("file_version", offFileVersion, "File version %d: Vista and later refuse it (0x80041313), XP and Server 2003 do not load it.", j.FileVersion)
	}
	if j.UUID.IsZero() {
		f.add("uuid_zero", offUUID, "The job UUID is zero; Windows makes a random one for every task.")
	} else if j.UUID.Version() != 4 || j.UUID[8]&0xC0 != 0x80 {
		f.add("uuid_not_version_4", offUUID, "The job UUID %s is not a random (version 4) one as Windows makes them.", j.UUID)
	}
	if j.Priority.String() == "" {
		f.add("priority_invalid", offPriority, "Priority %#x is not exactly one of the four priority classes.", uint32(j.Priority))
	}
	if j.Priority == PriorityRealtime {
		f.add("priority_realtime", offPriority, "The task runs with REALTIME priority, which ordinary tasks never need.")
	}
	if j.ExitCode>>28 == 0xC {
		f.add("exit_code_ntstatus", offExitCode, "The last run ended with %#x, an NTSTATUS of an exception: the program crashed or was stopped.", j.ExitCode)
	}
	if j.Status>>8 != 0x413 || j.Status.Name() == "" {
		f.add("status_unknown", offStatus, "Status %#x is no status of a task.", uint32(j.Status))
	}
	if u := j.Flags &^ flagsExpected; u != 0 {
		f.add("flags_unknown", offFlags, "Flag bits %#x are not documented and not known from files of Windows.", uint32(u))
	}
	f.lastRun()
}

func (f *findings) lastRun() {
	j := f.j
	switch {
	case j.LastRun.IsZero():
		return
	case !j.LastRun.Valid():
		f.add("last_run_invalid", offLastRun, "The last run is no date and time (%s): damage, or made by hand.", j.LastRun)
	case !j.LastRun.WeekdayFits():
		f.add("weekday_mismatch", offLastRun, "The last run %s names weekday %d, but that day was a %s: the time was not written by Windows.",
			j.LastRun, j.LastRun.Weekday, WeekdayName(weekday(j.LastRun.Date().days())))
	}
	if j.Status == StatusHasNotRun {
		f.add("has_not_run_with_last_run", offStatus, "The status says that the task never ran, the last run says %s.", j.LastRun)
	}
}

// data checks offsets, user data, reserved data and the signature.
func (f *findings) data() {
	j := f.j
	if j.TriggersOffset != 0 && int(j.TriggerOffset) != j.TriggersOffset {
		f.add("trigger_offset_differs", offTriggerOffset,
			"The header puts the triggers at %#x, they stand at %#x: Windows does not care, readers that follow the header see other triggers.",
			j.TriggerOffset, j.TriggersOffset)
	}
	if m := magic(j.UserData); m != "" && !allZero(j.UserData) {
		f.add("user_data_executable", j.UserDataOffset, "The user data (%s) looks like %s: a payload may be stored there.", count(len(j.UserData), "byte"), m)
	}
	if n := len(j.Reserved); j.ReservedOffset != 0 && n != 0 && n != 8 {
		f.add("reserved_size", j.ReservedOffset-2, "Reserved data of %s: Vista and later refuse it (0x8007000D), XP and Server 2003 do not load it.", count(n, "byte"))
	}
	if j.HasStartError && j.StartError == statusLogonFailure {
		f.add("start_error_logon_failure", j.ReservedOffset, "The last start failed because user name or password were wrong (0x8007052E): the program did not run then.")
	}
	if j.HasStartError && j.StartError == startErrorOfWine && j.Signature.State == SignatureZero {
		f.add("written_by_wine", j.ReservedOffset, "Start error 0x001D0FFF with a signature of zeros is how Wine writes job files; Windows does not.")
	}
}

// strings checks the five strings as the loader of Windows would, and for text
// that hides something.
func (f *findings) strings() {
	j := f.j
	if j.ApplicationSequential.Offset == 0 {
		return
	}
	f.applicationOffset()
	f.application()
	type named struct {
		name string
		s    String
	}
	all := []named{{"application name", j.Application}}
	if j.applicationDiffers() {
		all = append(all, named{"sequential application name", j.ApplicationSequential})
	}
	for _, n := range []named{{"parameters", j.Parameters}, {"working directory", j.WorkingDirectory}, {"author", j.Author}, {"comment", j.Comment}} {
		if n.s.Present && !n.s.Terminated && !n.s.Truncated {
			f.add("string_unterminated", n.s.Offset, "The final NUL of the %s is missing: XP and Server 2003 do not load such a task.", n.name)
		}
		all = append(all, n)
	}
	for _, n := range all {
		f.hidden(n.name, n.s)
	}
}

func (f *findings) applicationOffset() {
	j := f.j
	if j.ApplicationOffset == applicationOffset {
		return
	}
	f.add("application_offset_not_70", offApplicationOffset, "The application name offset is %d; every known producer writes 70.", j.ApplicationOffset)
	if _, ok := applicationAt(f.b, int(j.ApplicationOffset)); !ok {
		f.add("application_offset_unreadable", offApplicationOffset, "At the application name offset %#x there is no string: Vista and later refuse the file, XP and Server 2003 run %q.",
			j.ApplicationOffset, j.ApplicationSequential.Value)
	} else if j.applicationDiffers() {
		f.add("application_differs", j.Application.Offset, "Vista and later run %q, XP and Server 2003 run %q: a tool that reads the other one shows the wrong program.",
			j.Application.Value, j.ApplicationSequential.Value)
	}
}

// applicationDiffers reports that the two ways to find the application name
// lead to different names.
func (j *Job) applicationDiffers() bool {
	a, s := j.Application, j.ApplicationSequential
	return a.Present != s.Present || a.Value != s.Value
}

func (f *findings) application() {
	a := f.j.Application
	switch {
	case !a.Present && !a.Truncated:
		f.add("application_absent", a.Offset, "There is no application name: Windows refuses the task.")
	case a.Truncated:
	case !a.Terminated:
		f.add("application_unterminated", a.Offset, "The application name has no final NUL: no Windows loads the task.")
	case len(a.Units) == 1:
		f.add("application_empty", a.Offset, "The application name is empty: there is nothing to run.")
	}
	if len(a.Units) > maxApplicationUnits {
		f.add("application_too_long", a.Offset, "The application name has %d units: Vista and later refuse more than %d.", len(a.Units), maxApplicationUnits)
	}
}

// maxApplicationUnits is the longest application name, with its NUL, that
// Windows Vista and later take.
const maxApplicationUnits = 261
