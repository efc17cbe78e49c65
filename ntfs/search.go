package ntfs

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/jobscan/jobscan/internal/parse"
)

// maxSearch bounds the search for $MFT on a volume without a boot sector.
// Windows puts $MFT at 3 GiB, other formatters near the start.
const maxSearch = 8 << 30

// Bounds of the work on hostile evidence. A volume holds two records of $MFT,
// and a few more in remains of older volumes and in images within it.
const (
	maxSearchRecords = 4096 // that say they are $MFT's, decoded
	maxSearchLayouts = 32   // of those, held against the volume with each cluster size
)

// mftSearch counts what a search has tried.
type mftSearch struct{ records, layouts int }

// search looks for the FILE record of $MFT, or its copy in $MFTMirr, and
// derives the layout from it. It returns nil where there is none. The error
// tells that it gave up, because there are more candidates than a volume has.
func search(r io.ReaderAt, size int64) (*Volume, error) {
	const chunk = 1 << 20
	var tried mftSearch
	buf := make([]byte, chunk+maxRecord)
	for base := int64(0); base < min(size, maxSearch); base += chunk {
		n, _ := r.ReadAt(buf[:min(int64(len(buf)), size-base)], base)
		for off := 0; off < min(chunk, n-recordHeaderXP); off += fixupStride {
			if !saysMFT(buf[off:]) {
				continue
			}
			at := base + int64(off)
			if tried.records == maxSearchRecords || tried.layouts == maxSearchLayouts {
				return nil, bootError("layout", at, parse.ErrRange, fmt.Sprintf("%d FILE records that say they are $MFT's lie before it, and none describes the volume: not searched further", tried.records))
			}
			if v := tried.volumeFrom(r, size, buf[off:n], at); v != nil {
				return v, nil
			}
		}
	}
	return nil, nil
}

// saysMFT: by its header, a FILE record number 0 in use that is no extension.
func saysMFT(b []byte) bool {
	le := binary.LittleEndian
	return le.Uint32(b) == signatureFILE && le.Uint16(b[0x16:])&recordFlagInUse != 0 && le.Uint64(b[0x20:]) == 0 &&
		(le.Uint16(b[4:]) < recordHeaderXP || le.Uint32(b[0x2C:]) == RecordMFT)
}

// volumeFrom mounts the volume whose $MFT record, or its copy, starts b, which
// was read from offset at; nil if b does not hold that record.
func (t *mftSearch) volumeFrom(r io.ReaderAt, size int64, b []byte, at int64) *Volume {
	recordSize := binary.LittleEndian.Uint32(b[0x1C:])
	if !plausibleRecordSize(recordSize) || int(recordSize) > len(b) {
		return nil
	}
	t.records++
	rec, err := ParseRecord(b[:recordSize])
	if err != nil || !rec.InUse || rec.Base != 0 || rec.StoredNumber != RecordMFT || !isNamedMFT(rec) {
		return nil
	}
	parts := mftParts(rec)
	if len(parts) == 0 || parts[0].LowestVCN != 0 || parts[0].Runs[0].Sparse {
		return nil
	}
	t.layouts++
	rec.setNumber(RecordMFT)
	lcn := uint64(parts[0].Runs[0].LCN)
	var best *Volume
	bestScore := 0
	for cluster := int64(512); cluster <= maxCluster; cluster *= 2 {
		v := newVolume(r, size, BootSector{
			BytesPerSector: 512, ClusterSize: uint32(cluster), RecordSize: recordSize,
			TotalSectors: uint64(size) / 512, MFTLCN: lcn,
		})
		if v.mapMFT(rec, false) != nil {
			continue
		}
		if score := v.numberedRecords(); score > bestScore {
			best, bestScore = v, score
		}
	}
	if best == nil || best.mapMFT(rec, true) != nil {
		return nil
	}
	return best
}

// numberedRecords counts the records, among the first of $MFT, that say they
// are where they are: with a wrong cluster size few or none do. $MFTMirr holds
// four such records, so more must be looked at.
func (v *Volume) numberedRecords() int {
	const look = 64
	n := 0
	for i := range min(v.RecordCount(), look) {
		if off := v.RecordOffset(i); off >= 0 && isRecord(v.r, off, uint32(i)) {
			n++
		}
	}
	return n
}

func plausibleRecordSize(n uint32) bool {
	return n >= minRecord && n <= maxRecord && bits.OnesCount32(n) == 1
}

// isNamedMFT: the record has the name $MFT in the root folder.
func isNamedMFT(rec *Record) bool {
	for i := range rec.Attributes {
		a := &rec.Attributes[i]
		if a.Type != TypeFileName || !a.Resident {
			continue
		}
		if n, err := ParseFileName(a.Value); err == nil && n.Name == "$MFT" && n.Parent.Record() == RecordRoot {
			return true
		}
	}
	return false
}

// isRecord: a FILE record that says it is number n stands at off.
func isRecord(r io.ReaderAt, off int64, n uint32) bool {
	var b [recordHeaderXP]byte
	if off < 0 {
		return false
	}
	if k, _ := r.ReadAt(b[:], off); k < len(b) {
		return false
	}
	return hasRecordSignature(b[:]) && binary.LittleEndian.Uint16(b[4:]) >= recordHeaderXP && binary.LittleEndian.Uint32(b[0x2C:]) == n
}

// OpenMFT opens a loose $MFT of size bytes: the file as a triage tool extracts
// it. The record size is what the records themselves state. Content in
// clusters cannot be read; everything in FILE records can.
func OpenMFT(r io.ReaderAt, size int64) (*Volume, error) {
	recordSize, first, err := looseRecordSize(r, size)
	if err != nil {
		return nil, err
	}
	v := newVolume(r, size, BootSector{BytesPerSector: 512, ClusterSize: 512, RecordSize: recordSize, TotalSectors: uint64(size) / 512})
	v.loose = true
	v.written = ^uint64(0)
	whole := size / int64(recordSize) * int64(recordSize)
	v.mft = &Stream{r: r, name: "$MFT", size: whole, initialized: whole, extents: []Extent{{Length: whole}}}
	if whole != size {
		v.note(&parse.Error{Structure: "$MFT", Field: "size", Offset: whole, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("%d bytes after the last whole FILE record", size-whole)})
	}
	if n := uint64(first) / uint64(recordSize); !isRecord(r, first, uint32(n)) {
		if rec, err := v.Record(n); err == nil && rec.StoredNumber != 0 {
			v.note(recordError("number", int(first)+0x2C, parse.ErrRange,
				fmt.Sprintf("record %d says it is number %d: the $MFT may lack its head", n, rec.StoredNumber)))
		}
	}
	return v, nil
}

// looseRecordSize finds the first FILE record and believes the size that it
// states if the next one stands where it should; else it tries the usual sizes.
func looseRecordSize(r io.ReaderAt, size int64) (recordSize uint32, first int64, err error) {
	const step, reach = 1024, 16 << 20
	var h [recordHeaderXP]byte
	for off := int64(0); off < min(size, reach); off += step {
		if n, _ := r.ReadAt(h[:], off); n < len(h) {
			break
		}
		if !hasRecordSignature(h[:]) {
			continue
		}
		stated := binary.LittleEndian.Uint32(h[0x1C:])
		for _, try := range []uint32{stated, 1024, 4096} {
			if plausibleRecordSize(try) && off%int64(try) == 0 && int64(try) <= size-off {
				return try, off, nil
			}
		}
	}
	return 0, 0, recordError("signature", 0, parse.ErrSignature, "no FILE record found: not an $MFT")
}
