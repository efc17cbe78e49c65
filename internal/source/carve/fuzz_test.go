package carve

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/usn"
)

// checkRun holds for any bytes: what is found lies in them, in order, and jobs
// and USN records are those that the carvers of these formats find.
func checkRun(t *testing.T, b []byte) {
	t.Helper()
	var l log
	f := l.finder(nil)
	var last, end int64
	f.Record = func(tr event.Trace) {
		if tr.Offset < -16 || tr.Offset >= int64(len(b)) || tr.Name.Name == "" || tr.Name.Partial {
			t.Fatalf("%+v in %d bytes", tr, len(b))
		}
	}
	f.AnyUSN = func(r usn.Raw) {
		if r.Offset < end || r.Offset%8 != 0 {
			t.Fatalf("USN record at %d after %d", r.Offset, last)
		}
		last, end = r.Offset, r.Offset+int64(len(r.Bytes()))
	}
	stats, err := f.run(context.Background(), bytes.NewReader(b), int64(len(b)), nil)
	if err != nil || stats.Bytes != int64(len(b)) || stats.Jobs != int64(len(l.jobs)) || stats.USN < int64(len(l.usn)) {
		t.Fatalf("%+v, %v", stats, err)
	}
	var jobs []string
	for c := range jobfile.Carve(bytes.NewReader(b), int64(len(b))) {
		jobs = append(jobs, fmt.Sprintf("%#x %q %d %t", c.Offset, c.Job.Application.Value, c.Length, c.InFILERecord))
	}
	if !slices.Equal(jobs, l.jobs) {
		t.Fatalf("jobs: got %q, want %q", l.jobs, jobs)
	}
	n := int64(0)
	for range usn.Carve(bytes.NewReader(b), int64(len(b))) {
		n++
	}
	if n != stats.USN {
		t.Fatalf("got %d USN records, want %d", stats.USN, n)
	}
}

// sampleData holds one of each.
func sampleData(t testing.TB) []byte {
	record, journal, index, job := material(t)
	return slices.Concat(index[:1024], record, journal[:512], job[:200])
}

func TestHostile(t *testing.T) {
	record, journal, _, _ := material(t)
	b := slices.Concat(record, journal[:256])
	for n := 0; n < len(b); n += 5 {
		checkRun(t, b[:n])
	}
	for i := 0; i < 8*len(b); i += 37 {
		b[i/8] ^= 1 << (i % 8)
		checkRun(t, b)
		b[i/8] ^= 1 << (i % 8)
	}
}

func FuzzRun(f *testing.F) {
	s := sampleData(f)
	f.Add(s)
	f.Add(s[300:])
	f.Fuzz(func(t *testing.T, b []byte) { checkRun(t, b) })
}
