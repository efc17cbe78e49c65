package fileversion

import (
	"bytes"
	"slices"
	"testing"
)

// sevenSP1 is the resource of a library of Windows 7, without its strings.
var sevenSP1 = slices.Concat(
	[]byte{0x78, 0x03, 0x34, 0x00, 0x00, 0x00}, key, []byte{0, 0},
	[]byte{
		0xBD, 0x04, 0xEF, 0xFE, 0x00, 0x00, 0x01, 0x00,
		0x01, 0x00, 0x06, 0x00, 0x6E, 0x44, 0xB1, 0x1D,
		0x01, 0x00, 0x06, 0x00, 0x6E, 0x44, 0xB1, 0x1D,
		0x3F, 0, 0, 0, 0, 0, 0, 0, 4, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	})

func TestFind(t *testing.T) {
	want := Version{6, 1, 7601, 17518}
	for _, before := range []int{0, 1, 4096} {
		got, ok := Find(append(bytes.Repeat([]byte("V\x00"), before), sevenSP1...))
		if !ok || got != want {
			t.Errorf("behind %d words: got %v, %t, want %v", before, got, ok, want)
		}
	}
	if want.String() != "6.1.7601.17518" || want.Product() != 0x0601 {
		t.Errorf("got %s, product %#x", want, want.Product())
	}
	if got, ok := Find(append(slices.Clone(key), sevenSP1...)); !ok || got != want {
		t.Errorf("behind the key alone: got %v, %t, want %v", got, ok, want)
	}
	for n := range sevenSP1 {
		if v, ok := Find(sevenSP1[:n]); ok || v != (Version{}) {
			t.Errorf("cut to %d bytes: got %v", n, v)
		}
	}
	for _, at := range []int{2, 40, 43} {
		b := slices.Clone(sevenSP1)
		b[at] ^= 1
		if v, ok := Find(b); ok {
			t.Errorf("with byte %d changed: got %v", at, v)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add(sevenSP1)
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, ok := Find(b); !ok && v != (Version{}) {
			t.Errorf("got %v without a version", v)
		}
	})
}
