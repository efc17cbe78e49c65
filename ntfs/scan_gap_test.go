package ntfs

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestScanTellsLossesApart: a record that $BITMAP marks in use, or that could not
// be read, was once told as "the same" as a free slot of junk before it.
func TestScanTellsLossesApart(t *testing.T) {
	tv := newTestVolume(52, 64)
	// 40 records at cluster 4, 8 past the end of the volume, 4 at cluster 14.
	tv.mftRuns = []byte{0x11, 10, 4, 0x31, 2, 0, 0, 1, 0x31, 1, 0x0A, 0, 0xFF, 0}
	for i := range uint32(4) {
		tv.records[40+i] = plainFile(48+i, fmt.Sprint("file ", 48+i), nil).bytes()
	}
	junk := bytes.Repeat([]byte("junk"), 256)
	used := make([]byte, 8)
	used[0] = 0xFF
	for n := uint32(2); n < 40; n++ {
		tv.add(plainFile(n, fmt.Sprint("file ", n), nil))
	}
	for _, n := range []uint32{20, 21, 22, 23, 24, 25, 27, 28, 29, 30, 31, 38, 39} {
		tv.records[n] = junk
	}
	for _, n := range []int{22, 23, 25, 27, 31} {
		used[n/8] |= 1 << (n % 8)
	}
	tv.mftExtra = [][]byte{resident(0xB0, "", used)}
	b := tv.bytes()
	bad := func(n int64) int64 { return 4*4096 + n*1024 + 100 }
	v, err := Open(badSectors{bytes.NewReader(b), []int64{bad(28), bad(29)}}, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	const inUse, more = "; $BITMAP of $MFT marks it in use", "; the same for the %d records after it"
	want := []string{
		`20 ... found "junk")` + fmt.Sprintf(more, 1),
		`22 ... found "junk")` + inUse + fmt.Sprintf(more, 1),
		`24 ... found "junk")`,
		`25 ... found "junk")` + inUse, // 26 is sound
		`27 ... found "junk")` + inUse,
		`28 ... medium error` + fmt.Sprintf(more, 1),
		`30 ... found "junk")`,
		`31 ... found "junk")` + inUse,
		`38 ... found "junk")` + fmt.Sprintf(more, 1),
		`40 ... not in the evidence)` + fmt.Sprintf(more, 7),
	}
	var got []string
	stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob, func(NameHit) {}, func(n uint64, err error) {
		got = append(got, fmt.Sprint(n, " ", err))
	})
	if err != nil || stats.Unreadable != 21 {
		t.Errorf("got %+v, %v; want 21 unreadable", stats, err)
	}
	if !slices.EqualFunc(got, want, func(got, want string) bool {
		head, tail, _ := strings.Cut(want, "... ")
		return strings.HasPrefix(got, head) && strings.HasSuffix(got, tail)
	}) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
