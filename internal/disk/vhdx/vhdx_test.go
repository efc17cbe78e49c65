package vhdx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

func source(b []byte) *disk.Source { return disktest.Source("x.vhdx", b) }

// opened opens a container that has to be matched.
func opened(t *testing.T, b []byte) disk.Image {
	t.Helper()
	return disktest.Open(t, Format, source(b))
}

// irregular is a disk with holes of whole MiB and runs of sectors in no order.
func irregular(size int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(size)))
	b := make([]byte, size)
	for at := 0; at < size; {
		n := (1 + r.IntN(200)) * 4096
		if r.IntN(3) == 0 {
			n = 3*mib - at%mib
		} else {
			for i := at; i < min(at+n, size); i++ {
				b[i] = byte(i>>12 ^ i*31)
			}
		}
		at += n
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	tests := []struct {
		name string
		o    fixtures.VHDXOptions
	}{
		{"dynamic", fixtures.VHDXOptions{}},
		{"fixed", fixtures.VHDXOptions{Fixed: true}},
		{"sectors of 4096", fixtures.VHDXOptions{Sector: 4096}},
		{"blocks of 4 MiB", fixtures.VHDXOptions{BlockSize: 4 * mib}},
		{"states", fixtures.VHDXOptions{Holes: []uint64{0, 1, 2, 3, 6}}},
		{"backwards", fixtures.VHDXOptions{Backwards: true}},
		{"backwards in blocks of 2 MiB", fixtures.VHDXOptions{Backwards: true, BlockSize: 2 * mib}},
	}
	disks := [][]byte{irregular(4096), irregular(mib), irregular(8*mib + 4096)}
	disks[2][8*mib] = 1 // in the last block, which is short
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, want := range disks {
				img := opened(t, fixtures.VHDX(want, test.o).Bytes)
				disktest.Same(t, img, want)
				disktest.NoFlaws(t, img)
				disktest.Data(t, img)
			}
		})
	}
}

// TestChunks: entries of bitmap blocks lie between those of payload blocks.
func TestChunks(t *testing.T) {
	// Blocks of 256 MiB make chunks of 16; the disk is only thought.
	for _, sector := range []int{512, 4096} {
		ratio := int64(sectorsPerChunk) * int64(sector) / (256 * mib)
		table := &bat{offset: 3 * mib, ratio: ratio}
		for n, want := range map[int64]int64{0: 0, ratio - 1: ratio - 1, ratio: ratio + 1, 3*ratio + 2: 3*ratio + 5} {
			if got := table.position(n); got != 3*mib+want*8 {
				t.Errorf("sectors of %d, block %d: entry at %#x, want index %d", sector, n, got, want)
			}
		}
	}
	// In a file, with blocks of 256 MiB that are holes and 1 MiB blocks behind 4 GiB.
	f := fixtures.VHDX(make([]byte, 4096), fixtures.VHDXOptions{})
	b := f.Bytes
	size := int64(4096*mib + 3*mib)
	for i := range 8 {
		b[f.Metadata+64<<10+8+int64(i)] = byte(size >> (8 * i))
	}
	for _, block := range []struct {
		n    int64
		mark byte
	}{{4095, 0xa1}, {4096, 0xa2}, {4098, 0xa3}} {
		at := f.BAT + (block.n+block.n/4096)*8
		copy(b[at:], []byte{6, 0, byte(len(b) >> 20 << 4), byte(len(b) >> 20 >> 4)})
		b = append(b, bytes.Repeat([]byte{block.mark}, mib)...)
	}
	img := opened(t, b)
	disktest.NoFlaws(t, img)
	got := make([]byte, 4*mib)
	if n, err := img.ReadAt(got, 4095*mib); n < len(got) {
		t.Fatalf("read %d bytes: %v", n, err)
	}
	for i, want := range []byte{0xa1, 0xa2, 0, 0xa3} {
		if got[i*mib] != want || got[(i+1)*mib-1] != want {
			t.Errorf("block %d: got %#x, want %#x", 4095+i, got[i*mib], want)
		}
	}
}

// copied gives a container that can be changed while the other stays whole.
func copied(f *fixtures.VHDXFile) *fixtures.VHDXFile {
	g := *f
	g.Bytes = bytes.Clone(f.Bytes)
	return &g
}

func TestDamage(t *testing.T) {
	want := irregular(5*mib + 512)
	tests := []struct {
		name    string
		damage  func(f *fixtures.VHDXFile)
		flaw    string
		warning bool
	}{
		{"first header", func(f *fixtures.VHDXFile) { f.Bytes[64<<10+100] ^= 1 }, "first header is damaged, the second is used", true},
		{"second header", func(f *fixtures.VHDXFile) { f.Bytes[128<<10+100] ^= 1 }, "second header is damaged, the first is used", true},
		{"headers of Disk2vhd", func(f *fixtures.VHDXFile) { copy(f.Bytes[64<<10:65<<10], f.Bytes[128<<10:]) }, "", true},
		{"first region table", func(f *fixtures.VHDXFile) { f.Bytes[192<<10+5000] ^= 1 }, "first region table is damaged, the second is used", true},
		{"second region table", func(f *fixtures.VHDXFile) { f.Bytes[256<<10] ^= 1 }, "second region table is damaged, the first is used", true},
		{"region tables differ", func(f *fixtures.VHDXFile) {
			t := f.Bytes[256<<10:][:64<<10]
			t[16+32] ^= 1
			fixtures.VHDXChecksum(t)
		}, "region tables contradict each other", false},
		{"no physical sector size", func(f *fixtures.VHDXFile) { f.Bytes[f.Metadata+10] = 4 }, "physical sector size", true},
	}
	whole := fixtures.VHDX(want, fixtures.VHDXOptions{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := copied(whole)
			test.damage(f)
			img := opened(t, f.Bytes)
			disktest.Same(t, img, want)
			disktest.Flaw(t, img, test.flaw, test.warning)
		})
	}
}

// TestNotOpened has damage that leaves nothing to read.
func TestNotOpened(t *testing.T) {
	tests := []struct {
		name   string
		damage func(f *fixtures.VHDXFile)
		words  string
	}{
		{"both headers", func(f *fixtures.VHDXFile) { f.Bytes[64<<10+9] ^= 1; f.Bytes[128<<10+9] ^= 1 }, "VHDX header at 0x10004: checksum"},
		{"equal numbers", func(f *fixtures.VHDXFile) {
			f.Bytes[128<<10+8] = 7
			f.Bytes[128<<10+20] = 7
			fixtures.VHDXChecksum(f.Bytes[128<<10:][:4096])
		}, "found 7 in both"},
		{"both region tables", func(f *fixtures.VHDXFile) { f.Bytes[192<<10+9] ^= 1; f.Bytes[256<<10+9] ^= 1 }, "VHDX region table at 0x30004: checksum"},
		{"metadata table", func(f *fixtures.VHDXFile) { f.Bytes[f.Metadata] = 'x' }, "VHDX metadata table at 0x200000: signature"},
		{"block size", func(f *fixtures.VHDXFile) { f.Bytes[f.Metadata+64<<10+1] = 1 }, "block size: value out of range"},
		{"disk size", func(f *fixtures.VHDXFile) { f.Bytes[f.Metadata+64<<10+8] = 1 }, "virtual disk size"},
		{"disk too large for the table", func(f *fixtures.VHDXFile) { f.Bytes[f.Metadata+64<<10+8+5] = 8 }, "expected a block allocation table of"},
		{"no disk size", func(f *fixtures.VHDXFile) { f.Bytes[f.Metadata+10] = 1 }, "virtual disk size: value out of range (expected an item"},
	}
	whole := fixtures.VHDX(irregular(2*mib), fixtures.VHDXOptions{})
	for _, test := range tests {
		f := copied(whole)
		test.damage(f)
		_, err := disktest.Try(t, Format, source(f.Bytes))
		var e *parse.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.words)
		}
	}
}

func TestRefused(t *testing.T) {
	const id = "01234567-89ab-cdef-0123-456789abcdef"
	tests := []struct {
		name  string
		o     fixtures.VHDXOptions
		words string
	}{
		{"differencing", fixtures.VHDXOptions{HasParent: true}, "differencing VHDX container: merge it"},
		{"unknown item", fixtures.VHDXOptions{Item: id}, "unknown metadata item " + id},
		{"unknown region", fixtures.VHDXOptions{Region: id}, "unknown region " + id},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := fixtures.VHDX(irregular(2*mib), test.o)
			if test.o.Region != "" { // within the file
				for _, at := range []int{192 << 10, 256 << 10} {
					copy(f.Bytes[at+16+64+16:], []byte{0, 0, 0x40, 0, 0, 0, 0, 0})
					fixtures.VHDXChecksum(f.Bytes[at:][:64<<10])
				}
			}
			disktest.Refused(t, Format, source(f.Bytes), test.words)
		})
	}
	f := fixtures.VHDX(irregular(2*mib), fixtures.VHDXOptions{})
	for _, at := range []int{64 << 10, 128 << 10} {
		f.Bytes[at+66] = 2
		fixtures.VHDXChecksum(f.Bytes[at:][:4096])
	}
	disktest.Refused(t, Format, source(f.Bytes), "VHDX container of version 2")
	if Format.Match(source(make([]byte, 4096))) || Format.Match(&disk.Source{Device: true}) {
		t.Error("something else is recognised")
	}
}

// TestBlocks: what is wrong with one block is an error there, and a flaw.
func TestBlocks(t *testing.T) {
	want := irregular(8 * mib)
	for i := range want {
		want[i] |= 1
	}
	tests := []struct {
		name  string
		entry uint64
		flaw  string
	}{
		{"beyond the file", 6 | 1000*mib, "1 of 8 blocks are not in the file, or not whole"},
		{"far beyond", 6 | 1<<63, "1 of 8 blocks"},
		{"in the log", 6 | 1*mib, "in a region or the log"},
		{"in the table", 6 | 3*mib, "in a region or the log"},
		{"partially present", 7 | 5*mib, "found state 7"},
		{"reserved state", 4, "found state 4"},
		{"in the header section", 6, "found state 6 and 0x0"},
	}
	f := fixtures.VHDX(want, fixtures.VHDXOptions{})
	at, got := f.BAT+3*8, make([]byte, len(want))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := bytes.Clone(f.Bytes[at : at+8])
			defer copy(f.Bytes[at:], before)
			binary.LittleEndian.PutUint64(f.Bytes[at:], test.entry)
			img := opened(t, f.Bytes)
			disktest.Flaw(t, img, test.flaw, false)
			clear(got)
			n, err := img.ReadAt(got, 0)
			var e *parse.Error
			if n != 3*mib || !errors.As(err, &e) || e.Offset != at || e.Field != "entry of block 3" {
				t.Errorf("read %d bytes, %v", n, err)
			}
			if n, err := img.ReadAt(got[4*mib:], 4*mib); err != nil || !bytes.Equal(got[4*mib:], want[4*mib:]) {
				t.Errorf("blocks behind: read %d bytes, %v", n, err)
			}
		})
	}
	copy(f.Bytes[f.BAT+8:], f.Bytes[f.BAT:f.BAT+8])
	disktest.Flaw(t, opened(t, f.Bytes), "found one in another at 0x400000", false)
	f = fixtures.VHDX(want, fixtures.VHDXOptions{})
	img := opened(t, f.Bytes[:len(f.Bytes)-mib-4096])
	disktest.Flaw(t, img, "2 of 8 blocks are not in the file, or not whole", false)
	if n, err := img.ReadAt(got, 0); n != 7*mib-4096 || err == nil || errors.Is(err, io.EOF) || !bytes.Equal(got[:n], want[:n]) {
		t.Errorf("cut file: read %d bytes, %v", n, err)
	}
}

// TestCorpus reads what others made and compares it with what is in it.
func TestCorpus(t *testing.T) {
	for name, inside := range map[string]string{"b17_vol": "b02_cl4096", "b17_mbr": "b09_mbr"} {
		img := opened(t, corpus.Bytes(t, "ntfs/built", name+".vhdx.gz"))
		disktest.NoFlaws(t, img)
		disktest.SameStream(t, img, corpus.Open(t, "ntfs/built", inside+".img.gz"))
		disktest.Data(t, img)
	}
}
