package ntfs

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// FileName is the value of one $FILE_NAME attribute (type 0x30) or the key of
// a directory's index entry. In a FILE record its times and sizes are those of
// the moment the name was set: NTFS copies them from $STANDARD_INFORMATION
// when a name is added or changed and does not keep them up to date. In an
// index entry they are refreshed when the file is closed.
type FileName struct {
	Parent         FileReference
	Created        wintime.Filetime // UTC
	Modified       wintime.Filetime
	Changed        wintime.Filetime // of the FILE record
	Accessed       wintime.Filetime
	AllocatedSize  uint64 // bytes; stale, see above
	Size           uint64 // bytes; stale, see above
	FileAttributes FileAttributes
	Name           string // WTF-8: lone surrogates survive
	Namespace      Namespace

	// Partial: the name's length field claims more than the value holds; Name
	// is what the value holds. ParseFileName gives an error then, and only
	// File.Names and index entries carry such a name.
	Partial bool
	// Where the attribute was found; set by File.Names.
	Holder      uint64 // number of the FILE record that holds the attribute
	AttributeID uint16
}

// Namespace says by which rules a name was made.
type Namespace uint8

// Values of Namespace.
const (
	NamespacePOSIX       Namespace = 0 // any characters, case matters
	NamespaceWin32       Namespace = 1 // a long name; a DOS name stands beside it
	NamespaceDOS         Namespace = 2 // the short (8.3) name beside a Win32 name
	NamespaceWin32AndDOS Namespace = 3 // one name that serves as both
)

// String gives the namespace's usual word.
func (n Namespace) String() string {
	switch n {
	case NamespacePOSIX:
		return "POSIX"
	case NamespaceWin32:
		return "Win32"
	case NamespaceDOS:
		return "DOS"
	case NamespaceWin32AndDOS:
		return "Win32+DOS"
	}
	return fmt.Sprintf("namespace %d", uint8(n))
}

// Positions inside a $FILE_NAME value that the scan uses directly.
const (
	fileNameLengthAt = 0x40 // one byte: name length in UTF-16 units
	fileNameAt       = 0x42 // the name, UTF-16LE
)

// ParseFileName decodes the value of a $FILE_NAME attribute. Bytes past the
// name are ignored. A length that reaches past the value is an error.
func ParseFileName(b []byte) (FileName, error) {
	n, err := decodeFileName(b)
	if err != nil {
		return FileName{}, err
	}
	return n, nil
}

// decodeFileName is ParseFileName, but where only the name's length lies it
// returns, beside the error, the name as far as the value goes, marked Partial.
func decodeFileName(b []byte) (FileName, error) {
	c := parse.NewCursor(b, "$FILE_NAME")
	n := FileName{
		Parent:         FileReference(c.U64("parent")),
		Created:        wintime.Filetime(c.U64("creation time")),
		Modified:       wintime.Filetime(c.U64("modification time")),
		Changed:        wintime.Filetime(c.U64("record change time")),
		Accessed:       wintime.Filetime(c.U64("access time")),
		AllocatedSize:  c.U64("allocated size"),
		Size:           c.U64("size"),
		FileAttributes: FileAttributes(c.U32("file attributes")),
	}
	c.Skip(4, "extended attributes")
	length := 2 * int(c.U8("name length"))
	n.Namespace = Namespace(c.U8("namespace"))
	if err := c.Err(); err != nil {
		return FileName{}, err
	}
	if length == 0 {
		return FileName{}, fileNameError(parse.ErrRange, "expected at least 1 unit, found 0")
	}
	if have := c.Len() &^ 1; length > have {
		err := fileNameError(parse.ErrTruncated, fmt.Sprintf("expected %d units, found %d", length/2, have/2))
		if have == 0 {
			return FileName{}, err
		}
		n.Name = wtf8.FromLE(c.Bytes(have, "name"))
		n.Partial = true
		return n, err
	}
	n.Name = wtf8.FromLE(c.Bytes(length, "name"))
	return n, nil
}

func fileNameError(cause error, detail string) error {
	return &parse.Error{Structure: "$FILE_NAME", Field: "name length", Offset: fileNameLengthAt, Err: cause, Detail: detail}
}
