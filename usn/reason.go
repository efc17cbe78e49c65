package usn

import (
	"fmt"
	"strings"
)

// Reason is the set of changes that a record reports. Between the open and the
// close of a file reasons accumulate: each record repeats the earlier ones and
// the last carries CLOSE as well ([MS-FSCC] 2.3.62.1, Reason).
type Reason uint32

// The reasons of [MS-FSCC] and winioctl.h.
const (
	ReasonDataOverwrite             Reason = 0x00000001 // USN_REASON_DATA_OVERWRITE
	ReasonDataExtend                Reason = 0x00000002 // USN_REASON_DATA_EXTEND
	ReasonDataTruncation            Reason = 0x00000004 // USN_REASON_DATA_TRUNCATION
	ReasonNamedDataOverwrite        Reason = 0x00000010 // USN_REASON_NAMED_DATA_OVERWRITE
	ReasonNamedDataExtend           Reason = 0x00000020 // USN_REASON_NAMED_DATA_EXTEND
	ReasonNamedDataTruncation       Reason = 0x00000040 // USN_REASON_NAMED_DATA_TRUNCATION
	ReasonFileCreate                Reason = 0x00000100 // USN_REASON_FILE_CREATE
	ReasonFileDelete                Reason = 0x00000200 // USN_REASON_FILE_DELETE
	ReasonEAChange                  Reason = 0x00000400 // USN_REASON_EA_CHANGE
	ReasonSecurityChange            Reason = 0x00000800 // USN_REASON_SECURITY_CHANGE
	ReasonRenameOldName             Reason = 0x00001000 // USN_REASON_RENAME_OLD_NAME
	ReasonRenameNewName             Reason = 0x00002000 // USN_REASON_RENAME_NEW_NAME
	ReasonIndexableChange           Reason = 0x00004000 // USN_REASON_INDEXABLE_CHANGE
	ReasonBasicInfoChange           Reason = 0x00008000 // USN_REASON_BASIC_INFO_CHANGE
	ReasonHardLinkChange            Reason = 0x00010000 // USN_REASON_HARD_LINK_CHANGE
	ReasonCompressionChange         Reason = 0x00020000 // USN_REASON_COMPRESSION_CHANGE
	ReasonEncryptionChange          Reason = 0x00040000 // USN_REASON_ENCRYPTION_CHANGE
	ReasonObjectIDChange            Reason = 0x00080000 // USN_REASON_OBJECT_ID_CHANGE
	ReasonReparsePointChange        Reason = 0x00100000 // USN_REASON_REPARSE_POINT_CHANGE
	ReasonStreamChange              Reason = 0x00200000 // USN_REASON_STREAM_CHANGE
	ReasonTransactedChange          Reason = 0x00400000 // USN_REASON_TRANSACTED_CHANGE
	ReasonIntegrityChange           Reason = 0x00800000 // USN_REASON_INTEGRITY_CHANGE
	ReasonDesiredStorageClassChange Reason = 0x01000000 // USN_REASON_DESIRED_STORAGE_CLASS_CHANGE
	ReasonClose                     Reason = 0x80000000 // USN_REASON_CLOSE
)

const knownReasons Reason = 0x81FFFF77

var reasonNames = []flagName{
	{uint32(ReasonDataOverwrite), "DATA_OVERWRITE"},
	{uint32(ReasonDataExtend), "DATA_EXTEND"},
	{uint32(ReasonDataTruncation), "DATA_TRUNCATION"},
	{uint32(ReasonNamedDataOverwrite), "NAMED_DATA_OVERWRITE"},
	{uint32(ReasonNamedDataExtend), "NAMED_DATA_EXTEND"},
	{uint32(ReasonNamedDataTruncation), "NAMED_DATA_TRUNCATION"},
	{uint32(ReasonFileCreate), "FILE_CREATE"},
	{uint32(ReasonFileDelete), "FILE_DELETE"},
	{uint32(ReasonEAChange), "EA_CHANGE"},
	{uint32(ReasonSecurityChange), "SECURITY_CHANGE"},
	{uint32(ReasonRenameOldName), "RENAME_OLD_NAME"},
	{uint32(ReasonRenameNewName), "RENAME_NEW_NAME"},
	{uint32(ReasonIndexableChange), "INDEXABLE_CHANGE"},
	{uint32(ReasonBasicInfoChange), "BASIC_INFO_CHANGE"},
	{uint32(ReasonHardLinkChange), "HARD_LINK_CHANGE"},
	{uint32(ReasonCompressionChange), "COMPRESSION_CHANGE"},
	{uint32(ReasonEncryptionChange), "ENCRYPTION_CHANGE"},
	{uint32(ReasonObjectIDChange), "OBJECT_ID_CHANGE"},
	{uint32(ReasonReparsePointChange), "REPARSE_POINT_CHANGE"},
	{uint32(ReasonStreamChange), "STREAM_CHANGE"},
	{uint32(ReasonTransactedChange), "TRANSACTED_CHANGE"},
	{uint32(ReasonIntegrityChange), "INTEGRITY_CHANGE"},
	{uint32(ReasonDesiredStorageClassChange), "DESIRED_STORAGE_CLASS_CHANGE"},
	{uint32(ReasonClose), "CLOSE"},
}

// Names lists the reasons by the specification's words without prefix, lowest
// bit first; bits without a name come last as one hexadecimal number.
func (r Reason) Names() []string { return names(uint32(r), reasonNames) }

// String joins Names with "|"; no reason at all is "0".
func (r Reason) String() string { return joined(r.Names()) }

// flagName names one bit.
type flagName struct {
	bit  uint32
	name string
}

// names lists the bits of v in the order of table, the rest as a number.
func names(v uint32, table []flagName) []string {
	var out []string
	for _, f := range table {
		if v&f.bit != 0 {
			out = append(out, f.name)
			v &^= f.bit
		}
	}
	if v != 0 {
		out = append(out, fmt.Sprintf("%#x", v))
	}
	return out
}

func joined(names []string) string {
	if len(names) == 0 {
		return "0"
	}
	return strings.Join(names, "|")
}
