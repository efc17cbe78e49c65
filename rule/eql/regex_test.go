package eql

import (
	"strings"
	"testing"
	"time"
)

func TestRegex(t *testing.T) {
	tests := []struct {
		name, pattern, value string
		fold                 fold
		want                 bool
	}{
		{"whole value", "doc", "docs", foldNone, false},
		{"whole value at the start", "ocs", "docs", foldNone, false},
		{"alternatives are anchored", "a|b", "ab", foldNone, false},
		{"anchors are characters", "^a$", "^a$", foldNone, true},
		{"anchors do not anchor", "^a$", "a", foldNone, false},
		{"dot and line break", "a.b", "a\nb", foldNone, true},
		{"dot beyond the BMP", "a.b", "a😀b", foldNone, true},
		{"dot and lone surrogate", ".", "\xED\xA0\xBD", foldNone, true},
		{"reluctant is optional", "a+?", "", foldNone, true},
		{"reluctant star", "a.*?b", "axxb", foldNone, true},
		{"double quantifier", "a**", "aaa", foldNone, true},
		{"counted", "a{2,3}", "aaaa", foldNone, false},
		{"counted open", "a{2,}", "aaaa", foldNone, true},
		{"class", "[a-c]+", "abc", foldNone, true},
		{"class complement", "[^a-c]", "d", foldNone, true},
		{"class complement takes line breaks", "[^a]", "\n", foldNone, true},
		{"class with bracket", `[\]]`, "]", foldNone, true},
		{"class with minus at the end", "[a-]", "-", foldNone, true},
		{"class with dot", "[.]", "x", foldNone, false},
		{"class with POSIX look", "[[:alpha:]]", ":]", foldNone, true},
		{"backslash d", `\d+`, "123", foldNone, true},
		{"backslash d knows ASCII only", `\d`, "٣", foldNone, false},
		{"backslash W", `\W`, "_", foldNone, false},
		{"backslash S and lone surrogate", `\S`, "\xED\xA0\xBD", foldNone, true},
		{"backslash b is a letter", `\b`, "b", foldNone, true},
		{"escaped path", `C:\\Windows\\.*`, `C:\Windows\x`, foldNone, true},
		{"quotation", `"a.b"+`, "a.ba.b", foldNone, true},
		{"any string", "a@b", "axxb", foldNone, true},
		{"nothing", "a#?", "a", foldNone, true},
		{"nothing never matches", "#", "#", foldNone, false},
		{"empty pattern", "", "", foldNone, true},
		{"empty pattern, some value", "", "a", foldNone, false},
		{"empty group", "a()b", "ab", foldNone, true},
		{"RE2 group syntax is not special", `(?`, "", foldNone, false},
		{"closing brace", "a}", "a}", foldNone, true},
		{"hyphen and slash", "a-b/c", "a-b/c", foldNone, true},
		{"case counts", "ABC", "abc", foldNone, false},
		{"folded", "ABC", "abc", foldUnicode, true},
		{"folded class", "[A-C]+", "abc", foldUnicode, true},
		{"folded umlaut", "Ä", "ä", foldUnicode, true},
		{"ASCII folded", "aBc[X-Z]", "AbCy", foldASCII, true},
		{"ASCII folded umlaut", "Ä", "ä", foldASCII, false},
		{"ASCII folded Kelvin", "k", "\u212A", foldASCII, false},
	}
	for _, tt := range tests {
		re, err := newRegex(tt.pattern, tt.fold)
		if err != nil {
			if tt.pattern != "(?" {
				t.Errorf("%s: %q: %v", tt.name, tt.pattern, err)
			}
			continue
		}
		if got := re.match(tt.value); got != tt.want {
			t.Errorf("%s: %q on %q: got %v, want %v (%s)", tt.name, tt.pattern, tt.value, got, tt.want, re.re)
		}
	}
}

func TestRegexErrors(t *testing.T) {
	tests := []struct{ name, pattern, want string }{
		{"open group", "(a", "group at character 1 is not closed"},
		{"closed too often", "a)", "unexpected ')' at character 2"},
		{"open class", "[a", "class at character 1 is not closed"},
		{"empty class", "[]", "empty class at character 1"},
		{"class backwards", "[b-a]", "range b-a in the class at character 1 runs backwards"},
		{"open quotation", `a"b`, "quotation at character 2 is not closed"},
		{"leading star", "*a", "nothing to repeat at character 1"},
		{"bad count", "a{x}", "repetition {x} at character 2 is not {n}, {n,} or {n,m}"},
		{"count backwards", "a{3,2}", "repetition {3,2} at character 2 is not {n}, {n,} or {n,m}"},
		{"open count", "a{3", "repetition at character 2 is not closed"},
		{"trailing backslash", `a\`, "backslash at the end"},
		{"intersection", "a&b", `the operator "&" (intersection) is not supported`},
		{"deep", strings.Repeat("(", 200), "nested more than 100 levels deep"},
		{"large", "(a{100}){100}", "too complex"},
		{"many quantifiers", "a" + strings.Repeat("?", 4000), "too complex"},
	}
	for _, tt := range tests {
		re, err := newRegex(tt.pattern, foldNone)
		if re != nil || err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

// TestRegexTime: a pattern that is exponential for backtracking engines.
func TestRegexTime(t *testing.T) {
	re, err := newRegex("(a|a)*(a|aa)*b", foldNone)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if re.match(strings.Repeat("a", 32767)) {
		t.Error("matched")
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("took %v", took)
	}
}
