// Package device reads block devices and, on Windows, live volumes and physical
// drives. It opens them for reading only and leaves them to others meanwhile.
package device

import "github.com/jobscan/jobscan/internal/disk"

// Format reads a device.
var Format = disk.Format{
	Name:  "device",
	Doc:   `block device; on Windows a live volume (C: or \\.\C:) or a drive (\\.\PhysicalDrive0)`,
	AsIs:  true,
	Match: func(s *disk.Source) bool { return s.Device },
	Open:  func(s *disk.Source) (disk.Image, error) { return open(s.Path) },
}

// image reads any bytes of a device that gives whole sectors.
type image struct {
	reader disk.AlignedReaderAt
	close  func() error
}

func (i *image) Close() error { return i.close() }
func (i *image) Size() int64  { return i.reader.Size }

func (i *image) ReadAt(p []byte, off int64) (int, error) { return i.reader.ReadAt(p, off) }
