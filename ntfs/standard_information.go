package ntfs

import (
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

// StandardInformation is the value of $STANDARD_INFORMATION (type 0x10). Any
// program may set its times; only the record change time has no documented
// call in the Win32 API.
type StandardInformation struct {
	Created        wintime.Filetime // UTC
	Modified       wintime.Filetime // last write of data
	Changed        wintime.Filetime // last change of the FILE record
	Accessed       wintime.Filetime // kept coarsely, or not at all, by most systems
	FileAttributes FileAttributes
	OwnerID        uint32 // quota owner; zero in the 48-byte form of NTFS 1.2
	SecurityID     uint32 // key into $Secure; zero in the 48-byte form
	USN            uint64 // the file's last USN record, where a journal was active; zero in the 48-byte form
}

// FileAttributes are the FILE_ATTRIBUTE_* bits of [MS-FSCC] 2.6, and two that
// only $FILE_NAME carries.
type FileAttributes uint32

// Bits of FileAttributes.
const (
	AttributeReadOnly     FileAttributes = 0x1        // FILE_ATTRIBUTE_READONLY
	AttributeHidden       FileAttributes = 0x2        // FILE_ATTRIBUTE_HIDDEN
	AttributeSystem       FileAttributes = 0x4        // FILE_ATTRIBUTE_SYSTEM
	AttributeArchive      FileAttributes = 0x20       // FILE_ATTRIBUTE_ARCHIVE
	AttributeSparse       FileAttributes = 0x200      // FILE_ATTRIBUTE_SPARSE_FILE
	AttributeReparsePoint FileAttributes = 0x400      // FILE_ATTRIBUTE_REPARSE_POINT
	AttributeCompressed   FileAttributes = 0x800      // FILE_ATTRIBUTE_COMPRESSED
	AttributeEncrypted    FileAttributes = 0x4000     // FILE_ATTRIBUTE_ENCRYPTED
	AttributeDirectory    FileAttributes = 0x10000000 // DUP_FILE_NAME_INDEX_PRESENT, in $FILE_NAME only
)

// ParseStandardInformation decodes the value of a $STANDARD_INFORMATION
// attribute: 48 bytes (NTFS 1.2) or 72 (3.0 and later); further bytes are ignored.
func ParseStandardInformation(b []byte) (StandardInformation, error) {
	c := parse.NewCursor(b, "$STANDARD_INFORMATION")
	s := StandardInformation{
		Created:        wintime.Filetime(c.U64("creation time")),
		Modified:       wintime.Filetime(c.U64("modification time")),
		Changed:        wintime.Filetime(c.U64("record change time")),
		Accessed:       wintime.Filetime(c.U64("access time")),
		FileAttributes: FileAttributes(c.U32("file attributes")),
	}
	c.Skip(12, "version") // maximum versions, version, class id
	if c.Err() == nil && c.Len() >= 24 {
		s.OwnerID = c.U32("owner id")
		s.SecurityID = c.U32("security id")
		c.Skip(8, "quota charged")
		s.USN = c.U64("USN")
	}
	if err := c.Err(); err != nil {
		return StandardInformation{}, err
	}
	return s, nil
}
