package eql

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// Limits on a regular expression, so that matching a value is bounded by its
// length times maxRegexProgram.
const (
	maxRegexProgram = 4000 // instructions of the compiled program
	maxRegexRepeat  = 1000 // counted repetition
	maxRegexDepth   = 100  // nested groups
)

// regex is a Lucene regular expression. It must match a whole value; "^" and "$"
// are ordinary characters, "." is any character, line breaks among them.
type regex struct{ re *regexp.Regexp }

func newRegex(text string, f fold) (*regex, error) {
	t := lucene{src: []rune(text), fold: f}
	body := ""
	if len(t.src) > 0 {
		var err error
		if body, err = t.union(); err != nil {
			return nil, err
		}
		if t.off < len(t.src) {
			return nil, fmt.Errorf("unexpected %q at character %d", t.src[t.off], t.off+1)
		}
	}
	flags := "s"
	if f == foldUnicode {
		flags = "si"
	}
	pattern := "(?" + flags + `)\A(?:` + body + `)\z`
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("too complex")
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxRegexProgram {
		return nil, fmt.Errorf("too complex")
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("too complex")
	}
	return &regex{re: re}, nil
}

func (r *regex) match(s string) bool {
	if !utf8.ValidString(s) {
		s = oneRuneEach(s)
	}
	return r.re.MatchString(s)
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

// lucene translates Lucene's syntax with all its optional operators to RE2's,
// except "~" (complement), "&" (intersection) and "<m-n>" (number range), which
// it refuses.
type lucene struct {
	src   []rune
	off   int
	depth int
	fold  fold
}

func (l *lucene) peek() rune {
	if l.off < len(l.src) {
		return l.src[l.off]
	}
	return 0
}

func (l *lucene) more() bool { return l.off < len(l.src) }

// union reads concat { "|" concat }.
func (l *lucene) union() (string, error) {
	if l.depth++; l.depth > maxRegexDepth {
		return "", fmt.Errorf("nested more than %d levels deep", maxRegexDepth)
	}
	defer func() { l.depth-- }()
	var b strings.Builder
	for {
		if !l.more() || l.peek() == '|' || l.peek() == ')' {
			return "", fmt.Errorf("empty alternative at character %d", l.off+1)
		}
		for l.more() && l.peek() != '|' && l.peek() != ')' {
			item, err := l.repeat()
			if err != nil {
				return "", err
			}
			b.WriteString(item)
		}
		if l.peek() != '|' {
			return b.String(), nil
		}
		l.off++
		b.WriteByte('|')
	}
}

// repeat reads an item and its quantifiers. "a+?" is (a+) or nothing here, not a
// reluctant a+.
func (l *lucene) repeat() (string, error) {
	item, err := l.item()
	if err != nil {
		return "", err
	}
	for l.more() {
		q := ""
		switch l.peek() {
		case '?', '*', '+':
			q = string(l.peek())
			l.off++
		case '{':
			if q, err = l.count(); err != nil {
				return "", err
			}
		default:
			return item, nil
		}
		if len(item) > 64*maxPattern {
			return "", fmt.Errorf("too complex")
		}
		item = "(?:" + item + ")" + q
	}
	return item, nil
}

// count reads {n}, {n,} or {n,m}.
func (l *lucene) count() (string, error) {
	start := l.off
	end := start
	for end < len(l.src) && l.src[end] != '}' {
		end++
	}
	if end == len(l.src) {
		return "", fmt.Errorf("repetition at character %d is not closed", start+1)
	}
	text := string(l.src[start+1 : end])
	from, to, ranged := strings.Cut(text, ",")
	n, err := strconv.ParseUint(from, 10, 31)
	m := n
	if err == nil && ranged && to != "" {
		m, err = strconv.ParseUint(to, 10, 31)
	}
	switch {
	case err != nil || m < n:
		return "", fmt.Errorf("repetition {%s} at character %d is not {n}, {n,} or {n,m}", text, start+1)
	case m > maxRegexRepeat:
		return "", fmt.Errorf("repetition {%s} exceeds %d", text, maxRegexRepeat)
	}
	l.off = end + 1
	return "{" + text + "}", nil
}

func (l *lucene) item() (string, error) {
	at := l.off + 1
	c := l.peek()
	l.off++
	switch c {
	case '.':
		return ".", nil
	case '@':
		return "(?:.*)", nil
	case '#':
		return `[^\x00-\x{10FFFF}]`, nil
	case '(':
		if l.peek() == ')' {
			l.off++
			return "(?:)", nil
		}
		body, err := l.union()
		if err != nil {
			return "", err
		}
		if l.peek() != ')' {
			return "", fmt.Errorf("group at character %d is not closed", at)
		}
		l.off++
		return "(?:" + body + ")", nil
	case '[':
		return l.class(at)
	case '"':
		return l.quotation(at)
	case '\\':
		if !l.more() {
			return "", fmt.Errorf("backslash at the end")
		}
		c = l.peek()
		l.off++
		if set, ok := predefined(c); ok {
			return "[" + set + "]", nil
		}
		return l.literal(c), nil
	case '*', '+', '?', '{':
		return "", fmt.Errorf("nothing to repeat at character %d", at)
	case '~':
		return "", fmt.Errorf(`the operator "~" (complement) is not supported`)
	case '&':
		return "", fmt.Errorf(`the operator "&" (intersection) is not supported`)
	case '<':
		return "", fmt.Errorf(`the operator "<m-n>" (number range) is not supported`)
	}
	return l.literal(c), nil
}

func (l *lucene) literal(c rune) string {
	if l.fold == foldASCII && swapCase(c) != c {
		return "[" + string(c) + string(swapCase(c)) + "]"
	}
	return regexp.QuoteMeta(string(c))
}

func swapCase(c rune) rune {
	if c < utf8.RuneSelf && unicode.IsLetter(c) {
		return c ^ 0x20
	}
	return c
}

// quotation reads "text", in which nothing is special.
func (l *lucene) quotation(at int) (string, error) {
	var b strings.Builder
	for l.more() {
		c := l.peek()
		l.off++
		if c == '"' {
			return "(?:" + b.String() + ")", nil
		}
		b.WriteString(l.literal(c))
	}
	return "", fmt.Errorf("quotation at character %d is not closed", at)
}

// predefined gives the members of \d, \s and \w, which know only ASCII.
func predefined(c rune) (set string, ok bool) {
	switch c {
	case 'd':
		return "0-9", true
	case 's':
		return ` \t\n\r`, true
	case 'w':
		return "0-9A-Z_a-z", true
	case 'D':
		return `\x00-/:-\x{10FFFF}`, true
	case 'S':
		return `\x00-\x08\x0B\x0C\x0E-\x1F!-\x{10FFFF}`, true
	case 'W':
		return "\\x00-/:-@\\[-\\^`{-\\x{10FFFF}", true
	}
	return "", false
}

// class reads [...], whose opening bracket stood at character at.
func (l *lucene) class(at int) (string, error) {
	var b strings.Builder
	b.WriteByte('[')
	if l.peek() == '^' {
		l.off++
		b.WriteByte('^')
	}
	for first := true; ; first = false {
		if !l.more() {
			return "", fmt.Errorf("class at character %d is not closed", at)
		}
		c := l.peek()
		l.off++
		if c == ']' {
			if first {
				return "", fmt.Errorf("empty class at character %d", at)
			}
			b.WriteByte(']')
			return b.String(), nil
		}
		if c == '\\' {
			if !l.more() {
				return "", fmt.Errorf("class at character %d is not closed", at)
			}
			c = l.peek()
			l.off++
			if set, ok := predefined(c); ok {
				b.WriteString(set)
				continue
			}
		}
		low, high := c, c
		if l.peek() == '-' && l.off+1 < len(l.src) && l.src[l.off+1] != ']' {
			l.off++
			high = l.peek()
			l.off++
			if high == '\\' && l.more() {
				high = l.peek()
				l.off++
			}
			if high < low {
				return "", fmt.Errorf("range %c-%c in the class at character %d runs backwards", low, high, at)
			}
		}
		l.classRange(&b, low, high)
	}
}

// classRange writes low-high, and its counterpart in the other case where only
// ASCII folds.
func (l *lucene) classRange(b *strings.Builder, low, high rune) {
	fmt.Fprintf(b, `\x{%X}-\x{%X}`, low, high)
	if l.fold != foldASCII {
		return
	}
	for _, alphabet := range [][2]rune{{'A', 'Z'}, {'a', 'z'}} {
		from, to := max(low, alphabet[0]), min(high, alphabet[1])
		if from <= to {
			fmt.Fprintf(b, `\x{%X}-\x{%X}`, swapCase(from), swapCase(to))
		}
	}
}
