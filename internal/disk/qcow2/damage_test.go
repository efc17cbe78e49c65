package qcow2

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

// TestDamagedTables changes one entry. The writer lays the L1 table into cluster
// 1, the L2 table into cluster 2, data from cluster 3 on.
func TestDamagedTables(t *testing.T) {
	const k = 64 << 10
	const l1, l2 = k, 2 * k
	standard := fixtures.QCOW2{}
	version2 := fixtures.QCOW2{Version: 2}
	extended := fixtures.QCOW2{Extended: true}
	packed := fixtures.QCOW2{Compressed: every(1)}
	zstd := fixtures.QCOW2{Compressed: every(1), Zstandard: true, Pack: packZstd(true)}
	xor := func(at int, v byte) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= v; return b }
	}
	for _, c := range []struct {
		name      string
		wrap      fixtures.QCOW2
		edit      func([]byte) []byte
		structure string
		field     string
		offset    int64
		cause     error // nil: any
	}{
		{"L1 reserved low", standard, xor(l1+7, 1), "QCOW2 L1 table", "entry", l1, parse.ErrRange},
		{"L1 reserved high", standard, xor(l1, 0x40), "QCOW2 L1 table", "entry", l1, parse.ErrRange},
		{"L1 askew", standard, xor(l1+6, 2), "QCOW2 L1 table", "L2 table offset", l1, parse.ErrRange},
		{"L1 to the header", standard, put64(l1, flagCopied), "QCOW2 L1 table", "L2 table offset", l1, parse.ErrRange},
		{"L1 to itself", standard, put64(l1, flagCopied|l1), "QCOW2 L1 table", "L2 table offset", l1, parse.ErrRange},
		{"L1 behind the end", standard, put64(l1, flagCopied|1<<40), "QCOW2 L2 table", "entry", 1 << 40, parse.ErrTruncated},
		{"L1 as far as it goes", standard, put64(l1, flagCopied|1<<56-1<<16), "QCOW2 L2 table", "entry", 1<<56 - 1<<16, parse.ErrTruncated},
		{"L2 reserved low", standard, xor(l2+7, 2), "QCOW2 L2 table", "entry", l2, parse.ErrRange},
		{"L2 reserved high", standard, xor(l2, 0x01), "QCOW2 L2 table", "entry", l2, parse.ErrRange},
		{"L2 zero flag in version 2", version2, xor(l2+7, 1), "QCOW2 L2 table", "entry", l2, parse.ErrRange},
		{"L2 zero flag beside subclusters", extended, xor(l2+7, 1), "QCOW2 L2 table", "entry", l2, parse.ErrRange},
		{"L2 askew", standard, xor(l2+6, 2), "QCOW2 L2 table", "host cluster offset", l2, parse.ErrRange},
		{"L2 without offset", standard, put64(l2, flagCopied), "QCOW2 L2 table", "host cluster offset", l2, parse.ErrRange},
		{"L2 to the L1 table", standard, put64(l2, flagCopied|l1), "QCOW2 L2 table", "host cluster offset", l2, parse.ErrRange},
		{"L2 to itself", standard, put64(l2, flagCopied|l2), "QCOW2 L2 table", "host cluster offset", l2, parse.ErrRange},
		{"L2 behind the end", standard, put64(l2, flagCopied|1<<40), "QCOW2 cluster", "", 1 << 40, parse.ErrTruncated},
		{"subclusters stored and zero", extended, xor(l2+8, 1), "QCOW2 L2 table", "subcluster bitmap", l2 + 8, parse.ErrRange},
		{"subclusters stored nowhere", extended, put64(l2, 0), "QCOW2 L2 table", "host cluster offset", l2, parse.ErrRange},
		{"compressed and copied", packed, xor(l2, 0x80), "QCOW2 L2 table", "entry", l2, parse.ErrRange},
		{"compressed in the header", packed, put64(l2, flagCompressed|512), "QCOW2 L2 table", "compressed cluster offset", l2, parse.ErrRange},
		{"compressed in the L1 table", packed, put64(l2, flagCompressed|l1), "QCOW2 L2 table", "compressed cluster offset", l2, parse.ErrRange},
		{"compressed behind the end", packed, put64(l2, flagCompressed|1<<40), "QCOW2 compressed cluster", "", 1 << 40, parse.ErrTruncated},
		{"compressed with subclusters", fixtures.QCOW2{Extended: true, Compressed: every(1)}, xor(l2+15, 1), "QCOW2 L2 table", "subcluster bitmap", l2 + 8, parse.ErrRange},
		{"deflate of zeros", packed, func(b []byte) []byte { clear(b[3*k : 3*k+512]); return b }, "QCOW2 compressed cluster", "", 3 * k, nil},
		{"deflate too short", packed, func(b []byte) []byte { copy(b[3*k:], "\x01\x05\x00\xfa\xffhello"); return b }, "QCOW2 compressed cluster", "", 3 * k, errTooShort},
		{"zstd too short", zstd, func(b []byte) []byte { copy(b[3*k:], "\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00A"); return b }, "QCOW2 compressed cluster", "", 3 * k, errTooShort},
		{"zstd too long", zstd, func(b []byte) []byte {
			copy(b[3*k:], "\x28\xb5\x2f\xfd\xa0\x00\x00\x02\x00"+"\x02\x00\x08A"+"\x03\x00\x08A") // two blocks of 64 KiB
			return b
		}, "QCOW2 compressed cluster", "", 3 * k, errTooLong},
		{"zstd window too large", zstd, func(b []byte) []byte { copy(b[3*k:], "\x28\xb5\x2f\xfd\x00\xff\x03\x00\x08A"); return b }, "QCOW2 compressed cluster", "", 3 * k, nil},
		{"zstd checksum", zstd, func(b []byte) []byte {
			n, err := zstdFrame(b[3*k:])
			if err != nil {
				t.Fatal(err)
			}
			b[3*k+n-1] ^= 1
			return b
		}, "QCOW2 compressed cluster", "", 3 * k, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			img := opened(t, edited(c.wrap, c.edit))
			n, err := img.ReadAt(make([]byte, 16), 0)
			var e *parse.Error
			if n != 0 || !errors.As(err, &e) || e.Structure != c.structure || e.Field != c.field || e.Offset != c.offset ||
				c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("got %d bytes, %v; want %s at %#x: %s: %v", n, err, c.structure, c.offset, c.field, c.cause)
			}
		})
	}
}

// TestBesideDamage: what lies beside a bad entry is read.
func TestBesideDamage(t *testing.T) {
	const k = 64 << 10
	want := content(1<<20, 5)
	for i := range want { // no holes
		want[i] |= 1
	}
	b := fixtures.QCOW2{}.Wrap(want)
	b[2*k+3*8+7] |= 0x80 // the entry of cluster 3
	img := opened(t, b)
	got := make([]byte, len(want))
	n, err := img.ReadAt(got, 0)
	if err == nil || n != 3*k || !bytes.Equal(got[:n], want[:n]) {
		t.Errorf("from the beginning: %d bytes, %v; want %d and an error", n, err, 3*k)
	}
	if n, err := img.ReadAt(got[4*k:], 4*k); err != nil || !bytes.Equal(got[4*k:], want[4*k:]) {
		t.Errorf("behind the entry: %d bytes, %v", n, err)
	}
}

func small() []fixtures.QCOW2 {
	return []fixtures.QCOW2{
		{ClusterBits: 9, ZeroFlags: true, Compressed: every(2)},
		{ClusterBits: 9, Version: 2, Scattered: true},
		{ClusterBits: 10, Compressed: every(1), Zstandard: true, Pack: packZstd(true)},
	}
}

// TestTruncated cuts a container at every byte: nothing wrong is ever read.
func TestTruncated(t *testing.T) {
	want := content(5<<10+100, 9)
	for _, wrap := range small() {
		b := wrap.Wrap(want)
		disktest.Truncated(t, Format, "x.qcow2", b, want, 512, nil)
	}
}

// TestL1Truncated: the tables that are left are used, and the flaw is told.
func TestL1Truncated(t *testing.T) {
	want := content(80<<10, 11)
	b := fixtures.QCOW2{ClusterBits: 9}.Wrap(want)
	l1 := binary.BigEndian.Uint64(b[40:])
	moved := append(bytes.Clone(b), b[l1:l1+8]...) // its first entry alone, at the end of the file
	binary.BigEndian.PutUint64(moved[40:], uint64(len(b)))
	img := opened(t, moved)
	if f := img.(disk.Flawed).Flaws(); len(f) != 1 || f[0].Warning || !errors.Is(f[0].Err, parse.ErrTruncated) {
		t.Errorf("flaws %v, want one", f)
	}
	if lost := disktest.Lost(t, img, want, 32<<10); len(lost) != 2 || lost[0].Piece != 1 {
		t.Errorf("lost %v, want all but the first L2 table of 3", lost)
	}
}

// TestFlippedBits turns every third bit. The format has no checksums: bytes can be
// wrong then, but nothing panics, and reads keep to what ReadAt promises.
func TestFlippedBits(t *testing.T) {
	want := content(2<<10+100, 13)
	for _, wrap := range small() {
		b := wrap.Wrap(want)
		disktest.Flips(t, b, 3, func() { disktest.Hostile(t, Format, source(b), 3<<10) })
	}
}
