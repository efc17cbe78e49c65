package wtf8

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func TestFromUnits(t *testing.T) {
	tests := []struct {
		name  string
		units []uint16
		want  string
		valid bool
	}{
		{"empty", nil, "", true},
		{"ascii", []uint16{'A', 't', '1'}, "At1", true},
		{"two bytes", []uint16{0xDC}, "Ü", true},
		{"pair", []uint16{0xD83D, 0xDE00}, "😀", true},
		{"lone high", []uint16{'a', 0xD83D}, "a\xED\xA0\xBD", false},
		{"lone low", []uint16{0xDE00, 'b'}, "\xED\xB8\x80b", false},
		{"swapped pair", []uint16{0xDE00, 0xD83D}, "\xED\xB8\x80\xED\xA0\xBD", false},
		{"NUL inside", []uint16{'a', 0, 'b'}, "a\x00b", true},
		{"replacement character itself", []uint16{0xFFFD}, "\uFFFD", true},
	}
	for _, tt := range tests {
		got := FromUnits(tt.units)
		if got != tt.want || utf8.ValidString(got) != tt.valid {
			t.Errorf("%s: got %q (valid %v), want %q (valid %v)", tt.name, got, utf8.ValidString(got), tt.want, tt.valid)
		}
		if back := ToUnits(got); !slices.Equal(back, tt.units) {
			t.Errorf("%s: came back as %#x, want %#x", tt.name, back, tt.units)
		}
	}
}

func TestEqualLE(t *testing.T) {
	tests := []struct {
		name, s string
		le      []byte
		want    bool
	}{
		{"same", "ab", []byte{'a', 0, 'b', 0}, true},
		{"prefix of name", "a", []byte{'a', 0, 'b', 0}, false},
		{"name is prefix", "abc", []byte{'a', 0, 'b', 0}, false},
		{"other", "ax", []byte{'a', 0, 'b', 0}, false},
		{"not ascii", "aÜ", []byte{'a', 0, 0xDC, 0}, true},
		{"not ascii, other", "aÖ", []byte{'a', 0, 0xDC, 0}, false},
	}
	for _, tt := range tests {
		if got := EqualLE(tt.s, tt.le); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("A\x00t\x00\x3d\xd8\x00\xde\x00\xdc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:len(b)&^1]
		units := ToUnits(FromLE(b))
		for i, u := range units {
			if b[2*i] != byte(u) || b[2*i+1] != byte(u>>8) {
				t.Fatalf("unit %d of %x came back as %#x", i, b, u)
			}
		}
		if 2*len(units) != len(b) {
			t.Fatalf("%d units from %d bytes", len(units), len(b))
		}
	})
}
