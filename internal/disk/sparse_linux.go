package disk

import (
	"errors"
	"syscall"
)

// SEEK_DATA and SEEK_HOLE of lseek(2).
const (
	seekData = 3
	seekHole = 4
)

// noMoreData reports that only a hole follows.
func noMoreData(err error) bool { return errors.Is(err, syscall.ENXIO) }
