package evtx

import (
	"fmt"
	"hash/crc32"

	"github.com/jobscan/jobscan/internal/parse"
)

const (
	// ChunkSize is the size of every chunk, in bytes.
	ChunkSize = 64 << 10
	// chunkHeaderSize includes the tables of strings and templates.
	chunkHeaderSize = 512
	chunkSignature  = "ElfChnk\x00"
)

// ChunkHeader is the header of a chunk.
type ChunkHeader struct {
	FirstNumber, LastNumber uint64 // of the records, counted from the beginning of the file
	FirstID, LastID         uint64 // identifiers of the records
	LastRecord              uint32 // offset of the last record in the chunk, bytes
	FreeSpace               uint32 // offset of what no record uses, bytes
	// HeaderValid and DataValid tell whether the two CRC-32 fit.
	HeaderValid, DataValid bool
}

// Verified reports that both checksums fit.
func (h ChunkHeader) Verified() bool { return h.HeaderValid && h.DataValid }

// ParseChunkHeader decodes the header of a chunk and checks its sums. The errors
// are a chunk that is not 64 KiB long, a wrong signature, and an end of the
// records that lies outside of the chunk.
func ParseChunkHeader(b []byte) (ChunkHeader, error) {
	c := parse.NewCursor(b, "EVTX chunk")
	signature := c.Bytes(8, "signature")
	if signature != nil && string(signature) != chunkSignature {
		c.Fail("signature", 0, parse.ErrSignature, fmt.Sprintf("expected %q, found %q", chunkSignature, signature))
	}
	var h ChunkHeader
	h.FirstNumber = c.U64("first record number")
	h.LastNumber = c.U64("last record number")
	h.FirstID = c.U64("first record identifier")
	h.LastID = c.U64("last record identifier")
	c.U32("header size")
	h.LastRecord = c.U32("last record offset")
	h.FreeSpace = c.U32("free space offset")
	if h.FreeSpace < chunkHeaderSize || h.FreeSpace > ChunkSize {
		c.Fail("free space offset", 48, parse.ErrRange, fmt.Sprintf("expected %#x to %#x, found %#x", chunkHeaderSize, ChunkSize, h.FreeSpace))
	}
	dataSum := c.U32("data checksum")
	c.Skip(68, "reserved")
	headerSum := c.U32("header checksum")
	c.Skip(ChunkSize-128, "records")
	if err := c.Err(); err != nil {
		return ChunkHeader{}, err
	}
	sum := crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:chunkHeaderSize])
	h.HeaderValid = headerSum == sum
	h.DataValid = dataSum == crc32.ChecksumIEEE(b[chunkHeaderSize:h.FreeSpace])
	return h, nil
}
