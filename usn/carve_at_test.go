package usn

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// CarveAt at every multiple of 8 finds what Carve finds.
func TestCarveAt(t *testing.T) {
	var s stream
	s.v2("one.job", ReasonFileCreate)
	s.v4()
	s.b = append(s.b, bytes.Repeat([]byte{7}, 24)...)
	s.v2("", ReasonFileCreate)
	s.v2("two.job", ReasonFileDelete)
	for bit := 0; bit < 8*len(s.b); bit += 3 {
		s.b[bit/8] ^= 1 << (bit % 8)
		var want, got []string
		for r, err := range Carve(bytes.NewReader(s.b), int64(len(s.b))) {
			want = append(want, fmt.Sprintf("%+v %v", r, err))
		}
		for at := 0; at < len(s.b); at += 8 {
			raw, ok := CarveAt(s.b[at:], int64(at))
			if !ok {
				continue
			}
			r, err := raw.Decode()
			got = append(got, fmt.Sprintf("%+v %v", r, err))
			at += len(raw.Bytes()) - 8
		}
		if !slices.Equal(got, want) {
			t.Fatalf("bit %d: got %q, want %q", bit, got, want)
		}
		s.b[bit/8] ^= 1 << (bit % 8)
	}
	for n := range 8 {
		if _, ok := CarveAt(s.b[:n], 0); ok {
			t.Errorf("found a record in %d bytes", n)
		}
	}
}
