package ewf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

var hostile = []struct {
	name string
	o    fixtures.EWFOptions
}{
	{"EnCase", fixtures.EWFOptions{SectorSize: hostileSector, SectorsPerChunk: 2, ChunksPerTable: 4, Plain: odd, Base: true, Errors: [][2]uint32{{1, 2}}, SHA1: true}},
	{"EnCase 1", fixtures.EWFOptions{SectorSize: hostileSector, Layout: fixtures.EWFEnCase1, SectorsPerChunk: 2, ChunksPerTable: 4, Plain: odd}},
	{"SMART", fixtures.EWFOptions{SectorSize: hostileSector, Layout: fixtures.EWFSMART, SectorsPerChunk: 2, ChunksPerTable: 4, Plain: odd}},
}

// Small sectors make small containers.
const (
	hostileSector = 32
	hostileSize   = 15 * hostileSector
)

// checkHostile holds what any bytes give to what is promised. Where want is given,
// bytes that are read must be those.
func checkHostile(t *testing.T, b, want []byte) {
	t.Helper()
	img, err := openBytes(b)
	if err != nil {
		if img != nil {
			t.Fatalf("%v with %v", img, err)
		}
		return
	}
	defer img.Close()
	size := img.Size()
	if size <= 0 || want != nil && size != int64(len(want)) {
		t.Fatalf("size %d", size)
	}
	whole := make([]byte, min(size, 8<<10))
	for at := int64(0); at < int64(len(whole)); at += hostileSector {
		p := whole[at:min(at+hostileSector, int64(len(whole)))]
		n, err := img.ReadAt(p, at)
		if n > len(p) || n < len(p) && err == nil {
			t.Fatalf("%d bytes of %d without an error", n, len(p))
		}
		if want != nil && !bytes.Equal(p[:n], want[at:at+int64(n)]) {
			t.Fatalf("wrong bytes at %d, flaws %v", at, img.Flaws())
		}
		again := make([]byte, len(p))
		if k, err2 := img.ReadAt(again, at); k != n || (err == nil) != (err2 == nil) || !bytes.Equal(again[:k], p[:n]) {
			t.Fatalf("read again at %d: %d, %v after %d, %v", at, k, err2, n, err)
		}
	}
	if n, err := img.ReadAt(make([]byte, 8), size-4); n > 4 || err == nil || n == 4 && !errors.Is(err, io.EOF) {
		t.Fatalf("read %d bytes past the end, %v", n, err)
	}
}

// TestTruncated cuts a container at every byte.
func TestTruncated(t *testing.T) {
	want := content(hostileSize)
	for _, tt := range hostile {
		whole := fixtures.EWF(want, tt.o)[0].Bytes()
		for n := range whole {
			checkHostile(t, whole[:n], want)
			if t.Failed() {
				t.Fatalf("%s: %d bytes", tt.name, n)
			}
		}
	}
}

// TestFlippedBits flips every bit of a container. Every byte that is used has a
// checksum.
func TestFlippedBits(t *testing.T) {
	want := content(hostileSize)
	for _, tt := range hostile {
		whole := fixtures.EWF(want, tt.o)[0].Bytes()
		step := 1
		if testing.Short() {
			step = 7
		}
		for i := 0; i < len(whole)*8; i += step {
			b := bytes.Clone(whole)
			b[i/8] ^= 1 << (i % 8)
			checkHostile(t, b, want)
			if t.Failed() {
				t.Fatalf("%s: bit %d of byte %#x", tt.name, i%8, i/8)
			}
		}
	}
}

// TestHugeShape claims a disk of exbibytes in the largest chunks; a small file makes
// nobody take memory for them.
func TestHugeShape(t *testing.T) {
	for _, tt := range hostile[:2] {
		b := fixtures.EWF(content(hostileSize), tt.o)[0].Bytes()
		v := find(t, b, "volume")
		binary.LittleEndian.PutUint32(b[v.body()+4:], 1<<32-1)
		binary.LittleEndian.PutUint32(b[v.body()+8:], 32768)
		binary.LittleEndian.PutUint32(b[v.body()+12:], 4096)
		binary.LittleEndian.PutUint64(b[v.body()+16:], 1<<50)
		resum(b[v.body():v.end])
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		img, err := openBytes(b)
		if err != nil || img.Size() != 1<<62 {
			t.Fatalf("%s: %v", tt.name, err)
		}
		for chunk := range int64(10) {
			if n, err := img.ReadAt(make([]byte, 100), chunk*maxChunk+5); n != 0 || err == nil {
				t.Errorf("%s: read %d bytes, %v", tt.name, n, err)
			}
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("%s: %d bytes of memory", tt.name, used)
		}
	}
}
