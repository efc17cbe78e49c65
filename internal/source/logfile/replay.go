package logfile

import (
	"encoding/binary"
	"maps"
	"slices"

	format "github.com/jobscan/jobscan/internal/format/logfile"
)

const (
	firstAttributeAt = 0x14 // in a FILE record: 16 bits
	usedSizeAt       = 0x18 // 32 bits
	typeEnd          = 0xFFFFFFFF
)

// attributes visits the attributes of an image, header and all. It is false
// where their chain does not hold.
func attributes(image []byte, visit func(attribute []byte)) bool {
	off := int(binary.LittleEndian.Uint16(image[firstAttributeAt:]))
	for {
		if off+4 > len(image) || off < 0x28 {
			return false
		}
		if binary.LittleEndian.Uint32(image[off:]) == typeEnd {
			return true
		}
		n := attributeLength(image, off)
		if n == 0 {
			return false
		}
		visit(image[off : off+n])
		off += n
	}
}

// attributeLength gives the length of the attribute at off, 0 where none is.
func attributeLength(image []byte, off int) int {
	if off < 0x28 || off%8 != 0 || off+attributeHeader > len(image) || binary.LittleEndian.Uint32(image[off:]) == typeEnd {
		return 0
	}
	n := binary.LittleEndian.Uint32(image[off+4:])
	if n < attributeHeader || n%8 != 0 || n > uint32(len(image)-off) {
		return 0
	}
	return int(n)
}

// redo does to the image of a FILE record what NTFS does when it replays an
// operation of the log. It is false, and the image as it was, where the operation
// does not fit the image or is one of an index, which no image is kept through.
func redo(image []byte, r *format.Record) bool {
	at, inside := int(r.RecordOffset), int(r.AttributeOffset)
	switch r.Redo {
	case format.CreateAttribute:
		n := len(r.RedoData)
		if n < attributeHeader || n%8 != 0 || int(binary.LittleEndian.Uint32(r.RedoData[4:])) != n || at < 0x28 || at%8 != 0 {
			return false
		}
		if !resize(image, at, 0, n) {
			return false
		}
		copy(image[at:], r.RedoData)
		return true
	case format.DeleteAttribute:
		n := attributeLength(image, at)
		return n > 0 && resize(image, at, n, 0)
	case format.UpdateResidentValue:
		return updateValue(image, at, inside, r)
	case format.UpdateMappingPairs:
		return updateMapping(image, at, inside, r.RedoData)
	case format.SetNewAttributeSizes:
		return setSizes(image, at, r.RedoData)
	case format.ZeroEndOfFileRecord:
		return true // what lies past the used size
	case format.WriteEndOfFileRecordSegment:
		if at < 0x28 || at+len(r.RedoData) > len(image) {
			return false
		}
		copy(image[at:], r.RedoData)
		binary.LittleEndian.PutUint32(image[usedSizeAt:], uint32(at+len(r.RedoData)))
		return true
	}
	return false
}

// resize puts to bytes in the place of from bytes at offset at, moves what
// follows and counts the used size. The new bytes are zero as far as they are more.
func resize(image []byte, at, from, to int) bool {
	used := int64(binary.LittleEndian.Uint32(image[usedSizeAt:]))
	if used > int64(len(image)) || int64(at+from) > used || used+int64(to-from) > int64(len(image)) {
		return false
	}
	copy(image[at+to:], image[at+from:used])
	if to > from {
		clear(image[at+from : at+to])
	} else {
		clear(image[int(used)+to-from : used])
	}
	binary.LittleEndian.PutUint32(image[usedSizeAt:], uint32(used)+uint32(to)-uint32(from))
	return true
}

// updateValue overwrites a resident attribute from byte inside of it on. When
// the lengths of what is done and undone differ, the value ends with the data.
// Data that the log leaves out is zero here, and not known.
func updateValue(image []byte, at, inside int, r *format.Record) bool {
	n := attributeLength(image, at)
	if n == 0 || image[at+8] != 0 || inside < attributeHeader {
		return false
	}
	if r.RedoLength == r.UndoLength {
		if inside+r.RedoLength > n {
			return false
		}
		copy(image[at+inside:], r.RedoData)
		return true
	}
	value := int(binary.LittleEndian.Uint16(image[at+valueOffsetAt:]))
	if inside > n || inside < value || !stretch(image, at, n, inside+r.RedoLength) {
		return false
	}
	copy(image[at+inside:], r.RedoData)
	binary.LittleEndian.PutUint32(image[at+valueLengthAt:], uint32(inside+r.RedoLength-value))
	return true
}

// stretch gives the attribute at offset at, n bytes long, the length that end
// needs.
func stretch(image []byte, at, n, end int) bool {
	length := (end + 7) &^ 7
	if !resize(image, at+min(n, length), n-min(n, length), length-min(n, length)) {
		return false
	}
	binary.LittleEndian.PutUint32(image[at+4:], uint32(length))
	return true
}

// updateMapping replaces the end of the mapping pairs of a non-resident attribute.
func updateMapping(image []byte, at, inside int, data []byte) bool {
	n := attributeLength(image, at)
	if n < 0x40 || image[at+8] != 1 || inside < 0x40 || inside > n || !stretch(image, at, n, inside+len(data)) {
		return false
	}
	copy(image[at+inside:], data)
	return true
}

// setSizes sets allocated, valid and data size, in that order, of a
// non-resident attribute.
func setSizes(image []byte, at int, data []byte) bool {
	n := attributeLength(image, at)
	if n < 0x40 || image[at+8] != 1 || len(data) < 24 {
		return false
	}
	copy(image[at+0x28:at+0x30], data)
	copy(image[at+0x38:at+0x40], data[8:])
	copy(image[at+0x30:at+0x38], data[16:])
	return true
}

func sortedNumbers(m map[uint64]*segment) []uint64 {
	return slices.Sorted(maps.Keys(m))
}
