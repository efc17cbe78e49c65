package eql

import (
	"fmt"
	"strconv"
	"strings"
)

type treeOp uint8

const (
	reEmpty  treeOp = iota // the empty text
	reSet                  // one character of set
	reConcat               // kids, one after the other
	reUnion                // any of kids
	reInter                // all of kids
	reNot                  // whatever kids[0] does not match
	reRepeat               // kids[0], min to max times
)

const unbounded = -1

// regexTree is a regular expression as read. An empty set matches nothing.
type regexTree struct {
	op       treeOp
	set      charSet
	kids     []*regexTree
	min, max int // reRepeat; max may be unbounded
}

// regexParser reads Lucene's syntax with all its optional operators:
//
//	union  = inter { "|" inter }
//	inter  = concat { "&" concat }
//	concat = repeat { repeat }
//	repeat = not { "?" | "*" | "+" | "{" n [ "," [ m ] ] "}" }
//	not    = "~" not | item
//	item   = "." | "#" | "@" | "<" m "-" n ">" | "text" in double quotes
//	       | "(" [ union ] ")" | "[" class "]" | character
//
// Where an item is due any character is one, "*", "|" and ")" among them.
type regexParser struct {
	src   []rune
	off   int
	depth int
	fold  fold
}

func parseRegex(text string, f fold) (*regexTree, error) {
	p := regexParser{src: []rune(text), fold: f}
	if len(p.src) == 0 {
		return &regexTree{op: reEmpty}, nil
	}
	tree, err := p.union()
	if err == nil && p.more() {
		err = fmt.Errorf("unexpected %q at character %d", p.src[p.off], p.off+1)
	}
	if err != nil {
		return nil, err
	}
	return tree, nil
}

func (p *regexParser) more() bool { return p.off < len(p.src) }

func (p *regexParser) peek() rune {
	if p.more() {
		return p.src[p.off]
	}
	return -1
}

// accept consumes the character c, if that is what follows.
func (p *regexParser) accept(c rune) bool {
	if p.peek() != c {
		return false
	}
	p.off++
	return true
}

func (p *regexParser) union() (*regexTree, error) {
	if p.depth++; p.depth > maxRegexDepth {
		return nil, fmt.Errorf("nested more than %d levels deep", maxRegexDepth)
	}
	defer func() { p.depth-- }()
	return p.list(reUnion, p.intersection, func() bool { return p.accept('|') })
}

func (p *regexParser) intersection() (*regexTree, error) {
	return p.list(reInter, p.concat, func() bool { return p.accept('&') })
}

func (p *regexParser) concat() (*regexTree, error) {
	return p.list(reConcat, p.repeat, func() bool { return p.more() && !strings.ContainsRune("|&)", p.peek()) })
}

// list reads item { item } for as long as another follows.
func (p *regexParser) list(op treeOp, item func() (*regexTree, error), another func() bool) (*regexTree, error) {
	var kids []*regexTree
	for first := true; first || another(); first = false {
		k, err := item()
		if err != nil {
			return nil, err
		}
		kids = append(kids, k)
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return &regexTree{op: op, kids: kids}, nil
}

// repeat reads an item and its quantifiers. "a+?" is (a+) or nothing here, not a
// reluctant a+.
func (p *regexParser) repeat() (*regexTree, error) {
	x, err := p.not()
	if err != nil {
		return nil, err
	}
	for depth := 0; p.more() && strings.ContainsRune("?*+{", p.peek()); depth++ {
		if depth > maxRegexDepth {
			return nil, fmt.Errorf("more than %d repetitions of one thing", maxRegexDepth)
		}
		n := &regexTree{op: reRepeat, kids: []*regexTree{x}, max: unbounded}
		switch p.off++; p.src[p.off-1] {
		case '?':
			n.max = 1
		case '+':
			n.min = 1
		case '{':
			if n.min, n.max, err = p.count(); err != nil {
				return nil, err
			}
		}
		x = n
	}
	return x, nil
}

// count reads what follows the "{" of {n}, {n,} or {n,m}.
func (p *regexParser) count() (from, to int, err error) {
	at := p.off // counts from 1
	end := p.off
	for end < len(p.src) && p.src[end] != '}' {
		end++
	}
	if end == len(p.src) {
		return 0, 0, fmt.Errorf("repetition at character %d is not closed", at)
	}
	text := string(p.src[p.off:end])
	p.off = end + 1
	low, high, ranged := strings.Cut(text, ",")
	n, err := strconv.ParseUint(low, 10, 31)
	m := n
	if err == nil && ranged && high != "" {
		m, err = strconv.ParseUint(high, 10, 31)
	}
	switch {
	case err != nil || m < n:
		return 0, 0, fmt.Errorf("repetition {%s} at character %d is not {n}, {n,} or {n,m}", text, at)
	case m > maxRegexRepeat:
		return 0, 0, fmt.Errorf("repetition {%s} exceeds %d", text, maxRegexRepeat)
	case ranged && high == "":
		return int(n), unbounded, nil
	}
	return int(n), int(m), nil
}

// not reads the complement signs before an item: two cancel each other out.
func (p *regexParser) not() (*regexTree, error) {
	negate := false
	for p.accept('~') {
		negate = !negate
	}
	x, err := p.item()
	if err == nil && negate {
		x = &regexTree{op: reNot, kids: []*regexTree{x}}
	}
	return x, err
}

func (p *regexParser) item() (*regexTree, error) {
	if !p.more() {
		return nil, fmt.Errorf("something is missing at the end")
	}
	at := p.off + 1
	c := p.peek()
	p.off++
	switch c {
	case '.':
		return &regexTree{op: reSet, set: anyChar}, nil
	case '@':
		return &regexTree{op: reRepeat, kids: []*regexTree{{op: reSet, set: anyChar}}, max: unbounded}, nil
	case '#':
		return &regexTree{op: reSet}, nil
	case '(':
		return p.group(at)
	case '[':
		return p.class(at)
	case '"':
		return p.quotation(at)
	case '<':
		return p.interval(at)
	case '\\':
		set, ok, err := p.escape()
		if err != nil {
			return nil, err
		}
		if ok {
			return &regexTree{op: reSet, set: set}, nil
		}
		c = p.peek()
		p.off++
	}
	return p.literal(c), nil
}

func (p *regexParser) group(at int) (*regexTree, error) {
	if p.accept(')') {
		return &regexTree{op: reEmpty}, nil
	}
	x, err := p.union()
	if err == nil && !p.accept(')') {
		return nil, fmt.Errorf("group at character %d is not closed", at)
	}
	return x, err
}

func (p *regexParser) literal(c rune) *regexTree {
	return &regexTree{op: reSet, set: newCharSet(appendFolded(nil, runeRange{c, c}, p.fold))}
}

// quotation reads "text", in which nothing is special.
func (p *regexParser) quotation(at int) (*regexTree, error) {
	x := &regexTree{op: reConcat}
	for p.more() {
		c := p.peek()
		p.off++
		if c == '"' {
			return x, nil
		}
		x.kids = append(x.kids, p.literal(c))
	}
	return nil, fmt.Errorf("quotation at character %d is not closed", at)
}

// escape looks at what follows a backslash. It reads the letter of a predefined
// class; any other character stands for itself, and is left to the caller.
func (p *regexParser) escape() (set charSet, ok bool, err error) {
	if !p.more() {
		return nil, false, fmt.Errorf("backslash at the end")
	}
	if set, ok = predefined(p.peek()); ok {
		p.off++
	}
	return set, ok, nil
}

// class reads what follows the "[" of [...] or [^...]. The first member may be
// "]", and so may the end of a range.
func (p *regexParser) class(at int) (*regexTree, error) {
	unclosed := fmt.Errorf("class at character %d is not closed", at)
	negate := p.accept('^')
	var ranges []runeRange
	for first := true; first || p.peek() != ']'; first = false {
		if !p.more() {
			return nil, unclosed
		}
		if p.accept('\\') {
			set, ok, err := p.escape()
			if err != nil {
				return nil, err
			}
			if ok {
				ranges = append(ranges, set...)
				continue
			}
		}
		low := p.peek()
		high := low
		p.off++
		if p.accept('-') {
			p.accept('\\')
			if high = p.peek(); high < 0 {
				return nil, unclosed
			}
			p.off++
		}
		if high < low {
			return nil, fmt.Errorf("range %c-%c in the class at character %d runs backwards", low, high, at)
		}
		ranges = appendFolded(ranges, runeRange{low, high}, p.fold)
	}
	p.off++
	set := newCharSet(ranges)
	if negate {
		set = set.complement()
	}
	return &regexTree{op: reSet, set: set}, nil
}
