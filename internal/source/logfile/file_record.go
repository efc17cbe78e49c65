package logfile

import (
	"encoding/binary"
	"errors"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/ntfs"
)

// parseImage decodes the image of a FILE record that the log carries. It was
// taken from memory, where the fixups are undone, and ends with the attributes;
// so the update sequence, whose words are those of an earlier write, must not
// be applied.
func parseImage(b []byte) (*ntfs.Record, error) {
	image := append(make([]byte, 0, len(b)), b...)
	if len(image) >= 8 {
		image[6], image[7] = 0, 0 // count of the update sequence
	}
	r, err := ntfs.ParseRecord(image)
	if err != nil {
		return nil, err
	}
	kept := r.Damage[:0]
	for _, d := range r.Damage {
		var e *parse.Error
		if errors.As(d, &e) && e.Offset == 6 {
			continue
		}
		kept = append(kept, d)
	}
	r.Damage = kept
	return r, nil
}

// fileRecord takes the image of a whole FILE record. Undoing the freeing of a
// record needs its header alone, so that is what the log holds then.
func (c *collector) fileRecord(o origin, data []byte, number uint64, hasNumber bool) {
	const header = 0x18
	if len(data) < header || string(data[:4]) != "FILE" {
		return
	}
	if len(data) < 0x30 {
		inUse := data[0x16]&1 != 0
		if hasNumber && inUse && o.doubt == "" {
			c.learn(ntfs.NewFileReference(number, binary.LittleEndian.Uint16(data[0x10:])))
		}
		return
	}
	inUse, base := data[0x16]&1 != 0, binary.LittleEndian.Uint64(data[0x20:])
	if o.doubt == "" && hasNumber && base == 0 && inUse {
		c.learn(ntfs.NewFileReference(number, binary.LittleEndian.Uint16(data[0x10:])))
	}
	if !c.interesting(data) {
		return
	}
	r, err := parseImage(data)
	if err != nil {
		return
	}
	if hasNumber {
		r.Number = number
	} else if r.StoredNumber == 0 {
		return // before Windows XP a record does not say its number
	}
	ref := r.Reference()
	if r.IsExtension() {
		ref = r.Base
	}
	for i := range r.Attributes {
		a := &r.Attributes[i]
		switch a.Type {
		case ntfs.TypeFileName:
			c.imageName(o, ref, a)
		case ntfs.TypeData:
			if s := c.segments[ref.Record()]; s != nil && s.reference == ref && a.Offset+a.Length <= len(r.Data) && isContent(r.Data[a.Offset:]) && int(a.ValueLength) == len(a.Value) {
				s.keep(o, a.Value)
			}
		case ntfs.TypeIndexRoot:
			if a.Name == "$I30" {
				c.indexEntries(o, a.Value)
			}
		}
	}
}

// interesting: an image holds a wanted name, an index, content, or damage. Most
// hold none, and are not decoded.
func (c *collector) interesting(image []byte) bool {
	found := false
	whole := attributes(image, func(a []byte) {
		value, ok := residentValue(a)
		switch ntfs.AttributeType(binary.LittleEndian.Uint32(a)) {
		case ntfs.TypeFileName:
			raw, named := rawName(value)
			found = found || !ok || !named || c.want(raw)
		case ntfs.TypeIndexRoot:
			found = true
		case ntfs.TypeData:
			found = found || ok && len(value) > 0
		}
	})
	return found || !whole
}

// imageName takes a name in the image of a FILE record.
func (c *collector) imageName(o origin, ref ntfs.FileReference, a *ntfs.Attribute) {
	raw, ok := rawName(a.Value)
	if !a.Resident || !ok || !c.want(raw) {
		return
	}
	if ref.Sequence() == 0 {
		c.stats.WithoutSequence++
		c.problem(&parse.Error{Structure: "log record", Field: "FILE record", Offset: o.offset, Err: parse.ErrRange, Detail: "a wanted name in a FILE record without sequence number"})
		return
	}
	if name, err := ntfs.ParseFileName(a.Value); err == nil {
		c.trace(o, ref, name)
	}
}

// rawName cuts the name in UTF-16LE out of a $FILE_NAME value.
func rawName(value []byte) ([]byte, bool) {
	if len(value) < nameAt+2 {
		return nil, false
	}
	n := 2 * int(value[nameLengthAt])
	if n == 0 || nameAt+n > len(value) {
		return nil, false
	}
	return value[nameAt : nameAt+n], true
}

const (
	attributeHeader = 0x18 // of a resident attribute
	valueLengthAt   = 0x10
	valueOffsetAt   = 0x14
)

// residentValue cuts the value out of a resident attribute, header and all.
func residentValue(a []byte) ([]byte, bool) {
	if len(a) < attributeHeader || a[8] != 0 {
		return nil, false
	}
	at, n := int(binary.LittleEndian.Uint16(a[valueOffsetAt:])), binary.LittleEndian.Uint32(a[valueLengthAt:])
	if at < attributeHeader || at > len(a) || uint64(n) > uint64(len(a)-at) {
		return nil, false
	}
	return a[at : at+int(n)], true
}

// attribute takes an attribute as it was created, or as it was before it was
// deleted. The log says in which FILE record, not in which incarnation of it.
func (c *collector) attribute(o origin, data []byte, number uint64, hasNumber bool) {
	value, ok := residentValue(data)
	if !ok {
		return
	}
	switch ntfs.AttributeType(binary.LittleEndian.Uint32(data)) {
	case ntfs.TypeIndexRoot:
		c.indexEntries(o, value)
	case ntfs.TypeData:
		// A resident $DATA that goes, or is made non-resident, is logged whole.
		if !hasNumber || !isContent(data) {
			return
		}
		if s := c.segment(number); s != nil {
			s.keep(o, value)
		}
	case ntfs.TypeFileName:
		raw, ok := rawName(value)
		if !ok || !c.want(raw) {
			return
		}
		name, err := ntfs.ParseFileName(value)
		if err != nil {
			return
		}
		if !hasNumber {
			c.unattributed(o, name.Name)
			return
		}
		c.nameOf(o, number, name)
	}
}
