// Package wtf8 turns UTF-16 from evidence into Go strings and back without
// loss. A lone surrogate, which NTFS allows in names and UTF-8 cannot express,
// is kept as the three bytes that generalised UTF-8 ("WTF-8") gives it; all
// other text is plain UTF-8. Writers of reports decide how to show one.
package wtf8

import (
	"unicode/utf16"
	"unicode/utf8"
)

// FromLE decodes UTF-16LE. A trailing odd byte is ignored.
func FromLE(b []byte) string {
	n := len(b) / 2
	ascii := true
	for i := 0; i < n; i++ {
		if b[2*i+1] != 0 || b[2*i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	out := make([]byte, 0, n)
	if ascii {
		for i := 0; i < n; i++ {
			out = append(out, b[2*i])
		}
		return string(out)
	}
	for i := 0; i < n; i++ {
		r := rune(b[2*i]) | rune(b[2*i+1])<<8
		if utf16.IsSurrogate(r) && i+1 < n {
			low := rune(b[2*i+2]) | rune(b[2*i+3])<<8
			if c := utf16.DecodeRune(r, low); c != utf8.RuneError {
				out = utf8.AppendRune(out, c)
				i++
				continue
			}
		}
		out = appendRune(out, r)
	}
	return string(out)
}

// FromUnits decodes UTF-16 code units.
func FromUnits(u []uint16) string {
	b := make([]byte, 2*len(u))
	for i, c := range u {
		b[2*i], b[2*i+1] = byte(c), byte(c>>8)
	}
	return FromLE(b)
}

// ToUnits encodes a string made by this package as UTF-16; lone surrogates
// come back as they were, other invalid bytes become U+FFFD.
func ToUnits(s string) []uint16 {
	out := make([]uint16, 0, len(s))
	for len(s) > 0 {
		r, size := DecodeRune(s)
		s = s[size:]
		if r >= 0x10000 {
			hi, lo := utf16.EncodeRune(r)
			out = append(out, uint16(hi), uint16(lo))
			continue
		}
		out = append(out, uint16(r))
	}
	return out
}

// DecodeRune is utf8.DecodeRuneInString, except that a lone surrogate in its
// three-byte form is returned as itself with size 3.
func DecodeRune(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 &&
		s[0] == 0xED && s[1] >= 0xA0 && s[1] <= 0xBF && s[2]&0xC0 == 0x80 {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return r, size
}

// IsSurrogate reports a lone surrogate, as DecodeRune returns it.
func IsSurrogate(r rune) bool { return utf16.IsSurrogate(r) }

func appendRune(out []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0xBF, 0x80|byte(r)&0xBF)
	}
	return utf8.AppendRune(out, r)
}

// EqualLE reports whether a string made by this package is the decoding of a
// UTF-16LE name, without decoding plain ASCII.
func EqualLE(s string, le []byte) bool {
	n := len(le) / 2
	for i := 0; i < n; i++ {
		if le[2*i+1] != 0 || le[2*i] >= utf8.RuneSelf {
			return s == FromLE(le)
		}
		if i >= len(s) || s[i] != le[2*i] {
			return false
		}
	}
	return len(s) == n
}
