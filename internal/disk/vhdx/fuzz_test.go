package vhdx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

// FuzzContainer changes any places of a container, makes its checksums fit again
// or not, and reads what is in it.
func FuzzContainer(f *testing.F) {
	want := logged(2*mib + 512)
	plain := fixtures.VHDX(want, fixtures.VHDXOptions{}).Bytes
	dirty := dirtied(want, fixtures.VHDXLog{At: mib - 2*4096, Sequence: 3}).Bytes
	f.Add([]byte{}, false, true, uint32(0))
	f.Add([]byte{0x03, 0x00, 0x00, 0xff}, true, true, uint32(4096))
	f.Add([]byte{0x20, 0x0b, 0x00, 0x05, 0x30, 0x00, 0x00, 0x01}, false, true, uint32(mib))
	f.Add([]byte{0x10, 0x00, 0x20, 0x05, 0x01, 0x00, 0x44, 0x01}, true, true, uint32(mib))
	f.Fuzz(func(t *testing.T, patch []byte, log, sums bool, off uint32) {
		b := bytes.Clone(plain)
		if log {
			b = bytes.Clone(dirty)
		}
		for ; len(patch) >= 4; patch = patch[4:] { // 24 bits of offset, 8 to change
			at := int(patch[0])<<16 | int(patch[1])<<8 | int(patch[2])
			b[at%len(b)] ^= patch[3]
		}
		if sums {
			for _, s := range []struct{ at, n int }{{64 << 10, 4096}, {128 << 10, 4096}, {192 << 10, 64 << 10}, {256 << 10, 64 << 10}} {
				fixtures.VHDXChecksum(b[s.at:][:s.n])
			}
			for at := mib; at < 2*mib; at += 4096 { // entries that do not go round the end
				n := int(binary.LittleEndian.Uint32(b[at+8:]))
				if bytes.HasPrefix(b[at:], []byte("loge")) && n > 8 && n <= 2*mib-at {
					fixtures.VHDXChecksum(b[at:][:n])
				}
			}
		}
		if img, err := disktest.Try(t, Format, source(b)); err == nil {
			disktest.Reads(t, img, 20000, int64(off)%(3*mib))
			disktest.Ranges(t, img)
		}
	})
}

// FuzzStructures gives any bytes to each parser.
func FuzzStructures(f *testing.F) {
	b := dirtied(logged(mib), fixtures.VHDXLog{Sequence: 3}).Bytes
	for _, s := range []struct{ at, n int }{{64 << 10, 4096}, {192 << 10, 64 << 10}, {2 * mib, 64 << 10}, {mib, 8192}} {
		f.Add(b[s.at:][:s.n])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		check := func(name string, err error, empty bool) {
			var e *parse.Error
			if err != nil && (!errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(len(b)) || !empty) {
				t.Errorf("%s: error %v, empty %v", name, err, empty)
			}
		}
		h, err := ParseHeader(b)
		check("header", err, h == Header{})
		regions, err := ParseRegionTable(b)
		check("region table", err, regions == nil)
		items, err := ParseMetadataTable(b)
		check("metadata table", err, items == nil)
		e, err := ParseEntryHeader(b)
		check("log entry", err, e == EntryHeader{})
		if err == nil && int64(e.EntryLength) <= int64(len(b)) {
			writes, err := parseEntry(b[:e.EntryLength], e)
			check("log entry", err, writes == nil)
		}
		if !bytes.Equal(b, before) {
			t.Error("the input was changed")
		}
	})
}

// TestEveryTruncation cuts structures at every byte.
func TestEveryTruncation(t *testing.T) {
	b := dirtied(logged(mib), fixtures.VHDXLog{Sequence: 3}).Bytes
	tests := []struct {
		name  string
		at, n int
		parse func(b []byte) error
	}{
		{"header", 64 << 10, headerSize, func(b []byte) error { _, err := ParseHeader(b); return err }},
		{"region table", 192<<10 + 64<<10, regionTableSize, func(b []byte) error { _, err := ParseRegionTable(b); return err }},
		{"metadata table", 2 * mib, metadataTableSize, func(b []byte) error { _, err := ParseMetadataTable(b); return err }},
		{"log entry", mib, entryHeaderSize, func(b []byte) error { _, err := ParseEntryHeader(b); return err }},
	}
	f := fixtures.VHDX(logged(mib), fixtures.VHDXOptions{}).Bytes
	copy(b[192<<10:], f[192<<10:320<<10])
	copy(b[2*mib:], f[2*mib:3*mib])
	for _, test := range tests {
		for n := 0; n < test.n; n++ {
			if err := test.parse(b[test.at:][:n]); !errors.Is(err, parse.ErrTruncated) {
				t.Fatalf("%s of %d bytes: %v", test.name, n, err)
			}
		}
		if err := test.parse(b[test.at:][:test.n]); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestEveryBitFlipped: headers and region tables have checksums, so a flip is
// told; in the file type identifier it makes another file of it or nothing.
func TestEveryBitFlipped(t *testing.T) {
	want := irregular(mib)[:64<<10]
	b := fixtures.VHDX(want, fixtures.VHDXOptions{}).Bytes
	for _, at := range []int{64 << 10, 128 << 10, 192 << 10, 256 << 10} {
		disktest.Flips(t, b[at:at+200], 15, func() {
			img := opened(t, b)
			if f := img.(disk.Flawed).Flaws(); len(f) != 1 || !f[0].Warning || !bytes.Equal(disktest.ReadAll(t, img), want) {
				t.Errorf("in the structure at %#x: other bytes, or flaws %v", at, f)
			}
		})
	}
}
