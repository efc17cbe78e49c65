package vhdx

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

const (
	logSector       = 4096
	entryHeaderSize = 64
	descriptorSize  = 32
)

// EntryHeader is [MS-VHDX] 2.3.1.1, the beginning of a log entry.
type EntryHeader struct {
	EntryLength       uint32 // bytes, in whole sectors of 4096
	Tail              uint32 // offset in the log of the oldest entry that is still needed
	SequenceNumber    uint64
	DescriptorCount   uint32
	LogGUID           guid.GUID
	FlushedFileOffset uint64 // bytes that the file had on stable storage
	LastFileOffset    uint64 // bytes that the file's structures need
}

// ParseEntryHeader reads the 64 bytes, without the entry's checksum. Errors are
// *parse.Error.
func ParseEntryHeader(b []byte) (EntryHeader, error) {
	const structure = "VHDX log entry"
	c := parse.NewCursor(b, structure)
	whole := c.Bytes(entryHeaderSize, "")
	if err := c.Err(); err != nil {
		return EntryHeader{}, err
	}
	if err := signed(whole, "loge", structure); err != nil {
		return EntryHeader{}, err
	}
	c = parse.NewCursor(whole, structure)
	c.Skip(8, "signature and checksum")
	h := EntryHeader{
		EntryLength:     c.U32("entry length"),
		Tail:            c.U32("tail"),
		SequenceNumber:  c.U64("sequence number"),
		DescriptorCount: c.U32("descriptor count"),
	}
	c.Skip(4, "reserved")
	h.LogGUID = guid.GUID(c.Bytes(16, "log GUID"))
	h.FlushedFileOffset = c.U64("flushed file offset")
	h.LastFileOffset = c.U64("last file offset")
	switch {
	case h.EntryLength == 0 || h.EntryLength%logSector != 0:
		c.Fail("entry length", 8, parse.ErrRange, fmt.Sprintf("expected whole sectors of %d, found %d", logSector, h.EntryLength))
	case h.Tail%logSector != 0:
		c.Fail("tail", 12, parse.ErrRange, fmt.Sprintf("expected whole sectors of %d, found %d", logSector, h.Tail))
	case h.SequenceNumber == 0:
		c.Fail("sequence number", 16, parse.ErrRange, "expected one above zero")
	case h.descriptorSectors() > uint64(h.EntryLength)/logSector:
		c.Fail("descriptor count", 24, parse.ErrRange, fmt.Sprintf("expected descriptors for %d bytes, found %d", h.EntryLength, h.DescriptorCount))
	}
	if err := c.Err(); err != nil {
		return EntryHeader{}, err
	}
	return h, nil
}

// descriptorSectors is how many sectors header and descriptors take.
func (h EntryHeader) descriptorSectors() uint64 {
	return (entryHeaderSize + uint64(h.DescriptorCount)*descriptorSize + logSector - 1) / logSector
}

// write is a change of the file that the log holds: one sector, or zeros.
type write struct {
	at, length int64
	sector     []byte // 4096 bytes; nil for zeros
}

// parseEntry reads a whole entry whose header was parsed, with its checksum,
// descriptors and data sectors.
func parseEntry(b []byte, h EntryHeader) ([]write, error) {
	const structure = "VHDX log entry"
	if err := verify(b, structure); err != nil {
		return nil, err
	}
	fail := func(field string, offset int, detail string, args ...any) ([]write, error) {
		return nil, &parse.Error{Structure: structure, Field: field, Offset: int64(offset), Err: parse.ErrRange, Detail: fmt.Sprintf(detail, args...)}
	}
	var writes []write
	data := int(h.descriptorSectors()) * logSector
	for i := range int(h.DescriptorCount) {
		at := entryHeaderSize + i*descriptorSize
		d := b[at : at+descriptorSize]
		offset := binary.LittleEndian.Uint64(d[16:])
		if n := binary.LittleEndian.Uint64(d[24:]); n != h.SequenceNumber {
			return fail("sequence number of a descriptor", at+24, "expected %d, found %d", h.SequenceNumber, n)
		}
		if offset%logSector != 0 || offset > 1<<62 {
			return fail("file offset", at+16, "expected whole sectors of %d, found %#x", logSector, offset)
		}
		switch kind := string(d[:4]); kind {
		case "zero":
			length := binary.LittleEndian.Uint64(d[8:])
			if length%logSector != 0 || length > 1<<62-offset {
				return fail("zero length", at+8, "expected whole sectors of %d, found %#x", logSector, length)
			}
			if length > 0 {
				writes = append(writes, write{at: int64(offset), length: int64(length)})
			}
		case "desc":
			if data+logSector > len(b) {
				return fail("descriptor count", at, "expected a data sector for each descriptor, found %d bytes", len(b))
			}
			sector, err := dataSector(d, b[data:data+logSector], h.SequenceNumber)
			if err != nil {
				return nil, parse.At(err, int64(data))
			}
			writes = append(writes, write{at: int64(offset), length: logSector, sector: sector})
			data += logSector
		default:
			return fail("descriptor signature", at, "expected \"zero\" or \"desc\", found %q", kind)
		}
	}
	return writes, nil
}

// dataSector gives the bytes of a data sector, whose first 8 and last 4 bytes are
// in its descriptor ([MS-VHDX] 2.3.1.3 and 2.3.1.4).
func dataSector(descriptor, b []byte, sequence uint64) ([]byte, error) {
	const structure = "VHDX log data sector"
	if err := signed(b, "data", structure); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if n := uint64(le.Uint32(b[4:]))<<32 | uint64(le.Uint32(b[logSector-4:])); n != sequence {
		return nil, &parse.Error{Structure: structure, Field: "sequence number", Offset: 4, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected %d, found %d", sequence, n)}
	}
	out := make([]byte, logSector)
	copy(out, descriptor[8:16])
	copy(out[8:], b[8:logSector-4])
	copy(out[logSector-4:], descriptor[4:8])
	return out, nil
}
