package jobfile

import "fmt"

// Status is a status or error code of the scheduler: the status field holds a
// SCHED_S_ success code, the start error any HRESULT.
type Status uint32

// Statuses that the checks and callers ask for. [MS-TSCH] lists three for the
// status field; a task that never ran holds StatusHasNotRun in real files.
const (
	StatusReady        Status = 0x00041300 // SCHED_S_TASK_READY
	StatusRunning      Status = 0x00041301 // SCHED_S_TASK_RUNNING
	StatusDisabled     Status = 0x00041302 // SCHED_S_TASK_DISABLED
	StatusHasNotRun    Status = 0x00041303 // SCHED_S_TASK_HAS_NOT_RUN
	StatusNotScheduled Status = 0x00041305 // SCHED_S_TASK_NOT_SCHEDULED
	statusLogonFailure Status = 0x8007052E // HRESULT of ERROR_LOGON_FAILURE
	startErrorOfWine   Status = 0x001D0FFF // what Wine writes in place of a start error
)

// Name is the code's name without the prefix SCHED_S_TASK_, SCHED_S_ or
// SCHED_E_, "" when the code is not one of the scheduler's.
func (s Status) Name() string {
	switch s >> 8 {
	case 0x413:
		return schedulerSuccess(uint8(s))
	case 0x800413:
		return schedulerError(uint8(s))
	}
	switch s {
	case 0:
		return "OK"
	case statusLogonFailure:
		return "LOGON_FAILURE"
	case 0x80070002:
		return "FILE_NOT_FOUND"
	case 0x80070003:
		return "PATH_NOT_FOUND"
	case 0x80070005:
		return "ACCESS_DENIED"
	case 0x8007010B:
		return "DIRECTORY"
	}
	return ""
}

// String gives the code in hexadecimal and, where it has one, its name.
func (s Status) String() string {
	if n := s.Name(); n != "" {
		return fmt.Sprintf("0x%08X %s", uint32(s), n)
	}
	return fmt.Sprintf("0x%08X", uint32(s))
}

func schedulerSuccess(low uint8) string {
	switch low {
	case 0x00:
		return "READY"
	case 0x01:
		return "RUNNING"
	case 0x02:
		return "DISABLED"
	case 0x03:
		return "HAS_NOT_RUN"
	case 0x04:
		return "NO_MORE_RUNS"
	case 0x05:
		return "NOT_SCHEDULED"
	case 0x06:
		return "TERMINATED"
	case 0x07:
		return "NO_VALID_TRIGGERS"
	case 0x08:
		return "EVENT_TRIGGER"
	case 0x1B:
		return "SOME_TRIGGERS_FAILED"
	case 0x1C:
		return "BATCH_LOGON_PROBLEM"
	case 0x25:
		return "QUEUED"
	}
	return ""
}

func schedulerError(low uint8) string {
	switch low {
	case 0x09:
		return "TRIGGER_NOT_FOUND"
	case 0x0A:
		return "TASK_NOT_READY"
	case 0x0B:
		return "TASK_NOT_RUNNING"
	case 0x0C:
		return "SERVICE_NOT_INSTALLED"
	case 0x0D:
		return "CANNOT_OPEN_TASK"
	case 0x0E:
		return "INVALID_TASK"
	case 0x0F:
		return "ACCOUNT_INFORMATION_NOT_SET"
	case 0x10:
		return "ACCOUNT_NAME_NOT_FOUND"
	case 0x11:
		return "ACCOUNT_DBASE_CORRUPT"
	case 0x13:
		return "UNKNOWN_OBJECT_VERSION"
	case 0x14:
		return "UNSUPPORTED_ACCOUNT_OPTION"
	case 0x16:
		return "UNEXPECTEDNODE"
	case 0x18:
		return "INVALIDVALUE"
	case 0x19:
		return "MISSINGNODE"
	case 0x20:
		return "USER_NOT_LOGGED_ON"
	case 0x21:
		return "INVALID_TASK_HASH"
	case 0x26:
		return "TASK_DISABLED"
	}
	return ""
}
