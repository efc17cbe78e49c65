package qcow2

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

func source(b []byte) *disk.Source { return disktest.Source("x.qcow2", b) }

func opened(t testing.TB, b []byte) disk.Image { return disktest.Open(t, Format, source(b)) }

// content makes a disk with runs of zeros, of text and of noise of many lengths.
func content(size int, seed uint64) []byte { return disktest.Content(size, 256<<10, seed) }

func packZstd(checksum bool) func([]byte) []byte {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(checksum), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	return func(b []byte) []byte { return e.EncodeAll(b, nil) }
}

func every(n int) func(int) bool { return func(i int) bool { return i%n == 0 } }

type variant struct {
	name string
	wrap fixtures.QCOW2
	size int
}

func variants() []variant {
	all := every(1)
	return []variant{
		{"empty", fixtures.QCOW2{}, 0},
		{"one byte", fixtures.QCOW2{}, 1},
		{"version 3", fixtures.QCOW2{}, 3<<20 + 512},
		{"version 2", fixtures.QCOW2{Version: 2}, 3<<20 + 512},
		{"version 2 compressed", fixtures.QCOW2{Version: 2, Compressed: every(2)}, 3<<20 + 512},
		{"odd size", fixtures.QCOW2{}, 1<<20 + 77},
		{"clusters of 512 bytes", fixtures.QCOW2{ClusterBits: 9, ZeroFlags: true, Compressed: every(3)}, 200<<10 + 100},
		{"clusters of 4 KiB", fixtures.QCOW2{ClusterBits: 12, ZeroFlags: true, Compressed: every(5)}, 2<<20 + 1536},
		{"clusters of 2 MiB", fixtures.QCOW2{ClusterBits: 21, ZeroFlags: true, Compressed: every(2)}, 5<<20 + 512},
		{"zero flags", fixtures.QCOW2{ClusterBits: 10, ZeroFlags: true}, 1 << 20},
		{"scattered", fixtures.QCOW2{ClusterBits: 12, Scattered: true, ZeroFlags: true}, 2 << 20},
		{"deflate", fixtures.QCOW2{Compressed: all}, 2 << 20},
		{"zstd", fixtures.QCOW2{Compressed: all, Zstandard: true, Pack: packZstd(false)}, 2<<20 + 4096},
		{"zstd with checksums", fixtures.QCOW2{ClusterBits: 12, Compressed: every(2), Zstandard: true, Pack: packZstd(true)}, 1<<20 + 512},
		{"subclusters", fixtures.QCOW2{Extended: true, ZeroFlags: true}, 3<<20 + 512},
		{"subclusters of 512 bytes", fixtures.QCOW2{Extended: true, ClusterBits: 14, ZeroFlags: true, Scattered: true, Compressed: every(4)}, 2<<20 + 10},
		{"subclusters, zstd", fixtures.QCOW2{Extended: true, ClusterBits: 21, Compressed: every(2), Zstandard: true, Pack: packZstd(true)}, 5 << 20},
	}
}

func TestRoundTrip(t *testing.T) {
	for i, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			want := content(v.size, uint64(i))
			s := source(v.wrap.Wrap(want))
			img := disktest.Open(t, Format, s)
			disktest.Same(t, img, want)
			disktest.NoFlaws(t, img)
			disktest.Closes(t, img, s)
		})
	}
}

// TestConcurrent: readers do not disturb each other, with packed clusters and
// without.
func TestConcurrent(t *testing.T) {
	want := content(1<<20+512, 21)
	for _, wrap := range []fixtures.QCOW2{
		{ClusterBits: 9, Compressed: every(3)},
		{ClusterBits: 14, Extended: true, Compressed: every(2), Zstandard: true, Pack: packZstd(true)},
	} {
		disktest.Concurrent(t, opened(t, wrap.Wrap(want)), want, 10000)
	}
}

// TestPieces: clusters that lie side by side are one piece, and it is cut at a limit.
func TestPieces(t *testing.T) {
	noise := make([]byte, 4<<20)
	disktest.Noise(noise, 7)
	for _, c := range []struct {
		name string
		wrap fixtures.QCOW2
		off  int64
		want int64
	}{
		{"to the limit", fixtures.QCOW2{}, 0, maxPiece},
		{"from within", fixtures.QCOW2{}, 100, maxPiece + 64<<10 - 100},
		{"subclusters", fixtures.QCOW2{Extended: true}, 2048*3 + 5, maxPiece + 64<<10 - 2048*3 - 5},
		{"end of the disk", fixtures.QCOW2{}, 4<<20 - 128<<10, 128 << 10},
		{"scattered", fixtures.QCOW2{Scattered: true}, 0, 64 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.wrap.Wrap(noise)
			h, err := parseHeader(b)
			if err != nil {
				t.Fatal(err)
			}
			tables, err := newTables(h, source(b).Image)
			if err != nil {
				t.Fatal(err)
			}
			p, err := tables.locate(c.off)
			if err != nil || p.Length != c.want || p.From == nil {
				t.Errorf("piece of %d bytes, %v; want %d", p.Length, err, c.want)
			}
		})
	}
}

// edited wraps a small disk and lets edit change the container.
func edited(wrap fixtures.QCOW2, edit func(b []byte) []byte) []byte {
	return edit(wrap.Wrap(bytes.Repeat([]byte("0123456789abcdef"), 40<<10)))
}

func put32(at int, v uint32) func([]byte) []byte {
	return func(b []byte) []byte { binary.BigEndian.PutUint32(b[at:], v); return b }
}

func put64(at int, v uint64) func([]byte) []byte {
	return func(b []byte) []byte { binary.BigEndian.PutUint64(b[at:], v); return b }
}

func TestRefused(t *testing.T) {
	named := func(b []byte) []byte {
		copy(b[512:], "/etc/passwd")
		return put32(16, 11)(put64(8, 512)(b))
	}
	for _, c := range []struct {
		name string
		edit func([]byte) []byte
		want string // in the message
	}{
		{"version 1", put32(4, 1), "version 1"},
		{"version 4", put32(4, 4), "version 4"},
		{"version 0", put32(4, 0), "version 0"},
		{"backing file", named, `backing file ("/etc/passwd")`},
		{"backing file without a name", put64(8, 512), "backing file:"},
		{"backing file without an offset", put32(16, 9), "backing file"},
		{"backing file with a name elsewhere", func(b []byte) []byte { return put32(16, 1023)(put64(8, 1<<63)(b)) }, "backing file:"},
		{"AES", put32(32, 1), "AES"},
		{"LUKS", put32(32, 2), "LUKS"},
		{"encryption method 3", put32(32, 3), "encryption method 3"},
		{"external data file", put64(72, 4), "external data file"},
		{"unknown feature", put64(72, 1<<5), "0x20"},
		{"unknown features", put64(72, 1<<63|1), "0x8000000000000000"},
		{"compression type", func(b []byte) []byte { b[104] = 9; return put64(72, 8)(b) }, "compression type 9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			disktest.Refused(t, Format, source(edited(fixtures.QCOW2{}, c.edit)), c.want)
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
		{"cluster bits 8", put32(20, 8), "cluster_bits", parse.ErrRange},
		{"cluster bits 22", put32(20, 22), "cluster_bits", parse.ErrRange},
		{"cluster bits beyond", put32(20, 1<<31), "cluster_bits", parse.ErrRange},
		{"subclusters too small", func(b []byte) []byte { return put64(72, 16)(put32(20, 13)(b)) }, "cluster_bits", parse.ErrRange},
		{"size", put64(24, 1<<63), "size", parse.ErrRange},
		{"size beyond the L1 table", put64(24, 1<<40), "l1_size", parse.ErrRange},
		{"L1 table too large", put32(36, 1<<22+1), "l1_size", parse.ErrRange},
		{"L1 table empty", put32(36, 0), "l1_size", parse.ErrRange},
		{"L1 table in the header", put64(40, 0), "l1_table_offset", parse.ErrRange},
		{"L1 table askew", put64(40, 1<<16+8), "l1_table_offset", parse.ErrRange},
		{"L1 table behind the end", put64(40, 1<<40), "l1_table_offset", parse.ErrRange},
		{"L1 table negative", put64(40, 1<<63), "l1_table_offset", parse.ErrRange},
		{"header length short", put32(100, 103), "header_length", parse.ErrRange},
		{"header length long", put32(100, 1<<16+1), "header_length", parse.ErrRange},
		{"compression without its bit", func(b []byte) []byte { b[104] = 1; return b }, "compression_type", parse.ErrRange},
		{"compression bit without type", put64(72, 8), "compression_type", parse.ErrRange},
		{"cut in version 2", func(b []byte) []byte { return b[:71] }, "", parse.ErrTruncated},
		{"cut in version 3", func(b []byte) []byte { return b[:103] }, "", parse.ErrTruncated},
		{"cut before the compression type", func(b []byte) []byte { return b[:104] }, "compression_type", parse.ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := disktest.Try(t, Format, source(edited(fixtures.QCOW2{}, c.edit)))
			var e *parse.Error
			if !errors.As(err, &e) || e.Field != c.field || !errors.Is(err, c.cause) {
				t.Errorf("got %v, want field %q, %v", err, c.field, c.cause)
			}
		})
	}
}

func TestFlaws(t *testing.T) {
	for _, c := range []struct {
		name string
		wrap fixtures.QCOW2
		want string
	}{
		{"dirty", fixtures.QCOW2{Features: featureDirty}, "[warning: dirty bit]"},
		{"corrupt", fixtures.QCOW2{Features: featureCorrupt}, "[loss: corrupt bit]"},
		{"snapshots", fixtures.QCOW2{Snapshots: 3}, "[warning: not read: 3]"},
		{"all", fixtures.QCOW2{Features: 3, Snapshots: 1}, "[loss: corrupt bit warning: dirty bit warning: not read: 1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := content(1<<20, 3)
			img := opened(t, c.wrap.Wrap(want))
			var got []string
			for _, f := range img.(disk.Flawed).Flaws() {
				kind := "loss: "
				if f.Warning {
					kind = "warning: "
				}
				for _, word := range []string{"dirty bit", "corrupt bit", fmt.Sprintf("not read: %d", c.wrap.Snapshots)} {
					if strings.Contains(f.Err.Error(), word) {
						got = append(got, kind+word)
					}
				}
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
			disktest.Same(t, img, want)
		})
	}
}
