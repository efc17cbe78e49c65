package evt

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// HeaderSize is the size of the header of a log, in bytes; the ring of records
// begins behind it.
const HeaderSize = 0x30

const signature = "LfLe" // of the header and of every record

const flagDirty = 1 // ELF_LOGFILE_HEADER_DIRTY

// Header is the header of a log, ELF_LOGFILE_HEADER.
type Header struct {
	MajorVersion, MinorVersion uint32
	Start                      uint32 // offset of the oldest record
	End                        uint32 // offset of the end-of-file record
	NextRecord                 uint32 // number of the record that will be written next
	OldestRecord               uint32 // number; 0 in an empty log
	MaxSize                    uint32 // bytes
	Flags                      uint32
	Retention                  uint32 // seconds
}

// Dirty reports a log that was not closed: offsets and numbers may be stale.
func (h Header) Dirty() bool { return h.Flags&flagDirty != 0 }

// ParseHeader decodes the header at the start of a log. Errors are a wrong
// signature and a size that is not that of the header. Offsets are given as they
// stand, also those that lie outside of the log.
func ParseHeader(log []byte) (Header, error) {
	c := parse.NewCursor(log, "EVT header")
	size := func(field string, at int) {
		if n := c.U32(field); n != HeaderSize {
			c.Fail(field, at, parse.ErrRange, fmt.Sprintf("expected %d, found %d", HeaderSize, n))
		}
	}
	size("header size", 0)
	s := c.Bytes(4, "signature")
	if s != nil && string(s) != signature {
		c.Fail("signature", 4, parse.ErrSignature, fmt.Sprintf("expected %q, found %q", signature, s))
	}
	h := Header{
		MajorVersion: c.U32("major version"), MinorVersion: c.U32("minor version"),
		Start: c.U32("offset of the oldest record"), End: c.U32("offset of the end-of-file record"),
		NextRecord: c.U32("next record number"), OldestRecord: c.U32("oldest record number"),
		MaxSize: c.U32("maximum size"), Flags: c.U32("flags"), Retention: c.U32("retention"),
	}
	size("header size again", HeaderSize-4)
	if err := c.Err(); err != nil {
		return Header{}, err
	}
	return h, nil
}

// end is the record that follows the newest one, ELF_EOF_RECORD.
type end struct {
	offset     int
	begin      uint32 // offset of the oldest record
	nextRecord uint32
}

const (
	endSize       = 0x28
	endSignature1 = 0x11111111
)

// endAt decodes an end-of-file record.
func (r ring) endAt(at int) (e end, ok bool) {
	if r.size() < endSize || r.u32(r.after(at, 4)) != endSignature1 {
		return end{}, false
	}
	b := r.bytes(at, endSize)
	u32 := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	if u32(0) != endSize || u32(1) != endSignature1 || u32(2) != 0x22222222 || u32(3) != 0x33333333 || u32(4) != 0x44444444 || u32(9) != endSize {
		return end{}, false
	}
	return end{offset: at, begin: u32(5), nextRecord: u32(7)}, true
}

// newestEnd finds the end-of-file record of the highest number.
func (r ring) newestEnd() (newest end, found bool) {
	for at := HeaderSize; at < len(r.b); at += 4 {
		if e, ok := r.endAt(at); ok && (!found || e.nextRecord > newest.nextRecord) {
			newest, found = e, true
		}
	}
	return newest, found
}
