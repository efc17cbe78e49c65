package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/jobscan/jobscan/internal/disk"
)

// Control codes of winioctl.h.
const (
	ioctlDiskGetLengthInfo          = 0x0007405C // IOCTL_DISK_GET_LENGTH_INFO
	ioctlDiskGetDriveGeometry       = 0x00070000 // IOCTL_DISK_GET_DRIVE_GEOMETRY
	fsctlAllowExtendedDASDIO        = 0x00090083 // FSCTL_ALLOW_EXTENDED_DASD_IO
	geometryBytesPerSector          = 20         // offset in DISK_GEOMETRY
	geometrySize                    = 24
	smallestSector                  = 512
	largestSector                   = 4096
	bootBytesPerSector              = 11
	bootTotalSectors                = 40
	shareAll                        = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	maxVolumeSize             int64 = 1 << 62
)

// open opens a volume or drive for reading while others use it.
func open(path string) (disk.Image, error) {
	name, err := windows.UTF16PtrFromString(devicePath(path))
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ, shareAll, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	d := handle(h)
	// Without this the last sector of a volume, where NTFS keeps its backup
	// boot sector, cannot be read. Drives refuse it, which does no harm.
	_, _ = d.control(fsctlAllowExtendedDASDIO, nil)
	sector := d.sectorSize()
	size, err := d.size(sector)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("size of the device: %w", err), d.Close())
	}
	return &image{disk.AlignedReaderAt{R: d, Align: sector, Size: size}, d.Close}, nil
}

// devicePath turns "C:" into the name of the volume, and drops the backslash
// at the end, which would name its root folder.
func devicePath(path string) string {
	if len(path) == 2 && path[1] == ':' {
		return `\\.\` + path
	}
	for len(path) > 0 && (path[len(path)-1] == '\\' || path[len(path)-1] == '/') {
		path = path[:len(path)-1]
	}
	return path
}

// handle reads at offsets through a handle opened for synchronous use.
type handle windows.Handle

// ReadAt reads whole sectors.
func (h handle) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		at := uint64(off) + uint64(n)
		o := windows.Overlapped{Offset: uint32(at), OffsetHigh: uint32(at >> 32)}
		var done uint32
		err := windows.ReadFile(windows.Handle(h), p[n:n+min(len(p)-n, 1<<24)], &done, &o)
		n += int(done)
		if errors.Is(err, windows.ERROR_HANDLE_EOF) || err == nil && done == 0 {
			return n, io.EOF
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Close closes the handle.
func (h handle) Close() error { return windows.CloseHandle(windows.Handle(h)) }

func (h handle) control(code uint32, out []byte) (int, error) {
	var n uint32
	err := windows.DeviceIoControl(windows.Handle(h), code, nil, 0, unsafe.SliceData(out), uint32(len(out)), &n, nil)
	return int(n), err
}

// sectorSize asks the drive; a multiple of what it may be does no harm.
func (h handle) sectorSize() int64 {
	b := make([]byte, geometrySize)
	if n, err := h.control(ioctlDiskGetDriveGeometry, b); err == nil && n == len(b) {
		s := int64(binary.LittleEndian.Uint32(b[geometryBytesPerSector:]))
		if s >= smallestSector && s <= largestSector && s&(s-1) == 0 {
			return s
		}
	}
	return largestSector
}

// size asks the device, else believes the boot sector of the volume on it.
func (h handle) size(sector int64) (int64, error) {
	b := make([]byte, 8)
	n, err := h.control(ioctlDiskGetLengthInfo, b)
	if size := int64(binary.LittleEndian.Uint64(b)); err == nil && n == len(b) && size > 0 {
		return size, nil
	}
	if err == nil {
		err = errors.New("the device gives none")
	}
	boot := make([]byte, sector)
	if n, readErr := h.ReadAt(boot, 0); n < len(boot) {
		return 0, errors.Join(err, readErr)
	}
	bytesPerSector := uint64(binary.LittleEndian.Uint16(boot[bootBytesPerSector:]))
	total := binary.LittleEndian.Uint64(boot[bootTotalSectors:])
	if string(boot[3:11]) != "NTFS    " || bytesPerSector == 0 || total == 0 || total >= uint64(maxVolumeSize)/bytesPerSector {
		return 0, err
	}
	return int64((total + 1) * bytesPerSector), nil // the backup boot sector follows
}
