package ntfs

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
)

// Bounds of mapping $MFT by its own extension records. A volume whose $MFT
// needs more is not one that NTFS made.
const (
	maxMFTExtensions = 2048
	maxMFTRounds     = 64
	maxMFTBytes      = 1 << 40
	maxHiddenRounds  = 4
)

// mount maps $MFT: by its FILE record 0, or, where that is gone or damaged, by
// the copy in $MFTMirr.
func (v *Volume) mount() error {
	main, mainErr := v.recordAtCluster(v.boot.MFTLCN)
	if mainErr == nil && len(main.Damage) == 0 {
		if mainErr = v.mapMFT(main, true); mainErr == nil {
			if mainErr = v.compareMirror(main); mainErr == nil {
				return nil
			}
		}
	}
	mirror, mirrorErr := v.recordAtCluster(v.boot.MirrorLCN)
	if mirrorErr == nil && (mainErr != nil || len(mirror.Damage) == 0) {
		if mirrorErr = v.mapMFT(mirror, true); mirrorErr == nil {
			if mainErr == nil {
				mainErr = errors.Join(main.Damage...)
			}
			v.noteMirror(mirror, mainErr)
			return nil
		}
	}
	if mainErr == nil && len(main.Damage) > 0 {
		if mainErr = v.mapMFT(main, true); mainErr == nil {
			v.note(fmt.Errorf("$MFT: %w", errors.Join(main.Damage...)))
			return nil
		}
	}
	return errors.Join(mainErr, mirrorErr)
}

// noteMirror tells that $MFT was mapped by its copy in $MFTMirr, because of
// cause. Nothing is lost where record 0, as far as it can be read, says the same.
func (v *Volume) noteMirror(mirror *Record, cause error) {
	err := fmt.Errorf("$MFT: FILE record 0 of $MFTMirr used: %w", cause)
	if r, readErr := v.record(RecordMFT); readErr == nil && sameMFT(r, mirror) {
		err = &Workaround{err}
	}
	v.note(err)
}

// recordAtCluster reads $MFT's own FILE record from a cluster.
func (v *Volume) recordAtCluster(lcn uint64) (*Record, error) {
	off := clusterBytes(lcn, int64(v.boot.ClusterSize))
	b := make([]byte, v.recordSize)
	if off > v.size-int64(len(b)) {
		return nil, recordError("record 0", 0, parse.ErrTruncated, fmt.Sprintf("at %#x of a volume of %d bytes", off, v.size))
	}
	if n, err := v.r.ReadAt(b, off); n < len(b) {
		return nil, recordError("record 0", int(off), err, "")
	}
	rec, err := ParseRecord(b)
	if err != nil {
		return nil, parse.At(err, off)
	}
	if rec.Base != 0 || len(mftParts(rec)) == 0 {
		return nil, recordError("record 0", int(off), parse.ErrRange, "not the record of $MFT")
	}
	rec.setNumber(0)
	return rec, nil
}

// mftParts gives the non-resident unnamed $DATA attributes of rec.
func mftParts(rec *Record) []*Attribute {
	var out []*Attribute
	for i := range rec.Attributes {
		if a := &rec.Attributes[i]; a.Type == TypeData && a.Name == "" && !a.Resident && len(a.Runs) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// mapMFT maps $MFT by its record 0. A badly fragmented $MFT has part of its
// runs in extension records, which lie in $MFT: those that the runs known so
// far reach are read and their runs added, until nothing new is reached. With
// search it also looks for FILE records behind the data size that rec states.
func (v *Volume) mapMFT(rec *Record, search bool) error {
	parts := mftParts(rec)
	if parts[0].LowestVCN != 0 {
		return recordError("$DATA", parts[0].Offset, parse.ErrRange, "no run for VCN 0")
	}
	v.problems, v.mftRecord = nil, rec
	size := clampSize(parts[0].DataSize)
	pending := v.mftExtensions(rec)
	var hidden hiddenRecords
	for range maxHiddenRounds {
		parts, pending = v.followMFT(parts, pending, size)
		if !search {
			break
		}
		h := v.hidden(parts, size)
		hidden.unread = h.unread
		if h.count == 0 {
			break
		}
		hidden.count, hidden.inUse, hidden.end = hidden.count+h.count, hidden.inUse+h.inUse, h.end
		size = int64(h.end) * int64(v.recordSize)
	}
	v.setMFT(parts, size)
	for _, m := range pending {
		v.note(v.joinError(RecordMFT, parse.ErrRange, fmt.Sprintf("record %d, which maps part of $MFT, cannot be read", m)))
	}
	if v.RecordCount() == 0 {
		return recordError("$DATA", parts[0].Offset, parse.ErrRange, "$MFT maps no record that is there")
	}
	v.noteHidden(parts[0], hidden)
	v.checkMFTSize(parts[0])
	return nil
}

// followMFT maps size bytes of $MFT by parts and adds what the extension
// records in pending, as far as they can be reached, have to say.
func (v *Volume) followMFT(parts []*Attribute, pending []uint64, size int64) ([]*Attribute, []uint64) {
	v.setMFT(parts, size)
	for range maxMFTRounds {
		n := len(parts)
		pending = slices.DeleteFunc(pending, func(m uint64) bool {
			r, err := v.record(m)
			if err != nil || r.Base.Record() != RecordMFT || !r.InUse {
				return false
			}
			parts = append(parts, mftParts(r)...)
			return true
		})
		if len(parts) == n {
			break
		}
		slices.SortStableFunc(parts, func(a, b *Attribute) int { return cmp.Compare(a.LowestVCN, b.LowestVCN) })
		v.setMFT(parts, size)
	}
	return parts, pending
}

// mftExtensions gives the records that $MFT's own attribute list names for its
// unnamed $DATA.
func (v *Volume) mftExtensions(rec *Record) []uint64 {
	var out []uint64
	for i := range rec.Attributes {
		a := &rec.Attributes[i]
		if a.Type != TypeAttributeList {
			continue
		}
		content, err := v.listContent(a, maxAttributeList)
		if err != nil {
			v.note(err)
		}
		entries, damage := ParseAttributeList(content)
		if err := listDamage(damage); err != nil {
			v.note(err)
		}
		for _, e := range entries {
			m := e.Reference.Record()
			if e.Type == TypeData && e.Name == "" && m != RecordMFT && len(out) < maxMFTExtensions && !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// setMFT maps size bytes of $MFT by the parts known so far. $MFT has no holes: a run that
// says so maps nothing. What is kept ends with the last whole record that the
// evidence holds.
func (v *Volume) setMFT(parts []*Attribute, size int64) {
	extents, mapped := v.mapRuns(parts)
	want := min(size, mapped)
	limit := max(v.size, int64(min(v.boot.Size(), maxMFTBytes)))
	there := int64(0)
	for i := range extents {
		e := &extents[i]
		if e.Physical < 0 {
			e.Lost = true
		} else if end := min(e.Offset+e.Length, want); end <= limit {
			there = max(there, end)
		}
	}
	size = there / int64(v.recordSize) * int64(v.recordSize)
	v.mft = &Stream{r: v.r, name: "$MFT", size: size, initialized: size, extents: fitExtents(extents, mapped, size)}
	rs := uint64(v.recordSize)
	v.written = parts[0].InitializedSize / rs
	if v.written < RecordExtend {
		v.written = math.MaxUint64 // the field cannot be right
	}
	v.missing = uint64(want-size) / rs
	if data := parts[0].DataSize; data > uint64(want) && data <= min(v.boot.Size(), maxMFTBytes) {
		v.missing = (data - uint64(size)) / rs
	}
}

// checkMFTSize notes what setMFT had to cut.
func (v *Volume) checkMFTSize(first *Attribute) {
	mapped := uint64(v.mft.size) + v.missing*uint64(v.recordSize)
	if first.DataSize > mapped+uint64(v.recordSize) {
		v.note(attributeError(TypeData, "data size", first.Offset+0x30, parse.ErrRange,
			fmt.Sprintf("$MFT states %d bytes, its runs and the volume hold %d", first.DataSize, mapped)))
	}
	if v.missing > 0 {
		v.note(&parse.Error{Structure: "$MFT", Field: "data", Offset: v.mft.size, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("%d of %d FILE records are not in the evidence", v.missing, v.missing+v.RecordCount())})
	}
	lost := int64(0)
	for _, e := range v.mft.extents {
		if e.Lost {
			lost += e.Length
		}
	}
	if lost > 0 {
		v.note(&parse.Error{Structure: "$MFT", Field: "runs", Err: parse.ErrTruncated, Detail: fmt.Sprintf("%d bytes within $MFT cannot be read", lost)})
	}
}
