package vhd

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

const (
	headerCookie = "cxsparse"
	headerSize   = 1024
	// maxBlock is far above the 2 MiB that nearly all disks have.
	maxBlock = 1 << 30
)

// DynamicHeader is the dynamic disk header, of 1024 bytes. There is no copy of it.
type DynamicHeader struct {
	TableOffset uint64 // of the block allocation table, in bytes from the file's beginning
	Version     uint32 // major in the upper half
	Entries     uint32 // that the table has room for
	BlockSize   uint32 // bytes of the disk in a block, without its bitmap
}

// ParseDynamicHeader reads a header whose checksum has to fit. Errors are
// *parse.Error.
func ParseDynamicHeader(b []byte) (DynamicHeader, error) {
	const structure = "VHD dynamic disk header"
	fail := func(field string, offset int64, cause error, expected, found any) (DynamicHeader, error) {
		return DynamicHeader{}, &parse.Error{Structure: structure, Field: field, Offset: offset, Err: cause,
			Detail: fmt.Sprintf("expected %v, found %v", expected, found)}
	}
	if len(b) < headerSize {
		return fail("", 0, parse.ErrTruncated, headerSize, len(b))
	}
	b = b[:headerSize]
	if found := string(b[:8]); found != headerCookie {
		return fail("cookie", 0, parse.ErrSignature, headerCookie, fmt.Sprintf("%q", found))
	}
	if err := verify(b, 36, structure); err != nil {
		return DynamicHeader{}, err
	}
	be := binary.BigEndian
	h := DynamicHeader{
		TableOffset: be.Uint64(b[16:]),
		Version:     be.Uint32(b[24:]),
		Entries:     be.Uint32(b[28:]),
		BlockSize:   be.Uint32(b[32:]),
	}
	if h.Version>>16 != 1 {
		return fail("header version", 24, parse.ErrUnsupported, "1.0", fmt.Sprintf("%d.%d", h.Version>>16, h.Version&0xffff))
	}
	if s := h.BlockSize; s < sectorSize || s > maxBlock || s&(s-1) != 0 {
		return fail("block size", 32, parse.ErrRange, fmt.Sprintf("a power of two from %d to %d", sectorSize, maxBlock), s)
	}
	return h, nil
}

// sectors is the number of sectors in a block.
func (h DynamicHeader) sectors() int64 { return int64(h.BlockSize) / sectorSize }

// bitmapSize is the size of a block's bitmap, which takes whole sectors, in bytes.
func (h DynamicHeader) bitmapSize() int64 {
	return (h.sectors() + 8*sectorSize - 1) / (8 * sectorSize) * sectorSize
}
