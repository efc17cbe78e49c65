//go:build unix && !linux

package isolate

import (
	"os"
	"runtime/metrics"
	"time"

	"golang.org/x/sys/unix"
)

// limitProcess bounds processor time by the system, and memory by looking: the
// limits of address space that these systems know are not enforced by all of
// them, so the process also ends itself when its heap has grown too large.
func limitProcess(memory int64, cpu time.Duration) error {
	seconds := uint64((cpu + time.Second - 1) / time.Second)
	limit := unix.Rlimit{Cur: rlimit(seconds), Max: rlimit(seconds)}
	if err := unix.Setrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return err
	}
	watch(uint64(memory))
	return nil
}

// watchInterval is short enough that little more than the limit can be taken.
const watchInterval = 5 * time.Millisecond

func watch(most uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	most += sample[0].Value.Uint64()
	var again func()
	again = func() {
		metrics.Read(sample)
		if sample[0].Value.Uint64() > most {
			os.Stderr.WriteString("out of memory\n")
			os.Exit(2)
		}
		time.AfterFunc(watchInterval, again)
	}
	time.AfterFunc(watchInterval, again)
}
