package usn

import (
	"bytes"
	"testing"
)

func TestFindShift(t *testing.T) {
	tests := []struct {
		name  string
		shift int64
		fill  int
		stale int
	}{
		{"whole journal", 0, 50, 0},
		{"head missing", 0x5800000, 50, 0},
		{"head missing, not at a page", 312568880, 200, 0},
		{"one record", 8 << 20, 1, 0},
		{"older journal in front", 1 << 30, 60, 20},
		{"large", 1 << 30, 60000, 3000},
		{"nothing", 0, 0, 0},
	}
	for _, tt := range tests {
		older := stream{shift: 0x40000}
		older.fill(tt.stale)
		older.b = append(older.b, make([]byte, -len(older.b)&4095)...)
		s := stream{shift: tt.shift}
		s.b = older.b
		s.fill(tt.fill)
		if got := FindShift(source(s.b)); got != tt.shift {
			t.Errorf("%s: got %#x, want %#x", tt.name, got, tt.shift)
		}
		w := walkAll(t, source(s.b))
		if w.stats.Records != uint64(tt.fill+tt.stale) || w.stats.Stale != uint64(tt.stale) || len(w.problems) != 0 {
			t.Errorf("%s: got %+v, %q", tt.name, w.stats, w.problems)
		}
		if tt.fill > 0 && w.stats.LastUSN != int64(w.offsets[len(w.offsets)-1])+tt.shift {
			t.Errorf("%s: last USN %#x", tt.name, w.stats.LastUSN)
		}
	}
}

func TestRecognise(t *testing.T) {
	var s stream
	s.fill(50)
	headless := stream{shift: 1 << 30}
	headless.fill(1)
	tests := []struct {
		name string
		b    []byte
		want bool
	}{
		{"journal", s.b, true},
		{"one record", headless.b, true},
		{"nothing", nil, false},
		{"zeros", make([]byte, 1<<20), false},
		{"text", bytes.Repeat([]byte("text of no kind "), 5000), false},
		{"journal within other things", append(bytes.Repeat([]byte("volume  "), 5000), s.b...), false},
	}
	for _, tt := range tests {
		if got := Recognise(source(tt.b)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	const head, size = 300 << 20, 310 << 20
	far := NewFileSource(zerosAround{s.b, head}, size)
	if !Recognise(far) || FindShift(far) != -head {
		t.Errorf("zeros before and after: got %v, shift %d, want true, %d", Recognise(far), FindShift(far), -head)
	}
}

// zerosAround is a long file with b at one place in it.
type zerosAround struct {
	b  []byte
	at int64
}

func (z zerosAround) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < z.at+int64(len(z.b)) && off+int64(len(p)) > z.at {
		copy(p[max(0, z.at-off):], z.b[max(0, off-z.at):])
	}
	return len(p), nil
}
