package isolate

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// limitProcess puts this process into a job object of its own that bounds its
// committed memory and its processor time. The handle stays open for the life of
// the process.
func limitProcess(memory int64, cpu time.Duration) error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{
			LimitFlags:              windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY | windows.JOB_OBJECT_LIMIT_PROCESS_TIME,
			PerProcessUserTimeLimit: int64(cpu / 100), // 100 ns
		},
		ProcessMemoryLimit: uintptr(min(memory, int64(^uintptr(0)>>1))),
	}
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err != nil {
		return err
	}
	return windows.AssignProcessToJobObject(job, windows.CurrentProcess())
}
