package evt

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

const (
	fixedSize     = 56            // of the fields of a record that every one has
	minRecordSize = fixedSize + 4 // the size is repeated at the end
	// maxRecordSize bounds a record; Windows writes less than 256 KiB.
	maxRecordSize = 1 << 20
)

// Record is the frame of one event, EVENTLOGRECORD.
type Record struct {
	Offset    int // of the record in the log
	Size      int // bytes; a record may go past the end of the log and on behind the header
	Number    uint32
	Generated wintime.Filetime // when the event happened, UTC, whole seconds
	Written   wintime.Filetime // when it came into the log
	// EventID is the whole identifier. The low 16 bits are the number that
	// Windows shows; severity and facility are above.
	EventID  uint32
	Type     uint16 // 8 and 16 are audits of success and failure
	Category uint16
	// Remnant: the log had given up the record to make room.
	Remnant bool
}

// Code is the number of the event that Windows shows.
func (r Record) Code() uint16 { return uint16(r.EventID) }

// fromUnix turns seconds since 1970, UTC, into a FILETIME.
func fromUnix(seconds uint32) wintime.Filetime {
	const ticksPerSecond, epoch = 10_000_000, 11_644_473_600 // 1970 in seconds since 1601
	return wintime.Filetime((uint64(seconds) + epoch) * ticksPerSecond)
}

// recordAt decodes the frame at a multiple of 4. The cost does not depend on the
// size that the record states.
func (r ring) recordAt(at int) (Record, error) {
	if !r.frameAt(at) {
		return Record{}, r.noFrame(at)
	}
	u32 := func(field int) uint32 { return r.u32(r.after(at, field)) }
	return Record{Offset: at, Size: int(u32(0)), Number: u32(8), Generated: fromUnix(u32(12)), Written: fromUnix(u32(16)),
		EventID: u32(20), Type: uint16(u32(24)), Category: uint16(u32(28))}, nil
}

const signatureNumber = 0x654C664C // the signature as a number

// frameAt reports signature and size of a record, and the size again at its end.
func (r ring) frameAt(at int) bool {
	if r.size() < minRecordSize || r.u32(r.after(at, 4)) != signatureNumber {
		return false
	}
	size := r.u32(at)
	return size >= minRecordSize && uint64(size) <= uint64(r.limit()) && size%4 == 0 && r.u32(r.after(at, int(size)-4)) == size
}

// limit is the size of the largest record that the ring could hold.
func (r ring) limit() int { return min(r.size(), maxRecordSize) }

// noFrame says why frameAt finds no record.
func (r ring) noFrame(at int) error {
	fail := func(field string, offset int, cause error, format string, args ...any) error {
		return &parse.Error{Structure: "EVT record", Field: field, Offset: int64(offset), Err: cause, Detail: fmt.Sprintf(format, args...)}
	}
	if r.size() < minRecordSize {
		return fail("", at, parse.ErrTruncated, "expected %d bytes, found %d", minRecordSize, r.size())
	}
	if s := r.bytes(r.after(at, 4), 4); string(s) != signature {
		return fail("signature", r.after(at, 4), parse.ErrSignature, "expected %q, found %q", signature, s)
	}
	size := r.u32(at)
	if size < minRecordSize || uint64(size) > uint64(r.limit()) || size%4 != 0 {
		return fail("size", at, parse.ErrRange, "expected a multiple of 4 from %d to %d, found %d", minRecordSize, r.limit(), size)
	}
	again := r.after(at, int(size)-4)
	return fail("size again", again, parse.ErrRange, "expected %d, found %d", size, r.u32(again))
}
