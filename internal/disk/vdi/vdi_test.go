package vdi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

func source(b []byte) *disk.Source { return disktest.Source("x.vdi", b) }

// content makes a disk with runs of zeros and others of many lengths.
func content(size int, seed uint64) []byte { return disktest.Content(size, 2<<20, seed) }

func TestRoundTrip(t *testing.T) {
	for i, c := range []struct {
		name string
		wrap fixtures.VDI
		size int
	}{
		{"empty", fixtures.VDI{}, 0},
		{"one byte", fixtures.VDI{}, 1},
		{"dynamic", fixtures.VDI{}, 9 << 20},
		{"last block in part", fixtures.VDI{}, 7<<20 + 1536},
		{"fixed", fixtures.VDI{Fixed: true}, 5<<20 + 512},
		{"scattered", fixtures.VDI{Scattered: true, Discarded: true}, 12<<20 + 77},
		{"small blocks", fixtures.VDI{BlockSize: 512, Discarded: true}, 1<<20 + 100},
		{"more than a page of the map", fixtures.VDI{BlockSize: 512, Scattered: true}, 9<<20 + 100},
		{"large blocks", fixtures.VDI{BlockSize: 4 << 20}, 13 << 20},
		{"bytes before blocks", fixtures.VDI{BlockSize: 64 << 10, Extra: 512}, 2 << 20},
		{"older header", fixtures.VDI{Old: true, Text: "<<< innotek VirtualBox Disk Image >>>\n"}, 3 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := content(c.size, uint64(i))
			s := source(c.wrap.Wrap(want))
			img := disktest.Open(t, Format, s)
			disktest.Same(t, img, want)
			disktest.NoFlaws(t, img)
			disktest.Closes(t, img, s)
		})
	}
}

func put32(at int, v uint32) func([]byte) []byte {
	return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
}

func put64(at int, v uint64) func([]byte) []byte {
	return func(b []byte) []byte { binary.LittleEndian.PutUint64(b[at:], v); return b }
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func([]byte) []byte
		want string
	}{
		{"undo", put32(0x4C, 3), "VDI undo image"},
		{"differencing", put32(0x4C, 4), "VDI differencing image"},
		{"type 0", put32(0x4C, 0), "type 0"},
		{"type 5", put32(0x4C, 5), "type 5"},
		{"version 0.1", put32(0x44, 1), "version 0.1"},
		{"version 1.2", put32(0x44, 0x10002), "version 1.2"},
		{"version 2.0", put32(0x44, 0x20000), "version 2.0"},
		{"linkage", put32(0x1A8, 1), "names a parent"},
		{"parent", put32(0x1C4, 1), "names a parent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			disktest.Refused(t, Format, source(c.edit(fixtures.VDI{}.Wrap(content(2<<20, 1)))), c.want)
		})
	}
}

func TestBadHeader(t *testing.T) {
	for _, c := range []struct {
		name  string
		edit  func([]byte) []byte
		field string
		cause error
	}{
		{"signature", put32(0x40, 7), "u32Signature", parse.ErrSignature},
		{"header size", put32(0x48, 0x17F), "cbHeader", parse.ErrRange},
		{"map in the header", put32(0x154, 0x1C4), "offBlocks", parse.ErrRange},
		{"map askew", put32(0x154, 0x202), "offBlocks", parse.ErrRange},
		{"data in the map", put32(0x158, 512), "offData", parse.ErrRange},
		{"data askew", put32(0x158, 1025), "offData", parse.ErrRange},
		{"disk size", put64(0x170, 1<<63), "cbDisk", parse.ErrRange},
		{"disk size beyond the map", put64(0x170, 2<<20+1), "cBlocks", parse.ErrRange},
		{"block size 0", put32(0x178, 0), "cbBlock", parse.ErrRange},
		{"block size 3 MiB", put32(0x178, 3<<20), "cbBlock", parse.ErrRange},
		{"block size 512 MiB", put32(0x178, 512<<20), "cbBlock", parse.ErrRange},
		{"bytes before blocks", put32(0x17C, 1<<20+1), "cbBlockExtra", parse.ErrRange},
		{"map longer than the data allows", put32(0x180, 1<<20), "offData", parse.ErrRange},
		{"cut", func(b []byte) []byte { return b[:0x1C7] }, "uuidParentModify", parse.ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := disktest.Try(t, Format, source(c.edit(fixtures.VDI{}.Wrap(content(2<<20, 1)))))
			var e *parse.Error
			if !errors.As(err, &e) || e.Field != c.field || !errors.Is(err, c.cause) {
				t.Errorf("got %v, want field %q, %v", err, c.field, c.cause)
			}
		})
	}
}

// TestBadEntries: a bad entry is an error for its block alone. The map lies at
// 0x200, block 0 of the file at 0x400.
func TestBadEntries(t *testing.T) {
	const block = 4096
	want := bytes.Repeat([]byte("0123456789abcdef"), 4*block/16)
	for _, c := range []struct {
		name   string
		edit   func([]byte) []byte
		bad    []int // blocks of the disk
		field  string
		offset int64
		cause  error
		flaws  int
	}{
		{"beyond the blocks", put32(0x204, 4), []int{1}, "entry", 0x204, parse.ErrRange, 0},
		{"far beyond", put32(0x204, 0xfffffffd), []int{1}, "entry", 0x204, parse.ErrRange, 0},
		{"used twice", put32(0x204, 3), []int{1, 3}, "entry", 0x204, errTwice, 1},
		{"behind the end", func(b []byte) []byte { return b[:len(b)-block] }, []int{3}, "", 0x400 + 3*block, parse.ErrTruncated, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, err := Format.Open(source(c.edit(fixtures.VDI{BlockSize: block}.Wrap(want))))
			if err != nil {
				t.Fatal(err)
			}
			if f := img.(disk.Flawed).Flaws(); len(f) != c.flaws {
				t.Errorf("flaws %v, want %d", f, c.flaws)
			}
			var bad []int
			for i, l := range disktest.Lost(t, img, want, block) {
				bad = append(bad, l.Piece)
				var e *parse.Error
				if l.Read != 0 || !errors.As(l.Err, &e) || e.Field != c.field || !errors.Is(l.Err, c.cause) || i == 0 && e.Offset != c.offset {
					t.Errorf("block %d: %d bytes, %v; want %s at %#x: %v", l.Piece, l.Read, l.Err, c.field, c.offset, c.cause)
				}
			}
			if !slices.Equal(bad, c.bad) {
				t.Errorf("errors in blocks %v, want %v", bad, c.bad)
			}
		})
	}
}

// TestTruncated cuts a container at every byte: nothing wrong is ever read, and
// a map that is cut off is a flaw.
func TestTruncated(t *testing.T) {
	want := content(4000, 5)
	for i := range want[:2048] {
		want[i] |= 1
	}
	b := fixtures.VDI{BlockSize: 512, Scattered: true}.Wrap(want)
	disktest.Truncated(t, Format, "x.vdi", b, want, 512, func(n int, img disk.Image) {
		if flaws := len(img.(disk.Flawed).Flaws()); (flaws > 0) != (n < 0x200+8*4) {
			t.Fatalf("cut to %d: %d flaws", n, flaws)
		}
	})
}

// TestHugeMap: a disk of the largest size opens, and nothing is taken up for it.
func TestHugeMap(t *testing.T) {
	b := fixtures.VDI{}.Wrap(content(1<<20, 1))
	const blocks = 1<<30 - 1<<16
	put32(0x158, 0xFFFFFE00)(b)
	put32(0x180, blocks)(b)
	put64(0x170, blocks<<20)(b)
	s := source(b)
	if got := testing.AllocsPerRun(3, func() {
		img, err := Format.Open(s)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := img.ReadAt(make([]byte, 512), 1<<49); n != 0 || !errors.Is(err, parse.ErrTruncated) {
			t.Fatalf("%d bytes, %v; want a map that is cut off", n, err)
		}
	}); got > 100 {
		t.Errorf("%v allocations", got)
	}
}

// TestFlippedBits turns each bit of header, map and some data.
func TestFlippedBits(t *testing.T) {
	b := fixtures.VDI{BlockSize: 512, Discarded: true}.Wrap(content(2048, 9))
	disktest.Flips(t, b, 1, func() { disktest.Hostile(t, Format, source(b), 3<<10) })
}

// FuzzContainer opens any bytes and reads here and there.
func FuzzContainer(f *testing.F) {
	f.Add(fixtures.VDI{BlockSize: 512, Discarded: true}.Wrap(content(9000, 3)))
	f.Add(fixtures.VDI{BlockSize: 512, Fixed: true, Extra: 512, Old: true}.Wrap(content(3000, 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		disktest.Hostile(t, Format, source(b), 3<<10)
		if !bytes.Equal(b, before) {
			t.Error("the input was changed")
		}
	})
}
