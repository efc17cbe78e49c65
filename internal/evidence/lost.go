package evidence

import (
	"fmt"
	"io"

	"github.com/jobscan/jobscan/ntfs"
)

// Where partitions begin: at 63 sectors until Windows XP, at multiples of
// 1 MiB since.
const (
	oldStart  = 63 * 512
	alignment = 1 << 20
	maxTries  = 1 << 20 // as many places are looked at
)

// lostVolumes looks for boot sectors of NTFS on a disk that has lost its
// partition table, and adds the volumes behind them.
func (o *opener) lostVolumes(f *File) bool {
	found := false
	end := int64(0) // of the last volume
	for try := range int64(maxTries) {
		start := max(oldStart, try*alignment)
		if start >= f.Size {
			break
		}
		if start < end {
			continue
		}
		size := volumeAt(f.image, start, f.Size)
		if size == 0 {
			continue
		}
		r := io.NewSectionReader(f.image, start, size)
		v, err := openNTFS(r, size)
		if err != nil {
			continue
		}
		found = true
		end = start + size
		o.add(&Volume{EvidencePath: f.Path, Container: f.Container, Reader: r, Offset: start, Size: size, NTFS: v})
		o.host.Problems = append(o.host.Problems, Problem{Path: f.Path, Volume: len(o.host.Volumes),
			Err: fmt.Errorf("disk without a partition table: NTFS volume found by its boot sector at %#x", start)})
	}
	return found
}

// volumeAt gives the size of the volume whose boot sector stands at start, cut
// to the evidence; 0 if none does.
func volumeAt(r io.ReaderAt, start, size int64) int64 {
	var b [512]byte
	if n, _ := r.ReadAt(b[:], start); n < len(b) || !hasNTFS(b[:]) {
		return 0
	}
	boot, err := ntfs.ParseBootSector(b[:])
	if err != nil || boot.Size() == 0 {
		return 0
	}
	left := uint64(size - start)
	if n := boot.Size(); n < left {
		return int64(min(n+uint64(boot.BytesPerSector), left)) // the backup boot sector follows
	}
	return int64(left)
}
