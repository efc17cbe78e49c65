package isolate

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// limitProcess bounds writable memory to what is in use now and memory bytes
// more. RLIMIT_DATA counts private writable mappings (Linux 4.7 and later), which
// RLIMIT_AS cannot tell from the address space that the runtime merely reserves.
func limitProcess(memory int64, cpu time.Duration) error {
	used, err := dataInUse()
	if err != nil {
		return err
	}
	return limitResources(map[int]uint64{
		unix.RLIMIT_DATA: uint64(used + memory),
		unix.RLIMIT_CORE: 0,
		unix.RLIMIT_CPU:  uint64((cpu + time.Second - 1) / time.Second),
	})
}

func limitResources(limits map[int]uint64) error {
	for resource, most := range limits {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("resource %d: %w", resource, err)
		}
	}
	return nil
}

// dataInUse is the size of data and stack, in bytes: field 6 of proc(5) statm.
func dataInUse() (int64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) < 6 {
		return 0, fmt.Errorf("/proc/self/statm has %d fields", len(fields))
	}
	pages, err := strconv.ParseInt(fields[5], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
