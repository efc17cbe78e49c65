package logfile

import (
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// JournalRecord is a USN_RECORD_V2 or V3 that the log carries, one that
// usn.ParseRecord takes.
type JournalRecord struct {
	Offset          int64 // of the log record that it lies in, bytes from the start of $LogFile
	USN             int64
	File            ntfs.FileReference // in V3 the lower half
	Directory       bool
	Bytes           []byte // valid during the call that gives it
	NameAt, NameEnd int    // in Bytes
}

// Name is the name in UTF-16LE, a part of Bytes.
func (r *JournalRecord) Name() []byte { return r.Bytes[r.NameAt:r.NameEnd] }

// asJournalRecord reads from a record that journalRecord has accepted.
func asJournalRecord(b []byte, offset int64) JournalRecord {
	le := binary.LittleEndian
	r := JournalRecord{Offset: offset, File: ntfs.FileReference(le.Uint64(b[8:])), Bytes: b}
	h := b[16*(int(le.Uint16(b[4:]))-2):]
	r.USN, r.Directory = int64(le.Uint64(h[24:])), usn.FileAttributes(le.Uint32(h[52:])).IsDirectory()
	r.NameAt = int(le.Uint16(h[58:]))
	r.NameEnd = r.NameAt + int(le.Uint16(h[56:]))
	return r
}

// usnKey tells journal records apart: a journal that was deleted and made again
// can give a USN twice.
type usnKey struct {
	usn    int64
	file   uint64 // the lower half in V3
	time   wintime.Filetime
	reason usn.Reason
}

// journal takes the journal records in b, which begin at multiples of 8.
func (c *collector) journal(o origin, b []byte) {
	if c.usnRecord == nil {
		return
	}
	for off := 0; off+60 <= len(b); {
		if major := binary.LittleEndian.Uint32(b[off+4:]); major != 2 && major != 3 { // with the minor version
			off += 8
			continue
		}
		n := journalRecord(b[off:])
		if n == 0 {
			off += 8
			continue
		}
		record := b[off : off+n : off+n]
		off += n
		if !c.repeats.add(keyOf(record)) {
			continue
		}
		c.stats.JournalRecords++
		c.usnRecord(asJournalRecord(record, o.offset))
	}
}

// usnRepeats remembers journal records: of those whose USNs meet in one place the
// last.
type usnRepeats [4096]usnKey

// add is false where the record is the one remembered.
func (s *usnRepeats) add(k usnKey) bool {
	place := &s[uint64(k.usn)/minUSNRecord%uint64(len(s))]
	if *place == k {
		return false
	}
	*place = k
	return true
}

// minUSNRecord is the length in bytes of the shortest journal record with a name,
// and so the least distance of two USNs.
const minUSNRecord = 64

// keyOf reads the key of a record that journalRecord has accepted.
func keyOf(b []byte) usnKey {
	le := binary.LittleEndian
	file := le.Uint64(b[8:])
	b = b[16*(int(le.Uint16(b[4:]))-2):]
	return usnKey{int64(le.Uint64(b[24:])), file, wintime.Filetime(le.Uint64(b[32:])), usn.Reason(le.Uint32(b[40:]))}
}

// journalRecord gives the length of the USN record at the start of b, 0 where
// none is: all that NTFS writes in one way must be as it writes it.
func journalRecord(b []byte) int {
	le := binary.LittleEndian
	n := int64(le.Uint32(b))
	major, minor := le.Uint16(b[4:]), le.Uint16(b[6:])
	if major < 2 || major > 3 || minor != 0 || n%8 != 0 || n < minUSNRecord || n > int64(len(b)) {
		return 0
	}
	wider := 16 * int(major-2)
	if int64(60+wider) > n {
		return 0
	}
	number, t, reason := int64(le.Uint64(b[24+wider:])), wintime.Filetime(le.Uint64(b[32+wider:])), le.Uint32(b[40+wider:])
	length, at := int(le.Uint16(b[56+wider:])), int(le.Uint16(b[58+wider:]))
	if number < 0 || number%8 != 0 || reason == 0 || length == 0 || length%2 != 0 || length > 510 || at != 60+wider {
		return 0
	}
	if int64(at+length+7)&^7 != n {
		return 0
	}
	const from, to wintime.Filetime = 119_600_064_000_000_000, 188_000_000_000_000_000 // 1980, 2196
	if t < from || t >= to {
		return 0
	}
	return int(n)
}
