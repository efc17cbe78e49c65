package ewf

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
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
	if want != nil {
		disktest.Lost(t, img, want, hostileSector)
	}
	checkReads(t, img)
}

// checkReads reads in pieces of a sector, with the usual ones.
func checkReads(t *testing.T, img disk.Image) {
	t.Helper()
	if img.Size() <= 0 {
		t.Fatalf("size %d", img.Size())
	}
	at := []int64{img.Size() - 4}
	for off := int64(0); off < min(img.Size(), 8<<10); off += hostileSector {
		at = append(at, off)
	}
	disktest.Reads(t, img, hostileSector, at...)
}

// TestTruncated cuts a container at every byte.
func TestTruncated(t *testing.T) {
	want := content(hostileSize)
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			b := fixtures.EWF(want, tt.o)[0].Bytes()
			disktest.Truncated(t, Format, "", b, want, hostileSector, func(_ int, img disk.Image) { checkReads(t, img) })
		})
	}
}

// TestFlippedBits flips every eleventh bit of a container. Every byte that is used
// has a checksum.
func TestFlippedBits(t *testing.T) {
	want := content(hostileSize)
	for _, tt := range hostile {
		t.Run(tt.name, func(t *testing.T) {
			b := fixtures.EWF(want, tt.o)[0].Bytes()
			disktest.Flips(t, b, 11, func() { checkHostile(t, b, want) })
		})
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
		binary.LittleEndian.PutUint32(b[v.body()+12:], 512)
		binary.LittleEndian.PutUint64(b[v.body()+16:], 1<<53)
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
