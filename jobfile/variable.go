package jobfile

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// String is one counted UTF-16LE string of the variable section. A count of 0
// is a string that is absent, with not even a NUL behind it; a count of 1 is a
// NUL alone, a string that is present and empty.
type String struct {
	Present    bool
	Value      string   // up to the first NUL, WTF-8 (lone surrogates kept)
	Units      []uint16 // everything the count covers, the NUL included
	Offset     int      // of the count, in bytes from the start of the file; 0: not reached
	Terminated bool     // the last unit is a NUL
	AfterNUL   string   // what stands between the first NUL and the end when it is not all NUL
	Truncated  bool     // the file ends inside the string; Value is what is left of it
}

// newString makes sense of raw UTF-16LE bytes.
func newString(raw []byte, offset int) String {
	if len(raw) < 2 {
		return String{Offset: offset}
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	s := String{Present: true, Units: units, Offset: offset, Terminated: units[len(units)-1] == 0}
	end := slices.Index(units, 0)
	if end < 0 {
		s.Value = wtf8.FromUnits(units)
		return s
	}
	s.Value = wtf8.FromUnits(units[:end])
	last := len(units)
	for last > end && units[last-1] == 0 {
		last--
	}
	if last > end {
		s.AfterNUL = wtf8.FromUnits(units[end+1 : last])
	}
	return s
}

// readString decodes a count and its units. What the file still holds of a
// string that it cuts short is kept and marked.
func readString(c *parse.Cursor, field string, base int) String {
	offset := base + c.Offset()
	n := int(c.U16(field + " count"))
	if c.Err() != nil {
		return String{}
	}
	left := c.Len()
	if 2*n <= left {
		return newString(c.Bytes(2*n, field), offset)
	}
	at := c.Offset()
	s := newString(c.Bytes(left&^1, field), offset)
	s.Truncated = true
	c.Fail(field, at, parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", 2*n, left))
	return s
}

// readStrings decodes the five strings ([MS-TSCH] 2.4.2.2 to 2.4.2.6) and the
// application name that the header points at.
func (d *decoder) readStrings() {
	j := d.j
	fields := []struct {
		name string
		to   *String
	}{
		{"application name", &j.ApplicationSequential},
		{"parameters", &j.Parameters},
		{"working directory", &j.WorkingDirectory},
		{"author", &j.Author},
		{"comment", &j.Comment},
	}
	base := d.off
	d.read("variable section", func(c *parse.Cursor) {
		for _, f := range fields {
			*f.to = readString(c, f.name, base)
			if c.Err() != nil {
				return
			}
		}
	})
	j.Application = j.ApplicationSequential
	if s, ok := applicationAt(d.b, int(j.ApplicationOffset)); ok && j.ApplicationSequential.Offset != 0 {
		j.Application = s
	}
}

// applicationAt reads the application name as Windows Vista and later do, at
// the offset in the header.
func applicationAt(b []byte, offset int) (String, bool) {
	if offset+2 > len(b) {
		return String{}, false
	}
	c := parse.NewCursor(b[offset:], "variable section")
	s := readString(c, "application name", offset)
	return s, c.Err() == nil
}

// readUserData decodes the data of the creating program ([MS-TSCH] 2.4.2.7).
func (d *decoder) readUserData() {
	base := d.off
	d.read("user data", func(c *parse.Cursor) {
		n := int(c.U16("size"))
		at := base + c.Offset()
		if p := c.Bytes(n, "data"); c.Err() == nil {
			d.j.UserData, d.j.UserDataOffset = slices.Clone(p), at
		}
	})
}

// readReserved decodes the reserved data ([MS-TSCH] 2.4.2.8): a start error and
// task flags when it has its 8 bytes. Other sizes are stepped over.
func (d *decoder) readReserved() {
	base, j := d.off, d.j
	d.read("reserved data", func(c *parse.Cursor) {
		n := int(c.U16("size"))
		at := base + c.Offset()
		p := c.Bytes(n, "data")
		if c.Err() != nil {
			return
		}
		j.Reserved, j.ReservedOffset = slices.Clone(p), at
		if n == 8 {
			j.StartError = Status(binary.LittleEndian.Uint32(p))
			j.TaskFlags = binary.LittleEndian.Uint32(p[4:])
			j.HasStartError = true
		}
	})
}
