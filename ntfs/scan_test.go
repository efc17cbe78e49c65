package ntfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

// badSectors gives an error for reads that touch certain offsets.
type badSectors struct {
	io.ReaderAt
	bad []int64
}

var errMedium = errors.New("medium error")

func (r badSectors) ReadAt(p []byte, off int64) (int, error) {
	for _, b := range r.bad {
		if off <= b && b < off+int64(len(p)) {
			n, _ := r.ReaderAt.ReadAt(p[:b-off], off)
			return n, errMedium
		}
	}
	return r.ReaderAt.ReadAt(p, off)
}

func TestScanNames(t *testing.T) {
	var b []byte
	add := func(r []byte) { b = append(b, r...) }
	add(plainFile(0, "$MFT", nil).bytes())
	add(plainFile(1, "one.job", nil).bytes())
	add(make([]byte, 1024))                  // 2: never used
	add(bytes.Repeat([]byte("junk"), 256))   // 3, 4: no FILE record
	add(bytes.Repeat([]byte("junk"), 256))   //
	free := plainFile(5, "Deleted.JOB", nil) // 5
	free.free, free.sequence = true, 9
	add(free.bytes())
	ext := plainFile(6, "extension.job", nil) // 6
	ext.base = 1 | 3<<48
	add(ext.bytes())
	lying := plainFile(7, "lying.job", nil).bytes() // 7: name length
	lying[bytes.Index(lying, utf16le("lying.job"))-2] = 255
	add(lying)
	torn := plainFile(8, "torn.job", nil).bytes() // 8
	torn[1022]++
	add(torn)
	baad := plainFile(9, "baad.job", nil).bytes() // 9
	copy(baad, "BAAD")
	add(baad)
	add(plainFile(10, "a.job.txt", nil).bytes())
	dir := plainFile(11, "dir.job", nil) // 11
	dir.directory = true
	add(dir.bytes())
	add(plainFile(12, "on a bad sector.job", nil).bytes())
	add(plainFile(13, "last.job", nil).bytes())

	v, err := OpenMFT(badSectors{bytes.NewReader(b), []int64{12*1024 + 700}}, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var hits []NameHit
	var problems []string
	stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob,
		func(h NameHit) { hits = append(hits, h) },
		func(n uint64, err error) { problems = append(problems, fmt.Sprintf("%d %v", n, err)) })
	if err != nil {
		t.Fatal(err)
	}
	wantHits := []NameHit{
		{Record: 1, InUse: true, Sequence: 3}, {Record: 5, Sequence: 9}, {Record: 6, Base: NewFileReference(1, 3), InUse: true, Sequence: 3},
		{Record: 7, InUse: true, Sequence: 3}, {Record: 8, InUse: true, Sequence: 3}, {Record: 9, InUse: true, Sequence: 3},
		{Record: 11, InUse: true, Sequence: 3, Directory: true}, {Record: 13, InUse: true, Sequence: 3},
	}
	if !slices.Equal(hits, wantHits) {
		t.Errorf("hits: got %+v, want %+v", hits, wantHits)
	}
	wantStats := ScanStats{Records: 14, InUse: 9, Deleted: 1, Unreadable: 3, Torn: 2, Empty: 1}
	if stats != wantStats {
		t.Errorf("counts: got %+v, want %+v", stats, wantStats)
	}
	wantProblems := []string{
		`3 FILE record at 0xc00: signature: wrong signature (expected "FILE", found "junk"); the same for the 1 records after it`,
		"7 $FILE_NAME at 0x1cf0: name length: input ends too early", "8 FILE record at 0x23fe: sector 1: update sequence mismatch", "9 FILE record at 0x2400: signature: update sequence mismatch",
		"12 FILE record at 0x3000: $MFT at 0x32bc: data: medium error",
	}
	if len(problems) != len(wantProblems) {
		t.Fatalf("problems: got %q, want %q", problems, wantProblems)
	}
	for i, want := range wantProblems {
		if !strings.HasPrefix(problems[i], want) {
			t.Errorf("problem %d: got %q, want %q", i, problems[i], want)
		}
	}
}

func TestScanInRangesAddsUp(t *testing.T) {
	mft := bigMFT(3000)
	v, err := OpenMFT(bytes.NewReader(mft), int64(len(mft)))
	if err != nil {
		t.Fatal(err)
	}
	scan := func(from, to uint64) (hits []uint64, stats ScanStats) {
		stats, err := v.ScanNames(context.Background(), from, to, endsInJob, func(h NameHit) { hits = append(hits, h.Record) },
			func(n uint64, err error) { t.Error(n, err) })
		if err != nil {
			t.Fatal(err)
		}
		return hits, stats
	}
	wantHits, want := scan(0, 3000)
	if len(wantHits) != 1 || want.Records != 3000 || want.Empty != 60 {
		t.Fatalf("whole: got %v, %+v", wantHits, want)
	}
	var hits []uint64
	var sum ScanStats
	for from := uint64(0); from < 3000; from += 700 {
		h, s := scan(from, from+700)
		hits, sum = append(hits, h...), sum.Add(s)
	}
	if !slices.Equal(hits, wantHits) || sum != want {
		t.Errorf("ranges: got %v, %+v; want %v, %+v", hits, sum, wantHits, want)
	}
	if hits, stats := scan(5000, 100); hits != nil || stats != (ScanStats{}) {
		t.Errorf("empty range: got %v, %+v", hits, stats)
	}
}

func TestScanStopsWithContext(t *testing.T) {
	mft := bigMFT(3000)
	v, err := OpenMFT(bytes.NewReader(mft), int64(len(mft)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stats, err := v.ScanNames(ctx, 0, 3000, func([]byte) bool { cancel(); return false }, nil, nil)
	if !errors.Is(err, context.Canceled) || stats.Records == 0 || stats.Records == 3000 {
		t.Errorf("got %+v, %v", stats, err)
	}
}

func TestScanJumpsOverLostExtents(t *testing.T) {
	tv := newTestVolume(64, 100)
	// 16 records at cluster 4, 2^24 clusters past the end, then 16 more records.
	tv.mftRuns = []byte{0x11, 4, 4, 0x44, 0, 0, 0, 1, 0, 0, 0, 0x10, 0x41, 4, 10, 0, 0, 0xF0, 0}
	place(tv, 14, plainFile(0, "behind.job", nil).bytes())
	b := tv.bytes()
	mft := recordSpec{number: 0, sequence: 1, attributes: [][]byte{
		nonResident(0x80, "", 0, 0, 0, 1<<40, 1<<40, tv.mftRuns),
	}}
	copy(b[4*4096:], mft.bytes())
	boot := b[:512]
	boot[0x2C] = 1 // the volume claims 2^32 sectors, so that the lost run may be long
	v, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	hits, problems := 0, 0
	stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob, func(NameHit) { hits++ }, func(_ uint64, err error) {
		if !errors.Is(err, parse.ErrTruncated) {
			t.Error(err)
		}
		problems++
	})
	if err != nil || hits != 1 || problems != 1 || stats.Records != v.RecordCount() || stats.Unreadable != 1<<26 {
		t.Errorf("got %d hits, %d problems, %+v of %d, %v", hits, problems, stats, v.RecordCount(), err)
	}
	for n, want := range map[uint64]bool{15: true, 16: false, 1 << 26: false, 1<<26 + 16: true, v.RecordCount(): false} {
		if got := v.holdsRecord(n); got != want {
			t.Errorf("record %d is held: got %v", n, got)
		}
	}
}
