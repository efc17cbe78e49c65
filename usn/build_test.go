package usn

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/jobscan/jobscan/internal/parse"
)

// unhex turns "50 00 # comment" lines into bytes.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var clean strings.Builder
	for _, line := range strings.Split(s, "\n") {
		line, _, _ = strings.Cut(line, "#")
		clean.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(clean.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// stream lays records out as NTFS does: each at a multiple of 8, none across a
// page of the USN, zero to the end of the page where the next does not fit.
type stream struct {
	b     []byte
	shift int64
	time  uint64
}

func (s *stream) pad(next int) {
	used := int(uint64(int64(len(s.b))+s.shift) % pageSize)
	if used+next > pageSize {
		s.b = append(s.b, make([]byte, pageSize-used)...)
	}
}

// v2 appends a V2 record and returns its offset.
func (s *stream) v2(name string, reason Reason) int {
	units := utf16.Encode([]rune(name))
	n := (minLengthV2 + 2*len(units) + 7) &^ 7
	s.pad(n)
	at := len(s.b)
	r := make([]byte, n)
	binary.LittleEndian.PutUint32(r, uint32(n))
	r[4] = 2
	binary.LittleEndian.PutUint64(r[8:], 0x0002_0000_0000_0042)
	binary.LittleEndian.PutUint64(r[16:], 0x0001_0000_0000_0040)
	binary.LittleEndian.PutUint64(r[24:], uint64(int64(at)+s.shift))
	s.time++
	binary.LittleEndian.PutUint64(r[32:], 133_000_000_000_000_000+s.time)
	binary.LittleEndian.PutUint32(r[40:], uint32(reason))
	binary.LittleEndian.PutUint32(r[52:], 0x20)
	binary.LittleEndian.PutUint16(r[56:], uint16(2*len(units)))
	binary.LittleEndian.PutUint16(r[58:], minLengthV2)
	for i, u := range units {
		binary.LittleEndian.PutUint16(r[minLengthV2+2*i:], u)
	}
	s.b = append(s.b, r...)
	return at
}

// v4 appends a V4 record with one extent.
func (s *stream) v4() int {
	s.pad(80)
	at := len(s.b)
	r := make([]byte, 80)
	r[0], r[4] = 80, 4
	r[8], r[14] = 0x42, 2
	binary.LittleEndian.PutUint64(r[40:], uint64(int64(at)+s.shift))
	binary.LittleEndian.PutUint32(r[48:], uint32(ReasonDataExtend|ReasonClose))
	r[60], r[62] = 1, 16
	binary.LittleEndian.PutUint64(r[72:], 4096)
	s.b = append(s.b, r...)
	return at
}

// fill appends n records of changing length.
func (s *stream) fill(n int) {
	for i := range n {
		s.v2(strings.Repeat("n", 1+i*7%100)+".txt", ReasonFileCreate)
	}
}

// walked is everything that a walk says.
type walked struct {
	offsets  []int64
	names    []string
	stale    []bool
	problems []string
	at       []int64
	stats    Stats
}

func walkAll(t testing.TB, s Source) walked {
	t.Helper()
	var w walked
	st, err := Walk(context.Background(), s, w.visit(t), w.problem(t))
	if err != nil {
		t.Fatal(err)
	}
	w.stats = st
	return w
}

func (w *walked) visit(t testing.TB) func(Raw) {
	return func(r Raw) {
		rec, err := r.Decode()
		if err != nil {
			t.Errorf("walk passed a record that does not decode: %v", err)
		}
		w.offsets = append(w.offsets, r.Offset)
		w.names = append(w.names, rec.Name)
		w.stale = append(w.stale, r.Stale)
	}
}

func (w *walked) problem(t testing.TB) func(int64, error) {
	return func(at int64, err error) {
		if _, ok := err.(*parse.Error); !ok {
			t.Errorf("problem is a %T, want a *parse.Error: %v", err, err)
		}
		w.at = append(w.at, at)
		w.problems = append(w.problems, err.Error())
	}
}

func source(b []byte) Source { return NewFileSource(bytes.NewReader(b), int64(len(b))) }
