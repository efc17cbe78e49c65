// Package usn decodes the change journal of an NTFS volume: the records in
// $UsnJrnl:$J (USN_RECORD_V2, V3 and V4) and the journal's own facts in
// $UsnJrnl:$Max. It walks a sparse stream in large pieces, finds its way again
// after damage, and carves records out of arbitrary bytes.
//
// It knows records, not their meaning: what counts as a creation, which path a
// parent reference leads to, and which names matter is for its callers. It
// opens no file and starts no goroutine.
//
// Layouts are those of the Windows SDK (winioctl.h) and [MS-FSCC] 2.3.62; all
// numbers on disk are little-endian, all times are FILETIME in UTC, names are
// UTF-16LE and come out as WTF-8, without loss.
package usn
