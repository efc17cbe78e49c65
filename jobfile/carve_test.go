package jobfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// fileRecord puts content at a place of a FILE record of 1024 bytes and
// protects its sectors with an update sequence, as it stands on a disk.
func fileRecord(content []byte, at int, usn uint16) []byte {
	b := make([]byte, 1024)
	copy(b, "FILE")
	binary.LittleEndian.PutUint16(b[4:], 0x30)
	binary.LittleEndian.PutUint16(b[6:], 3)
	copy(b[at:], content)
	binary.LittleEndian.PutUint16(b[0x30:], usn)
	for i := 1; i <= 2; i++ {
		copy(b[0x30+2*i:], b[512*i-2:512*i])
		binary.LittleEndian.PutUint16(b[512*i-2:], usn)
	}
	return b
}

func carveAll(t *testing.T, b []byte) []Carved {
	t.Helper()
	var out []Carved
	for c, err := range Carve(bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatalf("Carve: %v", err)
		}
		out = append(out, c)
	}
	return out
}

// Jobs are found at every alignment, also across the borders of the window.
func TestCarvePlanted(t *testing.T) {
	job := plainJob().bytes()
	big := plainJob()
	big.userData = bytes.Repeat([]byte{0x13, 4, 0}, 20000)
	big.userData = append(big.userData, 1, 2, 3)
	bigJob := big.bytes()
	data := noise(4<<20, 7)
	type plant struct {
		offset int
		b      []byte
	}
	var plants []plant
	for _, at := range []int{0, 4097, 100_001, carveStep - len(job)/2, 2*carveStep - 46, 3*carveStep - 1, 3*carveStep + 300} {
		plants = append(plants, plant{at, job})
	}
	plants = append(plants, plant{3*carveStep + carveStep/2 + 1, bigJob}, plant{len(data) - len(job), job})
	for _, p := range plants {
		copy(data[p.offset:], p.b)
	}
	for _, unknown := range []bool{false, true} {
		size := int64(len(data))
		if unknown {
			size = -1
		}
		i := 0
		for c, err := range Carve(bytes.NewReader(data), size) {
			if err != nil {
				t.Fatalf("size %d: %v", size, err)
			}
			if i >= len(plants) {
				t.Fatalf("size %d: hit too many: %s", size, c)
			}
			if p := plants[i]; c.Offset != int64(p.offset) || c.Length != len(p.b) || !c.Job.Complete || c.InFILERecord || c.Job.TrailingBytes != 0 {
				t.Errorf("size %d: got %s of %d bytes, complete %v; want %d at %#x", size, c, c.Length, c.Job.Complete, len(p.b), p.offset)
			}
			i++
		}
		if i != len(plants) {
			t.Errorf("size %d: got %d hits, want %d", size, i, len(plants))
		}
	}
}

// Jobs inside FILE records get the ends of their sectors back, wherever in the
// record they begin: also when the header itself lies over the end of a sector.
func TestCarveUndoesFixups(t *testing.T) {
	x := plainJob()
	x.note = wide("a comment that is long enough to reach over the end of the first sector of the record")
	x.tail = signature()
	job := x.bytes()
	want := mustParse(t, job)
	for at := 280; at+len(job) <= 1024; at += 8 {
		// The record lies over the border of the window.
		for _, pos := range []int{0, carveStep - 512, carveStep - 1024} {
			data := make([]byte, 2*carveStep)
			copy(data[pos:], fileRecord(job, at, 0xBEEF))
			hits := carveAll(t, data)
			if len(hits) != 1 {
				t.Fatalf("job at %d of the record at %d: %d hits", at, pos, len(hits))
			}
			c := hits[0]
			if c.Offset != int64(pos+at) || !c.InFILERecord || !c.FixupsUndone || c.NeedsFixups || c.Job.Comment.Value != want.Comment.Value || c.Length != len(job) {
				t.Fatalf("job at %d of the record at %d: %+v", at, pos, c)
			}
		}
	}
}

func TestCarveMarksWhatItCannotUndo(t *testing.T) {
	x := plainJob()
	x.note = wide("a comment that is long enough to reach over the end of the first sector of the record")
	torn := fileRecord(x.bytes(), 280, 0xBEEF)
	baad := bytes.Clone(torn)
	copy(baad, "BAAD")
	if hits := carveAll(t, baad); len(hits) != 1 || !hits[0].FixupsUndone {
		t.Errorf("record marked BAAD: got %+v", hits)
	}
	torn[1022] ^= 1
	hits := carveAll(t, torn)
	if len(hits) != 1 || !hits[0].InFILERecord || hits[0].FixupsUndone || !hits[0].NeedsFixups {
		t.Errorf("torn record: got %+v", hits)
	}
	short := fileRecord(plainJob().bytes()[:200], 300, 0xBEEF)
	short[1022] ^= 1
	copy(short[500:], make([]byte, 10))
	if hits = carveAll(t, short); len(hits) != 1 || hits[0].Job.Complete {
		t.Errorf("cut job: got %+v", hits)
	}
}

func TestCarveEndOfJob(t *testing.T) {
	flat := append([]byte{1, 0, 1, 0}, bytes.Repeat([]byte{0x55, 0xAA}, 32)...)
	zero := append([]byte{1, 0, 1, 0}, make([]byte, 64)...)
	tests := []struct {
		name  string
		tail  []byte
		state SignatureState
		more  int // bytes of tail that belong to the job
	}{
		{"signature", signature(), SignaturePresent, 68},
		{"zero signature", zero, SignatureZero, 68},
		{"something that begins like one", flat, SignatureAbsent, 0},
		{"other data", []byte("xyz"), SignatureAbsent, 0},
	}
	for _, tt := range tests {
		x := plainJob()
		n := len(x.bytes())
		x.tail = tt.tail
		data := append(append(make([]byte, 33), x.bytes()...), noise(500, 1)...)
		hits := carveAll(t, data)
		if len(hits) != 1 || hits[0].Length != n+tt.more || hits[0].Job.Signature.State != tt.state || len(hits[0].Job.Anomalies) != 0 {
			t.Errorf("%s: got %+v, want %d bytes, %s", tt.name, hits, n+tt.more, tt.state)
		}
	}
}

// Failed tasks, high priorities and other places of the application name are no
// reason to lose a job.
func TestCarveIsNotPicky(t *testing.T) {
	x := plainJob()
	x.exitCode, x.priority, x.product, x.status = 0xC0000005, 0x100, 0x0502, 0x41325
	x.lastRun = [8]uint16{2013, 8, 6, 24, 12, 42, 1, 112}
	x.appOffset = 130
	if hits := carveAll(t, x.bytes()); len(hits) != 1 {
		t.Errorf("got %d hits, want 1", len(hits))
	}
}

// A job whose end is overwritten is reported with what is left.
func TestCarveFragment(t *testing.T) {
	data := append(plainJob().bytes()[:150], bytes.Repeat([]byte{0xFF}, 300)...)
	hits := carveAll(t, data)
	if len(hits) != 1 || hits[0].Job.Complete || hits[0].Job.Application.Value != `C:\WINDOWS\system32\calc.exe` {
		t.Errorf("got %+v", hits)
	}
}

func TestCarveFindsNothingInNoise(t *testing.T) {
	n := 64 << 20
	if testing.Short() {
		n = 8 << 20
	}
	if hits := carveAll(t, noise(n, 42)); len(hits) != 0 {
		t.Errorf("%d hits in random data: %+v", len(hits), hits[0])
	}
	text := bytes.Repeat([]byte{0x13, 4, 0, 1, 0, 0x20, 0, 0}, 1<<17)
	if hits := carveAll(t, text); len(hits) != 0 {
		t.Errorf("%d hits in text made of parts of the anchor", len(hits))
	}
}

// Data full of headers that claim much costs time in proportion to its size.
func TestCarveBoundsItsWork(t *testing.T) {
	x := plainJob()
	x.app = make([]uint16, 0xFFFF)
	header := x.bytes()[:80]
	hits := 0
	for range Carve(bytes.NewReader(bytes.Repeat(header, 20_000)), -1) {
		hits++
	}
	if hits != 20_000 {
		t.Errorf("got %d hits, want 20000", hits)
	}
}

// badReader fails for reads that touch one sector.
type badReader struct {
	b   []byte
	bad int64
}

func (r badReader) ReadAt(p []byte, off int64) (int, error) {
	if off < r.bad+512 && off+int64(len(p)) > r.bad {
		n := 0
		if off < r.bad {
			n = copy(p, r.b[off:r.bad])
		}
		return n, errors.New("bad sector")
	}
	return bytes.NewReader(r.b).ReadAt(p, off)
}

func TestCarveGoesOnBehindAnUnreadableSector(t *testing.T) {
	data := make([]byte, 3*carveStep)
	job := plainJob().bytes()
	for _, at := range []int{1000, carveStep + 100_000, 2*carveStep + 5} {
		copy(data[at:], job)
	}
	found, failed := 0, 0
	for _, err := range Carve(badReader{data, carveStep + 8192}, int64(len(data))) {
		if err != nil {
			failed++
			continue
		}
		found++
	}
	if found != 3 || failed == 0 {
		t.Errorf("got %d jobs and %d errors, want 3 and some", found, failed)
	}
}

func TestCarveTellsOfMissingData(t *testing.T) {
	job := plainJob().bytes()
	var errs []error
	found := 0
	for _, err := range Carve(bytes.NewReader(job), 10<<20) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found++
	}
	if found != 1 || len(errs) != 1 || !errors.Is(errs[0], io.ErrUnexpectedEOF) {
		t.Errorf("got %d jobs, errors %v", found, errs)
	}
}

func TestCarveCorpus(t *testing.T) {
	files := corpusFiles()
	if len(files) == 0 {
		t.Skip("JOBSCAN_CORPUS is not set: no job files to carve")
	}
	for name, b := range files {
		want, _ := ParsePrefix(b)
		hits := carveAll(t, append(append(noise(777, 3), b...), noise(300, 4)...))
		if len(hits) != 1 || hits[0].Offset != 777 || want.Complete && hits[0].Length != len(b)-want.TrailingBytes {
			t.Errorf("%s: got %+v", name, hits)
		}
	}
}

func noise(n int, seed uint64) []byte {
	var s [32]byte
	binary.LittleEndian.PutUint64(s[:], seed)
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(s).Read(b) // never fails
	return b
}

func BenchmarkCarve(b *testing.B) {
	for name, data := range map[string][]byte{"random": noise(64<<20, 5), "zeros": make([]byte, 64<<20)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				for c := range Carve(bytes.NewReader(data), int64(len(data))) {
					b.Fatal(fmt.Sprint("hit ", c))
				}
			}
		})
	}
}

func BenchmarkParse10000(b *testing.B) {
	x := plainJob()
	x.par, x.note, x.tail = wide("-p"), wide("Keeps your software up to date."), signature()
	job := x.bytes()
	b.ReportAllocs()
	for b.Loop() {
		for range 10_000 {
			if _, err := Parse(job); err != nil {
				b.Fatal(err)
			}
		}
	}
}
