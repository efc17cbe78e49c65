package ntfs

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
)

// The clusters of $MFT may reach past its data size. Drivers leave no FILE
// record there: an $MFT that has some was made to look shorter than it is.

// maxHidden bounds, in bytes, how far behind the data size FILE records are
// looked for. Sound volumes have less than a megabyte there.
const maxHidden = 1 << 30

// hiddenRecords are the FILE records found behind the data size of $MFT.
type hiddenRecords struct {
	count, inUse uint64
	end          uint64 // number after the last
	unread       int64  // bytes that runs map and that were not looked at
}

// findRecords looks at the slots of $MFT from number from on, over the whole of
// s, and counts the FILE records that say they are where they are.
func (v *Volume) findRecords(s *Stream, from uint64) hiddenRecords {
	var h hiddenRecords
	size := int64(v.recordSize)
	start, limit := int64(from)*size, int64(0)
	for _, e := range s.extents {
		if e.Physical >= 0 {
			limit = (e.Offset + e.Length) / size * size
		}
	}
	if limit-start > maxHidden {
		h.unread = limit - start - maxHidden
		limit = start + maxHidden
	}
	var buf []byte
	for off := start; off < limit; {
		if e := s.extents[s.extentAt(off)]; e.Physical < 0 {
			off = max(off+size, (e.Offset+e.Length)/size*size)
			continue
		}
		if buf == nil {
			buf = make([]byte, min(scanChunk, limit-start))
		}
		k, _ := s.readMapped(buf[:min(int64(len(buf)), limit-off)], off)
		whole := int64(k) / size
		for i := range whole {
			h.add(buf[i*size:(i+1)*size], uint64(off/size+i))
		}
		off += max(whole, 1) * size
	}
	return h
}

func (h *hiddenRecords) add(rec []byte, n uint64) {
	if !saysNumber(rec, n) {
		return
	}
	h.count++
	h.end = n + 1
	if binary.LittleEndian.Uint16(rec[0x16:])&recordFlagInUse != 0 {
		h.inUse++
	}
}

// saysNumber: rec is a FILE record that states number n, or is of a version of
// NTFS whose records state none.
func saysNumber(rec []byte, n uint64) bool {
	if !hasRecordSignature(rec) {
		return false
	}
	switch at := binary.LittleEndian.Uint16(rec[4:]); {
	case at == recordHeader:
		return true
	case at < recordHeaderXP:
		return false
	}
	return uint64(binary.LittleEndian.Uint32(rec[0x2C:])) == n
}

// hidden looks behind the first size bytes of $MFT, which parts map.
func (v *Volume) hidden(parts []*Attribute, size int64) hiddenRecords {
	extents, mapped := v.mapRuns(parts)
	from := uint64(size) / uint64(v.recordSize)
	if mapped <= size || len(extents) == 0 {
		return hiddenRecords{}
	}
	return v.findRecords(&Stream{r: v.r, name: "$MFT", size: mapped, initialized: mapped, extents: extents}, from)
}

// noteHidden tells of FILE records behind the data size, which were added to
// $MFT. Only free ones may be remains of an earlier file system.
func (v *Volume) noteHidden(first *Attribute, h hiddenRecords) {
	if h.count > 0 {
		err := attributeError(TypeData, "data size", first.Offset+0x30, parse.ErrRange,
			fmt.Sprintf("%d bytes stated for $MFT hide %d FILE records, %d of them in use: $MFT read up to record %d", first.DataSize, h.count, h.inUse, h.end-1))
		if h.inUse == 0 {
			err = &Workaround{err}
		}
		v.note(err)
	}
	if h.unread > 0 {
		v.note(attributeError(TypeData, "data size", first.Offset+0x30, parse.ErrRange,
			fmt.Sprintf("the runs of $MFT map %d bytes after it that were not searched for FILE records", h.unread)))
	}
}

// compareMirror holds record 0, by which $MFT is mapped, against its copy in
// $MFTMirr. Where they differ and the copy knows more of the same $MFT, FILE
// records included, the copy is used.
func (v *Volume) compareMirror(main *Record) error {
	mirror, err := v.recordAtCluster(v.boot.MirrorLCN)
	if err != nil || len(mirror.Damage) > 0 || sameMFT(main, mirror) {
		return nil // a copy that is damaged says nothing
	}
	ours, theirs := mftParts(main)[0], mftParts(mirror)[0]
	differ := &parse.Error{Structure: "$MFT", Field: "record 0", Offset: clusterBytes(v.boot.MirrorLCN, int64(v.boot.ClusterSize)), Err: parse.ErrRange,
		Detail: fmt.Sprintf("%d bytes in %d runs, but %d in %d by its copy in $MFTMirr", ours.DataSize, len(ours.Runs), theirs.DataSize, len(theirs.Runs))}
	before := v.mft
	count := v.RecordCount()
	if v.mapMFT(mirror, true) == nil && v.RecordCount() > count && sameExtents(before, v.mft) && v.findRecords(v.mft, count).inUse > 0 {
		differ.Detail += ", which is used"
	} else if err := v.mapMFT(main, true); err != nil {
		return err
	}
	v.note(differ)
	return nil
}

// sameMFT: both records give $MFT the same size and runs.
func sameMFT(a, b *Record) bool {
	return slices.EqualFunc(mftParts(a), mftParts(b), func(p, q *Attribute) bool {
		return p.DataSize == q.DataSize && p.LowestVCN == q.LowestVCN && slices.Equal(p.Runs, q.Runs)
	})
}

// sameExtents: the longer stream has the bytes of the shorter where that has them.
func sameExtents(short, long *Stream) bool {
	cut := fitExtents(slices.Clone(long.extents), long.size, short.size)
	return slices.Equal(cut, short.extents)
}
