package ntfs

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// foldTable maps each UTF-16 unit to its upper case, as $UpCase does.
type foldTable [1 << 16]uint16

const upCaseSize = 2 << 16 // bytes of $UpCase

// FoldName puts a name into upper case by the volume's $UpCase, unit by unit,
// as NTFS compares names. Where $UpCase cannot be read, or is not what NTFS
// writes, Unicode's simple mapping stands in.
func (v *Volume) FoldName(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	table := v.upcase()
	units := wtf8.ToUnits(s)
	for i, u := range units {
		units[i] = table[u]
	}
	return wtf8.FromUnits(units)
}

// EqualFold reports whether NTFS takes two names for the same one.
func (v *Volume) EqualFold(a, b string) bool {
	return a == b || v.FoldName(a) == v.FoldName(b)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// loadUpCase reads $UpCase, or builds the table that stands in for it.
func (v *Volume) loadUpCase() *foldTable {
	t := new(foldTable)
	if v.readUpCase(t) {
		return t
	}
	for i := range t {
		t[i] = uint16(i)
		if up := unicode.ToUpper(rune(i)); up < 1<<16 && !(i >= 0xD800 && i < 0xE000) {
			t[i] = uint16(up)
		}
	}
	return t
}

// readUpCase fills t and reports whether it looks like a table that NTFS would
// use: ASCII must map as it always does.
func (v *Volume) readUpCase(t *foldTable) bool {
	if v.loose {
		return false
	}
	f, err := v.File(RecordUpCase)
	if err != nil {
		return false
	}
	s, err := v.OpenStream(f, TypeData, "")
	if err != nil || s.Size() != upCaseSize {
		return false
	}
	b := make([]byte, upCaseSize)
	if n, _ := s.ReadAt(b, 0); n != len(b) {
		return false
	}
	for i := range t {
		t[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	for i := range utf8.RuneSelf {
		if rune(t[i]) != unicode.ToUpper(rune(i)) {
			return false
		}
	}
	return true
}
