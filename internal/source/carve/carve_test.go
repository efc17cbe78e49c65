package carve

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
	"unicode/utf16"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// log keeps what a Finder finds, as text, a list for each kind.
type log struct {
	cluster                      int64
	records, usn, jobs, problems []string
	traces                       []event.Trace
}

func (l *log) finder(want func([]byte) bool) *Finder {
	return &Finder{
		Want: want,
		Record: func(t event.Trace) {
			l.traces = append(l.traces, t)
			l.records = append(l.records, fmt.Sprintf("%#x %s %s %q in %s, %d bytes: %s", t.Offset, t.Source, t.Reference, t.Name.Name, t.Name.Parent, len(t.Content), t.Detail))
		},
		USN: func(r usn.Record, p Plausibility) {
			l.usn = append(l.usn, fmt.Sprintf("%#x %d %s %q %s %t", r.Offset, r.USN, r.File, r.Name, p, r.Stale))
		},
		Job: func(offset int64, j *jobfile.Job, raw int, inRecord bool) {
			l.jobs = append(l.jobs, fmt.Sprintf("%#x %q %d %t", offset, j.Application.Value, raw, inRecord))
		},
		Problem:     func(offset int64, err error) { l.problems = append(l.problems, fmt.Sprintf("%#x %v", offset, err)) },
		ClusterSize: l.cluster,
	}
}

func (l *log) add(o *log) {
	l.records, l.usn = append(l.records, o.records...), append(l.usn, o.usn...)
	l.jobs, l.problems = append(l.jobs, o.jobs...), append(l.problems, o.problems...)
	l.traces = append(l.traces, o.traces...)
}

func (l *log) equal(o *log) bool {
	return slices.Equal(l.records, o.records) && slices.Equal(l.usn, o.usn) && slices.Equal(l.jobs, o.jobs) && slices.Equal(l.problems, o.problems)
}

func run(t *testing.T, l *log, want func([]byte) bool, r io.ReaderAt, size int64, live []Range) Stats {
	t.Helper()
	s, err := l.finder(want).run(context.Background(), r, size, live)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func endsInJob(b []byte) bool {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return strings.HasSuffix(strings.ToLower(string(utf16.Decode(u))), ".job")
}

// With nothing given as live, the pass finds on every volume what the readers
// of $MFT, of journals and of jobs find one by one.
func TestFindsWhatTheReadersFind(t *testing.T) {
	for _, s := range fixtures.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			image := s.Build()
			if image.Size() > 300<<20 {
				t.Skip("large")
			}
			l := log{cluster: 4096}
			v, err := ntfs.Open(image, image.Size())
			if err == nil {
				l.cluster = v.ClusterSize()
			}
			stats := run(t, &l, nil, image, image.Size(), nil)
			if stats.Bytes != image.Size() || stats.Live != 0 || len(l.problems) > 0 {
				t.Errorf("%+v, problems %q", stats, l.problems)
			}
			compareUSN(t, &l, image, image.Size())
			var jobs []string
			for c, err := range jobfile.Carve(image, image.Size()) {
				if err != nil {
					t.Fatal(err)
				}
				jobs = append(jobs, fmt.Sprintf("%#x %q %d %t", c.Offset, c.Job.Application.Value, c.Length, c.InFILERecord))
			}
			if !slices.Equal(l.jobs, jobs) {
				t.Errorf("jobs: got %q, want %q", l.jobs, jobs)
			}
			if err == nil && len(image.Truth) == 1 && !strings.Contains(s.Name, "disk") {
				compareRecords(t, &l, v)
			}
		})
	}
}

func compareUSN(t *testing.T, l *log, r io.ReaderAt, size int64) {
	t.Helper()
	var want []string
	for r, err := range usn.Carve(r, size) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Major != 4 {
			want = append(want, fmt.Sprintf("%#x %d %s %q", r.Offset, r.USN, r.File, r.Name))
		}
	}
	if len(want) != len(l.usn) {
		t.Fatalf("got %d USN records, want %d", len(l.usn), len(want))
	}
	for i := range want {
		if !strings.HasPrefix(l.usn[i], want[i]+" ") || !strings.HasSuffix(l.usn[i], " true") {
			t.Errorf("USN record: got %s, want %s", l.usn[i], want[i])
		}
	}
	alone := slices.DeleteFunc(slices.Clone(l.usn), func(s string) bool { return strings.Contains(s, "in place and in sequence") })
	if len(alone) > 2 { // the last record of a damaged or gapped journal may be alone
		t.Errorf("%d of %d records of a journal are not in place and in sequence: %q", len(alone), len(l.usn), alone)
	}
}

// compareRecords holds the names against a decoding of $MFT record by record.
func compareRecords(t *testing.T, l *log, v *ntfs.Volume) {
	t.Helper()
	found := map[string]bool{}
	for _, tr := range l.traces {
		if tr.Source == event.MFTCarved {
			found[fmt.Sprintf("%#x %s %q %s", tr.Offset, tr.Reference, tr.Name.Name, tr.Name.Parent)] = true
		}
	}
	missed := 0
	for r, err := range v.Records(context.Background()) {
		if err != nil {
			continue
		}
		for _, a := range r.Attributes {
			n, err := ntfs.ParseFileName(a.Value)
			if a.Type != ntfs.TypeFileName || err != nil {
				continue
			}
			ref := r.Reference()
			if r.IsExtension() {
				ref = r.Base
			}
			if key := fmt.Sprintf("%#x %s %q %s", v.RecordOffset(r.Number), ref, n.Name, n.Parent); !found[key] {
				missed++
				if len(r.Damage) == 0 {
					t.Errorf("not found: %s", key)
				}
			}
		}
	}
	if missed > 0 {
		t.Logf("%d names of damaged records not found", missed)
	}
}

// Names of a folder's INDX records come with their references, live and removed.
func TestIndexRecords(t *testing.T) {
	s, _ := fixtures.Find("many-in-tasks")
	image := s.Build()
	var l log
	run(t, &l, endsInJob, image, image.Size(), nil)
	refs := map[string]string{}
	for _, e := range image.Truth[0].Events {
		refs[e.Path[strings.LastIndexByte(e.Path, '\\')+1:]] = e.Reference
	}
	live, slack := 0, 0
	for _, tr := range l.traces {
		if tr.Source != event.IndexSlack || tr.Name.Namespace == ntfs.NamespaceDOS {
			continue
		}
		if strings.HasPrefix(tr.Detail, "slack") {
			slack++
		} else {
			live++
		}
		if got := tr.Reference.String(); got != refs[tr.Name.Name] {
			t.Errorf("%q: got %s, want %s", tr.Name.Name, got, refs[tr.Name.Name])
		}
	}
	if live < 60 || slack < 10 {
		t.Errorf("%d live entries, %d in slack", live, slack)
	}
}

// sparse is zeros with pieces.
type sparse struct {
	size   int64
	pieces map[int64][]byte
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.size-off))
	clear(p[:n])
	for at, b := range s.pieces {
		from, to := max(at, off), min(at+int64(len(b)), off+int64(n))
		if from < to {
			copy(p[from-off:to-off], b[from-at:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// material cuts real pieces out of a scenario's image.
func material(t testing.TB) (record, journal, index, job []byte) {
	t.Helper()
	s, ok := fixtures.Find("many-in-tasks")
	if !ok {
		t.Fatal("no scenario")
	}
	image := s.Build()
	whole := image.Bytes()
	for _, e := range image.Truth[0].Events {
		if strings.HasSuffix(e.Path, ".job") {
			var n uint64
			fmt.Sscanf(e.Reference, "%d-", &n)
			at := image.RecordOffset(n)
			record = whole[at : at+1024]
			u := image.JournalOffset(e.USN) &^ 4095
			journal = whole[u : u+4096]
			break
		}
	}
	at := bytes.Index(whole, []byte("INDX"))
	for ntfs.CarveIndexRecord(whole[at:]) == 0 || bytes.Count(whole[at:at+4096], []byte("j\x00o\x00b")) < 4 {
		at += 1 + bytes.Index(whole[at+1:], []byte("INDX"))
	}
	index = whole[at : at+4096]
	job = fixtures.Job{App: `C:\evil.exe`, Params: strings.Repeat("x", 3000), Author: "SYSTEM"}.Bytes()
	return record, journal, index, job
}

// Structures across borders of windows and parts are found once, and parts in
// any order give what the whole does.
func TestParts(t *testing.T) {
	record, journal, index, job := material(t)
	s := sparse{3*partSize + 12345, map[int64][]byte{}}
	for i, border := range []int64{step, partSize, 2 * partSize, 3 * partSize} {
		s.pieces[border-512*int64(i+1)] = record
		s.pieces[border-40*step-2048] = journal
		s.pieces[border-20*step-2048] = index
		s.pieces[border-60*step-1] = job
	}
	delete(s.pieces, step-40*step-2048)
	delete(s.pieces, step-20*step-2048)
	delete(s.pieces, step-60*step-1)
	s.pieces[partSize+5*step-int64(len(job))+300] = job
	s.pieces[2*partSize+8*step-2048] = journal
	s.pieces[2*partSize-20000-int64(len(job))/2] = job
	s.pieces[partSize-int64(len(job))+200-30000] = job
	s.pieces[3*partSize+9000-int64(len(job))] = job
	live := []Range{{10 * step, 12*step + 4096}, {11 * step, 12 * step}, {-5, -1}}
	var whole log
	stats := run(t, &whole, endsInJob, s, s.size, live)
	if stats.Jobs != 11 || stats.Records != 4 || stats.IndexRecords != 3 || stats.Live != 2*step+4096 || stats.Bytes+stats.Live != s.size {
		t.Errorf("%+v: %q", stats, whole.jobs)
	}
	parts := Parts(s.size)
	logs, sums := make([]log, len(parts)), make([]Stats, len(parts))
	for i := range slices.Backward(parts) {
		sums[i], _ = logs[i].finder(endsInJob).Part(context.Background(), s, s.size, live, parts[i])
	}
	var joined log
	var sum Stats
	for i := range parts {
		joined.add(&logs[i])
		sum = sum.add(sums[i])
	}
	if !joined.equal(&whole) || sum != stats {
		t.Errorf("parts: %+v, whole: %+v", sum, stats)
	}
	var alone []string
	for c := range jobfile.Carve(s, s.size) {
		if c.Offset < 10*step || c.Offset >= 12*step+4096 {
			alone = append(alone, fmt.Sprintf("%#x %q %d %t", c.Offset, c.Job.Application.Value, c.Length, c.InFILERecord))
		}
	}
	if !slices.Equal(alone, whole.jobs) {
		t.Errorf("jobs: got %q, want %q", whole.jobs, alone)
	}
}

// What lies in a live range is not found; what begins before or after is.
func TestLiveRanges(t *testing.T) {
	record, journal, _, job := material(t)
	b := make([]byte, 3<<20)
	for _, at := range []int{0x1000, 0x10000, 0x20000, 0x150000} {
		copy(b[at:], record)
		copy(b[at+0x1000:], journal)
		copy(b[at+0x3000:], job)
	}
	var all, some log
	run(t, &all, nil, bytes.NewReader(b), int64(len(b)), nil)
	stats := run(t, &some, nil, bytes.NewReader(b), int64(len(b)), []Range{{0x20000, 0x30000}, {0x10000, 0x18000}, {0x150000, math.MaxInt64}})
	cut := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool {
			return !strings.HasPrefix(s, "0x1") && !strings.HasPrefix(s, "0x2") && !strings.HasPrefix(s, "0x4") || len(strings.Fields(s)[0]) > 6
		})
	}
	if len(some.usn) == 0 || !slices.Equal(some.usn, cut(all.usn)) || !slices.Equal(some.jobs, cut(all.jobs)) || !slices.Equal(some.records, cut(all.records)) {
		t.Errorf("got %d %d %d, %q", len(some.usn), len(some.jobs), len(some.records), some.jobs)
	}
	if want := int64(0x150000 - 0x18000); stats.Bytes != want {
		t.Errorf("searched %d, want %d", stats.Bytes, want)
	}
}

// broken cannot be read in [from, to).
type broken struct {
	io.ReaderAt
	from, to int64
}

var errSector = errors.New("bad sector")

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off < b.to && off+int64(len(p)) > b.from {
		n, _ := b.ReaderAt.ReadAt(p[:max(b.from-off, 0)], off)
		return n, errSector
	}
	return b.ReaderAt.ReadAt(p, off)
}

func TestUnreadable(t *testing.T) {
	record, journal, _, job := material(t)
	b := make([]byte, 3<<20)
	copy(b[0x1000:], record)
	copy(b[0x90000:], journal)
	copy(b[0x150000:], job)
	var all, some log
	run(t, &all, nil, bytes.NewReader(b), int64(len(b)), nil)
	stats := run(t, &some, nil, broken{bytes.NewReader(b), 0xFF800, 0x101000}, int64(len(b)), nil)
	if !slices.Equal(some.usn, all.usn) || !slices.Equal(some.jobs, all.jobs) || !slices.Equal(some.records, all.records) {
		t.Errorf("got %+v", some)
	}
	if stats.Unreadable != 0x1800 || len(some.problems) == 0 || len(some.problems) > 2 || !strings.HasPrefix(some.problems[0], "0xff800 ") {
		t.Errorf("%+v, %q", stats, some.problems)
	}
	var short log
	stats = run(t, &short, nil, bytes.NewReader(b), int64(len(b))+5<<20, nil)
	if !slices.Equal(short.jobs, all.jobs) || len(short.problems) != 1 || !strings.HasPrefix(short.problems[0], "0x300000 ") {
		t.Errorf("data ends early: %+v, %q", stats, short.problems)
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (&Finder{}).run(ctx, bytes.NewReader(make([]byte, 5000)), 5000, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Random bytes and what programs consist of hold no job, no record and no INDX
// record.
func TestNothingToFind(t *testing.T) {
	size := 64 << 20
	if testing.Short() {
		size = 8 << 20
	}
	for _, c := range []struct {
		name string
		data []byte
	}{{"random", noise(size, 3)}, {"program", programLike(size)}} {
		var l log
		stats := run(t, &l, nil, bytes.NewReader(c.data), int64(len(c.data)), nil)
		if stats.Jobs+stats.Records+stats.IndexRecords+stats.USN != 0 {
			t.Errorf("%s: %+v %q %q %q", c.name, stats, l.jobs, l.records, l.usn)
		}
	}
}
