package ntfs

import (
	"bytes"
	"fmt"
	"math/bits"

	"github.com/jobscan/jobscan/internal/parse"
)

// maxBitmapTail bounds what is read of $MFT's $BITMAP behind the bits of the
// records that are there. NTFS makes that attribute at most some kilobytes
// longer than it needs to be.
const maxBitmapTail = 1 << 20

// inUseByBitmap follows the error of a record that is no FILE record.
const inUseByBitmap = "; $BITMAP of $MFT marks it in use"

// RecordAllocated says whether $BITMAP of $MFT marks FILE record n as in use.
// known is false where it cannot tell: a loose $MFT, damage, a number past its
// end. NTFS sets the bit before it writes the record and clears it after the
// record was marked free.
func (v *Volume) RecordAllocated(n uint64) (allocated, known bool) {
	b := v.mftBitmap()
	if n/8 >= uint64(len(b)) {
		return false, false
	}
	return b[n/8]&(1<<(n%8)) != 0, true
}

// openMFTBitmap opens $BITMAP of $MFT, or gives nil.
func (v *Volume) openMFTBitmap() *Stream {
	if v.loose || v.mftRecord == nil {
		return nil
	}
	s, err := v.OpenStream(v.FileOf(v.mftRecord), TypeBitmap, "")
	if err != nil {
		return nil
	}
	return s
}

// loadMFTBitmap gives the bits of the records that are there, as far as they
// can be read.
func (v *Volume) loadMFTBitmap() []byte {
	s := v.openMFTBitmap()
	if s == nil {
		return nil
	}
	b := make([]byte, min(uint64(s.Size()), (v.RecordCount()+7)/8))
	n, _ := s.ReadAt(b, 0)
	return b[:n]
}

// checkBitmap notes FILE records that $BITMAP marks in use and that $MFT does
// not have: $MFT never shrinks, so its size or its runs were cut.
func (v *Volume) checkBitmap() {
	s := v.openMFTBitmap()
	count := v.RecordCount() + v.missing
	if s == nil || count/8 >= uint64(s.Size()) {
		return
	}
	b := make([]byte, min(uint64(s.Size())-count/8, maxBitmapTail))
	n, _ := s.ReadAt(b, int64(count/8))
	b = b[:n]
	if n == 0 {
		return
	}
	b[0] &= 0xFF << (count % 8)
	marked := 0
	for _, c := range b {
		marked += bits.OnesCount8(c)
	}
	if marked == 0 {
		return
	}
	last := len(bytes.TrimRight(b, "\x00")) - 1
	v.note(&parse.Error{Structure: "$MFT", Field: "$BITMAP", Err: parse.ErrRange,
		Detail: fmt.Sprintf("%d records are marked in use, up to number %d, after the %d that $MFT has",
			marked, (count/8+uint64(last))*8+uint64(bits.Len8(b[last]))-1, count)})
}
