package ntfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/jobscan/jobscan/internal/parse"
)

// BootSector is what the first sector of an NTFS volume, or its copy in the
// last one, says about the layout ($Boot; the BIOS parameter block and its
// extension). All sizes are in bytes.
type BootSector struct {
	BytesPerSector  uint32 // 512 to 4096
	ClusterSize     uint32 // 512 bytes to 2 MiB
	RecordSize      uint32 // of a FILE record: 512 to 65536, in practice 1024 or 4096
	IndexRecordSize uint32 // of an INDX record; 0 when the field makes no sense
	TotalSectors    uint64 // without the sector that holds the copy of the boot sector
	MFTLCN          uint64 // first cluster of $MFT
	MirrorLCN       uint64 // first cluster of $MFTMirr; may be wrong, $MFTMirr is only a fallback
	Serial          uint64 // volume serial number, 64 bits; Windows shows the low 32
}

// Limits of the sizes that a boot sector may state.
const (
	bootSectorSize = 512
	maxSector      = 4096
	maxCluster     = 2 << 20
	minRecord      = 512
	maxRecord      = 64 << 10
)

// TotalClusters is the number of whole clusters of the volume.
func (b BootSector) TotalClusters() uint64 {
	if b.ClusterSize == 0 {
		return 0
	}
	return b.Size() / uint64(b.ClusterSize)
}

// Size is the length of the volume in bytes, without the last sector's copy of
// the boot sector.
func (b BootSector) Size() uint64 { return b.TotalSectors * uint64(b.BytesPerSector) }

// ParseBootSector decodes the first 512 bytes of a volume. Another file system
// that is recognised (FAT, exFAT, ReFS, BitLocker) is named in the error, whose
// cause is then parse.ErrUnsupported; parse.ErrSignature means that nothing was
// recognised, parse.ErrRange that the OEM id is NTFS's but a value is impossible.
func ParseBootSector(b []byte) (BootSector, error) {
	if len(b) < bootSectorSize {
		return BootSector{}, bootError("sector", 0, parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", bootSectorSize, len(b)))
	}
	if err := checkOEM(b); err != nil {
		return BootSector{}, err
	}
	le := binary.LittleEndian
	var s BootSector
	s.BytesPerSector = uint32(le.Uint16(b[0x0B:]))
	if s.BytesPerSector < 512 || s.BytesPerSector > maxSector || bits.OnesCount32(s.BytesPerSector) != 1 {
		return BootSector{}, bootError("bytes per sector", 0x0B, parse.ErrRange, fmt.Sprintf("found %d", s.BytesPerSector))
	}
	sectors := sectorsPerCluster(b[0x0D])
	if sectors == 0 || sectors > maxCluster/s.BytesPerSector {
		return BootSector{}, bootError("sectors per cluster", 0x0D, parse.ErrRange, fmt.Sprintf("found %#x", b[0x0D]))
	}
	s.ClusterSize = sectors * s.BytesPerSector
	s.TotalSectors = le.Uint64(b[0x28:])
	if s.TotalSectors < uint64(sectors) || s.TotalSectors > 1<<63/uint64(s.BytesPerSector)-1 {
		return BootSector{}, bootError("total sectors", 0x28, parse.ErrRange, fmt.Sprintf("found %d", s.TotalSectors))
	}
	s.MFTLCN = le.Uint64(b[0x30:])
	if s.MFTLCN == 0 || s.MFTLCN >= s.TotalClusters() {
		return BootSector{}, bootError("$MFT cluster", 0x30, parse.ErrRange, fmt.Sprintf("found %d of %d clusters", s.MFTLCN, s.TotalClusters()))
	}
	s.MirrorLCN = le.Uint64(b[0x38:])
	s.RecordSize = signedSize(b[0x40], s.ClusterSize)
	if s.RecordSize < minRecord || s.RecordSize > maxRecord {
		return BootSector{}, bootError("FILE record size", 0x40, parse.ErrRange, fmt.Sprintf("found %#x", b[0x40]))
	}
	s.IndexRecordSize = signedSize(b[0x44], s.ClusterSize)
	if s.IndexRecordSize < minRecord {
		s.IndexRecordSize = 0
	}
	s.Serial = le.Uint64(b[0x48:])
	return s, nil
}

// checkOEM recognises NTFS, and what lies beside NTFS on disks, by name.
func checkOEM(b []byte) error {
	oem := b[3:11]
	other := ""
	switch {
	case string(oem) == "NTFS    ":
		return nil
	case string(oem) == "-FVE-FS-":
		other = "a BitLocker volume: unlock it first"
	case string(oem) == "EXFAT   ":
		other = "an exFAT volume"
	case bytes.HasPrefix(oem, []byte("ReFS")):
		other = "a ReFS volume"
	case string(b[0x52:0x57]) == "FAT32", string(b[0x36:0x39]) == "FAT":
		other = "a FAT volume"
	}
	if other != "" {
		return bootError("OEM id", 3, parse.ErrUnsupported, fmt.Sprintf("expected \"NTFS    \", found %q: %s", oem, other))
	}
	return bootError("OEM id", 3, parse.ErrSignature, fmt.Sprintf("expected \"NTFS    \", found %q", oem))
}

// sectorsPerCluster decodes the byte at 0x0D: up to 0x80 it is the number
// itself, above that the exponent, as two's complement, of clusters past
// 64 KiB (Windows 10 1709 and later). Zero means impossible.
func sectorsPerCluster(v byte) uint32 {
	if v <= 0x80 {
		if bits.OnesCount8(v) != 1 {
			return 0
		}
		return uint32(v)
	}
	if shift := 256 - int(v); shift < 31 {
		return 1 << shift
	}
	return 0
}

// signedSize decodes a size that is given in clusters when positive and as
// the exponent of a power of two when negative. Zero means impossible.
func signedSize(v byte, cluster uint32) uint32 {
	n := int8(v)
	var size uint64
	switch {
	case n > 0:
		size = uint64(n) * uint64(cluster)
	case n < 0 && n > -32:
		size = 1 << -n
	}
	if size == 0 || size > maxCluster || bits.OnesCount64(size) != 1 {
		return 0
	}
	return uint32(size)
}

func bootError(field string, offset int64, cause error, detail string) error {
	return &parse.Error{Structure: "boot sector", Field: field, Offset: offset, Err: cause, Detail: detail}
}
