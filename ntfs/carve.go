package ntfs

import (
	"bytes"
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/parse"
)

// CarvedRecord is a FILE record found by its shape, not by its place in $MFT.
type CarvedRecord struct {
	*Record       // Number is what the record says of itself
	Offset  int64 // of its first byte, in what was searched
	// Plain: no sector carries the update sequence number. So records stand in
	// memory and in the files that memory is written to, with all bytes right.
	Plain bool
}

// CarveRecords finds FILE records, BAAD ones included, at multiples of 8 from
// the start of b, in ascending order. base, the offset of b in what is searched,
// is added to the offsets of the results. recordSize, in bytes, is that of the
// volume; 0 takes whatever size a record states, for remains of other volumes.
// What a record must be like stands at RecordCarver.At. A record of which b
// holds only the beginning is not found.
func CarveRecords(b []byte, base int64, recordSize int) []CarvedRecord {
	var out []CarvedRecord
	var c RecordCarver
	for off := 0; off+recordHeader <= len(b); {
		n := 0
		if s := binary.LittleEndian.Uint32(b[off:]); s == signatureFILE || s == signatureBAAD {
			n = c.At(b[off:], recordSize)
		}
		if n == 0 {
			off += 8
			continue
		}
		r := c.Record()
		r.Offset = base + int64(off)
		for i, d := range r.Damage {
			r.Damage[i] = parse.At(d, r.Offset)
		}
		out = append(out, r)
		off += n
	}
	return out
}

// RecordCarver judges places that may hold a FILE record. It keeps one record
// and allocates nothing until that is decoded. The zero value is ready; it is
// not safe for concurrent use.
type RecordCarver struct {
	data    []byte // of the record that At found, fixups undone
	torn    sectorSet
	problem string
	buf     [carvedMax]byte
}

// Sizes in bytes of the FILE records that are carved.
const (
	carvedMin = 512
	carvedMax = 4096
)

// At gives the size of the FILE record at the start of b, or 0. recordSize is
// as for CarveRecords. Asked for is what NTFS writes in one way always: the
// place and the count of the update sequence; a size that is a power of two;
// a first attribute behind the update sequence; no more used than there is;
// flags that exist; attributes that lead to the end marker, in ascending order.
// Only torn sectors excuse a chain that does not reach its end, and one
// attribute of it has to stand before them.
func (c *RecordCarver) At(b []byte, recordSize int) int {
	c.data = nil
	if len(b) < recordHeaderXP || !hasRecordSignature(b) {
		return 0
	}
	le := binary.LittleEndian
	size := int(le.Uint32(b[0x1C:]))
	if size < carvedMin || size > carvedMax || size&(size-1) != 0 || size > len(b) || (recordSize > 0 && size != recordSize) {
		return 0
	}
	usa, count := int(le.Uint16(b[4:])), int(le.Uint16(b[6:]))
	first, used, flags := int(le.Uint16(b[0x14:])), int64(le.Uint32(b[0x18:])), le.Uint16(b[0x16:])
	if usa < recordHeader || usa > recordHeaderXP || usa&1 != 0 || count != size/fixupStride+1 ||
		first < usa+2*count || first&7 != 0 || used < int64(first) || used > int64(size) || flags > 0xF {
		return 0
	}
	data := c.buf[:copy(c.buf[:], b[:size])]
	c.torn, c.problem = undoFixups(data, recordHeader)
	if !c.leadsToEnd(data, first) {
		return 0
	}
	c.data = data
	return size
}

// leadsToEnd walks the attributes from first.
func (c *RecordCarver) leadsToEnd(data []byte, first int) bool {
	last := uint32(0)
	for off := first; ; {
		if off+4 <= len(data) && binary.LittleEndian.Uint32(data[off:]) == typeEnd {
			return true
		}
		length, ok := attributeHeader(data, off)
		if !ok || binary.LittleEndian.Uint32(data[off:]) < last {
			return off > first && c.tornBefore(off, len(data))
		}
		last = binary.LittleEndian.Uint32(data[off:])
		off += length
	}
}

// tornBefore: some sector whose fixup did not match lies at off or before, and
// some other one did match.
func (c *RecordCarver) tornBefore(off, size int) bool {
	before, matched := false, false
	for i := range size / fixupStride {
		if c.torn.has(i) {
			before = before || i <= off/fixupStride
		} else {
			matched = true
		}
	}
	return before && matched
}

// HasName reports that the record which At found last has a $FILE_NAME whose
// name, UTF-16LE, want accepts. It allocates only for a damaged record.
func (c *RecordCarver) HasName(want func(name []byte) bool) bool {
	if c.data == nil {
		return false
	}
	s := nameScan{want: want}
	if found, sound := s.names(c.data); sound {
		return found
	}
	for _, a := range c.Record().Attributes {
		if name, ok := fileNameBytes(c.data[a.Offset : a.Offset+a.Length]); a.Type == TypeFileName && ok && want(name) {
			return true
		}
	}
	return false
}

// Record decodes the record which At found last. Offsets in its Damage count
// from the record's start. It must not be called where At gave 0.
func (c *RecordCarver) Record() CarvedRecord {
	if c.data == nil {
		return CarvedRecord{Record: &Record{}}
	}
	r := decodeRecord(bytes.Clone(c.data), c.torn, c.problem)
	return CarvedRecord{Record: r, Plain: len(r.Torn) == len(c.data)/fixupStride}
}
