package logfile

import (
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
)

const (
	entryHeader  = 0x10 // of an index entry: reference, lengths, flags
	nameLengthAt = 0x40 // in a $FILE_NAME value
	nameAt       = 0x42
	maxNamespace = 3
)

// entry is one index entry as it lies in the log.
type entry struct {
	reference ntfs.FileReference
	key       []byte // the $FILE_NAME
}

// indexEntry takes the entry at the start of b if one of a folder stands there.
// The other indexes of NTFS have keys of other shapes.
func indexEntry(b []byte) (entry, bool) {
	if len(b) < entryHeader+nameAt+2 {
		return entry{}, false
	}
	length, keyLength := int(binary.LittleEndian.Uint16(b[8:])), int(binary.LittleEndian.Uint16(b[10:]))
	if length%8 != 0 || keyLength > length-entryHeader || entryHeader+keyLength > len(b) || keyLength < nameAt+2 {
		return entry{}, false
	}
	e := entry{ntfs.FileReference(binary.LittleEndian.Uint64(b)), b[entryHeader : entryHeader+keyLength]}
	if keyLength != nameAt+2*int(e.key[nameLengthAt]) || e.key[nameLengthAt+1] > maxNamespace {
		return entry{}, false
	}
	parent := ntfs.FileReference(binary.LittleEndian.Uint64(e.key))
	return e, e.reference.Sequence() != 0 && parent.Sequence() != 0
}

// indexEntries takes all entries in b, which holds a node or a part of one.
func (c *collector) indexEntries(o origin, b []byte) {
	for off := 0; off+entryHeader < len(b); off += 8 {
		e, ok := indexEntry(b[off:])
		if !ok || !plausibleTimes(e.key) {
			continue
		}
		c.indexEntry(o, e)
		off += entryHeader + len(e.key) - 8
		off &^= 7
	}
}

// indexEntry takes one: it ties a name to an incarnation.
func (c *collector) indexEntry(o origin, e entry) {
	if !c.want(e.key[nameAt:]) {
		return
	}
	if name, err := ntfs.ParseFileName(e.key); err == nil {
		c.trace(o, e.reference, name)
	}
}

// plausibleTimes: all times of a $FILE_NAME lie from 1980 to 2100. It is asked
// where nothing but the shape says that there is one.
func plausibleTimes(key []byte) bool {
	const from, to wintime.Filetime = 119_600_064_000_000_000, 157_469_184_000_000_000
	for i := range 4 {
		t := wintime.Filetime(binary.LittleEndian.Uint64(key[8+8*i:]))
		if t < from || t >= to {
			return false
		}
	}
	return true
}
