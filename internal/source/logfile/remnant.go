package logfile

import (
	"encoding/binary"

	format "github.com/jobscan/jobscan/internal/format/logfile"
)

// remnant looks in bytes that belong to no log record for what is known by its
// shape alone: index entries, FILE records, journal records.
func (c *collector) remnant(r format.Remnant) {
	o := origin{offset: r.Offset, operation: noOperation}
	if r.Torn {
		o.doubt = ", in a torn sector"
	}
	b := r.Bytes
	c.journal(o, b)
	for off := 0; off+0x30 <= len(b); {
		at := o
		at.offset += int64(off)
		if string(b[off:off+4]) == "FILE" {
			if n := imageLength(b[off:]); n > 0 {
				c.fileRecord(at, b[off:off+n], 0, false)
				off += n
				continue
			}
		}
		if e, ok := indexEntry(b[off:]); ok && plausibleTimes(e.key) {
			c.indexEntry(at, e)
			off = (off + entryHeader + len(e.key) + 7) &^ 7
			continue
		}
		off += 8
	}
}

// imageLength gives how many bytes at the start of b are the image of a FILE
// record, 0 where its header is not one.
func imageLength(b []byte) int {
	used, allocated := binary.LittleEndian.Uint32(b[usedSizeAt:]), binary.LittleEndian.Uint32(b[usedSizeAt+4:])
	if allocated > maxRecordSize || used > allocated || used < 0x30 {
		return 0
	}
	return min(int(used), len(b))
}
