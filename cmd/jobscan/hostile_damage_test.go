package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

// hostileTarget is an undamaged image and where its structures are.
type hostileTarget struct {
	name    string
	image   *fixtures.Image
	records uint64   // numbers below this are FILE records
	folders []uint64 // records of folders
	usns    []int64  // where $J has records
	disk    bool     // partitions: where the structures are is not known
}

func hostileTargets(t *testing.T) []hostileTarget {
	t.Helper()
	var out []hostileTarget
	for _, name := range []string{"demo", "strange-names", "many-hard-links", "folder-renamed-later", "compressed-and-sparse",
		"fragmented-mft", "fragmented-journal", "journal-with-holes-and-damage", "mbr-disk", "gpt-disk"} {
		s, ok := fixtures.Find(name)
		if !ok {
			t.Fatalf("no scenario %s", name)
		}
		out = append(out, newHostileTarget(t, s.Name, s.Build()))
	}
	return out
}

func newHostileTarget(t *testing.T, name string, image *fixtures.Image) hostileTarget {
	t.Helper()
	h := hostileTarget{name: name, image: image, disk: len(image.Truth) != 1, records: 24}
	for _, e := range image.Truth[0].Events {
		if e.InJournal {
			h.usns = append(h.usns, e.USN)
		}
	}
	for _, a := range image.Truth[0].Alive {
		var number, sequence uint64
		if _, err := fmt.Sscanf(a.Reference, "%d-%d", &number, &sequence); err != nil {
			t.Fatal(err)
		}
		h.records = max(h.records, number+1)
		if a.Directory && number >= 24 {
			h.folders = append(h.folders, number)
		}
	}
	return h
}

// hostileDamages are the kinds of damage. On a disk those that need to know
// where a structure is hit anything.
var hostileDamages = []struct {
	name  string
	apply func(h *hostileTarget, m *fixtures.Image, r *rand.Rand)
}{
	{"bits-in-mft", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 1 + r.IntN(64) {
			flip(m, r, h.mftOffset(r), 1024)
		}
	}},
	{"bits-in-sound-record", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 1 + r.IntN(8) {
			h.patch(m, r.Uint64N(h.records), r, func(b []byte) { b[r.IntN(len(b))] ^= 1 << r.IntN(8) })
		}
	}},
	{"bits-in-journal", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 1 + r.IntN(64) {
			flip(m, r, h.journalOffset(r), 1)
		}
	}},
	{"bits-in-boot", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 1 + r.IntN(8) {
			flip(m, r, 0, 512)
		}
	}},
	{"zeros", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 1 + r.IntN(4) {
			write(m, make([]byte, 1+r.IntN(16<<10)), h.anyOffset(r))
		}
	}},
	{"swapped-sectors", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 1 + r.IntN(16) {
			swapSectors(m, h.anyOffset(r), h.anyOffset(r))
		}
	}},
	{"lying-mft-record", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		h.patch(m, 0, r, func(b []byte) { lie(b, r) })
	}},
	{"lying-journal-record", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		h.patch(m, h.journalRecord(m), r, func(b []byte) { lie(b, r) })
	}},
	{"lying-boot", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		b := read(m, 0, 512)
		lie(b[:0x54], r)
		write(m, b, 0)
	}},
	{"lying-records", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 1 + r.IntN(16) {
			h.patch(m, r.Uint64N(h.records), r, func(b []byte) { lie(b, r) })
		}
	}},
	{"cyclic-parents", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 1 + r.IntN(4) {
			h.entangle(m, r)
		}
	}},
	{"truncated", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		fixtures.Truncate(m, r.Int64N(m.Size()))
	}},
	{"truncated-in-structures", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		fixtures.Truncate(m, h.anyOffset(r))
	}},
	{"all-at-once", func(h *hostileTarget, m *fixtures.Image, r *rand.Rand) {
		for range 3 {
			flip(m, r, h.anyOffset(r), 4096)
			swapSectors(m, h.anyOffset(r), h.anyOffset(r))
			h.patch(m, r.Uint64N(h.records), r, func(b []byte) { lie(b, r) })
			h.entangle(m, r)
		}
	}},
}

// anyOffset is in a structure: boot sector, $MFT or $J.
func (h *hostileTarget) anyOffset(r *rand.Rand) int64 {
	switch r.IntN(8) {
	case 0:
		return r.Int64N(512)
	case 1, 2, 3:
		return h.journalOffset(r)
	}
	return h.mftOffset(r)
}

func (h *hostileTarget) mftOffset(r *rand.Rand) int64 {
	if h.disk {
		return r.Int64N(h.image.Size())
	}
	return h.image.RecordOffset(r.Uint64N(h.records)) + r.Int64N(1024)
}

func (h *hostileTarget) journalOffset(r *rand.Rand) int64 {
	if h.disk || len(h.usns) == 0 {
		return h.mftOffset(r)
	}
	return h.image.JournalOffset(h.usns[r.IntN(len(h.usns))]) + r.Int64N(64)
}

// patch changes a FILE record and makes its update sequence right again; on a
// disk it changes any sector.
func (h *hostileTarget) patch(m *fixtures.Image, n uint64, r *rand.Rand, change func(b []byte)) {
	if !h.disk {
		fixtures.PatchRecord(m, n, change)
		return
	}
	at := r.Int64N(m.Size()) &^ 511
	b := read(m, at, 512)
	change(b)
	write(m, b, at)
}

// journalRecord finds the FILE record of $UsnJrnl by its name.
func (h *hostileTarget) journalRecord(m *fixtures.Image) uint64 {
	if h.disk {
		return 0
	}
	name := []byte("$\x00U\x00s\x00n\x00J\x00r\x00n\x00l\x00")
	for n := uint64(24); n < h.records+8; n++ {
		if bytes.Contains(read(m, m.RecordOffset(n), 1024), name) {
			return n
		}
	}
	return 0
}

// entangle makes a folder the parent of another, both chosen at random.
func (h *hostileTarget) entangle(m *fixtures.Image, r *rand.Rand) {
	if h.disk || len(h.folders) == 0 {
		return
	}
	child, parent := h.folders[r.IntN(len(h.folders))], h.folders[r.IntN(len(h.folders))]
	fixtures.PatchRecord(m, child, func(b []byte) {
		for at := int(le16(b, 0x14)); at+0x18 < len(b) && le16(b, at) != 0xFFFF && le16(b, at+4) > 0; at += int(le16(b, at+4)) {
			if value := at + int(le16(b, at+0x14)); le16(b, at) == 0x30 && value+8 <= len(b) {
				copy(b[value:], []byte{byte(parent), byte(parent >> 8), 0, 0, 0, 0})
			}
		}
	})
}

func le16(b []byte, at int) uint16 { return uint16(b[at]) | uint16(b[at+1])<<8 }

// lie sets a field of 4 or 8 bytes to a bound.
func lie(b []byte, r *rand.Rand) {
	size := 4 << r.IntN(2)
	at := r.IntN(len(b)-size+1) &^ 3
	value := []uint64{0, 1, math.MaxUint64, math.MaxUint64 >> 1, math.MaxInt32}[r.IntN(5)]
	for i := range size {
		b[at+i] = byte(value >> (8 * i))
	}
	if size == 4 && value == math.MaxUint64>>1 {
		b[at+3] = 0x7F
	}
}

func flip(m *fixtures.Image, r *rand.Rand, from int64, within int) {
	at := from + int64(r.IntN(within))
	if at >= m.Size() {
		return
	}
	b := read(m, at, 1)
	b[0] ^= 1 << r.IntN(8)
	write(m, b, at)
}

func swapSectors(m *fixtures.Image, a, b int64) {
	a, b = a&^511, b&^511
	x, y := read(m, a, 512), read(m, b, 512)
	write(m, y, a)
	write(m, x, b)
}

// read gives n bytes, zeros past the end of the image.
func read(m *fixtures.Image, at int64, n int) []byte {
	b := make([]byte, n)
	_, _ = m.ReadAt(b, at) // zeros past the end
	return b
}

// write writes what lies within the image.
func write(m *fixtures.Image, b []byte, at int64) {
	if n := min(int64(len(b)), m.Size()-at); n > 0 {
		_, _ = m.WriteAt(b[:n], at) // within the image
	}
}
