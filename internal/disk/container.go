package disk

import (
	"bytes"
	"errors"

	"github.com/jobscan/jobscan/internal/parse"
)

// ContainerError refuses evidence that is wrapped in something no format reads.
type ContainerError struct {
	Container string // what it is
	Advice    string // what to do instead
	Disk      bool   // it holds a disk, not files
}

// Error renders "Expert Witness (E01) container: convert it with ...".
func (e *ContainerError) Error() string { return e.Container + ": " + e.Advice }

// Unwrap gives parse.ErrUnsupported.
func (e *ContainerError) Unwrap() error { return parse.ErrUnsupported }

// magic is how a container begins.
type magic struct {
	offset    int
	bytes     string
	container string
	advice    string
}

const (
	adviceQemu   = "convert it with 'qemu-img convert -O raw' first"
	adviceUnpack = "unpack it first"
	adviceExport = "export the files from it first"
)

var magics = []magic{
	{0, "EVF\x09\x0d\x0a\xff\x00", "Expert Witness (E01) container", "convert it with 'ewfexport -f raw' first"},
	{0, "EVF2\x0d\x0a\x81\x00", "Expert Witness (Ex01) container", "convert it with 'ewfexport -f raw' first"},
	{0, "LVF\x09\x0d\x0a\xff\x00", "logical evidence file (L01)", adviceExport},
	{0, "LEF2\x0d\x0a\x81\x00", "logical evidence file (Lx01)", adviceExport},
	{0, "AFF10\x0d\x0a\x00", "AFF container", "convert it with 'affconvert -r' first"},
	{0, "QFI\xfb", "QCOW2 container", adviceQemu},
	{0, "KDMV", "VMDK container", adviceQemu},
	{0, "COWD", "VMDK container", adviceQemu},
	{0, "# Disk DescriptorFile", "VMDK descriptor", adviceQemu},
	{0, "vhdxfile", "VHDX container", adviceQemu},
	{0, "conectix", "dynamic VHD container", adviceQemu},
	{0x40, "\x7f\x10\xda\xbe", "VDI container", adviceQemu},
	{0, "WithoutFreeSpace", "Parallels container", adviceQemu},
	{0, "WithouFreSpacExt", "Parallels container", adviceQemu},
	{0, "MSWIM\x00\x00\x00", "WIM archive", adviceUnpack},
	{0, "PK\x03\x04", "ZIP archive", adviceUnpack},
	{0, "7z\xbc\xaf\x27\x1c", "7z archive", adviceUnpack},
	{0, "Rar!\x1a\x07", "RAR archive", adviceUnpack},
	{0, "\x1f\x8b\x08", "gzip file", adviceUnpack},
	{0, "\xfd7zXZ\x00", "xz file", adviceUnpack},
	{0, "\x28\xb5\x2f\xfd", "zstd file", adviceUnpack},
	{0, "BZh", "bzip2 file", adviceUnpack},
	{257, "ustar", "tar archive", adviceUnpack},
}

// recognise names a container by its first bytes, or gives nil.
func recognise(s *Source) *ContainerError {
	for _, m := range magics {
		if m.offset < len(s.Head) && bytes.HasPrefix(s.Head[m.offset:], []byte(m.bytes)) {
			return &ContainerError{m.container, m.advice, m.advice != adviceUnpack && m.advice != adviceExport}
		}
	}
	return nil
}

// IsContainer reports that err refuses a container by name.
func IsContainer(err error) bool {
	var e *ContainerError
	return errors.As(err, &e)
}

// IsDisk reports that err refuses a container of a disk.
func IsDisk(err error) bool {
	var e *ContainerError
	return errors.As(err, &e) && e.Disk
}
