package ntfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// Volume reads one NTFS volume, or a loose $MFT, through an io.ReaderAt. It is
// immutable once opened and safe for concurrent use as far as the reader is.
type Volume struct {
	r          io.ReaderAt
	size       int64 // of what r gives
	boot       BootSector
	hasBoot    bool // boot was read, not derived
	loose      bool // a loose $MFT: no clusters
	recordSize int
	mftRecord  *Record // by which $MFT is mapped: its record 0 or the copy; nil for a loose $MFT
	mft        *Stream // $MFT's unnamed $DATA, cut to whole records that are there
	written    uint64  // records that $MFT's initialized size covers
	missing    uint64  // further records that $MFT should have
	problems   []error

	buffers sync.Pool // *[]byte, for ScanNames

	mftBitmap func() []byte  // $BITMAP of $MFT, as far as it can be read; loaded once
	bitmap    func() *Stream // $Bitmap, nil where it cannot be read; loaded once
	upcase    func() *foldTable
}

// Boot gives the boot sector, primary or backup. The second result is false
// where none could be read: for a loose $MFT, and for a volume whose layout had
// to be derived from $MFT itself.
func (v *Volume) Boot() (BootSector, bool) { return v.boot, v.hasBoot }

// Problems tells what was found wrong when the volume was opened. Those for
// which IsWorkaround holds cost nothing; with any other, part of $MFT may be
// missing or may be read otherwise than Windows would.
func (v *Volume) Problems() []error { return append([]error(nil), v.problems...) }

// RecordCount is the number of FILE records that $MFT has within the evidence.
func (v *Volume) RecordCount() uint64 { return uint64(v.mft.size) / uint64(v.recordSize) }

// MissingRecords is the number of FILE records that $MFT should have after the
// last that the evidence holds: an image that ends early, or a size that lies.
func (v *Volume) MissingRecords() uint64 { return v.missing }

// RecordSize is the size of a FILE record in bytes.
func (v *Volume) RecordSize() int { return v.recordSize }

// ClusterSize is in bytes; 0 for a loose $MFT.
func (v *Volume) ClusterSize() int64 {
	if v.loose {
		return 0
	}
	return int64(v.boot.ClusterSize)
}

// HasClusters is false for a loose $MFT: only resident content can be read.
func (v *Volume) HasClusters() bool { return !v.loose }

// RecordOffset gives the byte offset on the volume (in a loose $MFT: in that
// file) of FILE record n, or -1 where it is not there.
func (v *Volume) RecordOffset(n uint64) int64 {
	if n >= v.RecordCount() {
		return -1
	}
	off := int64(n) * int64(v.recordSize)
	e := v.mft.extents[v.mft.extentAt(off)]
	if e.Physical < 0 {
		return -1
	}
	return e.Physical + off - e.Offset
}

// Record reads and decodes FILE record n. Offsets in the error, and in the
// record's Damage, are bytes from the start of $MFT. The error has a
// *parse.Error in its chain, and its cause tells what that means:
// parse.ErrSignature, the bytes are no FILE record (zeros, or written over);
// parse.ErrTruncated, the evidence does not hold them; parse.ErrRange, $MFT has
// no such record; else an error of the reader. In none of these cases is it
// known what the record describes or that it is free; see Readable.
func (v *Volume) Record(n uint64) (*Record, error) {
	r, err := v.record(n)
	if err == nil || !errors.Is(err, parse.ErrSignature) {
		return r, err
	}
	if allocated, _ := v.RecordAllocated(n); allocated {
		err = fmt.Errorf("%w%s", err, inUseByBitmap)
	}
	return nil, err
}

// record is Record for use while $MFT and its $BITMAP are still being mapped.
func (v *Volume) record(n uint64) (*Record, error) {
	b, err := v.rawRecord(n)
	if err != nil {
		return nil, err
	}
	return v.decodeRecord(n, b)
}

// decodeRecord decodes the bytes b of record n.
func (v *Volume) decodeRecord(n uint64, b []byte) (*Record, error) {
	base := int64(n) * int64(v.recordSize)
	r, err := ParseRecord(b)
	if err != nil {
		return nil, parse.At(err, base)
	}
	r.setNumber(n)
	for i, d := range r.Damage {
		r.Damage[i] = parse.At(d, base)
	}
	return r, nil
}

// rawRecord reads the bytes of record n, fixups in place.
func (v *Volume) rawRecord(n uint64) ([]byte, error) {
	if count := v.RecordCount(); n >= count && n-count < v.missing {
		return nil, recordError("data", int(n)*v.recordSize, parse.ErrTruncated, fmt.Sprintf("record %d of %d in the evidence", n, count))
	} else if n >= count {
		return nil, recordError("number", 0, parse.ErrRange, fmt.Sprintf("record %d of %d", n, v.RecordCount()))
	}
	b := make([]byte, v.recordSize)
	base := int64(n) * int64(v.recordSize)
	if k, err := v.mft.ReadAt(b, base); k < len(b) {
		return nil, fmt.Errorf("FILE record %d: %w", n, err)
	}
	return b, nil
}

// Readable reports that a FILE record, whole or damaged, stands at number n:
// what Record gives is what the volume has there. False means that the record
// was lost, to the evidence or to whoever wrote over it, or was never used.
func (v *Volume) Readable(n uint64) bool {
	b, err := v.rawRecord(n)
	return err == nil && hasRecordSignature(b)
}

// Records walks all of $MFT and decodes each FILE record fully. Slots that were
// never used (all zero, and not in use by $BITMAP) are passed over; an error is one lost record and the
// walk goes on, unless ctx ends, whose error is then the last one.
func (v *Volume) Records(ctx context.Context) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for n := range v.RecordCount() {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			r, err := v.Record(n)
			if err != nil && v.isEmpty(n) {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (v *Volume) isEmpty(n uint64) bool {
	b, err := v.rawRecord(n)
	if err != nil || !allZero(b) {
		return false
	}
	allocated, _ := v.RecordAllocated(n)
	return !allocated
}

// Label is the volume's name from $Volume, WTF-8; "" where there is none.
func (v *Volume) Label() string {
	r, err := v.Record(RecordVolume)
	if err != nil {
		return ""
	}
	for i := range r.Attributes {
		if a := &r.Attributes[i]; a.Type == TypeVolumeName && a.Resident {
			return wtf8.FromLE(a.Value)
		}
	}
	return ""
}

// ClusterAllocated says whether $Bitmap marks the cluster as in use. known is
// false where $Bitmap cannot tell: a loose $MFT, damage, a cluster past the end.
func (v *Volume) ClusterAllocated(lcn uint64) (allocated, known bool) {
	s := v.bitmap()
	if s == nil || lcn/8 >= uint64(s.Size()) {
		return false, false
	}
	var b [1]byte
	if n, _ := s.ReadAt(b[:], int64(lcn/8)); n != 1 {
		return false, false
	}
	return b[0]&(1<<(lcn%8)) != 0, true
}

// loadBitmap opens $Bitmap, or gives nil.
func (v *Volume) loadBitmap() *Stream {
	if v.loose {
		return nil
	}
	f, err := v.File(RecordBitmap)
	if err != nil {
		return nil
	}
	s, err := v.OpenStream(f, TypeData, "")
	if err != nil {
		return nil
	}
	return s
}
