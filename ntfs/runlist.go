package ntfs

import (
	"fmt"
	"math"

	"github.com/jobscan/jobscan/internal/parse"
)

// Run is one stretch of a non-resident attribute: Length clusters from VCN on
// lie on the volume from LCN on, or, when Sparse, nowhere and read as zero.
type Run struct {
	VCN    uint64 // first virtual cluster (position in the attribute)
	Length uint64 // in clusters, never 0
	LCN    int64  // first logical cluster (position on the volume); 0 when Sparse
	Sparse bool
}

// ParseRuns decodes the mapping pairs of a non-resident attribute whose lowest
// VCN is given. The list ends at a zero byte or with b. VCN+Length never
// overflows an int64 and no LCN is negative; whether a run lies inside the
// volume is for the caller to check, who knows its size.
func ParseRuns(b []byte, lowestVCN uint64) ([]Run, error) {
	runs, err := decodeRuns(b, lowestVCN)
	if err != nil {
		return nil, err
	}
	return runs, nil
}

// decodeRuns is ParseRuns, but on an error it returns the runs before it too.
func decodeRuns(b []byte, lowestVCN uint64) ([]Run, error) {
	var runs []Run
	vcn := lowestVCN
	lcn := int64(0)
	for off := 0; off < len(b) && b[off] != 0; {
		at := off
		lengthSize, offsetSize := int(b[off]&0x0F), int(b[off]>>4)
		off++
		if lengthSize == 0 || lengthSize > 8 || offsetSize > 8 {
			return runs, runError("header", at, parse.ErrRange, fmt.Sprintf("found %#x", b[at]))
		}
		if lengthSize+offsetSize > len(b)-off {
			return runs, runError("mapping pair", at, parse.ErrTruncated,
				fmt.Sprintf("expected %d bytes, found %d", lengthSize+offsetSize, len(b)-off))
		}
		length := signedLE(b[off : off+lengthSize])
		off += lengthSize
		delta := signedLE(b[off : off+offsetSize])
		off += offsetSize
		if length <= 0 || vcn > math.MaxInt64-uint64(length) {
			return runs, runError("length", at, parse.ErrRange, fmt.Sprintf("found %d at VCN %d", length, vcn))
		}
		run := Run{VCN: vcn, Length: uint64(length), Sparse: offsetSize == 0}
		if !run.Sparse {
			// Both terms are bounded by int64, so a wrapped sum shows in the sign.
			next := lcn + delta
			if next < 0 || (delta > 0 && next < lcn) {
				return runs, runError("LCN", at, parse.ErrRange, fmt.Sprintf("found %d%+d", lcn, delta))
			}
			lcn = next
			run.LCN = lcn
		}
		runs = append(runs, run)
		vcn += run.Length
	}
	return runs, nil
}

// signedLE reads up to 8 little-endian bytes as a two's complement number.
func signedLE(b []byte) int64 {
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	if n := len(b); n > 0 && n < 8 && b[n-1]&0x80 != 0 {
		v |= math.MaxUint64 << (8 * n)
	}
	return int64(v)
}

func runError(field string, offset int, cause error, detail string) error {
	return &parse.Error{Structure: "run list", Field: field, Offset: int64(offset), Err: cause, Detail: detail}
}
