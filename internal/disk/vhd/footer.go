package vhd

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

const (
	footerCookie = "conectix"
	footerSize   = 512
	oldFooter    = 511 // before Virtual PC 2004
	sectorSize   = 512
	maxGeometry  = 65535 * 16 * 255 // sectors; larger disks have it too
	maxSize      = 2040 << 30       // bytes of a disk; what entries of 32 bits can address
)

// Type is the disk type of a footer.
type Type uint32

// The types that are in use.
const (
	Fixed        Type = 2
	Dynamic      Type = 3
	Differencing Type = 4
)

// String gives the specification's word, or the number.
func (t Type) String() string {
	switch t {
	case Fixed:
		return "fixed"
	case Dynamic:
		return "dynamic"
	case Differencing:
		return "differencing"
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// Footer is the hard disk footer, of 512 bytes. In a dynamic disk a copy of it is
// at the beginning of the file.
type Footer struct {
	Version     uint32 // major in the upper half
	DataOffset  uint64 // of the dynamic disk header, in bytes from the file's beginning
	Creator     [4]byte
	CurrentSize uint64 // of the disk, in bytes
	Cylinders   uint16
	Heads       uint8
	Sectors     uint8 // per track
	Type        Type
	UniqueID    [16]byte
}

// ParseFooter reads a footer, of 512 or 511 bytes, whose checksum has to fit.
// Errors are *parse.Error.
func ParseFooter(b []byte) (Footer, error) {
	const structure = "VHD footer"
	if len(b) != footerSize && len(b) != oldFooter {
		return Footer{}, &parse.Error{Structure: structure, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected %d or %d bytes, found %d", oldFooter, footerSize, len(b))}
	}
	if found := string(b[:8]); found != footerCookie {
		return Footer{}, &parse.Error{Structure: structure, Field: "cookie", Err: parse.ErrSignature,
			Detail: fmt.Sprintf("expected %q, found %q", footerCookie, found)}
	}
	if err := verify(b, 64, structure); err != nil {
		return Footer{}, err
	}
	be := binary.BigEndian
	return Footer{
		Version:     be.Uint32(b[12:]),
		DataOffset:  be.Uint64(b[16:]),
		Creator:     [4]byte(b[28:]),
		CurrentSize: be.Uint64(b[48:]),
		Cylinders:   be.Uint16(b[56:]),
		Heads:       b[58],
		Sectors:     b[59],
		Type:        Type(be.Uint32(b[60:])),
		UniqueID:    [16]byte(b[68:]),
	}, nil
}

// verify checks a structure's checksum at an offset in it: the complement of the
// sum of all its other bytes.
func verify(b []byte, at int, structure string) error {
	var sum uint32
	for i, c := range b {
		if i < at || i >= at+4 {
			sum += uint32(c)
		}
	}
	if found := binary.BigEndian.Uint32(b[at:]); found != ^sum {
		return &parse.Error{Structure: structure, Field: "checksum", Offset: int64(at), Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected %#08x, found %#08x", ^sum, found)}
	}
	return nil
}

// same reports that two footers lead to the same disk.
func (f Footer) same(o Footer) bool {
	return f.Version == o.Version && f.DataOffset == o.DataOffset && f.CurrentSize == o.CurrentSize &&
		f.Type == o.Type && f.UniqueID == o.UniqueID
}

// String says what matters of it for a message.
func (f Footer) String() string {
	return fmt.Sprintf("a %s disk of %d bytes with its header at %#x and identifier %x", f.Type, f.CurrentSize, f.DataOffset, f.UniqueID)
}

// byGeometry reports that the creator makes disks whose size is that of their
// geometry: Virtual PC, and QEMU before it called itself "qem2".
func (f Footer) byGeometry() bool {
	return string(f.Creator[:]) == "vpc " || string(f.Creator[:]) == "qemu"
}

// size is that of the disk in bytes, for a container that holds at most room
// bytes of one.
func (f Footer) size(room int64) int64 {
	size := int64(f.CurrentSize) // which was bounded
	geometry := int64(f.Cylinders) * int64(f.Heads) * int64(f.Sectors)
	if f.byGeometry() && geometry != maxGeometry && geometry*sectorSize > size && geometry*sectorSize <= room {
		return geometry * sectorSize
	}
	return size
}
