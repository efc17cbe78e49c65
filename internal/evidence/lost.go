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
	maxTries  = 1 << 16 // as many places are looked at
)

// lostVolumes looks for boot sectors of NTFS on a disk that has lost its
// partition table, and adds the volumes behind them.
func (o *opener) lostVolumes(f *File) bool {
	found := false
	start := int64(oldStart)
	for tries := 0; tries < maxTries && start < f.Size; tries++ {
		at := start
		start = (start/alignment + 1) * alignment
		size := volumeAt(f.image, at, f.Size)
		if size == 0 {
			continue
		}
		r := io.NewSectionReader(f.image, at, size)
		v, err := openNTFS(r, size)
		if err != nil {
			continue
		}
		found = true
		start = (at + size + alignment - 1) / alignment * alignment
		o.add(&Volume{EvidencePath: f.Path, Container: f.Container, Reader: r, Offset: at, Size: size, NTFS: v})
		o.host.Problems = append(o.host.Problems, Problem{Path: f.Path, Volume: len(o.host.Volumes),
			Err: fmt.Errorf("disk without a partition table: NTFS volume found by its boot sector at %#x", at)})
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
