package index

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/ntfs"
)

// allocation takes the INDX records of $INDEX_ALLOCATION.
func (f *finder) allocation(folder *ntfs.File) {
	s, err := f.v.OpenStream(folder, ntfs.TypeIndexAllocation, indexName)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) && f.v.HasClusters() {
			f.problem(fmt.Errorf("folder %s: %w", f.folder, err))
		}
		return
	}
	size := f.blockSize(folder)
	used, known := f.usedBlocks(folder)
	budget := int64(maxIndex)
	buf := make([]byte, size)
	next := int64(0) // index of the block to read, in order
	for _, e := range s.Extents() {
		if e.Physical < 0 {
			continue
		}
		for next = max(next, e.Offset/int64(size)); next*int64(size) < e.Offset+e.Length && (next+1)*int64(size) <= s.Size(); next++ {
			if budget -= int64(size); budget < 0 {
				f.problem(&parse.Error{Structure: "$INDEX_ALLOCATION", Field: "size", Offset: next * int64(size), Err: parse.ErrRange,
					Detail: fmt.Sprintf("folder %s: not read beyond %d bytes", f.folder, int64(maxIndex))})
				return
			}
			free := known && (next/8 >= int64(len(used)) || used[next/8]&(1<<(next%8)) == 0)
			f.block(s, buf, next*int64(size), free)
		}
	}
}

// blockSize is that of an INDX record in bytes: what $INDEX_ROOT states, else
// what the boot sector does, else 4096.
func (f *finder) blockSize(folder *ntfs.File) int {
	const usual = 4096
	for i := range folder.Attributes {
		a := &folder.Attributes[i]
		if a.Type == ntfs.TypeIndexRoot && a.Name == indexName && len(a.Value) >= 12 {
			n := int(a.Value[8]) | int(a.Value[9])<<8 | int(a.Value[10])<<16 | int(a.Value[11])<<24
			if plausibleBlock(n) {
				return n
			}
		}
	}
	if boot, ok := f.v.Boot(); ok && plausibleBlock(int(boot.IndexRecordSize)) {
		return int(boot.IndexRecordSize)
	}
	return usual
}

func plausibleBlock(n int) bool { return n >= 512 && n <= 64<<10 && n&(n-1) == 0 }

// usedBlocks reads $BITMAP, which has a bit for each INDX record.
func (f *finder) usedBlocks(folder *ntfs.File) (bits []byte, known bool) {
	s, err := f.v.OpenStream(folder, ntfs.TypeBitmap, indexName)
	if err != nil {
		return nil, false
	}
	b := make([]byte, min(max(s.Size(), 0), maxBitmap))
	n, _ := s.ReadAt(b, 0)
	return b[:n], n == len(b) && n > 0 && s.Size() <= maxBitmap
}

// block takes the INDX record at an offset of $INDEX_ALLOCATION.
func (f *finder) block(s *ntfs.Stream, buf []byte, at int64, free bool) {
	n, err := s.ReadAt(buf, at)
	if n < len(buf) {
		f.problem(fmt.Errorf("folder %s: INDX record at %#x of $INDEX_ALLOCATION: %w", f.folder, at, err))
		return
	}
	place := placesIn(s, at)
	stale := ""
	switch {
	case !f.inUse:
		stale = "INDX record of a deleted folder"
	case free:
		stale = "INDX record that the folder's index has freed"
	}
	node, err := ntfs.ParseIndexRecord(buf)
	if err != nil {
		if stale == "" && !allZero(buf) {
			f.problem(fmt.Errorf("folder %s: %w", f.folder, parse.At(err, at)))
		}
		if stale == "" {
			stale = "place of an INDX record that is none"
		}
		// Damaged, or of another file by now: what is there is not taken for the folder's own.
		for _, r := range ntfs.CarveIndexRemains(buf, 0, f.folder, f.v.RecordCount()) {
			if r.FileName.Parent == f.folder && !r.ParentLost {
				f.trace(remainTrace(r, f.folder, stale+", remains", place(r.Offset)))
			}
		}
		return
	}
	if len(node.Torn) > 0 && stale == "" {
		f.problem(fmt.Errorf("folder %s: %w", f.folder, &parse.Error{Structure: "INDX record", Offset: at, Err: parse.ErrFixup,
			Detail: fmt.Sprintf("sectors %v are torn: entries in them may be wrong or missing", node.Torn)}))
	}
	for _, d := range node.Damage {
		f.problem(fmt.Errorf("folder %s: %w", f.folder, parse.At(d, at)))
	}
	f.entries(node.Entries, stale, place)
	where := "slack of an INDX record"
	if stale != "" {
		where = "slack of an " + stale
	}
	f.remains(node.Slack, node.SlackAt, where, place)
}

// placesIn maps offsets from base on of a stream to the volume; -1 where
// nothing is mapped.
func placesIn(s *ntfs.Stream, base int64) func(int) int64 {
	extents := s.Extents()
	return func(at int) int64 {
		off := base + int64(at)
		for _, e := range extents {
			if off >= e.Offset && off < e.Offset+e.Length && e.Physical >= 0 {
				return e.Physical + off - e.Offset
			}
		}
		return -1
	}
}

func allZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
