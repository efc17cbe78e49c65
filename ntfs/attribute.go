package ntfs

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// AttributeType is the type code of an attribute.
type AttributeType uint32

// Attribute types, in the order in which they stand in a FILE record.
const (
	TypeStandardInformation AttributeType = 0x10
	TypeAttributeList       AttributeType = 0x20
	TypeFileName            AttributeType = 0x30
	TypeObjectID            AttributeType = 0x40
	TypeSecurityDescriptor  AttributeType = 0x50
	TypeVolumeName          AttributeType = 0x60
	TypeVolumeInformation   AttributeType = 0x70
	TypeData                AttributeType = 0x80
	TypeIndexRoot           AttributeType = 0x90
	TypeIndexAllocation     AttributeType = 0xA0
	TypeBitmap              AttributeType = 0xB0
	TypeReparsePoint        AttributeType = 0xC0
	TypeEAInformation       AttributeType = 0xD0
	TypeEA                  AttributeType = 0xE0
	TypePropertySet         AttributeType = 0xF0
	TypeLoggedUtilityStream AttributeType = 0x100

	typeEnd = 0xFFFFFFFF // ends the attributes of a FILE record
)

// String gives the name that $AttrDef has for the type.
func (t AttributeType) String() string {
	switch t {
	case TypeStandardInformation:
		return "$STANDARD_INFORMATION"
	case TypeAttributeList:
		return "$ATTRIBUTE_LIST"
	case TypeFileName:
		return "$FILE_NAME"
	case TypeObjectID:
		return "$OBJECT_ID"
	case TypeSecurityDescriptor:
		return "$SECURITY_DESCRIPTOR"
	case TypeVolumeName:
		return "$VOLUME_NAME"
	case TypeVolumeInformation:
		return "$VOLUME_INFORMATION"
	case TypeData:
		return "$DATA"
	case TypeIndexRoot:
		return "$INDEX_ROOT"
	case TypeIndexAllocation:
		return "$INDEX_ALLOCATION"
	case TypeBitmap:
		return "$BITMAP"
	case TypeReparsePoint:
		return "$REPARSE_POINT"
	case TypeEAInformation:
		return "$EA_INFORMATION"
	case TypeEA:
		return "$EA"
	case TypePropertySet:
		return "$PROPERTY_SET"
	case TypeLoggedUtilityStream:
		return "$LOGGED_UTILITY_STREAM"
	}
	return fmt.Sprintf("attribute type %#x", uint32(t))
}

// plausible: a multiple of 16 in the range that $AttrDef can define.
func (t AttributeType) plausible() bool { return t != 0 && t&0xF == 0 && t <= 0xFFFF }

// Flags of an attribute header.
const (
	FlagCompressionMask uint16 = 0x00FF // 0: plain, 1: LZNT1
	FlagEncrypted       uint16 = 0x4000
	FlagSparse          uint16 = 0x8000
)

// Attribute is one attribute of a FILE record. Which of the fields below Value
// mean something depends on Resident.
type Attribute struct {
	Type     AttributeType
	Name     string // WTF-8; "" for most
	ID       uint16 // unique in its record
	Flags    uint16
	Resident bool
	Offset   int    // bytes from the start of the FILE record
	Length   int    // bytes that the attribute takes there
	Holder   uint64 // number of the FILE record that it was read from

	// Resident attributes.
	Value       []byte // as far as it lies inside the attribute; do not modify
	ValueOffset int    // bytes from the start of the FILE record
	ValueLength uint32 // as the header states it; more than len(Value) where the header lies

	// Non-resident attributes; one attribute may be split over several FILE
	// records, and the sizes are those of the whole and stand in its first part.
	LowestVCN       uint64
	HighestVCN      uint64 // inclusive
	AllocatedSize   uint64 // bytes
	DataSize        uint64
	InitializedSize uint64
	CompressionUnit uint16 // log2 of clusters; 0: not compressed
	Runs            []Run
}

// Compressed reports a method other than none.
func (a *Attribute) Compressed() bool { return a.Flags&FlagCompressionMask != 0 }

// Encrypted reports that the bytes on the volume are ciphertext (EFS).
func (a *Attribute) Encrypted() bool { return a.Flags&FlagEncrypted != 0 }

// Sparse reports the sparse flag; runs may be holes without it.
func (a *Attribute) Sparse() bool { return a.Flags&FlagSparse != 0 }

// Sizes of attribute headers, without the name.
const (
	residentHeader    = 0x18
	nonResidentHeader = 0x40
)

// attributeHeader checks what the walk over a record's attributes relies on:
// that a header stands at off, that it fits and that its length leads to an
// aligned place inside rec. It returns the length.
func attributeHeader(rec []byte, off int) (length int, ok bool) {
	if off < 0 || off+residentHeader > len(rec) {
		return 0, false
	}
	h := rec[off:]
	t := AttributeType(binary.LittleEndian.Uint32(h))
	n := binary.LittleEndian.Uint32(h[4:])
	if !t.plausible() || n < residentHeader || n&7 != 0 || n > uint32(len(h)) || h[8] > 1 {
		return 0, false
	}
	if h[8] == 1 && n < nonResidentHeader {
		return 0, false
	}
	return int(n), true
}

// decodeAttribute decodes the attribute that takes rec[off:off+length]. When
// err is set the attribute still holds whatever part could be decoded and is
// worth keeping unless its Type is zero.
func decodeAttribute(rec []byte, off, length int) (Attribute, error) {
	b := rec[off : off+length]
	le := binary.LittleEndian
	a := Attribute{
		Type:     AttributeType(le.Uint32(b)),
		Flags:    le.Uint16(b[0x0C:]),
		ID:       le.Uint16(b[0x0E:]),
		Resident: b[8] == 0,
		Offset:   off,
		Length:   length,
	}
	badName := a.decodeName(b)
	if badName != nil && a.Type != TypeStandardInformation && a.Type != TypeFileName {
		// Without its name an attribute would pass for another one.
		return Attribute{}, badName
	}
	var err error
	if a.Resident {
		a, err = decodeResident(a, b)
	} else {
		a, err = decodeNonResident(a, b)
	}
	if badName != nil {
		err = badName
	}
	return a, err
}

// decodeName sets a.Name from the attribute's bytes b.
func (a *Attribute) decodeName(b []byte) error {
	n, at := 2*int(b[9]), int(binary.LittleEndian.Uint16(b[0x0A:]))
	if n == 0 {
		return nil
	}
	if at+n > len(b) {
		return attributeError(a.Type, "name", a.Offset+0x0A, parse.ErrRange, fmt.Sprintf("%d bytes at %d of %d", n, at, len(b)))
	}
	a.Name = wtf8.FromLE(b[at : at+n])
	return nil
}

func decodeResident(a Attribute, b []byte) (Attribute, error) {
	at := int(binary.LittleEndian.Uint16(b[0x14:]))
	a.ValueLength = binary.LittleEndian.Uint32(b[0x10:])
	if at < residentHeader || at > len(b) {
		return Attribute{}, attributeError(a.Type, "value offset", a.Offset+0x14, parse.ErrRange, fmt.Sprintf("expected %d to %d, found %d", residentHeader, len(b), at))
	}
	a.ValueOffset = a.Offset + at
	have := len(b) - at
	if uint64(a.ValueLength) > uint64(have) {
		a.Value = b[at:]
		return a, attributeError(a.Type, "value length", a.Offset+0x10, parse.ErrRange, fmt.Sprintf("expected at most %d, found %d", have, a.ValueLength))
	}
	a.Value = b[at : at+int(a.ValueLength)]
	return a, nil
}

func decodeNonResident(a Attribute, b []byte) (Attribute, error) {
	le := binary.LittleEndian
	a.LowestVCN = le.Uint64(b[0x10:])
	a.HighestVCN = le.Uint64(b[0x18:])
	a.CompressionUnit = le.Uint16(b[0x22:])
	a.AllocatedSize = le.Uint64(b[0x28:])
	a.DataSize = le.Uint64(b[0x30:])
	a.InitializedSize = le.Uint64(b[0x38:])
	at := int(le.Uint16(b[0x20:]))
	if at < nonResidentHeader || at > len(b) {
		return a, attributeError(a.Type, "run list offset", a.Offset+0x20, parse.ErrRange, fmt.Sprintf("expected %d to %d, found %d", nonResidentHeader, len(b), at))
	}
	if a.LowestVCN > 1<<62 {
		return a, attributeError(a.Type, "lowest VCN", a.Offset+0x10, parse.ErrRange, fmt.Sprintf("found %d", a.LowestVCN))
	}
	var err error
	a.Runs, err = decodeRuns(b[at:], a.LowestVCN)
	return a, parse.At(err, int64(a.Offset+at))
}

func attributeError(t AttributeType, field string, offset int, cause error, detail string) error {
	return &parse.Error{Structure: t.String() + " attribute", Field: field, Offset: int64(offset), Err: cause, Detail: detail}
}
