package logfile

import (
	"bytes"
	"encoding/binary"
)

// pageHeader is the fixed header of a log record page, before its update sequence.
const pageHeader = 0x28

// page is one log record page as the first pass over the log saw it.
type page struct {
	at      int64  // bytes in the log where it lies
	logical int64  // bytes in the log of the place it was written for; differs for copies
	lap     uint64 // of the ring, 0 where not known
	last    uint64 // the highest LSN it states
	torn    uint8  // sectors
	known   bool   // its header could be read
}

// The signatures of a log record page; CHKD is set by chkdsk, BAAD by NTFS
// itself on a page that it found torn.
func hasPageSignature(b []byte) bool {
	s := string(b[:4])
	return s == "RCRD" || s == "CHKD" || s == "BAAD"
}

// unused: never written since the log was made (all ones), or zeroed.
func unused(b []byte) bool { return (b[0] == 0 || b[0] == 0xFF) && uniform(b) }

// uniform: all bytes of b, which has some, are the same.
func uniform(b []byte) bool { return bytes.Equal(b[1:], b[:len(b)-1]) }

// lastLSN is the LSN of the last record that begins in the page; in the copies
// that version 1.1 makes it holds the offset that the page was written for.
func lastLSN(b []byte) uint64 { return binary.LittleEndian.Uint64(b[0x08:]) }

// lastEndLSN is the LSN of the last record that ends in the page.
func lastEndLSN(b []byte) uint64 { return binary.LittleEndian.Uint64(b[0x20:]) }

// copyOffset is where version 2.0 keeps the offset that a copy was written for.
func copyOffset(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b[0x3C:])) }

// position gives the offset in the log at which the record of an LSN stands.
func (l *Log) position(lsn uint64) int64 {
	bits := l.restart.SequenceNumberBits
	return int64(lsn << bits >> bits << 3)
}

// lapOf gives the lap that an LSN was written in.
func (l *Log) lapOf(lsn uint64) uint64 { return lsn >> (64 - l.restart.SequenceNumberBits) }

// describe reads the header of the page b, which lies at offset at.
func (l *Log) describe(b []byte, at int64) page {
	p := page{at: at, logical: at}
	if !hasPageSignature(b) {
		return p
	}
	p.known = true
	p.logical = l.writtenFor(b, at)
	begins, ends := lastLSN(b), lastEndLSN(b)
	p.last = max(begins, ends)
	if p.logical != at && l.pageOf(begins) != p.logical {
		p.last = ends
	}
	p.lap = l.lapOf(p.last)
	if l.position(p.last) >= p.logical+l.pageSize() {
		// Only the end of a record is here, which began before the log went round.
		p.lap++
	}
	return p
}

// writtenFor tells for which place of the log the page b at offset at was
// written. The first pages hold copies, two in version 1.1, 32 in 2.0; since
// Windows 10 turns a log back to 1.1 when it dismounts a volume, copies of both
// kinds may stand there, and the pages say themselves what they are.
func (l *Log) writtenFor(b []byte, at int64) int64 {
	first := 2 * int64(l.restart.SystemPageSize)
	ends := l.pageOf(lastEndLSN(b))
	if at >= first+fastPages*l.pageSize() || ends == at || l.pageOf(lastLSN(b)) == at {
		return at
	}
	if to := copyOffset(b); l.isPage(to) && to >= first+fastPages*l.pageSize() {
		return to
	}
	if at >= first+tailPages*l.pageSize() {
		return at
	}
	if to := int64(lastLSN(b)); l.isPage(to) && to >= first+tailPages*l.pageSize() {
		return to
	}
	if l.isPage(ends) {
		return ends
	}
	return at
}

// isPage: a page of the log begins at this offset.
func (l *Log) isPage(at int64) bool {
	return at >= 0 && at < l.size && at%l.pageSize() == 0
}

// pageOf gives the offset of the page in which the record of an LSN begins.
func (l *Log) pageOf(lsn uint64) int64 { return l.position(lsn) &^ (l.pageSize() - 1) }

func (l *Log) pageSize() int64 { return int64(l.restart.LogPageSize) }
