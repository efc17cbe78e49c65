package jobfile

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// scanned walks data with a Scanner in windows of the given step.
func scanned(b []byte, step int) []string {
	var out []string
	s := NewScanner(bytes.NewReader(b), int64(len(b)))
	for at := 0; at < len(b); at += step {
		base := max(at-ScannerLead, 0)
		win := bytes.Clone(b[base:min(at+step+ScannerTail, len(b))])
		s.Window(win, int64(base), at-base, min(at+step, len(b))-base, func(c Carved) { out = append(out, carvedText(c)) })
	}
	return out
}

func carvedText(c Carved) string {
	return fmt.Sprintf("%v %d %t %t %t %t", c, c.Length, c.InFILERecord, c.FixupsUndone, c.NeedsFixups, c.HeadLost)
}

// A Scanner finds what Carve finds, whatever the windows.
func TestScanner(t *testing.T) {
	job := plainJob().bytes()
	data := noise(3<<20, 11)
	for _, at := range []int{0, 5000, 65536 - 40, 131072 - len(job) + 3, 1<<20 - 30, 2<<20 + 70_001} {
		copy(data[at:], job)
	}
	copy(data[700_416:], fileRecord(job, 0x120, 9))
	copy(data[1<<20+512*100:], fileRecord(job, 0x120, 10))
	copy(data[900_001:], job[len(job)/2:]) // perhaps an end
	var want []string
	for c, err := range Carve(bytes.NewReader(data), int64(len(data))) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, carvedText(c))
	}
	if len(want) < 8 {
		t.Fatalf("Carve found %q", want)
	}
	for _, step := range []int{65536, 1 << 20, 4 << 20} {
		if got := scanned(data, step); !slices.Equal(got, want) {
			t.Errorf("windows of %d: got %q, want %q", step, got, want)
		}
	}
	NewScanner(bytes.NewReader(nil), 0).Window(nil, 0, 0, 0, func(c Carved) { t.Errorf("found %v in nothing", c) })
	NewScanner(bytes.NewReader(job), int64(len(job))).Window(job, 0, 5, 3, func(c Carved) { t.Errorf("found %v in an empty step", c) })
}
