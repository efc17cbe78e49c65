package eql

import (
	"strings"
	"unicode/utf8"
)

// parser is a recursive-descent parser with one token of look-ahead.
type parser struct {
	lexer
	tok       token
	fold      fold // of case-insensitive forms
	depth     int
	regexCost int // of the regular expressions read
	warnings  []Warning
}

func (p *parser) advance() *SyntaxError {
	t, err := p.next()
	if err != nil {
		return err
	}
	p.tok = t
	return nil
}

// accept consumes the token if it is the keyword or symbol.
func (p *parser) accept(text string) (bool, *SyntaxError) {
	if !p.tok.is(text) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(text, after string) *SyntaxError {
	ok, err := p.accept(text)
	if err == nil && !ok {
		err = p.errorf(p.tok.pos, "expected %q %s, found %s", text, after, p.tok.describe())
	}
	return err
}

// enter counts a level of nesting that began at pos.
func (p *parser) enter(pos int) *SyntaxError {
	if p.depth++; p.depth > maxDepth {
		return p.errorf(pos, "nested more than %d levels deep", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// query reads category "where" expr EOF.
func (p *parser) query(categoryField string) (*Query, error) {
	// Each error is returned as error only where it is not nil: a nil
	// *SyntaxError in an error interface would not compare equal to nil.
	if len(p.src) > maxQuery {
		return nil, p.errorf(0, "query is longer than %d bytes", maxQuery)
	}
	if !utf8.ValidString(p.src) {
		return nil, p.errorf(invalidAt(p.src), "query is not valid UTF-8")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	q := &Query{}
	if err := p.category(q); err != nil {
		return nil, err
	}
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	if q.where, err = p.condition(x); err != nil {
		return nil, err
	}
	q.root = q.where
	if q.category != "" {
		test := &expr{op: xEq, kind: KindBool, args: []*expr{
			{op: xField, name: categoryField, kind: kindAny},
			{op: xConst, value: Scalar{Kind: KindString, Str: q.category}, kind: KindString},
		}}
		c, err := p.leaf(test)
		if err != nil {
			return nil, err
		}
		q.root = newList(And, []*Cond{c, q.where})
	}
	q.fields = fieldNames(q.root)
	q.warnings = p.warnings
	return q, nil
}

func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return 0
}

// category reads what stands before and with "where", and refuses the forms that
// look at more than one event.
func (p *parser) category(q *Query) *SyntaxError {
	t := p.tok
	switch {
	case t.is("any"):
	case t.is("sequence"), t.is("sample"), t.kind == tokIdent && t.text == "join":
		return p.unsupported(t.pos, "%s is not supported: only queries on single events are", t.text)
	case t.is("join"):
		return p.unsupported(t.pos, "join is not supported: only queries on single events are")
	case t.is("["), t.is("!["):
		return p.unsupported(t.pos, "sequence of events is not supported: only queries on single events are")
	case t.kind == tokQuoted:
		return p.errorf(t.pos, "an event category is written plain or in double quotes, not in backquotes")
	case t.kind == tokIdent || t.kind == tokString:
		q.category = t.text
		if t.text == "" {
			return p.errorf(t.pos, "empty event category")
		}
	default:
		return p.errorf(t.pos, "expected an event category, found %s", t.describe())
	}
	if err := p.advance(); err != nil {
		return err
	}
	return p.expect("where", "after the event category")
}

// unsupported refuses EQL that is more than a query on single events.
func (p *parser) unsupported(pos int, format string, args ...any) *SyntaxError {
	err := p.errorf(pos, format, args...)
	err.Unsupported = true
	return err
}

func (p *parser) end() *SyntaxError {
	switch t := p.tok; {
	case t.kind == tokEOF:
		return nil
	case t.is("|"):
		return p.unsupported(t.pos, "pipes are not supported: only queries on single events are")
	case t.is("of"):
		return p.unsupported(t.pos, "lineage (child of, descendant of, event of) is not supported")
	case t.is("=="), t.is("!="), t.is("<"), t.is("<="), t.is(">"), t.is(">="):
		return p.errorf(t.pos, "comparisons cannot be chained")
	case t.is("[") || t.is("!["):
		return p.errorf(t.pos, "positions in arrays are not supported")
	default:
		return p.errorf(t.pos, "expected the end of the query, found %s", t.describe())
	}
}

// expr reads conj { "or" conj }.
func (p *parser) expr() (*expr, *SyntaxError) {
	if err := p.enter(p.tok.pos); err != nil {
		return nil, err
	}
	defer p.leave()
	return p.list("or", xOr, func() (*expr, *SyntaxError) {
		return p.list("and", xAnd, p.not)
	})
}

// list reads item { word item } into one node of all items.
func (p *parser) list(word string, op exprOp, item func() (*expr, *SyntaxError)) (*expr, *SyntaxError) {
	first, err := item()
	if err != nil || !p.tok.is(word) {
		return first, err
	}
	x := &expr{op: op, pos: first.pos, args: []*expr{first}, kind: KindBool}
	for p.tok.is(word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		next, err := item()
		if err != nil {
			return nil, err
		}
		x.args = append(x.args, next)
	}
	for _, a := range x.args {
		if err := p.needCondition(a); err != nil {
			return nil, err
		}
	}
	return x, p.deepen(x)
}

// not reads "not" neg | compare.
func (p *parser) not() (*expr, *SyntaxError) {
	pos := p.tok.pos
	ok, err := p.accept("not")
	if err != nil {
		return nil, err
	}
	if !ok {
		return p.compare()
	}
	if err := p.enter(pos); err != nil {
		return nil, err
	}
	defer p.leave()
	inner, err := p.not()
	if err != nil {
		return nil, err
	}
	if err := p.needCondition(inner); err != nil {
		return nil, err
	}
	x := &expr{op: xNot, pos: pos, args: []*expr{inner}, kind: KindBool}
	return x, p.deepen(x)
}

func (p *parser) needCondition(x *expr) *SyntaxError {
	if x.kind != KindBool && x.kind != kindAny && !x.isNull() {
		return p.errorf(x.pos, "a condition is needed here, not a %s", x.kind)
	}
	return nil
}

// deepen sets the depth of x from its operands and bounds it.
func (p *parser) deepen(x *expr) *SyntaxError {
	for _, a := range x.args {
		x.depth = max(x.depth, a.depth+1)
	}
	if x.depth > maxDepth {
		return p.errorf(x.pos, "nested more than %d levels deep", maxDepth)
	}
	return nil
}

// compare reads sum [ operator sum ].
func (p *parser) compare() (*expr, *SyntaxError) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	op, negate := xEq, false
	switch t := p.tok; {
	case t.is("=="):
	case t.is("!="):
		negate = true
	case t.is("<"):
		op = xLess
	case t.is("<="):
		op = xLessEq
	case t.is(">"):
		op = xGreater
	case t.is(">="):
		op = xGreaterEq
	default:
		return left, nil
	}
	at := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.sum()
	if err != nil {
		return nil, err
	}
	x := &expr{op: op, pos: left.pos, args: []*expr{left, right}, kind: KindBool}
	if !comparable(left.kind, right.kind) {
		p.warn(at, "", "a %s is compared with a %s: never true", left.kind, right.kind)
	}
	if err := p.deepen(x); err != nil {
		return nil, err
	}
	if negate {
		x = &expr{op: xNot, pos: x.pos, args: []*expr{x}, kind: KindBool, compact: true, depth: x.depth + 1}
	}
	return x, nil
}

// comparable reports whether values of the two kinds can ever compare.
func comparable(a, b Kind) bool {
	number := func(k Kind) bool { return k == KindInt || k == KindFloat }
	return a == b || a == kindAny || b == kindAny || a == KindNull || b == KindNull || number(a) && number(b)
}
