package vss

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

// Where the volume header stands: in the last sector of the first 8 KiB, which
// NTFS keeps for its $Boot.
const (
	headerOffset = 0x1e00
	headerSize   = 0x200
)

// recordType tells the structures apart.
type recordType uint32

const (
	recordVolumeHeader recordType = 1
	recordCatalog      recordType = 2
	recordBlockList    recordType = 3
	recordStoreHeader  recordType = 4
	recordBitmap       recordType = 6
)

// VolumeHeader says where the catalog is.
type VolumeHeader struct {
	Version   uint32    // 1: Vista and 7; 2: 8 and later
	Catalog   int64     // byte offset on the volume; 0 when there is no shadow copy
	MaxSize   uint64    // bytes that stores may take; 0 is no bound
	VolumeID  guid.GUID // of this volume
	StorageID guid.GUID // of the volume that stores its shadow copies
}

// ParseVolumeHeader decodes the sector at 0x1e00. The error is ErrNone where
// its identifier is not there; offsets count from the sector.
func ParseVolumeHeader(b []byte) (VolumeHeader, error) {
	c := parse.NewCursor(b, "VSS volume header")
	id := c.Bytes(len(identifier), "identifier")
	if id != nil && guid.GUID(id) != identifier {
		return VolumeHeader{}, ErrNone
	}
	var h VolumeHeader
	h.Version = c.U32("version")
	checkNumber(c, "record type", uint64(c.U32("record type")), uint64(recordVolumeHeader), 4)
	checkNumber(c, "own offset", c.U64("own offset"), headerOffset, 8)
	c.Skip(16, "unknown")
	catalog := c.U64("catalog offset")
	if catalog > math.MaxInt64 {
		c.Fail("catalog offset", c.Offset()-8, parse.ErrRange, fmt.Sprintf("found %#x", catalog))
	}
	h.Catalog = int64(catalog)
	h.MaxSize = c.U64("maximum size")
	h.VolumeID = readGUID(c, "volume identifier")
	h.StorageID = readGUID(c, "storage volume identifier")
	if err := c.Err(); err != nil {
		return VolumeHeader{}, err
	}
	return h, nil
}

// checkNumber fails unless a number of size bytes that was just read is as expected.
func checkNumber(c *parse.Cursor, field string, found, expected uint64, size int) {
	if found != expected {
		c.Fail(field, c.Offset()-size, parse.ErrRange, fmt.Sprintf("expected %#x, found %#x", expected, found))
	}
}

func readGUID(c *parse.Cursor, field string) guid.GUID {
	if b := c.Bytes(16, field); b != nil {
		return guid.GUID(b)
	}
	return guid.GUID{}
}

// header reads the volume header.
func (v *volume) header() (VolumeHeader, error) {
	var b [headerSize]byte
	if v.size < headerOffset+headerSize {
		return VolumeHeader{}, ErrNone
	}
	if n, err := v.r.ReadAt(b[:], headerOffset); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = parse.ErrTruncated
		}
		return VolumeHeader{}, &parse.Error{Structure: "VSS volume header", Offset: headerOffset + int64(n), Err: err}
	}
	h, err := ParseVolumeHeader(b[:])
	return h, parse.At(err, headerOffset)
}
