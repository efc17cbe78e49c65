package evidence

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/jobscan/jobscan/usn"
)

// headSize covers the magic numbers of all file systems below.
const headSize = 0x10048

// readHead gives the first bytes of r, as many as can be read.
func readHead(r io.ReaderAt, size int64) []byte {
	b := make([]byte, max(0, min(size, headSize)))
	n, _ := r.ReadAt(b, 0)
	return b[:n]
}

const oemNTFS = "NTFS    "

func hasNTFS(head []byte) bool { return at(head, 3, oemNTFS) }

// hasBackup reports NTFS's copy of its boot sector at the end of a volume.
func hasBackup(r io.ReaderAt, size int64) bool {
	var b [11]byte
	for _, sector := range []int64{512, 4096} {
		if size < 2*sector {
			continue
		}
		if n, _ := r.ReadAt(b[:], size/sector*sector-sector); n == len(b) && hasNTFS(b[:]) {
			return true
		}
	}
	return false
}

func at(b []byte, offset int, magic string) bool {
	return len(b) >= offset && bytes.HasPrefix(b[offset:], []byte(magic))
}

// fileSystem names what is there in place of NTFS, with what to do about it; ""
// if it is not known.
func fileSystem(head []byte) string {
	for _, m := range []struct {
		offset int
		magic  string
		name   string
	}{
		{3, "-FVE-FS-", "a BitLocker volume: unlock it first, for example with dislocker"},
		{3, "MSWIN4.1-FVE", "a BitLocker volume: unlock it first, for example with dislocker"},
		{3, "EXFAT   ", "an exFAT file system"},
		{3, "\x00\x00\x00\x00ReFS", "a ReFS file system"},
		{3, "ReFS\x00", "a ReFS file system"},
		{0x52, "FAT32   ", "a FAT32 file system"},
		{0x36, "FAT16   ", "a FAT16 file system"},
		{0x36, "FAT12   ", "a FAT12 file system"},
		{0x36, "FAT     ", "a FAT file system"},
		{0x438, "\x53\xef", "an ext2, ext3 or ext4 file system"},
		{0, "XFSB", "an XFS file system"},
		{0x10040, "_BHRfS_M", "a Btrfs file system"},
		{0x20, "NXSB", "an APFS container"},
		{0x400, "H+\x00\x04", "an HFS+ file system"},
		{0x400, "HX\x00\x05", "an HFSX file system"},
		{0x8001, "CD001", "an ISO 9660 file system"},
		{0, "LUKS\xba\xbe", "a LUKS volume: unlock it first"},
		{0x200, "LABELONE", "an LVM physical volume"},
		{0, "hsqs", "a SquashFS file system"},
		{0xff6, "SWAPSPACE2", "Linux swap space"},
	} {
		if at(head, m.offset, m.magic) {
			return m.name
		}
	}
	return ""
}

// kind is what evidence is by its content.
type kind uint8

const (
	kindImage   kind = iota // a volume or disk, or nothing known
	kindMFT                 // a loose $MFT
	kindJournal             // a loose $J
)

// classify tells a loose $MFT and $J from images.
func classify(f *File) kind {
	head := readHead(f.image, f.Size)
	switch {
	case hasNTFS(head) || fileSystem(head) != "":
		return kindImage
	case isMFT(head):
		return kindMFT
	case isPartitioned(head) || hasBackup(f.image, f.Size):
		return kindImage
	case usn.Recognise(f.journal()):
		return kindJournal
	}
	return kindImage
}

func isPartitioned(head []byte) bool {
	return at(head, 510, "\x55\xaa") || at(head, 512, "EFI PART") || at(head, 4096, "EFI PART")
}

// Layout of a FILE record as far as recognising one needs.
const (
	recordNumberAt = 0x2C // XP and later
	usaOffsetAt    = 4
	usaOffsetNT    = 0x2A
	usaOffsetXP    = 0x30
)

// isMFT recognises $MFT: a FILE record comes first; or, should that be lost,
// at least two others that bear their own position as number.
func isMFT(head []byte) bool {
	if isRecord(head) {
		return true
	}
	for _, size := range []int{1024, 4096} {
		numbered := 0
		for i := 1; (i+1)*size <= len(head); i++ {
			b := head[i*size:]
			if isRecord(b) && binary.LittleEndian.Uint32(b[recordNumberAt:]) == uint32(i) {
				numbered++
			}
		}
		if numbered >= 2 {
			return true
		}
	}
	return false
}

func isRecord(b []byte) bool {
	if len(b) < recordNumberAt+4 || !at(b, 0, "FILE") && !at(b, 0, "BAAD") {
		return false
	}
	usa := binary.LittleEndian.Uint16(b[usaOffsetAt:])
	return usa >= usaOffsetNT && usa <= usaOffsetXP+16 && usa%2 == 0
}
