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
		{"class with minus at the end", "[a-c-]", "-", foldNone, true},
		{"class with minus at the beginning", "[-a]", "-", foldNone, true},
		{"class with bracket first", "[]a]+", "]a", foldNone, true},
		{"class with bracket first, complement", "[^]a]", "]", foldNone, false},
		{"class with bracket as the end of a range", "[A-]]", "Z", foldNone, true},
		{"class with range after an escape", `[\.-0]`, "/", foldNone, true},
		{"class of predefined classes", `[\d\s]+`, "1 2", foldNone, true},
		{"leading star", "*a", "*a", foldNone, true},
		{"leading question mark", "?", "?", foldNone, true},
		{"leading plus, repeated", "++", "++", foldNone, true},
		{"leading brace", "{", "{", foldNone, true},
		{"leading star in a group", "(*a|+)", "*a", foldNone, true},
		{"bar where an item is due", "a||b", "|b", foldNone, true},
		{"closing parenthesis where an item is due", ")a", ")a", foldNone, true},
		{"ampersand where an item is due", "&a", "&a", foldNone, true},
		{"large count", "a{2000}", strings.Repeat("a", 2000), foldNone, true},
		{"large count, one less", "a{2000}", strings.Repeat("a", 1999), foldNone, false},
		{"large range", "a{1500,1800}", strings.Repeat("a", 1700), foldNone, true},
		{"large range, too few", "a{1500,1800}", strings.Repeat("a", 1499), foldNone, false},
		{"large range, too many", "a{1500,1800}", strings.Repeat("a", 1801), foldNone, false},
		{"large count, open", "a{1500,}", strings.Repeat("a", 3000), foldNone, true},
		{"large count of a group", "(ab|cd){700}", strings.Repeat("abcd", 350), foldNone, true},
		{"counts of counts", "(a{40}){50}", strings.Repeat("a", 2000), foldNone, true},
		{"count of nothing", "a{0}b{0,0}", "", foldNone, true},
		{"complement", "~a", "b", foldNone, true},
		{"complement of the value", "~a", "a", foldNone, false},
		{"complement and the empty text", "~a", "", foldNone, true},
		{"complement binds before repetition", "~(ab){2}", "ab", foldNone, true},
		{"complement binds before concatenation", "~ab", "xb", foldNone, true},
		{"complement of the complement", "~~a", "b", foldNone, false},
		{"complement of any text", "~@", "", foldNone, false},
		{"complement of nothing", "~#", "x", foldNone, true},
		{"complement in the middle", `C:\\~(.*\\.*)`, `C:\a.job`, foldNone, true},
		{"complement in the middle, not", `C:\\~(.*\\.*)`, `C:\b\a.job`, foldNone, false},
		{"complement takes line breaks", "~a", "\n\n", foldNone, true},
		{"complement and lone surrogate", "~(..)", "\xED\xA0\xBD", foldNone, true},
		{"complement folds", "~(ABC)", "abc", foldUnicode, false},
		{"complement folds ASCII", "~(Ä)", "ä", foldASCII, true},
		{"complement beyond ASCII", "~(ä|ö)+x", "ößx", foldNone, true},
		{"escaped tilde", `\~a`, "~a", foldNone, true},
		{"intersection", "a.*&.*b", "axb", foldNone, true},
		{"intersection, not", "a.*&.*b", "axc", foldNone, false},
		{"intersection binds before union", "a|b&c", "a", foldNone, true},
		{"intersection after concatenation", "ab&a.", "ab", foldNone, true},
		{"intersection of three", "@a@&@b@&@c@", "cba", foldNone, true},
		{"intersection in a group", "x(a+&(aa)+)", "xaaaa", foldNone, true},
		{"intersection in a group, not", "x(a+&(aa)+)", "xaaa", foldNone, false},
		{"intersection with a complement", ".*\\.job&~(At.*)", "At1.job", foldNone, false},
		{"intersection and lone surrogate", ".&@", "\xED\xA0\xBD", foldNone, true},
		{"quotation of operators", `"~a&b<1-2>"`, "~a&b<1-2>", foldNone, true},
		{"empty quotation", `a""b`, "ab", foldNone, true},
		{"number range", "<5-100>", "42", foldNone, true},
		{"number range, leading zeros", "<5-100>", "0000042", foldNone, true},
		{"number range, above", "<5-100>", "101", foldNone, false},
		{"number range, below", "<5-100>", "04", foldNone, false},
		{"number range, no number", "<5-100>", "", foldNone, false},
		{"number range of one width", "<01-20>", "7", foldNone, false},
		{"number range of one width, padded", "<01-20>", "07", foldNone, true},
		{"number range backwards", "<20-5>", "11", foldNone, true},
		{"number range from zero", "<0-10>", "000", foldNone, true},
		{"number range at the limit", "<0-2147483647>", "2147483647", foldNone, true},
		{"number range past the limit", "<0-2147483647>", "2147483648", foldNone, false},
		{"number range in a name", `At<1-99>\.job`, "At7.job", foldNone, true},
		{"class with dot", "[.]", "x", foldNone, false},
		{"class with POSIX look", "[[:alpha:]]", ":]", foldNone, true},
		{"backslash d", `\d+`, "123", foldNone, true},
		{"backslash d knows ASCII only", `\d`, "٣", foldNone, false},
		{"backslash W", `\W`, "_", foldNone, false},
		{"backslash b is a letter", `\b`, "b", foldNone, true},
		{"backslash b in a class", `[\b-d]`, "c", foldNone, true},
		{"backslash S and lone surrogate", `\S`, "\xED\xA0\xBD", foldNone, true},
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
			t.Errorf("%s: %q on %q: got %v, want %v (%s)", tt.name, tt.pattern, tt.value, got, tt.want, re)
		}
	}
}

func TestRegexErrors(t *testing.T) {
	tests := []struct{ name, pattern, want string }{
		{"open group", "(a", "group at character 1 is not closed"},
		{"closed too often", "a)", "unexpected ')' at character 2"},
		{"open class", "[a", "class at character 1 is not closed"},
		{"empty class", "[]", "class at character 1 is not closed"},
		{"empty complement", "[^]", "class at character 1 is not closed"},
		{"class that ends in a range", "[a-", "class at character 1 is not closed"},
		{"bracket that ends a range", "[a-]", "range a-] in the class at character 1 runs backwards"},
		{"backslash at the end of a class", `[\`, "backslash at the end"},
		{"empty alternative", "a|", "something is missing at the end"},
		{"empty intersection", "a&", "something is missing at the end"},
		{"complement of nothing", "~", "something is missing at the end"},
		{"closing parenthesis as an alternative", "(a|)", "group at character 1 is not closed"},
		{"open number range", "<1-2", "number range at character 1 is not closed"},
		{"named automaton", "<abc>", `the operator "<name>" (named automaton) is not supported: <abc> at character 1`},
		{"number range of one", "<1->", "number range <1-> at character 1 is not <m-n>"},
		{"number range of three", "<1-2-3>", "number range <1-2-3> at character 1 is not <m-n>"},
		{"number range too large", "<1-2147483648>", "number range <1-2147483648> at character 1 is not <m-n>"},
		{"count too large", "a{2001}", "repetition {2001} exceeds 2000"},
		{"exponential complement", "~(.*a.{20})", "too complex"},
		{"exponential intersection", "(.*a.{12}b)&(.*c.{13}d)", "too complex"},
		{"complement of many counts", "~((a{100}){100})", "too complex"},
		{"complement of many characters", "~(" + manyCharacters(600) + ")", "too complex"},
		{"class backwards", "[b-a]", "range b-a in the class at character 1 runs backwards"},
		{"open quotation", `a"b`, "quotation at character 2 is not closed"},
		{"bad count", "a{x}", "repetition {x} at character 2 is not {n}, {n,} or {n,m}"},
		{"count backwards", "a{3,2}", "repetition {3,2} at character 2 is not {n}, {n,} or {n,m}"},
		{"open count", "a{3", "repetition at character 2 is not closed"},
		{"trailing backslash", `a\`, "backslash at the end"},
		{"deep", strings.Repeat("(", 200), "nested more than 100 levels deep"},
		{"large", "(a{100}){100}", "too complex"},
		{"many quantifiers", "a" + strings.Repeat("?", 4000), "more than 100 repetitions of one thing"},
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

// manyCharacters is a text of n different characters.
func manyCharacters(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteRune(rune(0x4E00 + 2*i))
	}
	return b.String()
}

// TestRegexCost: what is refused for its size is refused soon, and many regular
// expressions of one query have one limit.
func TestRegexCost(t *testing.T) {
	start := time.Now()
	part := func(pattern string, n int) string {
		return "any where a regex (" + strings.Repeat(quote(pattern)+", ", n) + quote(pattern) + ")"
	}
	tests := []struct {
		name, query string
		ok          bool
	}{
		{"some automata", part("~(.*a.{5})", 20), true},
		{"many automata", part("~(.*a.{7})", 4000), false},
		{"many programs", part(".{1000}", 4000), false},
		{"many small programs", part("a.*b", 5000), true},
		{"long complement", part("~("+strings.Repeat("a|", 2000)+"b)", 1), true},
		{"deep complement", part(strings.Repeat("~(a", 90)+strings.Repeat(")", 90), 1), true},
	}
	for _, tt := range tests {
		if _, err := Parse(tt.query); (err == nil) != tt.ok {
			t.Errorf("%s: got %.200v, want success %v", tt.name, err, tt.ok)
		}
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("took %v", took)
	}
}
