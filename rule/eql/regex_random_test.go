package eql

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// language is a regular expression as text with its definition: whether a text
// belongs to it. Both are made together, so that reading the text is tested too.
type language struct {
	text string
	has  func(s string) bool
}

// randomLanguage makes a regular expression over a, b and digits; level says how
// tightly the text must bind: 0 union, 1 intersection, 2 concatenation,
// 3 repetition, 4 item.
func randomLanguage(r *rand.Rand, depth, level int) language {
	kind := r.IntN(12)
	if depth == 0 {
		kind = r.IntN(4)
	}
	at := func(need int, l language) language {
		if level > need {
			l.text = "(" + l.text + ")"
		}
		return l
	}
	sub := func(level int) language { return randomLanguage(r, depth-1, level) }
	switch kind {
	case 0, 1, 2:
		return randomItem(r)
	case 3:
		m, n := r.IntN(120), r.IntN(120)
		width := r.IntN(4)
		from, to := fmt.Sprintf("%0*d", width, m), fmt.Sprintf("%0*d", width, n)
		return language{"<" + from + "-" + to + ">", func(s string) bool {
			v, err := strconv.Atoi(s)
			return err == nil && v >= min(m, n) && v <= max(m, n) && (len(from) != len(to) || len(s) == len(from))
		}}
	case 4, 5:
		a, b := sub(0), sub(1)
		return at(0, language{b.text + "|" + a.text, func(s string) bool { return a.has(s) || b.has(s) }})
	case 6:
		a, b := sub(1), sub(2)
		return at(1, language{b.text + "&" + a.text, func(s string) bool { return a.has(s) && b.has(s) }})
	case 7, 8:
		a, b := sub(2), sub(3)
		return at(2, language{b.text + a.text, func(s string) bool { return split(s, b.has, a.has) }})
	case 9:
		a := sub(4)
		return language{"~" + a.text, func(s string) bool { return !a.has(s) }}
	}
	a := sub(4)
	low := r.IntN(3)
	high := low + r.IntN(3)
	text := fmt.Sprintf("{%d,%d}", low, high)
	switch r.IntN(4) {
	case 0:
		low, high, text = 0, 1, "?"
	case 1:
		low, high, text = 0, -1, "*"
	case 2:
		low, high, text = 1, -1, "+"
	}
	return at(3, language{a.text + text, func(s string) bool { return times(s, a.has, low, high) }})
}

func randomItem(r *rand.Rand) language {
	equals := func(text, want string) language { return language{text, func(s string) bool { return s == want }} }
	within := func(text, letters string) language {
		return language{text, func(s string) bool { return len(s) == 1 && strings.Contains(letters, s) }}
	}
	switch r.IntN(12) {
	case 0:
		return language{"@", func(string) bool { return true }}
	case 1:
		return language{"#", func(string) bool { return false }}
	case 2:
		return equals("()", "")
	case 3:
		return language{".", func(s string) bool { return len(s) == 1 }}
	case 4:
		return equals(`"ab"`, "ab")
	case 5:
		return within(`\d`, "012")
	case 6:
		return within(`[^a0]`, "b12")
	case 7:
		return within(`[]b]`, "b")
	case 8:
		return within(`[0-1]`, "01")
	}
	letter := "ab1"[r.IntN(3):][:1]
	return equals(letter, letter)
}

func split(s string, a, b func(string) bool) bool {
	for i := 0; i <= len(s); i++ {
		if a(s[:i]) && b(s[i:]) {
			return true
		}
	}
	return false
}

// times reports whether s is low to high texts of a; high -1 is any number.
func times(s string, a func(string) bool, low, high int) bool {
	if low > 0 && a("") {
		low = 0 // texts without length may fill it up
	}
	if s == "" {
		return low == 0
	}
	if high == 0 {
		return false
	}
	return split1(s, func(head, tail string) bool { return a(head) && times(tail, a, max(low-1, 0), max(high-1, -1)) })
}

// split1 tries the ways to cut s in two, the first part not empty.
func split1(s string, both func(head, tail string) bool) bool {
	for i := 1; i <= len(s); i++ {
		if both(s[:i], s[i:]) {
			return true
		}
	}
	return false
}

// TestRegexDefinition compares random regular expressions with their definition
// on all short texts, and where there is a program also the automaton with it.
func TestRegexDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	values := words("ab01", 4)
	values = append(values, words("12", 6)[30:]...)
	programs, automata := 0, 0
	for range 1500 {
		l := randomLanguage(r, 4, 0)
		re, err := newRegex(l.text, foldNone)
		if err != nil {
			t.Errorf("%q: %v", l.text, err)
			continue
		}
		engines := []*regex{re}
		if re.re != nil {
			programs++
			engines = append(engines, automatonOf(t, l.text))
		} else {
			automata++
		}
		for _, s := range values {
			want := l.has(s)
			for _, e := range engines {
				if got := e.match(s); got != want {
					t.Fatalf("%q on %q: got %v, want %v (%s)", l.text, s, got, want, e)
				}
			}
		}
	}
	if programs < 100 || automata < 100 {
		t.Errorf("%d programs and %d automata", programs, automata)
	}
}

// automatonOf compiles a regular expression to an automaton, whatever it is.
func automatonOf(t *testing.T, text string) *regex {
	t.Helper()
	tree, err := parseRegex(text, foldNone)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	dfa, _, err := newAutomaton(tree)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return &regex{dfa: dfa}
}

// TestNumberRange counts all ranges of small numbers out.
func TestNumberRange(t *testing.T) {
	for m := 0; m <= 130; m += 3 {
		for n := 0; n <= 130; n += 7 {
			for _, width := range []int{0, 3} {
				text := fmt.Sprintf("<%0*d-%0*d>", width, m, width, n)
				re, err := newRegex(text, foldNone)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				same := len(fmt.Sprintf("%0*d", width, m)) == len(fmt.Sprintf("%0*d", width, n))
				for v := range 140 {
					for digits := 1; digits <= 4; digits++ {
						s := fmt.Sprintf("%0*d", digits, v)
						want := v >= min(m, n) && v <= max(m, n)
						if same {
							want = want && len(s) == len(fmt.Sprintf("%0*d", width, m))
						}
						if got := re.match(s); got != want {
							t.Fatalf("%s on %s: got %v, want %v", text, s, got, want)
						}
					}
				}
			}
		}
	}
}

// TestRegexFold compares the sets of folded characters with the definition.
func TestRegexFold(t *testing.T) {
	chars := []rune("aAkKſsS\u212AäÄßẞσςΣıİiI0_ǅǆǄ😀")
	for _, f := range []fold{foldNone, foldASCII, foldUnicode} {
		for _, c := range chars {
			for _, text := range []string{string(c), "[" + string(c) + "]", `"` + string(c) + `"`} {
				re, err := newRegex(text, f)
				if err != nil {
					t.Fatal(err)
				}
				not, err := newRegex("~("+text+")", f)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range chars {
					want := f.equal(string(c), string(d))
					if got := re.match(string(d)); got != want {
						t.Errorf("fold %d: %s on %c: got %v, want %v", f, text, d, got, want)
					}
					if got := not.match(string(d)); got == want {
						t.Errorf("fold %d: ~(%s) on %c: got %v", f, text, d, got)
					}
				}
			}
		}
	}
}

func TestFoldable(t *testing.T) {
	var want []rune
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if unicode.SimpleFold(c) != c {
			want = append(want, c)
		}
	}
	if got := foldable(); !slices.Equal(got, want) {
		t.Errorf("got %d characters, want %d", len(got), len(want))
	}
}
