package eql

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// sample touches every part of the grammar.
const sample = "file where not (?file.name : (\"A*\", \"\"\"b?\"\"\") or `my-f` in~ (1, .5, \"\\u{e4}\\n\")) and /* c */\n" +
	"  endsWith~(file.path, \".job\") and -pid % 2 + 1 >= 0 and a.b regex~ \"[a-c]+\" and x not in (null, true) // end\n" +
	"  and cidrMatch(ip, \"10.0.0.0/8\") == false and file.size != 3e2"

// checkParse holds what must be true of any text.
func checkParse(t *testing.T, src string) {
	t.Helper()
	q, err := Parse(src)
	if err != nil {
		var syntax *SyntaxError
		if q != nil || !errors.As(err, &syntax) {
			t.Fatalf("%q: got %v, %v", src, q, err)
		}
		if syntax.Line < 1 || syntax.Line > 1+strings.Count(src, "\n") || syntax.Column < 1 || syntax.Column > len(src)+1 {
			t.Fatalf("%q: error at %d:%d", src, syntax.Line, syntax.Column)
		}
		return
	}
	normal := q.String()
	again, err := Parse(normal)
	if err != nil {
		if len(normal) > maxQuery || strings.Contains(err.Error(), "nested more than") {
			return // the normal form has parentheses that the text had not
		}
		t.Fatalf("%q: normal form %q: %v", src, normal, err)
	}
	if again.String() != normal {
		t.Fatalf("%q: normal form %q reads as %q", src, normal, again)
	}
	for _, r := range []Record{leafRecord, allUnknown{}} {
		res := q.Eval(r)
		if got := again.Truth(r); got != res.Truth || q.Truth(r) != res.Truth {
			t.Fatalf("%q: %v, but normal form %q: %v", src, res.Truth, normal, got)
		}
		if (res.Truth == Unknown) != (len(res.Missing) > 0) || res.Err != nil {
			t.Fatalf("%q: %+v", src, res)
		}
		if simple := q.Condition().Simplify(); simple.Truth(r) != res.Truth {
			t.Fatalf("%q: %v, but simplified %s is %v", src, res.Truth, simple, simple.Truth(r))
		}
		if neg := q.Condition().Negation(); neg.Truth(r) != res.Truth.Not() && !q.Condition().hasNull {
			t.Fatalf("%q: negation %s is %v as well", src, neg, res.Truth)
		}
		residual := q.Reduce(r)
		if residual.Truth(r) != res.Truth {
			t.Fatalf("%q: %v, but residual %s is %v", src, res.Truth, residual, residual.Truth(r))
		}
	}
}

// allUnknown knows nothing.
type allUnknown struct{}

func (allUnknown) Field(string) Value { return NotKnown() }

func FuzzParse(f *testing.F) {
	f.Add(sample)
	text, err := os.ReadFile("testdata/errors.txt")
	if err != nil {
		f.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n\n") {
		f.Add(strings.Replace(block, "»", "", 1))
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) < 4096 {
			checkParse(t, src)
		}
	})
}

// FuzzSound: a verdict that is reached with unknown fields stays when they become
// known, whatever they become.
func FuzzSound(f *testing.F) {
	f.Add("pid == 1 and process.name : \"x*\" or file.name == null", "x", "y", int64(1))
	f.Add(sample[len("file where "):], "a", "", int64(0))
	f.Fuzz(func(t *testing.T, condition, a, b string, n int64) {
		q, err := Parse("any where " + condition)
		if err != nil || len(condition) > 4096 {
			return
		}
		known := fields{}
		names := q.Fields()
		choices := []Value{Str(a), Strs(a, b), Int(n), Missing(), Bool(n > 0)}
		for i, name := range names {
			known[name] = choices[(i+int(uint64(n)%7))%len(choices)]
		}
		want := q.Truth(known)
		for i, name := range names {
			open := fields{}
			for k, v := range known {
				open[k] = v
			}
			open[name] = NotKnown()
			if i+1 < len(names) {
				open[names[i+1]] = NotKnown()
			}
			if got := q.Truth(open); got != Unknown && got != want {
				t.Fatalf("%s: %v without %s, %v with %v", q, got, name, want, known)
			}
		}
	})
}

func FuzzRegex(f *testing.F) {
	f.Add(`[a-c]+\d{2,}(x|"y")@`, "abc12xy")
	f.Add(`[^\w-]?`, "\xED\xA0\xBD")
	f.Add(`a~(b|[c-e]){2,3}&@<7-12>#?`, "abb9")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if len(pattern) > 256 || len(value) > 1024 {
			return
		}
		for _, fo := range []fold{foldNone, foldASCII, foldUnicode} {
			re, err := newRegex(pattern, fo)
			if (re == nil) != (err != nil) {
				t.Fatalf("%q: %v, %v", pattern, re, err)
			}
			if re == nil {
				continue
			}
			re.match(value)
			tree, err := parseRegex(pattern, fo)
			if err != nil {
				t.Fatalf("%q: %v", pattern, err)
			}
			// The automaton says what the program says, and that of the complement
			// the opposite.
			valid := oneRuneEach(value)
			want := re.match(valid)
			if dfa, _, err := newAutomaton(tree); err == nil && dfa.match(valid) != want {
				t.Fatalf("%q on %q: %s %v, automaton %v", pattern, valid, re, want, !want)
			}
			complement := &regexTree{op: reNot, kids: []*regexTree{tree}}
			if dfa, _, err := newAutomaton(complement); err == nil && dfa.match(valid) == want {
				t.Fatalf("%q on %q: %v, and so is the complement", pattern, valid, want)
			}
		}
	})
}

func TestEveryTruncationAndBitFlip(t *testing.T) {
	if _, err := Parse(sample); err != nil {
		t.Fatal(err)
	}
	for i := range len(sample) {
		checkParse(t, sample[:i])
		for bit := range 8 {
			b := []byte(sample)
			b[i] ^= 1 << bit
			checkParse(t, string(b))
		}
	}
}
