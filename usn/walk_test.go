package usn

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/ntfs"
)

// TestWalkAfterPadding is about the reader that looks for the first non-zero
// byte after padding: a length of 0x100 begins with a zero byte.
func TestWalkAfterPadding(t *testing.T) {
	var s stream
	for len(s.b) < 4000 {
		s.v2("padding.txt", ReasonFileCreate)
	}
	at := s.v2(strings.Repeat("a", 98), ReasonFileCreate) // 60 + 196 = 256
	if binary.LittleEndian.Uint32(s.b[at:]) != 0x100 || at != pageSize {
		t.Fatalf("record at %d has %d bytes, want 256 at 4096", at, binary.LittleEndian.Uint32(s.b[at:]))
	}
	s.v2("after.job", ReasonFileCreate)
	w := walkAll(t, source(s.b))
	if n := len(w.names); n < 2 || w.names[n-1] != "after.job" || w.offsets[n-2] != int64(at) {
		t.Errorf("got %q at %d", w.names, w.offsets)
	}
	if len(w.problems) != 0 || w.stats.DamagedBytes != 0 || len(w.stats.Gaps) != 0 {
		t.Errorf("padding was taken for damage: %q, %+v", w.problems, w.stats)
	}
}

func TestWalkDamage(t *testing.T) {
	tests := []struct {
		name     string
		damage   func(b []byte, at, next int)
		lost     []string
		bytes    int64
		problem  string // part of its text
		problems int
	}{
		{"none", func([]byte, int, int) {}, nil, 0, "", 0},
		{"length 0", func(b []byte, at, _ int) { b[at] = 0 }, []string{"b.job"}, 72, "record length", 1},
		{"length odd", func(b []byte, at, _ int) { b[at]++ }, []string{"b.job"}, 72, "record length", 1},
		{"length over the following records", func(b []byte, at, _ int) { b[at+1] = 1 }, []string{"b.job"}, 72, "reach into the record that follows", 1},
		{"length 4 GiB", func(b []byte, at, _ int) { b[at+3] = 0xFF }, []string{"b.job"}, 72, "record length", 1},
		{"version 7", func(b []byte, at, _ int) { b[at+4] = 7 }, []string{"b.job"}, 72, "unsupported", 1},
		{"name offset", func(b []byte, at, _ int) { b[at+59] = 0x70 }, []string{"b.job"}, 72, "file name offset", 1},
		{"name length", func(b []byte, at, _ int) { b[at+57] = 0x70 }, []string{"b.job"}, 72, "file name length", 1},
		{"two records overwritten", func(b []byte, at, _ int) {
			for i := range 72 + 80 {
				b[at+i] = 0xA5
			}
		}, []string{"b.job", "c.txt.tmp"}, 152, "header", 1},
		{"garbage with a text of zeros in it", func(b []byte, at, _ int) {
			for i := range 72 {
				b[at+i] = 0xA5
			}
			clear(b[at+8 : at+48])
		}, []string{"b.job"}, 72, "header", 1},
	}
	for _, tt := range tests {
		var s stream
		s.v2("a.txt", ReasonFileCreate)
		at := s.v2("b.job", ReasonFileCreate)
		next := s.v2("c.txt.tmp", ReasonFileCreate)
		s.v2("d.txt", ReasonFileCreate)
		s.v4()
		s.v2("e.txt", ReasonFileCreate)
		tt.damage(s.b, at, next)
		w := walkAll(t, source(s.b))
		want := slices.DeleteFunc([]string{"a.txt", "b.job", "c.txt.tmp", "d.txt", "", "e.txt"}, func(n string) bool {
			return slices.Contains(tt.lost, n)
		})
		if !slices.Equal(w.names, want) {
			t.Errorf("%s: got %q, want %q", tt.name, w.names, want)
		}
		if w.stats.DamagedBytes != tt.bytes || len(w.problems) != tt.problems {
			t.Errorf("%s: got %d bytes lost and %q, want %d and %d problems", tt.name, w.stats.DamagedBytes, w.problems, tt.bytes, tt.problems)
		}
		if tt.problems > 0 && (w.at[0] != int64(at) || !strings.Contains(w.problems[0], tt.problem)) {
			t.Errorf("%s: got problem %q at %d, want one about %q at %d", tt.name, w.problems[0], w.at[0], tt.problem, at)
		}
		if w.stats.V4 != 1 || w.stats.V2 != uint64(len(want)-1) || w.stats.Records != uint64(len(want)) {
			t.Errorf("%s: got %+v", tt.name, w.stats)
		}
	}
}

func TestWalkStale(t *testing.T) {
	var s stream
	s.fill(40)
	old := s.v2("old.job", ReasonFileCreate)
	binary.LittleEndian.PutUint64(s.b[old+24:], 0x7FFF0000)
	s.fill(5)
	w := walkAll(t, source(s.b))
	i := slices.Index(w.names, "old.job")
	if i < 0 || !w.stale[i] || w.stats.Stale != 1 || w.stats.StaleWithin != 1 || len(w.problems) != 0 {
		t.Errorf("got %q, stale %v, problems %q", w.names, w.stale, w.problems)
	}
	for j, st := range w.stale {
		if st != (j == i) {
			t.Errorf("record %d: stale is %v", j, st)
		}
	}
}

// TestStaleWithin: whichever way a walk is cut, the stale records between fresh
// ones are counted, and those before and behind them are not.
func TestStaleWithin(t *testing.T) {
	piece := func(fresh, head, tail, within uint64) Stats {
		s := Stats{Stale: head + tail + within, StaleWithin: within}
		s.edge.fresh, s.edge.staleHead, s.edge.staleTail = fresh > 0, head, tail
		return s
	}
	tests := []struct {
		name   string
		pieces []Stats
		want   uint64
	}{
		{"head and tail", []Stats{piece(1, 2, 3, 0)}, 0},
		{"within one", []Stats{piece(2, 0, 0, 4)}, 4},
		{"between two", []Stats{piece(1, 2, 3, 0), piece(1, 5, 7, 0)}, 8},
		{"a stale piece between", []Stats{piece(1, 0, 1, 0), piece(0, 6, 0, 0), piece(1, 2, 9, 0)}, 9},
		{"stale pieces at both ends", []Stats{piece(0, 6, 0, 0), piece(1, 2, 1, 0), piece(0, 4, 0, 0)}, 0},
	}
	for _, tt := range tests {
		var sum Stats
		for _, p := range tt.pieces {
			sum.Join(p)
		}
		if sum.StaleWithin != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, sum.StaleWithin, tt.want)
		}
	}
}

// resident is a journal that stands in a FILE record.
type resident struct{ Source }

func (r resident) Extents() []ntfs.Extent {
	return []ntfs.Extent{{Length: r.Size(), Physical: -1, Resident: true}}
}

func TestWalkResident(t *testing.T) {
	var s stream
	s.v2("x.job", ReasonFileCreate)
	if w := walkAll(t, resident{source(s.b)}); len(w.names) != 1 {
		t.Errorf("got %q", w.names)
	}
}

// limited is a source whose initialized size is less than its size.
type limited struct {
	Source
	initialized int64
}

func (l limited) InitializedSize() int64 { return l.initialized }

func TestWalkStopsAtInitializedSize(t *testing.T) {
	var s stream
	s.v2("live.job", ReasonFileCreate)
	end := len(s.b)
	s.v2("behind.job", ReasonFileCreate)
	s.b = append(s.b, bytes.Repeat([]byte("INDX"), 1000)...)
	w := walkAll(t, limited{source(s.b), int64(end)})
	if !slices.Equal(w.names, []string{"live.job"}) || len(w.problems) != 0 {
		t.Errorf("got %q, %q", w.names, w.problems)
	}
}

// TestWalkHoles has a sparse head and data behind it; a hole must not be read.
func TestWalkHoles(t *testing.T) {
	const hole = 1 << 40
	s := stream{shift: hole}
	s.fill(100)
	r := offsetReader{t, s.b, hole}
	size := int64(hole + len(s.b))
	half := int64(len(s.b)) / 2 &^ 511
	src := NewSparseSource(r, size, []ntfs.Extent{
		{Offset: 0, Length: hole, Physical: -1},
		{Offset: hole, Length: half, Physical: 4096},
		{Offset: hole + half, Length: size - hole - half, Physical: 1 << 20},
	})
	w := walkAll(t, src)
	if len(w.names) != 100 || len(w.problems) != 0 || w.stats.FirstUSN != hole || w.stats.Shift != 0 || len(w.stats.Gaps) != 0 {
		t.Errorf("got %d records, %q, %+v", len(w.names), w.problems, w.stats)
	}
}

type offsetReader struct {
	t    *testing.T
	b    []byte
	base int64
}

func (r offsetReader) ReadAt(p []byte, off int64) (int, error) {
	if off < r.base {
		r.t.Fatalf("read of %d bytes at %#x, in a hole", len(p), off)
	}
	return bytes.NewReader(r.b).ReadAt(p, off-r.base)
}

func TestWalkGaps(t *testing.T) {
	var s stream
	s.v2("a.txt", ReasonFileCreate)
	from := len(s.b)
	s.v2("zeroed.job", ReasonFileCreate)
	to := s.v2("b.txt", ReasonFileCreate)
	clear(s.b[from:to])
	s.b = append(s.b, make([]byte, 3*pageSize-len(s.b))...)
	s.v2("c.txt", ReasonFileCreate)
	w := walkAll(t, source(s.b))
	want := []Gap{
		{Offset: int64(from), Length: int64(to - from), Before: 133_000_000_000_000_001, After: 133_000_000_000_000_003},
		{Offset: pageSize, Length: 2 * pageSize, Before: 133_000_000_000_000_003, After: 133_000_000_000_000_004},
	}
	if !reflect.DeepEqual(w.stats.Gaps, want) || w.stats.DamagedBytes != 0 {
		t.Errorf("got %+v, want %+v", w.stats.Gaps, want)
	}
}

func TestWalkClock(t *testing.T) {
	var s stream
	s.time = 1000
	s.v2("a", ReasonFileCreate)
	s.time = 400
	s.v2("b", ReasonFileCreate)
	s.v4()
	s.v2("c", ReasonFileCreate)
	s.time = 390
	s.v2("d", ReasonFileCreate)
	st := walkAll(t, source(s.b)).stats
	if want := (BackwardSteps{Count: 2, Largest: 600}); st.BackwardSteps != want {
		t.Errorf("got %+v, want %+v", st.BackwardSteps, want)
	}
	if st.FirstTime != 133_000_000_000_001_001 || st.LastTime != 133_000_000_000_000_391 {
		t.Errorf("got %d to %d", st.FirstTime, st.LastTime)
	}
}

// broken fails to read where bad says.
type broken struct {
	io.ReaderAt
	from, to int64
}

func (r broken) ReadAt(p []byte, off int64) (int, error) {
	if off < r.to && off+int64(len(p)) > r.from {
		return 0, errors.New("bad sector")
	}
	return r.ReaderAt.ReadAt(p, off)
}

func TestWalkUnreadable(t *testing.T) {
	var s stream
	s.fill(1000)
	r := broken{bytes.NewReader(s.b), 3 * pageSize, 5 * pageSize}
	w := walkAll(t, NewFileSource(r, int64(len(s.b))))
	if len(w.problems) != 1 || w.at[0] != 3*pageSize || !strings.Contains(w.problems[0], "8192 bytes cannot be read") {
		t.Errorf("got %q at %d", w.problems, w.at)
	}
	if w.stats.DamagedBytes != 2*pageSize || w.stats.Records < 800 || w.stats.Records == 1000 {
		t.Errorf("got %+v", w.stats)
	}
}

func TestWalkTruncatedFile(t *testing.T) {
	var s stream
	s.fill(1000)
	w := walkAll(t, NewFileSource(bytes.NewReader(s.b), int64(len(s.b))+3<<20))
	if w.stats.Records != 1000 || len(w.problems) == 0 {
		t.Errorf("got %+v, %q", w.stats, w.problems)
	}
}

func TestWalkCancelled(t *testing.T) {
	var s stream
	s.fill(10)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Walk(ctx, source(s.b), func(Raw) { t.Error("visited") }, func(int64, error) {})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	var last error
	for _, err := range Records(ctx, source(s.b)) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("Records ended with %v, want %v", last, context.Canceled)
	}
}

func TestRecords(t *testing.T) {
	var s stream
	s.fill(20)
	bad := s.v2("bad", ReasonFileCreate)
	s.fill(20)
	s.b[bad+4] = 9
	var records, problems int
	for r, err := range Records(context.Background(), source(s.b)) {
		switch {
		case err != nil:
			problems++
		case r.USN != r.Offset:
			t.Errorf("record at %d has USN %d", r.Offset, r.USN)
		default:
			records++
		}
	}
	if records != 40 || problems != 1 {
		t.Errorf("got %d records and %d problems, want 40 and 1", records, problems)
	}
	for stop := 1; stop <= 41; stop++ {
		n := 0
		for range Records(context.Background(), source(s.b)) {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("stopped after %d, want %d", n, stop)
		}
	}
}

// TestWalkCrossing has a writer that does not care for pages: records cross
// them, and the places where walks change chunks.
func TestWalkCrossing(t *testing.T) {
	var one stream
	one.v2("careless.job", ReasonFileCreate) // 84, so 88 bytes
	var b []byte
	for len(b) < 3*chunkSize {
		binary.LittleEndian.PutUint64(one.b[24:], uint64(len(b)))
		b = append(b, one.b...)
	}
	w := walkAll(t, source(b))
	if len(w.names) != len(b)/88 || len(w.problems) != 0 || w.stats.Stale != 0 || len(w.stats.Gaps) != 0 {
		t.Errorf("got %d records of %d, problems %q", len(w.names), len(b)/88, w.problems)
	}
}

func TestHostileExtents(t *testing.T) {
	var s stream
	s.fill(100)
	size := int64(len(s.b))
	src := NewSparseSource(bytes.NewReader(s.b), size, []ntfs.Extent{
		{Offset: -5, Length: 10},
		{Offset: 0, Length: -1},
		{Offset: 0, Length: 4096},
		{Offset: 0, Length: 8192},
		{Offset: 4096, Length: 1 << 62},
		{Offset: 1 << 62, Length: 1 << 62},
		{Offset: 0, Length: 1<<63 - 1},
	})
	w := walkAll(t, src)
	if len(w.names) != 100 || len(w.problems) != 0 {
		t.Errorf("got %d records, %q", len(w.names), w.problems)
	}
}

// TestGlance holds it against the single methods.
func TestGlance(t *testing.T) {
	var s stream
	s.v2("a name.job", ReasonFileCreate)
	s.v4()
	s.v2("", ReasonClose)
	seen := 0
	if _, err := Walk(context.Background(), source(s.b), func(r Raw) {
		seen++
		file, attributes, name := r.Glance()
		if file != r.File() || attributes != r.Attributes() || !bytes.Equal(name, r.NameBytes()) || (name == nil) != (r.Major() == 4) {
			t.Errorf("V%d record at %d: got %v, %v, %q; want %v, %v, %q", r.Major(), r.Offset, file, attributes, name, r.File(), r.Attributes(), r.NameBytes())
		}
	}, func(_ int64, err error) { t.Error(err) }); err != nil || seen != 3 {
		t.Errorf("%d records, %v", seen, err)
	}
}
