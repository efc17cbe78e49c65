package usn

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/internal/wtf8"
	"github.com/jobscan/jobscan/ntfs"
)

// Record is one USN record of any version. Fields that a version does not have
// are zero.
type Record struct {
	USN    int64  // update sequence number: the record's logical offset in $J
	Major  uint16 // 2, 3 or 4
	Minor  uint16
	Length uint32 // bytes, with padding to a multiple of 8

	File   ntfs.FileReference // of the file that changed
	Parent ntfs.FileReference // of the folder that held it at that moment
	// FileHigh and ParentHigh are the upper halves of the 128-bit references
	// of V3 and V4; zero on NTFS.
	FileHigh, ParentHigh uint64

	Time           wintime.Filetime // UTC; V4 has none
	Reason         Reason
	SourceInfo     SourceInfo
	SecurityID     uint32         // index into $Secure; V4 has none
	FileAttributes FileAttributes // V4 has none
	Name           string         // the name alone, WTF-8; V4 has none

	Extents          []Extent // V4 alone: what was written
	RemainingExtents uint32   // V4 alone: extents that follow in further records

	Offset int64 // byte offset of the record in its stream; set by walks, not by ParseRecord
	Stale  bool  // left over from an older journal; set by walks: see Raw.Stale
}

// Extent is a changed range of a file's data, in bytes (USN_RECORD_EXTENT).
type Extent struct{ Offset, Length int64 }

const (
	alignment = 8    // records begin at multiples of it
	pageSize  = 4096 // records do not cross a multiple of it

	minLengthV2 = 60 // offset of the name, which may be empty
	minLengthV3 = 76
	minLengthV4 = 64
	maxLength   = pageSize
)

// structure names the record in errors.
const structure = "USN record"

// ParseRecord decodes the record at the start of b by its major version; bytes
// after the record's length are ignored. The name is taken from where
// FileNameOffset says, so records that a later minor version made longer are
// read as well. A version other than 2, 3 and 4 gives parse.ErrUnsupported.
func ParseRecord(b []byte) (Record, error) {
	c := parse.NewCursor(b, structure)
	r := Record{Length: c.U32("record length"), Major: c.U16("major version"), Minor: c.U16("minor version")}
	if err := c.Err(); err != nil {
		return Record{}, err
	}
	least := 0
	switch r.Major {
	case 2:
		least = minLengthV2
	case 3:
		least = minLengthV3
	case 4:
		least = minLengthV4
	default:
		c.Fail("major version", 4, parse.ErrUnsupported, fmt.Sprintf("expected 2, 3 or 4, found %d", r.Major))
		return Record{}, c.Err()
	}
	n := int64(r.Length)
	if n < int64(least) || n > maxLength || n%alignment != 0 {
		c.Fail("record length", 0, parse.ErrRange,
			fmt.Sprintf("expected a multiple of %d from %d to %d, found %d", alignment, least, maxLength, n))
		return Record{}, c.Err()
	}
	if n > int64(len(b)) {
		c.Fail("record length", 0, parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", n, len(b)))
		return Record{}, c.Err()
	}
	b = b[:n]
	c = parse.NewCursor(b, structure)
	c.Skip(8, "header")
	if r.Major == 4 {
		return decodeV4(c, r)
	}
	return decodeNamed(c, r, b)
}

// decodeNamed decodes the rest of a V2 or V3 record, which differ in the width
// of their references only.
func decodeNamed(c *parse.Cursor, r Record, b []byte) (Record, error) {
	r.File = ntfs.FileReference(c.U64("file reference"))
	if r.Major == 3 {
		r.FileHigh = c.U64("file reference")
	}
	r.Parent = ntfs.FileReference(c.U64("parent file reference"))
	if r.Major == 3 {
		r.ParentHigh = c.U64("parent file reference")
	}
	r.USN = int64(c.U64("USN"))
	r.Time = wintime.Filetime(c.U64("time stamp"))
	r.Reason = Reason(c.U32("reason"))
	r.SourceInfo = SourceInfo(c.U32("source info"))
	r.SecurityID = c.U32("security id")
	r.FileAttributes = FileAttributes(c.U32("file attributes"))
	nameLength := int(c.U16("file name length"))
	nameOffset := int(c.U16("file name offset"))
	header := c.Offset()
	if nameLength%2 != 0 {
		c.Fail("file name length", header-4, parse.ErrRange, fmt.Sprintf("expected an even number, found %d", nameLength))
	}
	if nameOffset < header || nameOffset > len(b) {
		c.Fail("file name offset", header-2, parse.ErrRange,
			fmt.Sprintf("expected %d to %d, found %d", header, len(b), nameOffset))
	} else if nameLength > len(b)-nameOffset {
		c.Fail("file name length", header-4, parse.ErrRange,
			fmt.Sprintf("expected at most %d, found %d", len(b)-nameOffset, nameLength))
	}
	if err := c.Err(); err != nil {
		return Record{}, err
	}
	r.Name = wtf8.FromLE(b[nameOffset : nameOffset+nameLength])
	return r, nil
}

// decodeV4 decodes the rest of a V4 record, which lists the ranges of a file
// that were written (range tracking) and accompanies a V2 or V3 record.
func decodeV4(c *parse.Cursor, r Record) (Record, error) {
	r.File = ntfs.FileReference(c.U64("file reference"))
	r.FileHigh = c.U64("file reference")
	r.Parent = ntfs.FileReference(c.U64("parent file reference"))
	r.ParentHigh = c.U64("parent file reference")
	r.USN = int64(c.U64("USN"))
	r.Reason = Reason(c.U32("reason"))
	r.SourceInfo = SourceInfo(c.U32("source info"))
	r.RemainingExtents = c.U32("remaining extents")
	count := int(c.U16("number of extents"))
	size := int(c.U16("extent size"))
	if count > 0 && size < 16 {
		c.Fail("extent size", 62, parse.ErrRange, fmt.Sprintf("expected at least 16, found %d", size))
	} else if count*size > c.Len() {
		c.Fail("number of extents", 60, parse.ErrRange,
			fmt.Sprintf("expected at most %d bytes of extents, found %d of %d bytes each", c.Len(), count, size))
	}
	if err := c.Err(); err != nil {
		return Record{}, err
	}
	if count > 0 {
		r.Extents = make([]Extent, 0, count)
	}
	for range count {
		r.Extents = append(r.Extents, Extent{int64(c.U64("extent offset")), int64(c.U64("extent length"))})
		c.Skip(size-16, "extent")
	}
	if err := c.Err(); err != nil {
		return Record{}, err
	}
	return r, nil
}
