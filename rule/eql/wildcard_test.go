package eql

import (
	"strings"
	"testing"
	"time"
)

// matchSlowly is the definition of a wildcard pattern, without any cleverness.
func matchSlowly(p, s []rune, f fold) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		return matchSlowly(p[1:], s, f) || len(s) > 0 && matchSlowly(p, s[1:], f)
	}
	return len(s) > 0 && (p[0] == '?' || f.rune(p[0]) == f.rune(s[0])) && matchSlowly(p[1:], s[1:], f)
}

// TestWildcardDefinition compares with the definition on all short texts.
func TestWildcardDefinition(t *testing.T) {
	patterns := words("a*?B", 5)
	values := words("abB", 5)
	for _, p := range patterns {
		for _, f := range []fold{foldNone, foldUnicode} {
			compiled := newPattern(p, f)
			for _, s := range values {
				if got, want := compiled.match(s), matchSlowly([]rune(p), []rune(s), f); got != want {
					t.Fatalf("%q on %q, fold %d: got %v, want %v", p, s, f, got, want)
				}
			}
		}
	}
}

// words lists all texts of up to n of the letters.
func words(letters string, n int) []string {
	out := []string{""}
	for last := out; n > 0; n-- {
		var next []string
		for _, w := range last {
			for _, r := range letters {
				next = append(next, w+string(r))
			}
		}
		out, last = append(out, next...), next
	}
	return out
}

func TestWildcard(t *testing.T) {
	tests := []struct {
		name, pattern, value string
		fold                 fold
		want                 bool
	}{
		{"star crosses separators", `?:\Windows\Tasks\*`, `C:\Windows\Tasks\sub\a.job`, foldUnicode, true},
		{"prefix \\\\?\\", `?:\Windows\Tasks\*`, `\\?\C:\Windows\Tasks\a.job`, foldUnicode, false},
		{"brackets are literal", "[ab]", "[ab]", foldUnicode, true},
		{"percent and underscore are literal", "a%_", "a%_", foldUnicode, true},
		{"one character beyond the BMP", "?", "😀", foldUnicode, true},
		{"lone surrogate is one character", "?x", "\xED\xA0\xBDx", foldUnicode, true},
		{"two halves are two", "?", "\xED\xA0\xBD\xED\xB8\x80", foldUnicode, false},
		{"umlaut folds", "ÄÖ*", "äöü", foldUnicode, true},
		{"umlaut under ASCII", "Ä", "ä", foldASCII, false},
		{"ASCII under ASCII", "aZ", "Az", foldASCII, true},
		{"Kelvin sign", "k", "\u212A", foldUnicode, true},
		{"Kelvin sign under ASCII", "k", "\u212A", foldASCII, false},
		{"long s", "S", "ſ", foldUnicode, true},
		{"sharp s is one character", "ss", "ß", foldUnicode, false},
		{"dotless i", "I", "ı", foldUnicode, false},
		{"NUL", "a?b", "a\x00b", foldUnicode, true},
		{"line break", "a*b", "a\r\nb", foldUnicode, true},
	}
	for _, tt := range tests {
		p := newPattern(tt.pattern, tt.fold)
		if got := p.match(tt.value); got != tt.want {
			t.Errorf("%s: %q on %q: got %v, want %v", tt.name, tt.pattern, tt.value, got, tt.want)
		}
	}
}

// TestWildcardTime: a pattern that would be exponential for naive backtracking.
func TestWildcardTime(t *testing.T) {
	p := newPattern(strings.Repeat("*a", 1000)+"b", foldUnicode)
	start := time.Now()
	if p.match(strings.Repeat("a", 32767)) {
		t.Error("matched")
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("took %v", took)
	}
}

func TestFold(t *testing.T) {
	texts := []string{"", "a", "A", "ab", "aB", "b", "Äx", "äX", "K\u212A", "kk", "\xED\xA0\xBDa", "a\xED\xA0\xBD", "😀", "a😀"}
	canonical := func(f fold, s string) string {
		out := []rune{}
		for len(s) > 0 {
			r, n := char(s)
			if r >= 0xD800 && r < 0xE000 {
				r += 0x100000 // []rune cannot hold a surrogate as a string
			}
			out, s = append(out, f.rune(r)), s[n:]
		}
		return string(out)
	}
	for _, f := range []fold{foldNone, foldASCII, foldUnicode} {
		for _, a := range texts {
			for _, b := range texts {
				ca, cb := canonical(f, a), canonical(f, b)
				if got, want := f.equal(a, b), ca == cb; got != want {
					t.Errorf("fold %d: equal(%q, %q): got %v, want %v", f, a, b, got, want)
				}
				if _, got := f.prefix(a, b); got != strings.HasPrefix(ca, cb) {
					t.Errorf("fold %d: prefix(%q, %q): got %v", f, a, b, got)
				}
				if got := f.suffix(a, b); got != strings.HasSuffix(ca, cb) {
					t.Errorf("fold %d: suffix(%q, %q): got %v", f, a, b, got)
				}
				if start, _ := f.index(a, b); (start >= 0) != strings.Contains(ca, cb) {
					t.Errorf("fold %d: index(%q, %q): got %d", f, a, b, start)
				}
				if last := f.lastIndex(a, b); (last >= 0) != strings.Contains(ca, cb) {
					t.Errorf("fold %d: lastIndex(%q, %q): got %d", f, a, b, last)
				}
			}
		}
	}
}
