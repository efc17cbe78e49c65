package eql

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// Limits on a regular expression. They bound the time and memory of reading it;
// matching a value takes its length times maxRegexProgram at most.
const (
	maxRegexProgram = 4000    // instructions of a compiled program
	maxRegexRepeat  = 2000    // counted repetition
	maxRegexDepth   = 100     // nested groups
	maxRegexCost    = 1 << 18 // work for all regular expressions of one query
)

var errComplex = errors.New("too complex")

// regex is a Lucene regular expression with all of the optional operators. It
// must match a whole value; "^" and "$" are ordinary characters, "." is any
// character, line breaks among them. One of re and dfa is set.
type regex struct {
	re   *regexp.Regexp // where it has neither complement nor intersection
	dfa  *automaton
	cost int // instructions of the program, or steps to build the automaton
}

func newRegex(text string, f fold) (*regex, error) {
	tree, err := parseRegex(text, f)
	if err != nil {
		return nil, err
	}
	if pattern, ok := tree.plain(); ok {
		if r, err := newPlainRegex(pattern); err == nil {
			return r, nil
		}
	}
	dfa, cost, err := newAutomaton(tree)
	if err != nil {
		return nil, err
	}
	return &regex{dfa: dfa, cost: cost}, nil
}

// newPlainRegex compiles a pattern of the standard library, if it is not too long.
func newPlainRegex(pattern string) (*regex, error) {
	pattern = `(?s)\A(?:` + pattern + `)\z`
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, errComplex
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxRegexProgram {
		return nil, errComplex
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, errComplex
	}
	return &regex{re: re, cost: len(prog.Inst)}, nil
}

func (r *regex) match(s string) bool {
	if r.dfa != nil {
		return r.dfa.match(s)
	}
	if !utf8.ValidString(s) {
		s = oneRuneEach(s)
	}
	return r.re.MatchString(s)
}

// String names the regular expression as it was compiled, for tests.
func (r *regex) String() string {
	if r.dfa != nil {
		return fmt.Sprintf("automaton of %d states", len(r.dfa.accepts))
	}
	return r.re.String()
}

// oneRuneEach replaces each lone surrogate and invalid byte by one character
// that no pattern is likely to name, so that "." takes it as one.
func oneRuneEach(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := char(s)
		if wtf8.IsSurrogate(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
		s = s[size:]
	}
	return b.String()
}
