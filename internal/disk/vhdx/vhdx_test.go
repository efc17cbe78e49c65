package vhdx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// memory is a container file in memory.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func source(b []byte) *disk.Source {
	return &disk.Source{Path: "x.vhdx", Image: memory{bytes.NewReader(b)}, Head: b[:min(len(b), 64<<10)]}
}

// opened opens a container that has to be matched.
func opened(t *testing.T, b []byte) *Image {
	t.Helper()
	s := source(b)
	if !Format.Match(s) {
		t.Fatal("not recognised")
	}
	img, err := Format.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return img.(*Image)
}

// content gives all bytes of a disk, read in pieces of n bytes.
func content(t *testing.T, img disk.Image, n int) []byte {
	t.Helper()
	out := make([]byte, img.Size())
	for off := 0; off < len(out); off += n {
		p := out[off:min(off+n, len(out))]
		if k, err := img.ReadAt(p, int64(off)); k < len(p) {
			t.Fatalf("read %d of %d bytes at %#x: %v", k, len(p), off, err)
		}
	}
	return out
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

// checkData wants zeros outside the ranges that are said to have data.
func checkData(t *testing.T, img *Image, want []byte) {
	t.Helper()
	rest, end := bytes.Clone(want), int64(0)
	for _, r := range img.Data() {
		if r.Offset < end || r.Length < 1 || r.Offset+r.Length > img.Size() {
			t.Fatalf("ranges %v of %d bytes", img.Data(), img.Size())
		}
		end = r.Offset + r.Length
		clear(rest[r.Offset:end])
	}
	if len(bytes.Trim(rest, "\x00")) > 0 {
		t.Errorf("data outside %v", img.Data())
	}
}

// checkFlaws wants one flaw with these words, or none.
func checkFlaws(t *testing.T, img *Image, words string, warning bool) {
	t.Helper()
	f := img.Flaws()
	if words == "" && len(f) == 0 {
		return
	}
	if words == "" || len(f) != 1 || f[0].Warning != warning || !strings.Contains(f[0].Err.Error(), words) {
		t.Errorf("flaws %v, want one with %q, warning %v", f, words, warning)
	}
}

func TestRoundTrip(t *testing.T) {
	tests := []struct {
		name string
		o    fixtures.VHDXOptions
	}{
		{"dynamic", fixtures.VHDXOptions{}},
		{"fixed", fixtures.VHDXOptions{Fixed: true}},
		{"sectors of 4096", fixtures.VHDXOptions{Sector: 4096}},
		{"blocks of 8 MiB", fixtures.VHDXOptions{BlockSize: 8 * mib}},
		{"states", fixtures.VHDXOptions{Holes: []uint64{0, 1, 2, 3, 6}}},
		{"backwards", fixtures.VHDXOptions{Backwards: true}},
		{"backwards in blocks of 2 MiB", fixtures.VHDXOptions{Backwards: true, BlockSize: 2 * mib}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{4096, mib, 19*mib + 4096} {
				want := irregular(size)
				img := opened(t, fixtures.VHDX(want, test.o).Bytes)
				for _, n := range []int{256 << 10, 99991} {
					if got := content(t, img, n); !bytes.Equal(got, want) {
						t.Errorf("%d bytes in pieces of %d: other bytes", size, n)
					}
				}
				checkFlaws(t, img, "", false)
				checkData(t, img, want)
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
	for n, mark := range map[int64]byte{4095: 0xa1, 4096: 0xa2, 4098: 0xa3} {
		at := f.BAT + (n+n/4096)*8
		copy(b[at:], []byte{6, 0, byte(len(b) >> 20 << 4), byte(len(b) >> 20 >> 4)})
		b = append(b, bytes.Repeat([]byte{mark}, mib)...)
	}
	img := opened(t, b)
	checkFlaws(t, img, "", false)
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
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := fixtures.VHDX(want, fixtures.VHDXOptions{})
			test.damage(f)
			img := opened(t, f.Bytes)
			if !bytes.Equal(content(t, img, mib), want) {
				t.Error("other bytes")
			}
			checkFlaws(t, img, test.flaw, test.warning)
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
	for _, test := range tests {
		f := fixtures.VHDX(irregular(2*mib), fixtures.VHDXOptions{})
		test.damage(f)
		img, err := Format.Open(source(f.Bytes))
		var e *parse.Error
		if img != nil || !errors.As(err, &e) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: got %v, %v, want %q", test.name, img, err, test.words)
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
		f := fixtures.VHDX(irregular(2*mib), test.o)
		if test.o.Region != "" { // within the file
			for _, at := range []int{192 << 10, 256 << 10} {
				copy(f.Bytes[at+16+64+16:], []byte{0, 0, 0x40, 0, 0, 0, 0, 0})
				fixtures.VHDXChecksum(f.Bytes[at:][:64<<10])
			}
		}
		img, err := Format.Open(source(f.Bytes))
		if img != nil || !disk.IsContainer(err) || !strings.Contains(fmt.Sprint(err), test.words) {
			t.Errorf("%s: got %v, %v, want %q", test.name, img, err, test.words)
		}
	}
	f := fixtures.VHDX(irregular(2*mib), fixtures.VHDXOptions{})
	for _, at := range []int{64 << 10, 128 << 10} {
		f.Bytes[at+66] = 2
		fixtures.VHDXChecksum(f.Bytes[at:][:4096])
	}
	if img, err := Format.Open(source(f.Bytes)); img != nil || !disk.IsContainer(err) || !strings.Contains(fmt.Sprint(err), "VHDX container of version 2") {
		t.Errorf("version 2: got %v, %v", img, err)
	}
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
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := fixtures.VHDX(want, fixtures.VHDXOptions{})
			at := f.BAT + 3*8
			for i := range 8 {
				f.Bytes[at+int64(i)] = byte(test.entry >> (8 * i))
			}
			img := opened(t, f.Bytes)
			checkFlaws(t, img, test.flaw, false)
			got := make([]byte, img.Size())
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
	f := fixtures.VHDX(want, fixtures.VHDXOptions{})
	copy(f.Bytes[f.BAT+8:], f.Bytes[f.BAT:f.BAT+8])
	checkFlaws(t, opened(t, f.Bytes), "found one in another at 0x400000", false)
	f = fixtures.VHDX(want, fixtures.VHDXOptions{})
	img := opened(t, f.Bytes[:len(f.Bytes)-mib-4096])
	checkFlaws(t, img, "2 of 8 blocks are not in the file, or not whole", false)
	got := make([]byte, img.Size())
	if n, err := img.ReadAt(got, 0); n != 7*mib-4096 || err == nil || errors.Is(err, io.EOF) || !bytes.Equal(got[:n], want[:n]) {
		t.Errorf("cut file: read %d bytes, %v", n, err)
	}
}

// TestCorpus reads what others made and compares it with what is in it.
func TestCorpus(t *testing.T) {
	for name, inside := range map[string]string{"b17_vol": "b02_cl4096", "b17_mbr": "b09_mbr"} {
		want := corpus.Bytes(t, "ntfs/built", inside+".img.gz")
		img := opened(t, corpus.Bytes(t, "ntfs/built", name+".vhdx.gz"))
		got := content(t, img, 256<<10)
		checkFlaws(t, img, "", false)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes, which are not those of %s (%d bytes)", name, len(got), inside, len(want))
		}
		checkData(t, img, got)
	}
}
