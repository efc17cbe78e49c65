package vdi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// memory is a container that lies in memory.
type memory struct {
	*bytes.Reader
	closed bool
}

func (m *memory) Close() error { m.closed = true; return nil }

func source(b []byte) *disk.Source {
	return &disk.Source{Path: "x.vdi", Image: &memory{Reader: bytes.NewReader(b)}, Head: b[:min(len(b), 64<<10)]}
}

// content makes a disk with runs of zeros and of noise of many lengths.
func content(size int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, size)
	for at := 0; at < size; {
		n := min(size-at, 1+r.IntN(1<<r.IntN(22)))
		if r.IntN(2) == 0 {
			for i := range n {
				b[at+i] = byte(r.Uint32())
			}
		}
		at += n
	}
	return b
}

func compare(t testing.TB, img disk.Image, want []byte) {
	t.Helper()
	if img.Size() != int64(len(want)) {
		t.Fatalf("size %d, want %d", img.Size(), len(want))
	}
	for _, step := range []int{256 << 10, 4097, max(1, len(want))} {
		buf := make([]byte, step)
		for at := 0; at < len(want); at += step {
			w := want[at:min(at+step, len(want))]
			for i := range buf {
				buf[i] = 0xDD
			}
			n, err := img.ReadAt(buf[:len(w)], int64(at))
			if n != len(w) || err != nil && !errors.Is(err, io.EOF) {
				t.Fatalf("reading %d bytes at %#x: %d, %v", len(w), at, n, err)
			}
			if !bytes.Equal(buf[:n], w) {
				t.Fatalf("bytes at %#x differ when read in steps of %d", at, step)
			}
		}
	}
}

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
			if !Format.Match(s) {
				t.Fatal("not recognised")
			}
			img, err := Format.Open(s)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, img, want)
			if f := img.(disk.Flawed).Flaws(); len(f) > 0 {
				t.Errorf("flaws %v, want none", f)
			}
			if err := img.Close(); err != nil || !s.Image.(*memory).closed {
				t.Errorf("closing: %v, container closed: %v", err, s.Image.(*memory).closed)
			}
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
			s := source(c.edit(fixtures.VDI{}.Wrap(content(2<<20, 1))))
			if !Format.Match(s) {
				t.Fatal("not recognised")
			}
			img, err := Format.Open(s)
			if img != nil || !disk.IsContainer(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v; want a refusal with %q", img, err, c.want)
			}
			if s.Image.(*memory).closed {
				t.Error("the source was closed")
			}
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
			img, err := Format.Open(source(c.edit(fixtures.VDI{}.Wrap(content(2<<20, 1)))))
			var e *parse.Error
			if img != nil || !errors.As(err, &e) || e.Field != c.field || !errors.Is(err, c.cause) {
				t.Errorf("got %v, %v; want field %q, %v", img, err, c.field, c.cause)
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
			bad := map[int]bool{}
			for _, i := range c.bad {
				bad[i] = true
			}
			for i := range 4 {
				buf := make([]byte, block)
				n, err := img.ReadAt(buf, int64(i*block))
				var e *parse.Error
				switch {
				case !bad[i]:
					if err != nil || !bytes.Equal(buf, want[i*block:(i+1)*block]) {
						t.Errorf("block %d: %d bytes, %v", i, n, err)
					}
				case n != 0 || !errors.As(err, &e) || e.Field != c.field || !errors.Is(err, c.cause) || i == c.bad[0] && e.Offset != c.offset:
					t.Errorf("block %d: %d bytes, %v; want %s at %#x: %v", i, n, err, c.field, c.offset, c.cause)
				}
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
	last := 0
	for n := range len(b) + 1 {
		img, err := Format.Open(source(b[:n:n]))
		if err != nil {
			continue
		}
		read := 0
		for at := 0; at < len(want); at += 512 {
			w := want[at:min(at+512, len(want))]
			buf := make([]byte, len(w))
			k, err := img.ReadAt(buf, int64(at))
			if k < len(w) && err == nil || !bytes.Equal(buf[:k], w[:k]) {
				t.Fatalf("cut to %d: %d bytes at %#x, %v", n, k, at, err)
			}
			if k == len(w) {
				read += k
			}
		}
		if read < last {
			t.Fatalf("cut to %d: %d bytes read, %d of fewer", n, read, last)
		}
		if flaws := len(img.(disk.Flawed).Flaws()); (flaws > 0) != (n < 0x200+8*4) {
			t.Fatalf("cut to %d: %d flaws", n, flaws)
		}
		last = read
	}
	if last != len(want) {
		t.Errorf("%d bytes read of the whole container, want %d", last, len(want))
	}
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
	for i := range len(b) * 8 {
		b[i/8] ^= 1 << (i % 8)
		check(t, b)
		b[i/8] ^= 1 << (i % 8)
	}
}

// FuzzContainer opens any bytes and reads here and there.
func FuzzContainer(f *testing.F) {
	f.Add(fixtures.VDI{BlockSize: 512, Discarded: true}.Wrap(content(9000, 3)))
	f.Add(fixtures.VDI{BlockSize: 512, Fixed: true, Extra: 512, Old: true}.Wrap(content(3000, 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		check(t, b)
		if !bytes.Equal(b, before) {
			t.Error("the input was changed")
		}
	})
}

// check opens any bytes and holds the image to what it promises.
func check(t *testing.T, b []byte) {
	t.Helper()
	img, err := Format.Open(source(b))
	if err != nil {
		if img != nil {
			t.Fatal("an image beside an error")
		}
		var e *parse.Error
		if !errors.As(err, &e) && !disk.IsContainer(err) {
			t.Fatalf("error %v names no structure", err)
		}
		return
	}
	size := img.Size()
	buf, again := make([]byte, 3<<10), make([]byte, 3<<10)
	for _, off := range []int64{0, 1000, size / 3, size / 2, size - 3<<10, size - 1, size} {
		if off < 0 {
			continue
		}
		n, err := img.ReadAt(buf, off)
		if int64(n) > max(0, size-off) || n < len(buf) && err == nil {
			t.Fatalf("%d bytes at %#x of %#x, error %v", n, off, size, err)
		}
		if m, _ := img.ReadAt(again[:n], off); m != n || !bytes.Equal(again[:n], buf[:n]) {
			t.Fatalf("%d bytes at %#x, and others when read again", n, off)
		}
	}
}
