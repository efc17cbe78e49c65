package ntfs

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/jobscan/jobscan/internal/parse"
)

// zeroRecord is a slot of $MFT that nothing was ever written to.
var zeroRecord [maxRecord]byte

// NameHit is a FILE record that holds a name which was wanted.
type NameHit struct {
	Record    uint64
	Base      FileReference // of the base record when this is an extension record, else 0
	InUse     bool
	Sequence  uint16 // as stored
	Directory bool
}

// Reference is the file that the record describes, or that its base record
// described when this extension record was made.
func (h NameHit) Reference() FileReference {
	switch {
	case h.Base != 0:
		return h.Base
	case h.InUse:
		return NewFileReference(h.Record, h.Sequence)
	}
	return NewFileReference(h.Record, previousSequence(h.Sequence))
}

// ScanStats counts the FILE records that a scan went over.
type ScanStats struct {
	Records    uint64 // all slots
	InUse      uint64
	Deleted    uint64 // FILE records not in use
	Unreadable uint64 // no signature, and either not all zero or in use by $BITMAP; or bytes that could not be read
	Torn       uint64 // of the in-use and deleted: at least one sector torn, or marked BAAD
	Empty      uint64 // never used: all zero, and not in use by $BITMAP
}

// Add sums two counts, for a scan that was done in ranges.
func (s ScanStats) Add(o ScanStats) ScanStats {
	return ScanStats{
		Records: s.Records + o.Records, InUse: s.InUse + o.InUse, Deleted: s.Deleted + o.Deleted,
		Unreadable: s.Unreadable + o.Unreadable, Torn: s.Torn + o.Torn, Empty: s.Empty + o.Empty,
	}
}

const (
	signatureFILE = 0x454C4946 // "FILE"
	signatureBAAD = 0x44414142 // "BAAD"
	scanChunk     = 256 << 10  // small enough that what was read is still in the cache
)

// ScanNames goes over FILE records from (inclusive) to to (exclusive, cut to
// RecordCount) and calls hit once for each that holds a $FILE_NAME, of any
// namespace, whose name in UTF-16LE passes want. The slice given to want is
// only valid during the call. A name whose length field lies is decided on the
// bytes that are there.
//
// problem is called at most once for a record, with offsets from the start of
// $MFT, and once for a whole range of unreadable records. A bad record never
// ends the scan; only ctx does, whose error is then returned with the counts so
// far. Nothing is allocated for a record that is undamaged and not wanted.
func (v *Volume) ScanNames(ctx context.Context, from, to uint64, want func(name []byte) bool, hit func(NameHit), problem func(record uint64, err error)) (ScanStats, error) {
	s := nameScan{v: v, want: want, hit: hit, problem: problem}
	defer s.flush()
	to = min(to, v.RecordCount())
	size := uint64(v.recordSize)
	room := v.scanBuffer()
	defer v.buffers.Put(room)
	buf := *room
	for n := from; n < to; {
		if err := ctx.Err(); err != nil {
			return s.stats, err
		}
		if end := v.lostUntil(n); end > n {
			end = min(end, to)
			s.unreadable(n, end, gapMissing, &parse.Error{Structure: "FILE record", Offset: int64(n * size), Err: parse.ErrTruncated, Detail: "not in the evidence"})
			n = end
			continue
		}
		chunk := buf[:min(uint64(len(buf)), (to-n)*size)]
		k, _ := v.mft.ReadAt(chunk, int64(n*size))
		whole := uint64(k) / size
		s.records(n, chunk[:whole*size])
		n += whole
		if k < len(chunk) && v.lostUntil(n) <= n {
			n = s.oneByOne(n, n+(uint64(len(chunk))/size-whole), chunk[:size])
		}
	}
	return s.stats, nil
}

// scanBuffer gives a buffer for at least one record, and for scanChunk bytes at
// most. It may hold anything.
func (v *Volume) scanBuffer() *[]byte {
	if b, ok := v.buffers.Get().(*[]byte); ok {
		return b
	}
	size := uint64(v.recordSize)
	b := make([]byte, max(min(scanChunk/size, v.RecordCount()), 1)*size)
	return &b
}

// lostUntil returns the number after the last record that touches the Lost
// extent in which record n starts or ends; n itself where it can be read.
func (v *Volume) lostUntil(n uint64) uint64 {
	size := int64(v.recordSize)
	for _, off := range []int64{int64(n) * size, int64(n+1)*size - 1} {
		if off >= v.mft.size {
			continue
		}
		if e := v.mft.extents[v.mft.extentAt(off)]; e.Lost {
			return max(n+1, uint64((e.Offset+e.Length+size-1)/size))
		}
	}
	return n
}

// nameScan is the state of one scan.
type nameScan struct {
	v       *Volume
	want    func(name []byte) bool
	hit     func(NameHit)
	problem func(record uint64, err error)
	stats   ScanStats

	gap gap
}

// oneByOne reads records that could not be read together: a bad sector costs
// the record that it lies in.
func (s *nameScan) oneByOne(n, to uint64, buf []byte) uint64 {
	size := int64(len(buf))
	for ; n < to && s.v.lostUntil(n) <= n; n++ {
		if k, err := s.v.mft.ReadAt(buf, int64(n)*size); k < len(buf) {
			s.unreadable(n, n+1, gapOf(err), &parse.Error{Structure: "FILE record", Offset: int64(n) * size, Err: err})
			continue
		}
		s.record(n, buf)
	}
	return n
}

func (s *nameScan) records(n uint64, b []byte) {
	size := s.v.recordSize
	for off := 0; off < len(b); off += size {
		s.record(n, b[off:off+size])
		n++
	}
}

// record decides on one record, whose fixups it undoes in place.
func (s *nameScan) record(n uint64, rec []byte) {
	signature := binary.LittleEndian.Uint32(rec)
	if signature != signatureFILE && signature != signatureBAAD {
		s.noRecord(n, rec)
		return
	}
	s.stats.Records++
	inUse := binary.LittleEndian.Uint16(rec[0x16:])&recordFlagInUse != 0
	if inUse {
		s.stats.InUse++
	} else {
		s.stats.Deleted++
	}
	var torn sectorSet
	problem, found, sound := "", false, false
	if !undoSound(rec, recordHeader) {
		torn, problem = undoFixups(rec, recordHeader)
	} else if signature == signatureFILE {
		found, sound = s.names(rec)
	}
	if !sound {
		if !torn.empty() || signature != signatureFILE {
			s.stats.Torn++
		}
		found = s.damaged(n, rec, torn, problem)
	}
	if found {
		s.hit(NameHit{
			Record: n, InUse: inUse,
			Base:      FileReference(binary.LittleEndian.Uint64(rec[0x20:])),
			Sequence:  binary.LittleEndian.Uint16(rec[0x10:]),
			Directory: binary.LittleEndian.Uint16(rec[0x16:])&recordFlagIsIndex != 0,
		})
	}
}

// names walks the attributes on the raw bytes. sound is false when anything is
// not as it should be, and then found means nothing.
func (s *nameScan) names(rec []byte) (found, sound bool) {
	off := int(binary.LittleEndian.Uint16(rec[0x14:]))
	if off < recordHeader || off&7 != 0 {
		return false, false
	}
	for off+residentHeader <= len(rec) {
		// attributeHeader, by fewer steps; the common case first.
		h := rec[off : off+residentHeader]
		t, length := binary.LittleEndian.Uint32(h), binary.LittleEndian.Uint32(h[4:])
		if !AttributeType(t).plausible() || length&7 != 0 || length > uint32(len(rec)-off) ||
			length < leastAttribute[min(h[8], 2)] {
			break
		}
		if t == uint32(TypeFileName) {
			name, ok := fileNameBytes(rec[off : off+int(length)])
			if !ok {
				return false, false
			}
			found = found || s.want(name)
		}
		off += int(length)
	}
	if off+4 > len(rec) || binary.LittleEndian.Uint32(rec[off:]) != typeEnd {
		return false, false
	}
	used := binary.LittleEndian.Uint32(rec[0x18:])
	return found, used >= uint32(off+4) && used <= uint32(len(rec))
}

// leastAttribute is the least length of a resident attribute, of a non-resident
// one, and of what is neither.
var leastAttribute = [3]uint32{residentHeader, nonResidentHeader, math.MaxUint32}

// fileNameBytes gives the name inside a $FILE_NAME attribute. Such an attribute
// is resident and has no name of its own.
func fileNameBytes(a []byte) ([]byte, bool) {
	length := binary.LittleEndian.Uint32(a[0x10:])
	at := int(binary.LittleEndian.Uint16(a[0x14:]))
	if a[8]|a[9] != 0 || at < residentHeader || at > len(a) || uint64(length) > uint64(len(a)-at) || length <= fileNameAt {
		return nil, false
	}
	value := a[at : at+int(length)]
	n := 2 * int(value[fileNameLengthAt])
	if n == 0 || n > len(value)-fileNameAt {
		return nil, false
	}
	return value[fileNameAt : fileNameAt+n], true
}

// damaged decodes a record that the quick walk could not vouch for, reports
// the first thing wrong with it and decides on the names that are left.
func (s *nameScan) damaged(n uint64, rec []byte, torn sectorSet, problem string) (found bool) {
	base := int64(n) * int64(s.v.recordSize)
	r := decodeRecord(bytes.Clone(rec), torn, problem)
	if r.Baad {
		r.Damage = append([]error{recordError("signature", 0, parse.ErrFixup, "marked BAAD: NTFS found the record torn")}, r.Damage...)
	}
	for i := range r.Attributes {
		a := &r.Attributes[i]
		if a.Type != TypeFileName {
			continue
		}
		if _, err := decodeFileName(a.Value); err != nil {
			r.damage(parse.At(err, int64(a.ValueOffset)))
		}
		if len(a.Value) > fileNameAt {
			name := a.Value[fileNameAt:]
			if stated := 2 * int(a.Value[fileNameLengthAt]); stated > 0 && stated < len(name) {
				name = name[:stated]
			}
			found = found || s.want(name[:len(name)&^1])
		}
	}
	if len(r.Damage) > 0 {
		s.report(n, parse.At(r.Damage[0], base))
	}
	return found
}

// noRecord counts a slot without a signature: one that was never used, or a
// lost one, which zeros are where $BITMAP says that a file stands there.
func (s *nameScan) noRecord(n uint64, rec []byte) {
	allocated, _ := s.v.RecordAllocated(n)
	if !allocated && (n >= s.v.written || bytes.Equal(rec, zeroRecord[:len(rec)])) {
		s.stats.Records++
		s.stats.Empty++
		return
	}
	kind := gapSignature
	if allocated {
		kind = gapSignatureInUse
	}
	if s.gap.takes(n, kind) {
		s.unreadable(n, n+1, kind, nil)
		return
	}
	var err error = &parse.Error{Structure: "FILE record", Field: "signature", Offset: int64(n) * int64(len(rec)),
		Err: parse.ErrSignature, Detail: fmt.Sprintf("expected \"FILE\", found %q", rec[:4])}
	if allocated {
		err = fmt.Errorf("%w%s", err, inUseByBitmap)
	}
	s.unreadable(n, n+1, kind, err)
}

// unreadable counts records [from, to) and joins them to the range before
// them if that takes them. Only if it does may cause be nil.
func (s *nameScan) unreadable(from, to uint64, kind gapKind, cause error) {
	s.stats.Records += to - from
	s.stats.Unreadable += to - from
	if !s.gap.takes(from, kind) {
		s.flush()
		s.gap = gap{from: from, kind: kind, err: cause}
	}
	s.gap.to = to
}

func (s *nameScan) report(n uint64, err error) {
	s.flush()
	s.problem(n, err)
}

// flush reports the range of unreadable records that is open.
func (s *nameScan) flush() {
	if s.gap.err != nil {
		s.problem(s.gap.from, s.gap.problem())
	}
	s.gap = gap{}
}
