//go:build !windows

package device

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jobscan/jobscan/internal/disk"
)

// sector is the largest sector of a disk; raw devices of some systems take
// whole sectors only.
const sector = 4096

// open opens a block device and asks for its size by going to its end.
func open(path string) (disk.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil && size <= 0 {
		err = errors.New("size unknown")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("size of the device: %w", err), f.Close())
	}
	return &image{disk.AlignedReaderAt{R: f, Align: sector, Size: size}, f.Close}, nil
}
