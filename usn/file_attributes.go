package usn

// FileAttributes are the attributes of the file at the time of the record
// ([MS-FSCC] 2.6).
type FileAttributes uint32

// The attributes that callers decide by.
const (
	AttributeDirectory    FileAttributes = 0x10  // FILE_ATTRIBUTE_DIRECTORY
	AttributeReparsePoint FileAttributes = 0x400 // FILE_ATTRIBUTE_REPARSE_POINT
)

var attributeNames = []flagName{
	{0x1, "READONLY"},
	{0x2, "HIDDEN"},
	{0x4, "SYSTEM"},
	{0x10, "DIRECTORY"},
	{0x20, "ARCHIVE"},
	{0x40, "DEVICE"},
	{0x80, "NORMAL"},
	{0x100, "TEMPORARY"},
	{0x200, "SPARSE_FILE"},
	{0x400, "REPARSE_POINT"},
	{0x800, "COMPRESSED"},
	{0x1000, "OFFLINE"},
	{0x2000, "NOT_CONTENT_INDEXED"},
	{0x4000, "ENCRYPTED"},
	{0x8000, "INTEGRITY_STREAM"},
	{0x10000, "VIRTUAL"},
	{0x20000, "NO_SCRUB_DATA"},
	{0x40000, "RECALL_ON_OPEN"},
	{0x80000, "PINNED"},
	{0x100000, "UNPINNED"},
	{0x400000, "RECALL_ON_DATA_ACCESS"},
	{0x20000000, "STRICTLY_SEQUENTIAL"},
}

// Names lists the attributes by the specification's words without prefix.
func (a FileAttributes) Names() []string { return names(uint32(a), attributeNames) }

// String joins Names with "|"; no attribute at all is "0".
func (a FileAttributes) String() string { return joined(a.Names()) }

// IsDirectory reports a record about a folder.
func (a FileAttributes) IsDirectory() bool { return a&AttributeDirectory != 0 }
