package ntfs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

// patchMFT changes the $DATA attribute of $MFT's record, which starts at at.
// The attribute lies where no fixup does.
func patchMFT(b []byte, at int, change func(attribute []byte)) {
	change(b[at+bytes.Index(b[at:at+1024], []byte{0x80, 0, 0, 0, 0x48}):])
}

func setDataSize(n uint64) func([]byte) {
	return func(a []byte) {
		binary.LittleEndian.PutUint64(a[0x30:], n)
		binary.LittleEndian.PutUint64(a[0x38:], n)
	}
}

// TestLyingMFTSize: an $MFT that states fewer bytes than it has, or fewer
// clusters, hides all files behind them from who believes it.
func TestLyingMFTSize(t *testing.T) {
	const mft, mirror = 4 * 4096, 2 * 4096
	bits := make([]byte, 8)
	for _, n := range []int{0, 1, 12, 40, 62} {
		bits[n/8] |= 1 << (n % 8)
	}
	fewRuns := func(a []byte) { setDataSize(32 * 1024)(a); a[0x41] = 8 }
	tests := []struct {
		name     string
		change   func(b []byte)
		records  uint64
		problems []string // "~" marks a workaround
	}{
		{"honest", func(b []byte) {}, 64, nil},
		{"size, in both copies", func(b []byte) {
			patchMFT(b, mft, setDataSize(30*1024))
			patchMFT(b, mirror, setDataSize(30*1024))
		}, 63, []string{"30720 bytes stated for $MFT hide 2 FILE records, 2 of them in use: $MFT read up to record 62"}},
		{"size, in record 0", func(b []byte) { patchMFT(b, mft, setDataSize(30*1024)) }, 63,
			[]string{"hide 2 FILE records", "30720 bytes in 1 runs, but 65536 in 1 by its copy in $MFTMirr"}},
		{"size, in the copy", func(b []byte) { patchMFT(b, mirror, setDataSize(30*1024)) }, 64,
			[]string{"65536 bytes in 1 runs, but 30720 in 1 by its copy"}},
		{"no size at all", func(b []byte) {
			patchMFT(b, mft, setDataSize(0))
			patchMFT(b, mirror, setDataSize(0))
		}, 63, []string{"0 bytes stated for $MFT hide"}},
		{"runs, in record 0", func(b []byte) { patchMFT(b, mft, fewRuns) }, 64,
			[]string{"32768 bytes in 1 runs, but 65536 in 1 by its copy in $MFTMirr, which is used"}},
		{"runs, in both copies", func(b []byte) { patchMFT(b, mft, fewRuns); patchMFT(b, mirror, fewRuns) }, 32,
			[]string{"2 records are marked in use, up to number 62, after the 32 that $MFT has"}},
		{"the copy maps another $MFT", func(b []byte) {
			patchMFT(b, mirror, func(a []byte) { a[0x41], a[0x42] = 17, 40; setDataSize(68 * 1024)(a) })
			copy(b[40*4096+66*1024:], plainFile(66, "decoy.job", nil).bytes())
		}, 64, []string{"by its copy in $MFTMirr"}},
		{"record 0 gone", func(b []byte) { clear(b[mft : mft+1024]) }, 64, []string{"$MFTMirr used"}},
		{"record 0 torn", func(b []byte) { b[mft+1022]++ }, 64, []string{"~$MFTMirr used"}},
		{"record 0 torn, and it lied", func(b []byte) { b[mft+1022]++; patchMFT(b, mft, setDataSize(30*1024)) }, 64, []string{"$MFTMirr used"}},
		{"boot sector gone", func(b []byte) { clear(b[:512]) }, 64, []string{"~OEM id", "~backup"}},
	}
	for _, tt := range tests {
		tv := newTestVolume(64, 100)
		tv.mftExtra = [][]byte{resident(0xB0, "", bits)}
		for _, n := range []uint32{12, 40, 62} {
			tv.add(plainFile(n, fmt.Sprintf("%d.job", n), nil))
		}
		b := tv.bytes()
		tt.change(b)
		v, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if v.RecordCount() != tt.records {
			t.Errorf("%s: got %d records, want %d", tt.name, v.RecordCount(), tt.records)
		}
		got := v.Problems()
		if len(got) != len(tt.problems) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.problems)
			continue
		}
		for i, want := range tt.problems {
			want, workaround := strings.CutPrefix(want, "~")
			if !strings.Contains(got[i].Error(), want) || IsWorkaround(got[i]) != workaround {
				t.Errorf("%s: got %q, workaround %v; want %q, %v", tt.name, got[i], IsWorkaround(got[i]), want, workaround)
			}
		}
		var hits []uint64
		stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob, func(h NameHit) { hits = append(hits, h.Record) }, func(uint64, error) {})
		if want := []uint64{12, 40, 62}; tt.records > 40 && !slices.Equal(hits, want) || err != nil || stats.Records != tt.records {
			t.Errorf("%s: scan: got %v, %+v, %v; want %v", tt.name, hits, stats, err, want)
		}
	}
}

// TestRemainsBehindMFT: what an earlier file system left in the last clusters
// of $MFT is no FILE record of this one.
func TestRemainsBehindMFT(t *testing.T) {
	free := plainFile(62, "old.job", nil)
	free.free = true
	tests := []struct {
		name       string
		record     []byte
		records    uint64
		workaround bool
	}{
		{"nothing", make([]byte, 1024), 60, false},
		{"another number", plainFile(7, "old.job", nil).bytes(), 60, false},
		{"an index record", append([]byte("INDX"), make([]byte, 1020)...), 60, false},
		{"free", free.bytes(), 63, true},
		{"in use", plainFile(62, "old.job", nil).bytes(), 63, false},
	}
	for _, tt := range tests {
		tv := newTestVolume(64, 100)
		tv.records[62] = tt.record
		b := tv.bytes()
		for _, at := range []int{4 * 4096, 2 * 4096} {
			patchMFT(b, at, setDataSize(60*1024))
		}
		v, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil || v.RecordCount() != tt.records {
			t.Errorf("%s: got %d records, %v; want %d", tt.name, v.RecordCount(), err, tt.records)
			continue
		}
		if p := v.Problems(); (len(p) > 0) != (tt.records > 60) || len(p) > 0 && IsWorkaround(p[0]) != tt.workaround {
			t.Errorf("%s: got %q, want workaround %v", tt.name, p, tt.workaround)
		}
	}
}

// TestHiddenMapping: the record that maps the rest of $MFT is itself hidden.
func TestHiddenMapping(t *testing.T) {
	b := fragmentedMFT().bytes()
	for _, at := range []int{4 * 4096, 2 * 4096} {
		patchMFT(b, at, setDataSize(10*1024))
	}
	v, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil || v.RecordCount() != 63 || len(v.Problems()) != 1 {
		t.Fatalf("got %d records, %q, %v", v.RecordCount(), v.Problems(), err)
	}
	if f, err := v.File(62); err != nil || f.Names()[0].Name != "far.job" {
		t.Errorf("record 62: %v", err)
	}
}

// TestLostRecords: zeros in place of a FILE record are a lost one where
// $BITMAP says that it is in use, and never used otherwise.
func TestLostRecords(t *testing.T) {
	bits := []byte{3, 0, 0, 0, 0x60, 1, 0, 0} // 0, 1, 37, 38, 40
	tv := newTestVolume(64, 100)
	tv.mftExtra = [][]byte{resident(0xB0, "", bits)}
	tv.add(plainFile(40, "x.job", nil))
	tv.records[50] = bytes.Repeat([]byte("junk"), 256)
	v, image, err := tv.open()
	if err != nil || len(v.Problems()) != 0 {
		t.Fatal(v.Problems(), err)
	}
	var problems []string
	stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob, func(NameHit) {},
		func(n uint64, err error) { problems = append(problems, fmt.Sprint(n, err)) })
	if want := (ScanStats{Records: 64, InUse: 3, Unreadable: 3, Empty: 58}); stats != want || err != nil {
		t.Errorf("counts: got %+v, %v; want %+v", stats, err, want)
	}
	if len(problems) != 2 || !strings.HasPrefix(problems[0], "37") || !strings.Contains(problems[0], "marks it in use; the same for the 1 ") || !strings.HasPrefix(problems[1], "50") {
		t.Errorf("problems: got %q", problems)
	}
	var lost []string
	for r, err := range v.Records(context.Background()) {
		if err != nil {
			lost = append(lost, fmt.Sprint(r, err))
		}
	}
	if len(lost) != 3 {
		t.Errorf("walk: got %q, want 3 lost records", lost)
	}

	cut, err := Open(bytes.NewReader(image[:4*4096+45*1024]), 4*4096+45*1024)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		v         *Volume
		record    uint64
		want      error // nil: readable
		allocated bool
	}{
		{"file", v, 40, nil, true},
		{"zeros, in use", v, 37, parse.ErrSignature, true},
		{"zeros, not in use", v, 30, parse.ErrSignature, false},
		{"written over", v, 50, parse.ErrSignature, false},
		{"past the end of $MFT", v, 64, parse.ErrRange, false},
		{"in the evidence", cut, 40, nil, true},
		{"not in the evidence", cut, 50, parse.ErrTruncated, false},
		{"not in the evidence, nor in $MFT", cut, 64, parse.ErrRange, false},
	}
	for _, tt := range tests {
		f, err := tt.v.File(tt.record)
		var pe *parse.Error
		if tt.want != nil && (f != nil || !errors.Is(err, tt.want) || !errors.As(err, &pe)) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if got := tt.v.Readable(tt.record); got != (tt.want == nil) || got != (err == nil) {
			t.Errorf("%s: readable: got %v, error %v", tt.name, got, err)
		}
		if got, _ := tt.v.RecordAllocated(tt.record); got != tt.allocated {
			t.Errorf("%s: allocated: got %v, want %v", tt.name, got, tt.allocated)
		}
	}
}

func TestIsWorkaround(t *testing.T) {
	w := &Workaround{&parse.Error{Structure: "x", Err: parse.ErrSignature}}
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"nothing", nil, false},
		{"itself", w, true},
		{"with context", fmt.Errorf("volume 1: %w", w), true},
		{"joined with a loss", errors.Join(w, parse.ErrTruncated), false},
		{"a loss", &parse.Error{Err: parse.ErrTruncated}, false},
	}
	for _, tt := range tests {
		if got := IsWorkaround(tt.err); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if !errors.Is(w, parse.ErrSignature) {
		t.Error("the cause is lost")
	}
}
