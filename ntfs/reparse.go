package ntfs

import (
	"fmt"
	"io"
	"strings"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// ReparseTag says what a reparse point is ([MS-FSCC] 2.1.2.1).
type ReparseTag uint32

// The tags whose data name another place.
const (
	ReparseMountPoint ReparseTag = 0xA0000003 // IO_REPARSE_TAG_MOUNT_POINT: a junction, or a mounted volume
	ReparseSymlink    ReparseTag = 0xA000000C // IO_REPARSE_TAG_SYMLINK
)

// String is the usual word for what bears the tag.
func (t ReparseTag) String() string {
	switch t {
	case ReparseMountPoint:
		return "junction"
	case ReparseSymlink:
		return "symbolic link"
	}
	return fmt.Sprintf("reparse point with tag %#x", uint32(t))
}

// ReparsePoint is the value of a $REPARSE_POINT attribute (type 0xC0). Of tags
// other than those above only the tag is decoded.
type ReparsePoint struct {
	Tag ReparseTag
	// SubstituteName is where Windows goes on, as the object manager writes it:
	// \??\C:\x, or \??\Volume{GUID}\. WTF-8: lone surrogates survive.
	SubstituteName string
	// PrintName is what is shown in its place. Windows does not compare the two.
	PrintName string
	Relative  bool // SYMLINK_FLAG_RELATIVE: SubstituteName begins at the link's own folder
}

// Target is the SubstituteName without the prefix of the object manager: C:\x.
func (p *ReparsePoint) Target() string { return strings.TrimPrefix(p.SubstituteName, `\??\`) }

// maxReparsePoint is MAXIMUM_REPARSE_DATA_BUFFER_SIZE, in bytes.
const maxReparsePoint = 16 << 10

// reparseHeader is the size of tag, data length and a reserved field.
const reparseHeader = 8

// ParseReparsePoint decodes a REPARSE_DATA_BUFFER ([MS-FSCC] 2.1.2.4 and 2.1.2.5).
// Names are little-endian UTF-16 at offsets, in bytes, within a buffer of their own.
func ParseReparsePoint(b []byte) (ReparsePoint, error) {
	c := parse.NewCursor(b, TypeReparsePoint.String())
	p := ReparsePoint{Tag: ReparseTag(c.U32("tag"))}
	length := int(c.U16("data length"))
	c.Skip(2, "reserved")
	if c.Err() == nil && length > c.Len() {
		c.Fail("data length", 4, parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", length, c.Len()))
	}
	if err := c.Err(); err != nil {
		return ReparsePoint{}, err
	}
	if p.Tag != ReparseMountPoint && p.Tag != ReparseSymlink {
		return p, nil
	}
	c = parse.NewCursor(b[:reparseHeader+length], TypeReparsePoint.String())
	c.Skip(reparseHeader, "header")
	substitute := reparseName{"substitute name", c.U16("substitute name offset"), c.U16("substitute name length")}
	printed := reparseName{"print name", c.U16("print name offset"), c.U16("print name length")}
	if p.Tag == ReparseSymlink {
		p.Relative = c.U32("flags")&1 != 0
	}
	start := c.Offset()
	buffer := c.Bytes(c.Len(), "path buffer")
	p.SubstituteName = substitute.text(c, buffer, start)
	p.PrintName = printed.text(c, buffer, start)
	if err := c.Err(); err != nil {
		return ReparsePoint{}, err
	}
	return p, nil
}

// reparseName is where a name stands in the path buffer, in bytes.
type reparseName struct {
	field          string
	offset, length uint16
}

// text decodes the name; start is where the buffer begins.
func (n reparseName) text(c *parse.Cursor, buffer []byte, start int) string {
	if c.Err() != nil {
		return ""
	}
	from, to := int(n.offset), int(n.offset)+int(n.length)
	if n.length%2 != 0 || to > len(buffer) {
		c.Fail(n.field, start+from, parse.ErrRange, fmt.Sprintf("expected pairs of the %d bytes of the path buffer, found %d bytes at %d", len(buffer), n.length, n.offset))
		return ""
	}
	return wtf8.FromLE(buffer[from:to])
}

// ReparsePoint decodes where a junction or symbolic link leads. The error
// satisfies errors.Is(err, fs.ErrNotExist) where f has no $REPARSE_POINT.
func (v *Volume) ReparsePoint(f *File) (ReparsePoint, error) {
	s, err := v.OpenStream(f, TypeReparsePoint, "")
	if err != nil {
		return ReparsePoint{}, err
	}
	b := make([]byte, min(s.Size(), maxReparsePoint))
	n, err := s.ReadAt(b, 0)
	if n < len(b) && err != io.EOF {
		return ReparsePoint{}, err
	}
	return ParseReparsePoint(b[:n])
}
