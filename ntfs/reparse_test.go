package ntfs

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// reparse makes the value of a $REPARSE_POINT; middle stands before the path buffer.
func reparse(tag ReparseTag, middle []byte, substitute, printed string) []byte {
	s, p := little(substitute), little(printed)
	var names []byte
	for _, n := range []int{0, len(s), len(s) + 2, len(p)} {
		names = binary.LittleEndian.AppendUint16(names, uint16(n))
	}
	data := append(append(append(append(names, middle...), s...), 0, 0), append(p, 0, 0)...)
	b := binary.LittleEndian.AppendUint32(nil, uint32(tag))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(data)))
	return append(append(b, 0, 0), data...)
}

func little(s string) []byte {
	var b []byte
	for _, u := range wtf8.ToUnits(s) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestParseReparsePoint(t *testing.T) {
	junction := reparse(ReparseMountPoint, nil, `\??\C:\Data\Tasks`, `C:\Data\Tasks`)
	outside := append([]byte(nil), junction...)
	outside[10] = 0xF0
	for _, tt := range []struct {
		name   string
		value  []byte
		want   ReparsePoint
		target string
		err    error
	}{
		{"junction", junction, ReparsePoint{ReparseMountPoint, `\??\C:\Data\Tasks`, `C:\Data\Tasks`, false}, `C:\Data\Tasks`, nil},
		{"mounted volume", reparse(ReparseMountPoint, nil, `\??\Volume{01234567-89ab-cdef-0123-456789abcdef}\`, ""),
			ReparsePoint{ReparseMountPoint, `\??\Volume{01234567-89ab-cdef-0123-456789abcdef}\`, "", false}, `Volume{01234567-89ab-cdef-0123-456789abcdef}\`, nil},
		{"symbolic link", reparse(ReparseSymlink, []byte{1, 0, 0, 0}, `..\Data`, `..\Data`), ReparsePoint{ReparseSymlink, `..\Data`, `..\Data`, true}, `..\Data`, nil},
		{"another tag", []byte{0x17, 0, 0, 0x80, 2, 0, 0, 0, 9, 9}, ReparsePoint{Tag: 0x80000017}, "", nil},
		{"name behind the buffer", outside, ReparsePoint{}, "", parse.ErrRange},
		{"length behind the value", junction[:30], ReparsePoint{}, "", parse.ErrTruncated},
		{"empty", nil, ReparsePoint{}, "", parse.ErrTruncated},
	} {
		got, err := ParseReparsePoint(tt.value)
		if got != tt.want || got.Target() != tt.target || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

// Every cut and every flipped bit gives a value or an error, never both.
func TestHostileReparsePoint(t *testing.T) {
	sample := reparse(ReparseSymlink, make([]byte, 4), `\??\C:\x`, `C:\x`)
	for i := range sample {
		checkReparsePoint(t, sample[:i])
		for bit := range 8 {
			b := append([]byte(nil), sample...)
			b[i] ^= 1 << bit
			checkReparsePoint(t, b)
		}
	}
}

func checkReparsePoint(t *testing.T, b []byte) {
	t.Helper()
	p, err := ParseReparsePoint(b)
	if err != nil && p != (ReparsePoint{}) {
		t.Fatalf("got %+v with %v", p, err)
	}
	if n := len(p.SubstituteName) + len(p.PrintName); n > 4*len(b) {
		t.Fatalf("names of %d bytes from %d bytes", n, len(b))
	}
}

func FuzzParseReparsePoint(f *testing.F) {
	f.Add(reparse(ReparseMountPoint, nil, `\??\C:\Data\Tasks`, `C:\Data\Tasks`))
	f.Add(reparse(ReparseSymlink, []byte{1, 0, 0, 0}, `..\Data`, `..\Data`))
	f.Fuzz(func(t *testing.T, b []byte) { checkReparsePoint(t, b) })
}
