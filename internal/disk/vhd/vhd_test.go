package vhd

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
	return &disk.Source{Path: "x.vhd", Image: memory{bytes.NewReader(b)}, Head: b[:min(len(b), 64<<10)]}
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

// irregular is a disk with holes and runs of sectors in no order.
func irregular(sectors int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(sectors)))
	b := make([]byte, sectors*sectorSize)
	for at := 0; at < sectors; {
		n := 1 + r.IntN(40)
		if r.IntN(8) == 0 {
			n *= 20
		}
		if r.IntN(2) == 0 {
			for i := at; i < min(at+n, sectors); i++ {
				for k := range sectorSize {
					b[i*sectorSize+k] = byte(r.Uint32() | 1)
				}
			}
		}
		at += n
	}
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
				sectors := len(want) / sectorSize
				img := opened(t, fixtures.VHD(want, test.o))
				for _, n := range []int{256 << 10, 5000} {
					if got := content(t, img, n); !bytes.Equal(got, want) {
						t.Errorf("%d sectors in pieces of %d: other bytes, %d against %d", sectors, n, len(got), len(want))
					}
				}
				if len(img.Flaws()) > 0 {
					t.Errorf("%d sectors: flaws %v", sectors, img.Flaws())
				}
				checkData(t, img, want)
			}
		})
	}
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
	if bytes.ContainsFunc(rest, func(r rune) bool { return r != 0 }) {
		t.Errorf("data outside %v", img.Data())
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
		{"fixed and more", fixtures.VHDOptions{Fixed: true, Size: 400000}, 400000, "expected the footer behind 400000 bytes", true, 400000},
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
			checkFlaws(t, img, test.flaw, test.warning)
		})
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
		{"cookie of the copy", o, func(b []byte) []byte { b[0] = 'x'; return b }, "copy of the footer at the beginning is damaged", true},
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
			if !bytes.Equal(content(t, img, 1<<20), want) {
				t.Error("other bytes")
			}
			checkFlaws(t, img, test.flaw, test.warning)
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
			if f := img.Flaws(); len(f) == 0 || f[0].Warning || !strings.Contains(f[0].Err.Error(), test.flaw) {
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
	checkFlaws(t, opened(t, b), "found one in another at sector 4", false)
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
		s := source(fixtures.VHD(disk0, test.o))
		if !Format.Match(s) {
			t.Errorf("%s: not recognised", test.name)
		}
		img, err := Format.Open(s)
		if img != nil || !disk.IsContainer(err) || !strings.Contains(fmt.Sprint(err), test.words) {
			t.Errorf("%s: got %v, %v, want %q", test.name, img, err, test.words)
		}
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
		got := content(t, img, 256<<10)
		if len(img.Flaws()) > 0 {
			t.Errorf("%s: flaws %v", name, img.Flaws())
		}
		// qemu-img makes the disk larger until its geometry fits.
		if len(got) < len(want) || !bytes.Equal(got[:len(want)], want) || strings.Trim(string(got[len(want):]), "\x00") != "" {
			t.Errorf("%s: got %d bytes, which are not those of %s (%d bytes)", name, len(got), inside, len(want))
		}
		checkData(t, img, got)
	}
}

// TestEveryTruncation and bit flips: an error, a flaw or the right bytes.
func TestEveryTruncation(t *testing.T) {
	want := irregular(9)
	for _, o := range []fixtures.VHDOptions{{BlockSize: 1024}, {Fixed: true}} {
		b := fixtures.VHD(want, o)
		for n := range b {
			s := source(b[:n])
			if !Format.Match(s) {
				continue
			}
			img, err := Format.Open(s)
			if err != nil {
				continue
			}
			got := make([]byte, img.Size())
			k, err := img.ReadAt(got, 0)
			// Without its last byte, a zero, it is a footer of 511 bytes.
			if len(img.(*Image).Flaws()) == 0 && n < len(b)-1 {
				t.Errorf("%d of %d bytes: no flaw", n, len(b))
			}
			if !bytes.Equal(got[:k], want[:k]) || k < len(want) && (err == nil || err == io.EOF) {
				t.Errorf("%d of %d bytes: read %d bytes, %v", n, len(b), k, err)
			}
		}
	}
}

func TestEveryBitFlipped(t *testing.T) {
	want := irregular(9)
	b := fixtures.VHD(want, fixtures.VHDOptions{BlockSize: 1024})
	for i := range (512 + 1024) * 8 { // what has a checksum
		checkFlip(t, b, want, i)
	}
	for i := (len(b) - 512) * 8; i < len(b)*8; i++ {
		checkFlip(t, b, want, i)
	}
}

func checkFlip(t *testing.T, b, want []byte, bit int) {
	t.Helper()
	b[bit/8] ^= 1 << (bit % 8)
	defer func() { b[bit/8] ^= 1 << (bit % 8) }()
	s := source(b)
	if !Format.Match(s) {
		t.Errorf("bit %#x: not recognised", bit)
		return
	}
	img, err := Format.Open(s)
	if err != nil {
		return
	}
	if len(img.(*Image).Flaws()) == 0 || !bytes.Equal(content(t, img, 4096), want) {
		t.Errorf("bit %d of byte %#x: flaws %v", bit%8, bit/8, img.(*Image).Flaws())
	}
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
