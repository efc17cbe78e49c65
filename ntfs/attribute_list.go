package ntfs

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// AttributeListEntry is one entry of $ATTRIBUTE_LIST (type 0x20): it says in
// which FILE record one attribute, or one part of one, of a file lies.
type AttributeListEntry struct {
	Type      AttributeType
	Name      string // WTF-8
	LowestVCN uint64 // of the part; 0 for a resident attribute
	Reference FileReference
	ID        uint16
	Offset    int // of the entry in the list
}

const attributeListEntrySize = 0x1A // without the name

// ParseAttributeList decodes the content of an $ATTRIBUTE_LIST. An entry that
// cannot be decoded is told in damage and costs only itself where the next one
// can be located (entries start at multiples of 8); the length of the result is
// bounded by that of b.
func ParseAttributeList(b []byte) (entries []AttributeListEntry, damage []error) {
	for off := 0; off < len(b); {
		if len(b)-off < attributeListEntrySize {
			if !allZero(b[off:]) {
				damage = append(damage, listError("entry", off, parse.ErrTruncated,
					fmt.Sprintf("expected %d bytes, found %d", attributeListEntrySize, len(b)-off)))
			}
			return entries, damage
		}
		e, length, err := parseAttributeListEntry(b[off:])
		if err == nil {
			e.Offset = off
			if entries == nil {
				entries = make([]AttributeListEntry, 0, (len(b)-off)/attributeListEntrySize)
			}
			entries = append(entries, e)
			off += length
			continue
		}
		if len(damage) > 0 && allZero(b[off:]) {
			return entries, damage
		}
		damage = append(damage, parse.At(err, int64(off)))
		off = nextListEntry(b, off)
	}
	return entries, damage
}

func parseAttributeListEntry(b []byte) (AttributeListEntry, int, error) {
	le := binary.LittleEndian
	length := int(le.Uint16(b[4:]))
	nameLength, nameOffset := 2*int(b[6]), int(b[7])
	t := AttributeType(le.Uint32(b))
	if !t.plausible() {
		return AttributeListEntry{}, 0, listError("type", 0, parse.ErrRange, fmt.Sprintf("found %#x", uint32(t)))
	}
	if length < attributeListEntrySize || length > len(b) {
		return AttributeListEntry{}, 0, listError("length", 4, parse.ErrRange,
			fmt.Sprintf("expected %d to %d, found %d", attributeListEntrySize, len(b), length))
	}
	e := AttributeListEntry{
		Type:      t,
		LowestVCN: le.Uint64(b[8:]),
		Reference: FileReference(le.Uint64(b[16:])),
		ID:        le.Uint16(b[24:]),
	}
	if nameLength > 0 {
		if nameOffset+nameLength > length {
			return AttributeListEntry{}, 0, listError("name", 7, parse.ErrRange, fmt.Sprintf("%d bytes at %d of %d", nameLength, nameOffset, length))
		}
		e.Name = wtf8.FromLE(b[nameOffset : nameOffset+nameLength])
	}
	return e, length, nil
}

// nextListEntry finds the next place after off that could start an entry.
func nextListEntry(b []byte, off int) int {
	for off = off&^7 + 8; off+attributeListEntrySize <= len(b); off += 8 {
		if _, _, err := parseAttributeListEntry(b[off:]); err == nil {
			return off
		}
	}
	return len(b)
}

func listError(field string, offset int, cause error, detail string) error {
	return &parse.Error{Structure: "$ATTRIBUTE_LIST", Field: field, Offset: int64(offset), Err: cause, Detail: detail}
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
