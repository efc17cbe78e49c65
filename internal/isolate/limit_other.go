//go:build !unix && !windows

package isolate

import (
	"errors"
	"time"
)

func limitProcess(int64, time.Duration) error {
	return errors.New("no way to limit a process is known here")
}
