package vhd

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

func source(b []byte) *disk.Source { return disktest.Source("x.vhd", b) }

// opened opens a container that has to be matched.
func opened(t *testing.T, b []byte) disk.Image {
	t.Helper()
	return disktest.Open(t, Format, source(b))
}

// irregular is a disk with holes and runs of sectors in no order.
func irregular(sectors int) []byte {
	b := disktest.Content(sectors*sectorSize, 400<<10, 1)
	b[len(b)-1] = 1
	return b
}

func TestRoundTrip(t *testing.T) {
	tests := []struct {
		name string
		o    fixtures.VHDOptions
	}{
		{"fixed", fixtures.VHDOptions{Fixed: true}},
		{"fixed, old footer", fixtures.VHDOptions{Fixed: true, OldFooter: true}},
		{"dynamic", fixtures.VHDOptions{}},
		{"old footer", fixtures.VHDOptions{OldFooter: true}},
		{"small blocks", fixtures.VHDOptions{BlockSize: 4096}},
		{"blocks of a sector", fixtures.VHDOptions{BlockSize: 512}},
		{"large blocks", fixtures.VHDOptions{BlockSize: 8 << 20}},
		{"clear bits", fixtures.VHDOptions{BlockSize: 64 << 10, ClearBits: true}},
		{"clear bits over garbage", fixtures.VHDOptions{BlockSize: 4 << 20, ClearBits: true, UnderClear: 0xa5}},
		{"empty blocks kept", fixtures.VHDOptions{BlockSize: 8192, KeepEmpty: true, ClearBits: true}},
		{"backwards", fixtures.VHDOptions{BlockSize: 16384, Backwards: true}},
	}
	disks := [][]byte{irregular(1), irregular(7), irregular(4096), irregular(9001)}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, want := range disks {
				img := opened(t, fixtures.VHD(want, test.o))
				disktest.Same(t, img, want)
				disktest.NoFlaws(t, img)
				disktest.Data(t, img)
			}
		})
	}
}

func TestSize(t *testing.T) {
	disk := irregular(1000)
	tests := []struct {
		name     string
		o        fixtures.VHDOptions
		size     int64
		flaw     string
		warning  bool
		readable int64
	}{
		{"Hyper-V takes the current size", fixtures.VHDOptions{Creator: "win ", Geometry: [3]int{10, 4, 17}}, 512000, "", false, 512000},
		{"a smaller geometry hides nothing", fixtures.VHDOptions{Creator: "vpc ", Geometry: [3]int{10, 4, 17}}, 512000, "", false, 512000},
		{"Virtual PC with a larger geometry", fixtures.VHDOptions{Creator: "vpc ", Geometry: [3]int{15, 4, 17}}, 522240, "", false, 522240},
		{"which Hyper-V does not heed", fixtures.VHDOptions{Creator: "win ", Geometry: [3]int{15, 4, 17}}, 512000, "", false, 512000},
		{"fixed, and nothing behind it", fixtures.VHDOptions{Fixed: true, Creator: "vpc ", Geometry: [3]int{15, 4, 17}}, 512000, "", false, 512000},
		{"larger than the table", fixtures.VHDOptions{Creator: "qemu", Geometry: [3]int{1000, 16, 63}}, 512000, "", false, 512000},
		{"fixed and cut", fixtures.VHDOptions{Fixed: true, Size: 600000}, 600000, "expected 600000 bytes before the footer, found 512000", false, 512000},
		{"fixed and more", fixtures.VHDOptions{Fixed: true, Size: 400000}, 512000, "expected the footer behind 400000 bytes", false, 512000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			img := opened(t, fixtures.VHD(disk, test.o))
			if img.Size() != test.size {
				t.Errorf("size %d, want %d", img.Size(), test.size)
			}
			got := make([]byte, test.size)
			n, err := img.ReadAt(got, 0)
			if int64(n) != test.readable || n < len(got) && err == nil {
				t.Errorf("read %d bytes, %v, want %d", n, err, test.readable)
			}
			disktest.Flaw(t, img, test.flaw, test.warning)
		})
	}
}

func TestDamage(t *testing.T) {
	want := irregular(1000)
	o := fixtures.VHDOptions{BlockSize: 64 << 10}
	tests := []struct {
		name    string
		o       fixtures.VHDOptions
		damage  func(b []byte) []byte
		flaw    string
		warning bool
	}{
		{"copy of the footer", o, func(b []byte) []byte { b[100] ^= 1; return b }, "copy of the footer at the beginning is damaged", true},
		{"cookie of the copy", o, func(b []byte) []byte { b[0] = 'x'; return b }, "copy of the footer at the beginning is damaged", false},
		{"footer", o, func(b []byte) []byte { b[len(b)-100] ^= 1; return b }, "footer at the end is damaged or missing", true},
		{"footer cut off", o, func(b []byte) []byte { return b[:len(b)-512] }, "footer at the end is damaged or missing", true},
		{"bytes behind the footer", o, func(b []byte) []byte { return append(b, make([]byte, 4096)...) }, "footer at the end is damaged or missing", true},
		{"another identifier", o, func(b []byte) []byte { b[70] ^= 1; fixtures.VHDChecksum(b[:512]); return b }, "contradict each other", false},
		{"a fixed disk with the head of a dynamic one", fixtures.VHDOptions{Fixed: true}, func(b []byte) []byte {
			copy(b, fixtures.VHD(want, o)[:512])
			copy(want, b[:512])
			return b
		}, "the file begins with the footer of a dynamic disk", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := test.damage(fixtures.VHD(want, test.o))
			img := opened(t, b)
			disktest.Same(t, img, want)
			disktest.Flaw(t, img, test.flaw, test.warning)
		})
	}
}

// TestBlocks: what is wrong with one block is an error there, and a flaw.
func TestBlocks(t *testing.T) {
	const block = 64 << 10
	want := irregular(1000)
	tests := []struct {
		name  string
		entry uint32
		flaw  string
	}{
		{"beyond the file", 1 << 20, "1 of 8 blocks are not in the file"},
		{"half beyond the file", 1000, "1 of 8 blocks are not in the file"},
		{"in the header", 1, "1 of 8 blocks are not in the file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := fixtures.VHD(want, fixtures.VHDOptions{BlockSize: block, KeepEmpty: true})
			at := 512 + 1024 + 3*4
			b[at], b[at+1], b[at+2], b[at+3] = byte(test.entry>>24), byte(test.entry>>16), byte(test.entry>>8), byte(test.entry)
			img := opened(t, b)
			if f := img.(disk.Flawed).Flaws(); len(f) == 0 || f[0].Warning || !strings.Contains(f[0].Err.Error(), test.flaw) {
				t.Errorf("flaws %v, want %q", f, test.flaw)
			}
			got := make([]byte, img.Size())
			n, err := img.ReadAt(got, 0)
			var e *parse.Error
			if n < 3*block || n >= 4*block || !errors.As(err, &e) || e.Offset != int64(at) || e.Field != "entry of block 3" {
				t.Errorf("read %d bytes, %v", n, err)
			}
			if n, err := img.ReadAt(got[4*block:], 4*block); err != nil || !bytes.Equal(got[4*block:], want[4*block:]) {
				t.Errorf("blocks behind: read %d bytes, %v", n, err)
			}
		})
	}
	b := fixtures.VHD(want, fixtures.VHDOptions{BlockSize: block, KeepEmpty: true})
	copy(b[512+1024+4:], b[512+1024:][:4])
	disktest.Flaw(t, opened(t, b), "found one in another at sector 4", false)
}

func TestRefused(t *testing.T) {
	disk0 := irregular(100)
	tests := []struct {
		name  string
		o     fixtures.VHDOptions
		words string
	}{
		{"differencing", fixtures.VHDOptions{Type: 4}, "differencing VHD container: merge it"},
		{"another type", fixtures.VHDOptions{Type: 6}, "VHD container of type 6"},
		{"another version", fixtures.VHDOptions{Fixed: true, Version: 0x20003}, "VHD container of version 2.3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			disktest.Refused(t, Format, source(fixtures.VHD(disk0, test.o)), test.words)
		})
	}
}

func TestNoMatch(t *testing.T) {
	fixed := fixtures.VHD(irregular(100), fixtures.VHDOptions{Fixed: true})
	torn := bytes.Clone(fixed)
	torn[len(torn)-1] ^= 1
	for name, b := range map[string][]byte{"nothing": {}, "zeros": make([]byte, 4096), "raw": irregular(8),
		"footer with a wrong sum": torn, "bytes behind a fixed disk": append(bytes.Clone(fixed), 0)} {
		if Format.Match(source(b)) {
			t.Errorf("%s: recognised", name)
		}
	}
	if Format.Match(&disk.Source{Device: true}) {
		t.Error("device: recognised")
	}
}

// TestCorpus reads what others made and compares it with what is in it.
func TestCorpus(t *testing.T) {
	for name, inside := range map[string]string{"b17_vol": "b02_cl4096", "b17_mbr": "b09_mbr"} {
		want := corpus.Bytes(t, "ntfs/built", inside+".img.gz")
		img := opened(t, corpus.Bytes(t, "ntfs/built", name+".vhd.gz"))
		disktest.NoFlaws(t, img)
		// qemu-img makes the disk larger until its geometry fits.
		more := make([]byte, max(0, img.Size()-int64(len(want))))
		disktest.SameStream(t, img, io.MultiReader(bytes.NewReader(want), bytes.NewReader(more)))
		disktest.Data(t, img)
	}
}

// TestEveryTruncation and bit flips: an error, a flaw or the right bytes.
func TestEveryTruncation(t *testing.T) {
	want := irregular(9)
	for _, o := range []fixtures.VHDOptions{{BlockSize: 1024}, {Fixed: true}} {
		b := fixtures.VHD(want, o)
		disktest.Truncated(t, Format, "x.vhd", b, want, sectorSize, func(n int, img disk.Image) {
			if !Format.Match(source(b[:n])) {
				t.Error("opened, and not recognised")
			}
			// Without its last byte, a zero, it is a footer of 511 bytes.
			if len(img.(disk.Flawed).Flaws()) == 0 && n < len(b)-1 {
				t.Error("no flaw")
			}
		})
	}
}

func TestEveryBitFlipped(t *testing.T) {
	want := irregular(9)
	b := fixtures.VHD(want, fixtures.VHDOptions{BlockSize: 1024})
	check := func() {
		s := source(b)
		if !Format.Match(s) {
			t.Error("not recognised")
			return
		}
		img, err := disktest.Try(t, Format, s)
		if err != nil {
			return
		}
		if len(img.(disk.Flawed).Flaws()) == 0 || !bytes.Equal(disktest.ReadAll(t, img), want) {
			t.Errorf("other bytes, or no flaws: %v", img.(disk.Flawed).Flaws())
		}
	}
	disktest.Flips(t, b[:512+1024], 1, check) // what has a checksum
	disktest.Flips(t, b[len(b)-512:], 1, check)
}

func TestSameBits(t *testing.T) {
	tests := []struct {
		name   string
		bitmap []byte
		n      int64
		set    bool
		end    int64
	}{
		{"all set", []byte{0xff, 0xff}, 3, true, 16},
		{"the first is the highest", []byte{0x80}, 0, true, 1},
		{"clear up to the next byte", []byte{0x80, 0x40}, 1, false, 9},
		{"within a byte", []byte{0b00111000}, 3, true, 5},
		{"the last", []byte{0x01}, 7, true, 8},
		{"clear to the end", []byte{0xf0, 0}, 5, false, 16},
	}
	for _, test := range tests {
		if set, end := sameBits(test.bitmap, test.n); set != test.set || end != test.end {
			t.Errorf("%s: got %v, %d, want %v, %d", test.name, set, end, test.set, test.end)
		}
	}
}
