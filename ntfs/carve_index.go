package ntfs

import (
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/wintime"
)

// IndexRemain is an old entry of a folder's $I30 that no node leads to, or what
// is left of one.
type IndexRemain struct {
	// Reference is that of the file; 0 where the entry's header is overwritten,
	// as happens to the last entry of a node when it is removed: the end entry
	// takes its place.
	Reference FileReference
	FileName  FileName
	// Offset is that of the entry, whose header takes 16 bytes, in what was
	// searched; negative where the header would stand before it.
	Offset int
	// ParentLost: the copy's parent reference is overwritten as well, and
	// FileName.Parent is the folder in whose index it was found.
	ParentLost bool
}

// CarveIndexRemains finds remains of $I30 entries in b, in ascending order. at
// is the offset of b in the FILE or INDX record that it is a part of: entries
// stand at multiples of 8 there. folder is the folder whose record that is, or
// 0 where it is not known; records is the number of FILE records of the volume,
// 0 for unknown.
//
// A remain is a copy of $FILE_NAME with a name, all four times of which lie in
// 1980 to 2199, and one of these: the header of an entry of just that length
// before it, both references of which can exist; an end entry before it and a
// parent that can exist; the folder as its parent; or, in a known folder, sizes and attributes that fit,
// whatever precedes but the header of a $FILE_NAME attribute.
func CarveIndexRemains(b []byte, at int, folder FileReference, records uint64) []IndexRemain {
	var out []IndexRemain
	for off := (8 - at&7) & 7; off+fileNameAt < len(b); {
		r, n := indexRemainAt(b, off, folder, records)
		if n == 0 {
			off += 8
			continue
		}
		r.Offset = off - indexEntryHeader
		out = append(out, r)
		off += (n + 7) &^ 7
	}
	return out
}

// indexRemainAt judges the copy of $FILE_NAME at off and gives its length, or 0.
func indexRemainAt(b []byte, off int, folder FileReference, records uint64) (IndexRemain, int) {
	key := b[off:]
	n := nameCopy(key)
	if n == 0 {
		return IndexRemain{}, 0
	}
	parent := FileReference(binary.LittleEndian.Uint64(key))
	ref, whole := entryBefore(b, off, n)
	r := IndexRemain{}
	switch {
	case whole && (parent == folder && folder != 0 && canExist(ref, 0) || canExist(ref, records) && canExist(parent, records)):
		r.Reference = ref
	case parent == folder && folder != 0: // the end entry may have overwritten half of the header
	case endEntryBefore(b, off) && canExist(parent, records) && fittingSizes(key):
	case folder != 0 && fittingSizes(key) && !inAttribute(b, off, n):
		r.ParentLost = !canExist(parent, records)
	default:
		return IndexRemain{}, 0
	}
	name, err := ParseFileName(key[:n])
	if err != nil {
		return IndexRemain{}, 0
	}
	if r.FileName = name; r.ParentLost {
		r.FileName.Parent = folder
	}
	return r, n
}

// nameCopy gives the length of the $FILE_NAME at the start of b if its times,
// its namespace and the characters of its name make sense, else 0.
func nameCopy(b []byte) int {
	if len(b) <= fileNameAt {
		return 0
	}
	le := binary.LittleEndian
	for i := 8; i <= 32; i += 8 {
		if !carvedTime(wintime.Filetime(le.Uint64(b[i:]))) {
			return 0
		}
	}
	n := fileNameAt + 2*int(b[fileNameLengthAt])
	if n == fileNameAt || n > len(b) || b[fileNameLengthAt+1] > byte(NamespaceWin32AndDOS) {
		return 0
	}
	for i := fileNameAt; i < n; i += 2 {
		if u := le.Uint16(b[i:]); u == 0 || u == '/' {
			return 0
		}
	}
	return n
}

// carvedTimeAt: b begins with a carvedTime.
func carvedTimeAt(b []byte) bool {
	return carvedTime(wintime.Filetime(binary.LittleEndian.Uint64(b)))
}

// carvedTime: from 1980, before which Windows lets no clock be set, to 2199.
func carvedTime(t wintime.Filetime) bool {
	const from, to = 119_600_064_000_000_000, 189_025_920_000_000_000 // 1980-01-01, 2200-01-01 UTC
	return t >= from && t < to
}

// entryBefore gives the reference of the index entry whose header stands before
// the copy of n bytes at off, if its lengths are those of an entry with it.
func entryBefore(b []byte, off, n int) (FileReference, bool) {
	if off < indexEntryHeader {
		return 0, false
	}
	h := b[off-indexEntryHeader:]
	le := binary.LittleEndian
	want, flags := (indexEntryHeader+n+7)&^7, le.Uint16(h[12:])
	if flags&indexEntryHasChild != 0 {
		want += 8
	}
	return FileReference(le.Uint64(h)), int(le.Uint16(h[10:])) == n && int(le.Uint16(h[8:])) == want && flags <= indexEntryHasChild
}

// inAttribute: the copy of n bytes at off is the value of a $FILE_NAME attribute.
func inAttribute(b []byte, off, n int) bool {
	if off < residentHeader {
		return false
	}
	h := b[off-residentHeader:]
	le := binary.LittleEndian
	return le.Uint32(h) == uint32(TypeFileName) && le.Uint16(h[0x14:]) == residentHeader && int64(le.Uint32(h[0x10:])) == int64(n)
}

// endEntryBefore: the end entry of a node stands before off, as it does before
// the slack of a node.
func endEntryBefore(b []byte, off int) bool {
	return off == 0 || off >= indexEntryHeader && string(b[off-indexEntryHeader:off-2]) == "\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x02\x00"
}

// canExist: a sequence number, and a record that the volume has; and not what
// the end marker of a FILE record leaves of a reference.
func canExist(r FileReference, records uint64) bool {
	return r.Sequence() != 0 && uint32(r) != typeEnd && (records == 0 || r.Record() < records)
}

// fittingSizes: what stands between times and name is as NTFS writes it.
func fittingSizes(key []byte) bool {
	const known = 0x3007FFFF // FILE_ATTRIBUTE_* and the two bits for folders and views
	le := binary.LittleEndian
	allocated, size := le.Uint64(key[0x28:]), le.Uint64(key[0x30:])
	return allocated%8 == 0 && allocated < 1<<48 && size < 1<<48 && le.Uint32(key[0x38:])&^known == 0
}

// CarveIndexRecord gives the size of the INDX record at the start of b if one
// is there, whole, else 0: a power of two of 512 to 65536 bytes, an update
// sequence that fits it, and a node header whose offsets lie in it in order.
func CarveIndexRecord(b []byte) int {
	if len(b) < fixupStride || string(b[:4]) != "INDX" {
		return 0
	}
	le := binary.LittleEndian
	usa, count := int64(le.Uint16(b[4:])), int64(le.Uint16(b[6:]))
	first, used, allocated := int64(le.Uint32(b[0x18:])), int64(le.Uint32(b[0x1C:])), int64(le.Uint32(b[0x20:]))
	size := allocated + indexRecordHeader
	if size < minRecord || size > maxRecord || size&(size-1) != 0 || size > int64(len(b)) || b[0x24] > 1 ||
		usa < indexRecordHeader+0x10 || usa&1 != 0 || count != size/fixupStride+1 ||
		first+indexRecordHeader < usa+2*count || first&7 != 0 || first > used || used > allocated {
		return 0
	}
	return int(size)
}
