package ntfs

import "strconv"

// FileReference names one incarnation of a FILE record: the record's number in
// $MFT in the low 48 bits, its sequence number in the high 16
// ([MS-FSCC] 2.1.5.1, FILE_REFERENCE / MFT_SEGMENT_REFERENCE). Two references
// with the same record and different sequence numbers are different files.
type FileReference uint64

// Records whose numbers NTFS fixes.
const (
	RecordMFT     = 0  // $MFT
	RecordMFTMirr = 1  // $MFTMirr
	RecordVolume  = 3  // $Volume
	RecordRoot    = 5  // the root folder
	RecordBitmap  = 6  // $Bitmap
	RecordUpCase  = 10 // $UpCase
	RecordExtend  = 11 // $Extend
)

const recordMask = 1<<48 - 1

// NewFileReference joins a record number (its low 48 bits) and a sequence number.
func NewFileReference(record uint64, seq uint16) FileReference {
	return FileReference(record&recordMask | uint64(seq)<<48)
}

// Record is the number of the FILE record.
func (r FileReference) Record() uint64 { return uint64(r) & recordMask }

// Sequence is the sequence number; zero means "whatever incarnation".
func (r FileReference) Sequence() uint16 { return uint16(r >> 48) }

// String renders "record-sequence" in decimal, for example "66-2".
func (r FileReference) String() string {
	return strconv.FormatUint(r.Record(), 10) + "-" + strconv.FormatUint(uint64(r.Sequence()), 10)
}

// previousSequence undoes the step that NTFS takes when it frees a record: the
// stored number is one more than that of the file which lived there, and the
// step from 0xFFFF skips 0 and goes to 1. A stored 0 is written by no driver
// that follows the rule and says nothing; it is returned as it is.
func previousSequence(stored uint16) uint16 {
	switch stored {
	case 0:
		return 0
	case 1:
		return 0xFFFF
	}
	return stored - 1
}
