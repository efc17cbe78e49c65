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
	maxTries  = 1 << 20 // as many places are looked at: 512 GiB
	maxMounts = 1 << 10 // as many boot sectors are followed
)

// lostVolumes looks for boot sectors of NTFS on a disk whose partition table is
// lost, or damaged, and adds the volumes behind them, those apart that are
// known. why says what is wrong with the table.
func (o *opener) lostVolumes(f *File, known []*Volume, why string) bool {
	found, mounts, at := false, 0, int64(oldStart)
	for tries := 0; tries < maxTries && mounts < maxMounts && at < f.Size; tries++ {
		next := nextStart(at)
		size := volumeAt(f.image, at, f.Size)
		if end := knownUntil(known, at); end > at {
			next, size = nextStart(end-1), 0
		}
		if size == 0 {
			at = next
			continue
		}
		mounts++
		r := io.NewSectionReader(f.image, at, size)
		v, err := ntfs.OpenByBootSector(r, size) // a search of the rest for each place would take too long
		if err != nil {
			at = next
			continue
		}
		found = true
		o.add(&Volume{EvidencePath: f.Path, Container: f.Container, Reader: r, Offset: at, Size: size, file: f, NTFS: v})
		o.host.Problems = append(o.host.Problems, Problem{Path: f.Path, Volume: len(o.host.Volumes),
			Err: fmt.Errorf("%s: NTFS volume found by its boot sector at %#x", why, at)})
		at = nextStart(at + size - 1)
	}
	if at < f.Size && (found || len(known) > 0) {
		o.host.Problems = append(o.host.Problems, Problem{Path: f.Path,
			Err: fmt.Errorf("%s: not searched for volumes from byte %#x on", why, at)})
	}
	return found
}

// nextStart gives the first place after at where partitions begin: a multiple
// of 1 MiB, or 63 sectors behind one.
func nextStart(at int64) int64 {
	base := at / alignment * alignment
	if at < base+oldStart {
		return base + oldStart
	}
	return base + alignment
}

// knownUntil gives the end of the volume that covers a place; 0 if none does.
func knownUntil(known []*Volume, at int64) int64 {
	for _, v := range known {
		if v.Offset <= at && at < v.Offset+v.Size {
			return v.Offset + v.Size
		}
	}
	return 0
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
