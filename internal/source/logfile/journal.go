package logfile

import (
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/usn"
)

// usnKey tells journal records apart: a journal that was deleted and made again
// can give a USN twice.
type usnKey struct {
	usn    int64
	time   wintime.Filetime
	reason usn.Reason
}

// journal takes the journal records in b, which begin at multiples of 8.
func (c *collector) journal(o origin, b []byte) {
	for off := 0; off+60 <= len(b); {
		n := journalRecord(b[off:])
		if n == 0 {
			off += 8
			continue
		}
		r, err := usn.ParseRecord(b[off : off+n])
		if err != nil {
			off += 8
			continue
		}
		off += n
		key := usnKey{r.USN, r.Time, r.Reason}
		if c.seenUSN[key] {
			continue
		}
		c.seenUSN[key] = true
		r.Offset = o.offset
		c.usnRecords = append(c.usnRecords, r)
	}
}

// journalRecord gives the length of the USN record at the start of b, 0 where
// none is: all that NTFS writes in one way must be as it writes it.
func journalRecord(b []byte) int {
	le := binary.LittleEndian
	n := int64(le.Uint32(b))
	major, minor := le.Uint16(b[4:]), le.Uint16(b[6:])
	if major < 2 || major > 3 || minor != 0 || n%8 != 0 || n < 64 || n > int64(len(b)) {
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
