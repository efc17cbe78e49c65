package ntfs

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// Record is one FILE record (file record segment) of $MFT with its update
// sequence undone.
type Record struct {
	Number        uint64 // position in $MFT; ParseRecord, which knows none, takes StoredNumber
	StoredNumber  uint32 // what the record says (Windows XP and later), 0 where it says nothing
	Sequence      uint16 // as stored; see Reference
	LinkCount     uint16
	InUse         bool
	IsDirectory   bool
	Base          FileReference // of the base record, when this is an extension record; else 0
	LSN           uint64        // position in $LogFile of the last change
	Baad          bool          // NTFS itself found the record torn and marked it
	Torn          []int         // indexes of 512-byte sectors whose fixup did not match; those bytes are as read
	Attributes    []Attribute   // in the order of the record
	Damage        []error       // *parse.Error, one for each thing that could not be decoded; offsets from the record's start
	UsedSize      uint32
	AllocatedSize uint32
	Data          []byte // the whole record, fixups undone: slack included
}

const (
	recordHeader      = 0x2A // up to and with the next attribute id
	recordHeaderXP    = 0x30 // with the record's own number
	recordFlagInUse   = 0x1
	recordFlagIsIndex = 0x2
)

// ParseRecord decodes one FILE record from b, which it leaves unchanged. It
// fails only when b is no FILE record at all; everything else that is wrong
// stands in Damage and Torn, and what can be decoded is.
func ParseRecord(b []byte) (*Record, error) {
	if len(b) < recordHeader {
		return nil, recordError("header", 0, parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", recordHeader, len(b)))
	}
	if len(b) > maxRecord {
		return nil, recordError("record", 0, parse.ErrRange, fmt.Sprintf("expected at most %d bytes, found %d", maxRecord, len(b)))
	}
	if !hasRecordSignature(b) {
		return nil, recordError("signature", 0, parse.ErrSignature, fmt.Sprintf("expected \"FILE\", found %q", b[:4]))
	}
	data := bytes.Clone(b)
	torn, problem := undoFixups(data, recordHeader)
	return decodeRecord(data, torn, problem), nil
}

func hasRecordSignature(b []byte) bool {
	s := string(b[:4])
	return s == "FILE" || s == "BAAD"
}

// decodeRecord decodes data, whose fixups are undone and which the Record keeps.
func decodeRecord(data []byte, torn sectorSet, problem string) *Record {
	le := binary.LittleEndian
	flags := le.Uint16(data[0x16:])
	r := &Record{
		Sequence:      le.Uint16(data[0x10:]),
		LinkCount:     le.Uint16(data[0x12:]),
		InUse:         flags&recordFlagInUse != 0,
		IsDirectory:   flags&recordFlagIsIndex != 0,
		Base:          FileReference(le.Uint64(data[0x20:])),
		LSN:           le.Uint64(data[0x08:]),
		Baad:          string(data[:4]) == "BAAD",
		Torn:          torn.list(),
		UsedSize:      le.Uint32(data[0x18:]),
		AllocatedSize: le.Uint32(data[0x1C:]),
		Data:          data,
	}
	if le.Uint16(data[4:]) >= recordHeaderXP && len(data) >= recordHeaderXP {
		r.StoredNumber = le.Uint32(data[0x2C:])
	}
	r.Number = uint64(r.StoredNumber)
	if problem != "" {
		r.Damage = append(r.Damage, fixupError(data, problem))
	}
	for _, s := range r.Torn {
		r.Damage = append(r.Damage, tornError(s))
	}
	r.decodeAttributes()
	return r
}

// Reference names the incarnation that the record describes. NTFS adds one to
// the sequence number when it frees a record, so for a record not in use the
// file's own number is the one before (0xFFFF before 1, as 0 is skipped).
func (r *Record) Reference() FileReference {
	if r.InUse {
		return NewFileReference(r.Number, r.Sequence)
	}
	return NewFileReference(r.Number, previousSequence(r.Sequence))
}

// IsExtension reports a record that holds attributes of another one, Base.
func (r *Record) IsExtension() bool { return r.Base != 0 }

// decodeAttributes walks the attributes. Where the chain breaks it looks for
// the next place from which a chain leads to the end marker.
func (r *Record) decodeAttributes() {
	chain := attributeChain{rec: r.Data}
	off := int(binary.LittleEndian.Uint16(r.Data[0x14:]))
	if off < recordHeader || off&7 != 0 || off+4 > len(r.Data) {
		r.damage(recordError("first attribute offset", 0x14, parse.ErrRange, fmt.Sprintf("found %#x", off)))
		off = chain.find(recordHeader)
	}
	for off >= 0 {
		if off+4 <= len(r.Data) && binary.LittleEndian.Uint32(r.Data[off:]) == typeEnd {
			r.checkUsedSize(off + 4)
			return
		}
		length, ok := attributeHeader(r.Data, off)
		if !ok {
			r.damage(r.brokenHeader(off))
			off = r.afterBroken(&chain, off)
			continue
		}
		a, err := decodeAttribute(r.Data, off, length)
		r.keep(a, err)
		next := off + length
		if !endsOrGoesOn(r.Data, next) {
			// Either the next header is bad, or this length lies.
			if again := chain.find(off + residentHeader); again >= 0 && again < next && !honestLength(a) {
				r.damage(recordError("attribute length", off+4, parse.ErrRange, fmt.Sprintf("found %d, next attribute at %#x", length, again)))
				next = again
			}
		}
		off = next
	}
}

// endsOrGoesOn: an end marker or a plausible attribute header stands at off.
func endsOrGoesOn(rec []byte, off int) bool {
	if off+4 <= len(rec) && binary.LittleEndian.Uint32(rec[off:]) == typeEnd {
		return true
	}
	_, ok := attributeHeader(rec, off)
	return ok
}

// honestLength: a resident attribute whose length agrees with its value.
func honestLength(a Attribute) bool {
	return a.Resident && a.Type != 0 && (a.ValueOffset-a.Offset+int(a.ValueLength)+7)&^7 == a.Length
}

// afterBroken returns where to go on after a header at off that makes no
// sense, and keeps the attribute itself where only its length is wrong.
func (r *Record) afterBroken(chain *attributeChain, off int) int {
	next := chain.find(off + 8)
	end := next
	if end < 0 {
		end = min(max(int(r.UsedSize), off), len(r.Data)) &^ 7
	}
	if end-off < residentHeader || !AttributeType(binary.LittleEndian.Uint32(r.Data[off:])).plausible() {
		return next
	}
	if r.Data[off+8] == 0 || (r.Data[off+8] == 1 && end-off >= nonResidentHeader) {
		r.keep(decodeAttribute(r.Data, off, end-off))
	}
	return next
}

func (r *Record) keep(a Attribute, err error) {
	if err != nil {
		r.damage(err)
	}
	if a.Type != 0 {
		a.Holder = r.Number
		r.Attributes = append(r.Attributes, a)
	}
}

func (r *Record) damage(err error) { r.Damage = append(r.Damage, err) }

// brokenHeader describes what is wrong with the attribute header at off.
func (r *Record) brokenHeader(off int) error {
	if off+residentHeader > len(r.Data) {
		return recordError("attributes", off, parse.ErrTruncated, "no end marker")
	}
	h := r.Data[off:]
	t := AttributeType(binary.LittleEndian.Uint32(h))
	if !t.plausible() {
		return recordError("attribute type", off, parse.ErrRange, fmt.Sprintf("found %#x", uint32(t)))
	}
	return attributeError(t, "length", off+4, parse.ErrRange, fmt.Sprintf("found %d of %d bytes left", binary.LittleEndian.Uint32(h[4:]), len(h)))
}

func (r *Record) checkUsedSize(end int) {
	if int64(r.UsedSize) < int64(end) || int64(r.UsedSize) > int64(len(r.Data)) {
		r.damage(usedSizeError(r.UsedSize, end, len(r.Data)))
	}
}

// setNumber fixes the position in $MFT, which overrides what the record says.
func (r *Record) setNumber(n uint64) {
	r.Number = n
	for i := range r.Attributes {
		r.Attributes[i].Holder = n
	}
}

func usedSizeError(used uint32, low, high int) error {
	return recordError("used size", 0x18, parse.ErrRange, fmt.Sprintf("expected %d to %d, found %d", low, high, used))
}

func fixupError(data []byte, field string) error {
	at, value := 4, binary.LittleEndian.Uint16(data[4:])
	if field == "update sequence count" {
		at, value = 6, binary.LittleEndian.Uint16(data[6:])
	}
	return recordError(field, at, parse.ErrRange, fmt.Sprintf("found %#x", value))
}

func tornError(sector int) error {
	return recordError(fmt.Sprintf("sector %d", sector), sector*fixupStride+fixupStride-2, parse.ErrFixup, "torn write; bytes kept as read")
}

func recordError(field string, offset int, cause error, detail string) error {
	return &parse.Error{Structure: "FILE record", Field: field, Offset: int64(offset), Err: cause, Detail: detail}
}
