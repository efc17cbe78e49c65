package usn

import (
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
)

// Raw is one record as it lies in a walk's buffer. Its methods read single
// fields without allocating, so that a caller can pass over records that do
// not matter. It is valid during the visit only: Decode what is to be kept.
// Every Raw that a walk hands out decodes.
type Raw struct {
	b      []byte
	Offset int64 // byte offset in the stream
	// Stale marks a record whose USN is not its offset plus the stream's
	// shift: the remains of an older journal in clusters that were used again.
	Stale bool
}

// Offsets of the fields up to the name. V3 and V4 have wider references, so
// that everything after them stands 16 bytes further.
const (
	offUSN        = 24
	offTime       = 32
	offReason     = 40
	offAttributes = 52
	offNameLength = 56
	offNameOffset = 58
	widerBy       = 16

	offUSNV4    = 40
	offReasonV4 = 48
	offCountV4  = 60
	offSizeV4   = 62
)

// Major gives the record's version: 2, 3 or 4.
func (r Raw) Major() uint16 { return binary.LittleEndian.Uint16(r.b[4:]) }

// Bytes gives the whole record. It must not be changed.
func (r Raw) Bytes() []byte { return r.b }

func (r Raw) wider() int {
	if r.b[4] == 2 {
		return 0
	}
	return widerBy
}

// USN gives the record's update sequence number.
func (r Raw) USN() int64 { return int64(binary.LittleEndian.Uint64(r.b[offUSN+r.wider():])) }

// File gives the reference of the file that changed (its low 64 bits).
func (r Raw) File() ntfs.FileReference {
	return ntfs.FileReference(binary.LittleEndian.Uint64(r.b[8:]))
}

// Parent gives the reference of the folder that held the file then.
func (r Raw) Parent() ntfs.FileReference {
	return ntfs.FileReference(binary.LittleEndian.Uint64(r.b[16+r.wider()/2:]))
}

// Reason gives the changes so far in this open-to-close cycle.
func (r Raw) Reason() Reason {
	if r.b[4] == 4 {
		return Reason(binary.LittleEndian.Uint32(r.b[offReasonV4:]))
	}
	return Reason(binary.LittleEndian.Uint32(r.b[offReason+r.wider():]))
}

// Time gives the record's time, UTC; zero for V4, which has none.
func (r Raw) Time() wintime.Filetime {
	if r.b[4] == 4 {
		return 0
	}
	return wintime.Filetime(binary.LittleEndian.Uint64(r.b[offTime+r.wider():]))
}

// Attributes gives the file's attributes; zero for V4, which has none.
func (r Raw) Attributes() FileAttributes {
	if r.b[4] == 4 {
		return 0
	}
	return FileAttributes(binary.LittleEndian.Uint32(r.b[offAttributes+r.wider():]))
}

// NameBytes gives the name as UTF-16LE, not copied; nil for V4, which has none.
func (r Raw) NameBytes() []byte {
	if r.b[4] == 4 {
		return nil
	}
	w := r.wider()
	n := int(binary.LittleEndian.Uint16(r.b[offNameLength+w:]))
	at := int(binary.LittleEndian.Uint16(r.b[offNameOffset+w:]))
	if at > len(r.b) || n > len(r.b)-at {
		return nil
	}
	return r.b[at : at+n]
}

// Decode copies the record out of the buffer. Errors carry offsets of the stream.
func (r Raw) Decode() (Record, error) {
	rec, err := parseAt(r.b, r.Offset)
	if err != nil {
		return Record{}, err
	}
	rec.Offset, rec.Stale = r.Offset, r.Stale
	return rec, nil
}
