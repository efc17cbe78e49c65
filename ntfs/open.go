package ntfs

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/jobscan/jobscan/internal/parse"
)

// Open opens the NTFS volume that r holds in size bytes. Where the boot sector
// is gone or impossible it takes the copy in the last sector; where $MFT's own
// record is gone, that in $MFTMirr; where no boot sector is left, it looks for
// $MFT's record on the volume and derives the layout from it; where both copies
// of that record are gone, it takes the FILE records that stand in a row.
// Problems tells which of these was needed. Another file system is named in the error.
func Open(r io.ReaderAt, size int64) (*Volume, error) {
	boots, errs := findBootSectors(r, size)
	opened, errs := openByBoot(r, size, boots, errs)
	if opened != nil {
		return opened, nil
	}
	if len(errs) > 0 && errors.Is(errs[0], parse.ErrUnsupported) {
		return nil, errs[0]
	}
	v, err := search(r, size)
	if v != nil {
		v.note(bootError("layout", 0, nil, fmt.Sprintf("derived from $MFT found at %#x: %d bytes a cluster, %d bytes a FILE record",
			v.RecordOffset(0), v.boot.ClusterSize, v.recordSize)))
		v.checkBitmap()
		v.problems = append(errs, v.problems...)
		return v, nil
	}
	for _, at := range boots {
		if v := openRow(newVolume(r, size, at.boot)); v != nil {
			v.hasBoot = true
			v.noteShort()
			v.problems = append(errs, v.problems...)
			return v, nil
		}
	}
	if err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		errs = append(errs, bootError("", 0, parse.ErrTruncated, fmt.Sprintf("volume of %d bytes", size)))
	}
	return nil, fmt.Errorf("no NTFS volume: %w", errors.Join(errs...))
}

// OpenByBootSector is Open without a search of the volume: it needs a boot
// sector, or its backup, that leads to $MFT.
func OpenByBootSector(r io.ReaderAt, size int64) (*Volume, error) {
	boots, errs := findBootSectors(r, size)
	v, errs := openByBoot(r, size, boots, errs)
	if v == nil {
		return nil, fmt.Errorf("no NTFS volume: %w", errors.Join(errs...))
	}
	return v, nil
}

// openByBoot mounts the volume by the first boot sector that leads to $MFT; nil
// if none does. errs are those met before, and come back with those of mounting.
func openByBoot(r io.ReaderAt, size int64, boots []bootAt, errs []error) (*Volume, []error) {
	for i, at := range boots {
		v := newVolume(r, size, at.boot)
		v.hasBoot = true
		if err := v.mount(); err != nil {
			errs = append(errs, fmt.Errorf("boot sector at %#x: %w", at.offset, err))
			continue
		}
		if at.offset != 0 || i > 0 {
			v.note(&Workaround{bootError("backup", at.offset, nil, "used instead of the boot sector")})
		}
		v.noteShort()
		v.checkBitmap()
		v.problems = append(workedAround(errs), v.problems...)
		return v, nil
	}
	return nil, errs
}

func newVolume(r io.ReaderAt, size int64, boot BootSector) *Volume {
	v := &Volume{r: r, size: size, boot: boot, recordSize: int(boot.RecordSize)}
	v.mftBitmap = sync.OnceValue(v.loadMFTBitmap)
	v.bitmap = sync.OnceValue(v.loadBitmap)
	v.upcase = sync.OnceValue(v.loadUpCase)
	return v
}

func (v *Volume) note(err error) { v.problems = append(v.problems, err) }

func (v *Volume) noteShort() {
	if have := uint64(v.size); v.boot.Size() > have {
		v.note(bootError("total sectors", 0x28, parse.ErrTruncated,
			fmt.Sprintf("the volume has %d bytes, the evidence %d", v.boot.Size(), have)))
	}
}

// bootAt is a boot sector and where it was found.
type bootAt struct {
	boot   BootSector
	offset int64
}

// findBootSectors gives the boot sectors that decode: the primary one first,
// then those that stand where a backup can. errs has the primary's error, if any.
func findBootSectors(r io.ReaderAt, size int64) (boots []bootAt, errs []error) {
	first, err := readBootSector(r, 0, size)
	if err == nil {
		boots = append(boots, bootAt{first, 0})
	} else {
		errs = append(errs, err)
	}
	if errors.Is(err, parse.ErrUnsupported) {
		return nil, errs
	}
	tried := map[int64]bool{0: true}
	for _, off := range backupOffsets(size, first) {
		if off < 0 || tried[off] {
			continue
		}
		tried[off] = true
		if b, err := readBootSector(r, off, size); err == nil {
			boots = append(boots, bootAt{b, off})
		}
	}
	return boots, errs
}

// backupOffsets gives the places of the backup: the last sector of the
// partition, for 512- and 4096-byte sectors, also where the evidence is a few
// bytes longer; and the sector behind those that the boot sector counts.
func backupOffsets(size int64, first BootSector) []int64 {
	out := []int64{size - 512, size - 4096, size&^511 - 512, size&^4095 - 4096, size&^4095 - 512}
	if n := first.Size(); n != 0 && n < uint64(size) {
		out = append(out, int64(n))
	}
	return out
}

func readBootSector(r io.ReaderAt, off, size int64) (BootSector, error) {
	if off < 0 || size-off < bootSectorSize {
		return BootSector{}, bootError("sector", off, parse.ErrTruncated, fmt.Sprintf("volume of %d bytes", size))
	}
	b := make([]byte, bootSectorSize)
	if n, err := r.ReadAt(b, off); n < len(b) {
		return BootSector{}, bootError("sector", off, err, "")
	}
	s, err := ParseBootSector(b)
	if err != nil {
		return BootSector{}, parse.At(err, off)
	}
	return s, nil
}
