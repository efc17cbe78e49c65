package ntfs

import (
	"bytes"
	"context"
	"encoding/binary"
)

// SlackStart is where the attributes of the record end and its slack begins, in
// bytes. The end marker, which is written over what stood there, is the first
// of it.
func (r *Record) SlackStart() int {
	at := min(recordHeaderXP, len(r.Data))
	for i := range r.Attributes {
		at = max(at, r.Attributes[i].Offset+r.Attributes[i].Length)
	}
	return min(at, len(r.Data))
}

// ScanSlack goes over FILE records from (inclusive) to to (exclusive, cut to
// RecordCount), and gives to found those of whose slack worth says that it is
// worth a look. at is where the slack begins in the record; both it and slack,
// whose fixups are undone, are valid during the call only. other, which may be
// nil, is told of slots that hold something and no FILE record. Slots that
// cannot be read are passed over: ScanNames reports them. Nothing is allocated
// for a record that is undamaged and not worth a look. The error is that of ctx.
func (v *Volume) ScanSlack(ctx context.Context, from, to uint64, worth func(slack []byte, at int) bool, found func(*Record), other func(n uint64)) error {
	s := slackScan{v, worth, found, other}
	to = min(to, v.RecordCount())
	size := uint64(v.recordSize)
	room := v.scanBuffer()
	defer v.buffers.Put(room)
	buf := *room
	for n := from; n < to; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if end := v.lostUntil(n); end > n {
			n = end
			continue
		}
		chunk := buf[:min(uint64(len(buf)), (to-n)*size)]
		k, _ := v.mft.ReadAt(chunk, int64(n*size))
		whole := uint64(k) / size
		for i := range whole {
			s.record(n+i, chunk[i*size:(i+1)*size])
		}
		if n += whole; k == len(chunk) {
			continue
		}
		// A bad sector costs the record that it lies in.
		if k, _ := v.mft.ReadAt(chunk[:size], int64(n*size)); uint64(k) == size {
			s.record(n, chunk[:size])
		}
		n++
	}
	return nil
}

// slackScan is what a ScanSlack was asked for.
type slackScan struct {
	v     *Volume
	worth func(slack []byte, at int) bool
	found func(*Record)
	other func(n uint64)
}

// record decides on one slot, whose fixups it undoes in place.
func (s *slackScan) record(n uint64, rec []byte) {
	if !hasRecordSignature(rec) {
		if s.other != nil && !bytes.Equal(rec, zeroRecord[:len(rec)]) {
			s.other(n)
		}
		return
	}
	torn, problem := undoFixups(rec, recordHeader)
	at, sound := attributesEnd(rec)
	if sound && !s.worth(rec[at:], at) {
		return
	}
	r := decodeRecord(bytes.Clone(rec), torn, problem)
	if at = r.SlackStart(); sound || s.worth(r.Data[at:], at) {
		r.setNumber(n)
		s.found(r)
	}
}

// attributesEnd gives the place of the end marker, or says that the chain of
// attributes does not lead to one.
func attributesEnd(rec []byte) (at int, sound bool) {
	at = int(binary.LittleEndian.Uint16(rec[0x14:]))
	if at < recordHeader || at&7 != 0 {
		return 0, false
	}
	for at+4 <= len(rec) {
		if binary.LittleEndian.Uint32(rec[at:]) == typeEnd {
			return at, true
		}
		length, ok := attributeHeader(rec, at)
		if !ok {
			return 0, false
		}
		at += length
	}
	return 0, false
}

// HasNameRemains reports that b, which begins at offset at of a FILE or INDX
// record, holds what can be a copy of a $FILE_NAME whose name, UTF-16LE, want
// accepts: four times from 1980 to 2199 before a name that fits. It is a quick
// test, for CarveIndexRemains and others to follow; it allocates nothing.
func HasNameRemains(b []byte, at int, want func(name []byte) bool) bool {
	for off := (8 - at&7) & 7; off+fileNameAt < len(b); off += 8 {
		if !carvedTimeAt(b[off+8:]) {
			continue
		}
		if n := nameCopy(b[off:]); n > 0 && want(b[off+fileNameAt:off+n]) {
			return true
		}
	}
	return false
}

// NameRemainAt decodes the copy of a $FILE_NAME at the start of b if its times,
// its namespace and the characters of its name make sense, and gives its
// length in bytes; 0 where there is none.
func NameRemainAt(b []byte) (FileName, int) {
	n := nameCopy(b)
	if n == 0 {
		return FileName{}, 0
	}
	name, err := ParseFileName(b[:n])
	if err != nil {
		return FileName{}, 0
	}
	return name, n
}
