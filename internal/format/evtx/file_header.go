package evtx

import (
	"fmt"
	"hash/crc32"

	"github.com/jobscan/jobscan/internal/parse"
)

// FileHeaderSize is the part of the first block that has fields, in bytes.
const FileHeaderSize = 128

const fileSignature = "ElfFile\x00"

// FileHeader is the header of a log.
type FileHeader struct {
	FirstChunk, LastChunk uint64 // numbers of chunks; the oldest and the newest of the ring
	NextRecordID          uint64
	MinorVersion          uint16
	MajorVersion          uint16
	BlockSize             uint16 // bytes before the first chunk
	ChunkCount            uint16
	Flags                 uint32 // 1: not closed, so that counts may be stale; 2: full
	// ChecksumValid tells whether the CRC-32 of the header fits.
	ChecksumValid bool
}

// ParseFileHeader decodes the first 128 bytes of a log. A checksum that does not
// fit is told in the result; the errors are a wrong signature, a version other
// than 3, and a block size that no chunk can follow.
func ParseFileHeader(b []byte) (FileHeader, error) {
	c := parse.NewCursor(b, "EVTX file header")
	signature := c.Bytes(8, "signature")
	if signature != nil && string(signature) != fileSignature {
		c.Fail("signature", 0, parse.ErrSignature, fmt.Sprintf("expected %q, found %q", fileSignature, signature))
	}
	var h FileHeader
	h.FirstChunk = c.U64("first chunk")
	h.LastChunk = c.U64("last chunk")
	h.NextRecordID = c.U64("next record identifier")
	c.U32("header size")
	h.MinorVersion = c.U16("minor version")
	h.MajorVersion = c.U16("major version")
	if h.MajorVersion != 3 {
		c.Fail("major version", 38, parse.ErrUnsupported, fmt.Sprintf("expected 3, found %d", h.MajorVersion))
	}
	h.BlockSize = c.U16("header block size")
	if h.BlockSize < FileHeaderSize {
		c.Fail("header block size", 40, parse.ErrRange, fmt.Sprintf("expected at least %d, found %d", FileHeaderSize, h.BlockSize))
	}
	h.ChunkCount = c.U16("chunk count")
	c.Skip(76, "reserved")
	h.Flags = c.U32("flags")
	sum := c.U32("checksum")
	if err := c.Err(); err != nil {
		return FileHeader{}, err
	}
	h.ChecksumValid = sum == crc32.ChecksumIEEE(b[:120])
	return h, nil
}
