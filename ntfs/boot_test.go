package ntfs

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

func TestParseBootSector(t *testing.T) {
	le := binary.LittleEndian
	base := BootSector{BytesPerSector: 512, ClusterSize: 4096, RecordSize: 1024, IndexRecordSize: 4096,
		TotalSectors: 8000, MFTLCN: 4, MirrorLCN: 2, Serial: 0x1234567890ABCDEF}
	tests := []struct {
		name   string
		change func(b []byte)
		want   func(s *BootSector)
		err    error
		field  string
	}{
		{"usual", func(b []byte) {}, func(s *BootSector) {}, nil, ""},
		{"no boot signature", func(b []byte) { b[510] = 0 }, func(s *BootSector) {}, nil, ""},
		{"clusters of 2 MiB", func(b []byte) { b[0x0D] = 0xF4; le.PutUint64(b[0x28:], 1<<20) },
			func(s *BootSector) { s.ClusterSize = 2 << 20; s.TotalSectors = 1 << 20; s.IndexRecordSize = 2 << 20 }, nil, ""},
		{"4096-byte sectors", func(b []byte) { le.PutUint16(b[0x0B:], 4096); b[0x0D] = 1; b[0x40] = 1 },
			func(s *BootSector) { s.BytesPerSector, s.RecordSize = 4096, 4096 }, nil, ""},
		{"record size in clusters", func(b []byte) { b[0x40] = 2 }, func(s *BootSector) { s.RecordSize = 8192 }, nil, ""},
		{"index record size makes no sense", func(b []byte) { b[0x44] = 0x80 }, func(s *BootSector) { s.IndexRecordSize = 0 }, nil, ""},
		{"sector of 0", func(b []byte) { le.PutUint16(b[0x0B:], 0) }, nil, parse.ErrRange, "bytes per sector"},
		{"sector of 768", func(b []byte) { le.PutUint16(b[0x0B:], 768) }, nil, parse.ErrRange, "bytes per sector"},
		{"cluster of 0 sectors", func(b []byte) { b[0x0D] = 0 }, nil, parse.ErrRange, "sectors per cluster"},
		{"cluster of 3 sectors", func(b []byte) { b[0x0D] = 3 }, nil, parse.ErrRange, "sectors per cluster"},
		{"cluster of 4 MiB", func(b []byte) { b[0x0D] = 0xF3 }, nil, parse.ErrRange, "sectors per cluster"},
		{"cluster of 2^127 sectors", func(b []byte) { b[0x0D] = 0x81 }, nil, parse.ErrRange, "sectors per cluster"},
		{"no sectors", func(b []byte) { le.PutUint64(b[0x28:], 0) }, nil, parse.ErrRange, "total sectors"},
		{"2^63 sectors", func(b []byte) { le.PutUint64(b[0x28:], 1<<63) }, nil, parse.ErrRange, "total sectors"},
		{"$MFT behind the end", func(b []byte) { le.PutUint64(b[0x30:], 1000) }, nil, parse.ErrRange, "$MFT cluster"},
		{"record size 0", func(b []byte) { b[0x40] = 0 }, nil, parse.ErrRange, "FILE record size"},
		{"record size 2^31", func(b []byte) { b[0x40] = 0xE1 }, nil, parse.ErrRange, "FILE record size"},
		{"record size 2^-(-128)", func(b []byte) { b[0x40] = 0x80 }, nil, parse.ErrRange, "FILE record size"},
		{"BitLocker", func(b []byte) { copy(b[3:], "-FVE-FS-") }, nil, parse.ErrUnsupported, "OEM id"},
		{"exFAT", func(b []byte) { copy(b[3:], "EXFAT   ") }, nil, parse.ErrUnsupported, "OEM id"},
		{"ReFS", func(b []byte) { copy(b[3:], "ReFS\x00\x00\x00\x00") }, nil, parse.ErrUnsupported, "OEM id"},
		{"FAT32", func(b []byte) { copy(b[3:], "MSDOS5.0"); copy(b[0x52:], "FAT32   ") }, nil, parse.ErrUnsupported, "OEM id"},
		{"FAT16", func(b []byte) { copy(b[3:], "mkfs.fat"); copy(b[0x36:], "FAT16   ") }, nil, parse.ErrUnsupported, "OEM id"},
		{"zeros", func(b []byte) { clear(b) }, nil, parse.ErrSignature, "OEM id"},
	}
	for _, tt := range tests {
		b := newTestVolume(16, 1000).boot()
		tt.change(b)
		got, err := ParseBootSector(b)
		if tt.err != nil {
			var pe *parse.Error
			if !errors.Is(err, tt.err) || !errors.As(err, &pe) || pe.Field != tt.field || got != (BootSector{}) {
				t.Errorf("%s: got %+v, %v; want %v in %s", tt.name, got, err, tt.err, tt.field)
			}
			continue
		}
		want := base
		tt.want(&want)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", tt.name, got, err, want)
		}
	}
	b := newTestVolume(16, 1000).boot()
	for n := range b {
		if got, err := ParseBootSector(b[:n]); !errors.Is(err, parse.ErrTruncated) || got != (BootSector{}) {
			t.Fatalf("%d bytes: got %+v, %v", n, got, err)
		}
	}
}
