package eql

import (
	"unicode"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// fold is a way to compare characters.
type fold uint8

const (
	foldNone    fold = iota
	foldASCII        // A-Z and a-z are alike
	foldUnicode      // Unicode simple case folding
)

// rune gives the representative of the characters that are alike: the smallest
// of them, which for letters of ASCII is the capital.
func (f fold) rune(r rune) rune {
	if f == foldNone {
		return r
	}
	if r < utf8.RuneSelf {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	if f == foldASCII {
		return r
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// char decodes the first character of s.
func char(s string) (r rune, size int) {
	if c := s[0]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return wtf8.DecodeRune(s)
}

// prefix reports whether s begins with p, and how many bytes of s that takes.
func (f fold) prefix(s, p string) (n int, ok bool) {
	for len(p) > 0 {
		if n >= len(s) {
			return 0, false
		}
		a, size := char(s[n:])
		b, psize := char(p)
		if a != b && f.rune(a) != f.rune(b) {
			return 0, false
		}
		n += size
		p = p[psize:]
	}
	return n, true
}

func (f fold) equal(a, b string) bool {
	if f == foldNone {
		return a == b
	}
	n, ok := f.prefix(a, b)
	return ok && n == len(a)
}

// suffix reports whether s ends with p.
func (f fold) suffix(s, p string) bool {
	for len(p) > 0 {
		if len(s) == 0 {
			return false
		}
		a, size := lastChar(s)
		b, psize := lastChar(p)
		if a != b && f.rune(a) != f.rune(b) {
			return false
		}
		s = s[:len(s)-size]
		p = p[:len(p)-psize]
	}
	return true
}

// lastChar decodes the last character of s.
func lastChar(s string) (r rune, size int) {
	r, size = utf8.DecodeLastRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 {
		if r, n := wtf8.DecodeRune(s[len(s)-3:]); n == 3 {
			return r, n
		}
	}
	return r, size
}

// index finds p in s and gives the bytes it takes, or -1.
func (f fold) index(s, p string) (start, end int) {
	for start = 0; ; {
		if n, ok := f.prefix(s[start:], p); ok {
			return start, start + n
		}
		if start >= len(s) {
			return -1, -1
		}
		_, size := char(s[start:])
		start += size
	}
}

// lastIndex finds the last place of p in s, or -1.
func (f fold) lastIndex(s, p string) int {
	last := -1
	for start := 0; start <= len(s); {
		if _, ok := f.prefix(s[start:], p); ok {
			last = start
		}
		if start == len(s) {
			break
		}
		_, size := char(s[start:])
		start += size
	}
	return last
}
