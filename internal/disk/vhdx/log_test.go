package vhdx

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// dirtied wraps a disk and moves sectors of all structures and of payload into a
// log of several entries.
func dirtied(content []byte, l fixtures.VHDXLog) *fixtures.VHDXFile {
	f := fixtures.VHDX(content, fixtures.VHDXOptions{})
	f.Dirty(withEntries(f, l))
	return f
}

// withEntries hides sectors of a file in the entries of a log. The first entry has
// what later ones replace.
func withEntries(f *fixtures.VHDXFile, l fixtures.VHDXLog) fixtures.VHDXLog {
	stale := bytes.Repeat([]byte{0xee}, 4096)
	l.Entries = append(l.Entries,
		[]fixtures.VHDXWrite{{At: f.BAT, Sector: stale}, {At: f.Payload, Zeros: mib}, {At: f.Payload + 8192, Sector: stale}},
		f.Hide(192<<10, 256<<10),
		f.Hide(f.BAT, f.Metadata, f.Metadata+64<<10),
	)
	var payload []int64
	for at := int64(0); at < 200*4096; at += 4096 {
		payload = append(payload, f.Payload+at)
	}
	// What the first entry cleared and no later one brings back stays clear.
	clear(f.Bytes[f.Payload+200*4096 : f.Payload+mib])
	l.Entries = append(l.Entries, f.Hide(payload...))
	return l
}

// logged is a disk with zeros where withEntries leaves them.
func logged(size int) []byte {
	want := irregular(size)
	for i := range mib {
		want[i] |= 1
	}
	clear(want[200*4096 : mib])
	return want
}

func TestReplay(t *testing.T) {
	want := logged(3*mib + 512)
	for _, l := range []fixtures.VHDXLog{
		{At: 0, Sequence: 1},
		{At: 40960, Sequence: 1 << 40},
		{At: mib - 4096, Sequence: 9},
		{At: mib - 3*4096, Sequence: 9},
		{At: mib - 20*4096, Sequence: 1<<32 - 2},
	} {
		t.Run(fmt.Sprintf("at %#x from %d", l.At, l.Sequence), func(t *testing.T) {
			f := dirtied(want, l)
			before := bytes.Clone(f.Bytes)
			img := opened(t, f.Bytes)
			disktest.Same(t, img, want)
			disktest.Flaw(t, img, "the file was not closed: 4 log entries with 208 changes", true)
			if !bytes.Equal(f.Bytes, before) {
				t.Error("the file was changed")
			}
		})
	}
}

// TestReplayFromTail: entries before the tail are in their places already, and
// what was written there since is newer.
func TestReplayFromTail(t *testing.T) {
	want := logged(2 * mib)
	old := []fixtures.VHDXWrite{{At: 5 * mib, Zeros: mib}, {At: 4 * mib, Sector: bytes.Repeat([]byte{7}, 4096)}}
	f := fixtures.VHDX(want, fixtures.VHDXOptions{})
	f.Dirty(withEntries(f, fixtures.VHDXLog{At: 8192, Sequence: 5, Tail: 1, Entries: [][]fixtures.VHDXWrite{old}}))
	img := opened(t, f.Bytes)
	disktest.Same(t, img, want)
	disktest.Flaw(t, img, "4 log entries with 208 changes", true)
}

// TestReplayGrowth: the file is longer after the replay, with zeros.
func TestReplayGrowth(t *testing.T) {
	want := logged(3 * mib)
	clear(want[2*mib:])
	f := fixtures.VHDX(want, fixtures.VHDXOptions{Fixed: true})
	f.Bytes = f.Bytes[:len(f.Bytes)-mib]
	f.Dirty(withEntries(f, fixtures.VHDXLog{Sequence: 1, Last: uint64(len(f.Bytes)) + mib}))
	img := opened(t, f.Bytes)
	disktest.Same(t, img, want)
	disktest.Flaw(t, img, "4 log entries", true)
	// The same file, of which less is left than its writer had made safe.
	g := fixtures.VHDX(want, fixtures.VHDXOptions{Fixed: true})
	g.Bytes = g.Bytes[:len(g.Bytes)-mib]
	g.Dirty(fixtures.VHDXLog{Sequence: 1, Last: uint64(len(f.Bytes)) + mib, Flushed: uint64(len(f.Bytes)) + mib, Entries: [][]fixtures.VHDXWrite{g.Hide(g.Payload)}})
	img = opened(t, g.Bytes)
	got := make([]byte, 3*mib)
	if n, err := img.ReadAt(got, 0); n != 2*mib || err == nil || !bytes.Equal(got[:n], want[:n]) {
		t.Errorf("cut file: read %d bytes, %v", n, err)
	}
	if flaws := img.(disk.Flawed).Flaws(); len(flaws) != 3 || !flaws[0].Warning || flaws[1].Warning || flaws[2].Warning {
		t.Errorf("cut file: flaws %v", flaws)
	}
}

// TestNoReplay: what cannot be replayed is told, and the file is read as it is.
func TestNoReplay(t *testing.T) {
	want := logged(2 * mib)
	payload := func(f *fixtures.VHDXFile) [][]fixtures.VHDXWrite {
		return [][]fixtures.VHDXWrite{f.Hide(f.Payload), f.Hide(f.Payload + 4096)}
	}
	tests := []struct {
		name   string
		damage func(f *fixtures.VHDXFile)
		flaw   string
	}{
		{"entries of another log", func(f *fixtures.VHDXFile) {
			f.Dirty(fixtures.VHDXLog{Sequence: 1, OtherGUID: true, Entries: payload(f)})
		}, "VHDX log at 0x100000: wrong signature (expected entries of the log 44495547-"},
		{"a flipped bit in each entry", func(f *fixtures.VHDXFile) {
			f.Dirty(fixtures.VHDXLog{Sequence: 1, Entries: payload(f)})
			f.Bytes[f.Log+5000] ^= 1
			f.Bytes[f.Log+2*4096+5000] ^= 1
		}, "VHDX log entry at 0x100004: checksum"},
		{"the tail is lost", func(f *fixtures.VHDXFile) {
			f.Dirty(fixtures.VHDXLog{Sequence: 1, Entries: payload(f)})
			f.Bytes[f.Log+5000] ^= 1
		}, "VHDX log entry at 0x100004: checksum"},
		{"another version", func(f *fixtures.VHDXFile) {
			f.Dirty(fixtures.VHDXLog{Sequence: 1, Entries: payload(f)})
			f.Bytes[128<<10+64] = 1
			fixtures.VHDXChecksum(f.Bytes[128<<10:][:4096])
		}, "log version: unsupported (expected 0, found 1)"},
		{"outside the file", func(f *fixtures.VHDXFile) {
			f.Dirty(fixtures.VHDXLog{Sequence: 1, Entries: payload(f)})
			f.Bytes[128<<10+72+5] = 1
			fixtures.VHDXChecksum(f.Bytes[128<<10:][:4096])
		}, "log offset: value out of range"},
		{"too large", func(f *fixtures.VHDXFile) {
			f.Dirty(fixtures.VHDXLog{Sequence: 1, Entries: payload(f)})
			f.Bytes[128<<10+71] = 1
			fixtures.VHDXChecksum(f.Bytes[128<<10:][:4096])
		}, "log length: value out of range"},
	}
	whole := fixtures.VHDX(want, fixtures.VHDXOptions{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := copied(whole)
			test.damage(f)
			s := source(f.Bytes)
			img, err := Format.Open(s)
			if test.name == "too large" { // it reaches over the regions
				if err == nil {
					t.Error("opened")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			disktest.Flaw(t, img, test.flaw, false)
			if got := disktest.ReadAll(t, img); bytes.Equal(got, want) || !bytes.Equal(got[8192:], want[8192:]) {
				t.Error("the file is not read as it is")
			}
		})
	}
}

// TestTornEntry: an entry that was being written when the writer died is not
// there, those before it are.
func TestTornEntry(t *testing.T) {
	want := logged(2 * mib)
	f := fixtures.VHDX(want, fixtures.VHDXOptions{})
	l := withEntries(f, fixtures.VHDXLog{Sequence: 1})
	l.Entries = append(l.Entries, []fixtures.VHDXWrite{{At: f.Payload, Sector: bytes.Repeat([]byte{1}, 4096)}})
	f.Dirty(l)
	at := bytes.LastIndex(f.Bytes[:f.Metadata], []byte("loge"))
	f.Bytes[at+4096+100] ^= 1
	img := opened(t, f.Bytes)
	disktest.Same(t, img, want)
	disktest.Flaw(t, img, "4 log entries with 208 changes", true)
}

// TestLogFlipped: a changed log is never replayed as if it were whole.
func TestLogFlipped(t *testing.T) {
	want := logged(mib)
	f := fixtures.VHDX(want, fixtures.VHDXOptions{})
	f.Dirty(fixtures.VHDXLog{Sequence: 1, Entries: [][]fixtures.VHDXWrite{f.Hide(f.Payload)}})
	check := func() {
		img, err := disktest.Try(t, Format, source(f.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		if flaws := img.(disk.Flawed).Flaws(); len(flaws) != 1 || flaws[0].Warning {
			t.Errorf("flaws %v, want that the log is not replayed", flaws)
		}
	}
	log := f.Bytes[f.Log:][:2*4096]
	disktest.Flips(t, log[:100], 5, check) // header and descriptor
	disktest.Flips(t, log[100:], 455, check)
}

// TestOverlay holds the replaced parts against writes done one after the other.
func TestOverlay(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		base := make([]byte, 40*logSector)
		for i := range base {
			base[i] = 1
		}
		want := slices.Clone(base)
		var writes []write
		for range r.IntN(20) {
			w := write{at: int64(r.IntN(40)) * logSector, length: logSector}
			if r.IntN(2) == 0 {
				w.length = (1 + r.Int64N(40-w.at/logSector)) * logSector
				clear(want[w.at : w.at+w.length])
			} else {
				w.sector = bytes.Repeat([]byte{byte(2 + r.IntN(200))}, logSector)
				copy(want[w.at:], w.sector)
			}
			writes = append(writes, w)
		}
		size := int64(len(base))
		o := &overlay{file: bytes.NewReader(base), held: size, size: size}
		o.lay(writes)
		end := int64(0)
		for _, c := range o.changes {
			if c.at < end || c.length < 1 || c.sector != nil && c.sector.Size() != c.length {
				t.Fatalf("seed %d: changes %v", seed, o.changes)
			}
			end = c.at + c.length
		}
		got := make([]byte, size)
		if n, err := o.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Errorf("seed %d: read %d bytes, %v", seed, n, err)
		}
	}
}
