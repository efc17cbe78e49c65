package eql

import "strings"

// sum reads mul { ("+"|"-") mul }.
func (p *parser) sum() (*expr, *SyntaxError) {
	return p.arithmetic(map[string]exprOp{"+": xAdd, "-": xSub}, p.product)
}

// product reads unary { ("*"|"/"|"%") unary }.
func (p *parser) product() (*expr, *SyntaxError) {
	return p.arithmetic(map[string]exprOp{"*": xMul, "/": xDiv, "%": xMod}, p.unary)
}

func (p *parser) arithmetic(ops map[string]exprOp, operand func() (*expr, *SyntaxError)) (*expr, *SyntaxError) {
	left, err := operand()
	if err != nil {
		return nil, err
	}
	for p.tok.kind == tokSymbol {
		op, ok := ops[p.tok.text]
		if !ok {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := operand()
		if err != nil {
			return nil, err
		}
		x := &expr{op: op, pos: left.pos, args: []*expr{left, right}, kind: KindFloat}
		for _, a := range x.args {
			if err := p.needKind(a, "arithmetic", KindFloat); err != nil {
				return nil, err
			}
		}
		if err := p.deepen(x); err != nil {
			return nil, err
		}
		left = x
	}
	return left, nil
}

// needKind refuses an operand that can never have the kind that what needs.
func (p *parser) needKind(x *expr, what string, want Kind) *SyntaxError {
	if !comparable(x.kind, want) {
		return p.errorf(x.pos, "%s needs a %s, not a %s", what, want, x.kind)
	}
	return nil
}

// unary reads { "+"|"-" } postfix. The sign of a number becomes part of it.
func (p *parser) unary() (*expr, *SyntaxError) {
	if !p.tok.is("-") && !p.tok.is("+") {
		return p.postfix()
	}
	sign := p.tok
	if err := p.enter(sign.pos); err != nil {
		return nil, err
	}
	defer p.leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.unary()
	if err != nil {
		return nil, err
	}
	if err := p.needKind(x, "a sign", KindFloat); err != nil {
		return nil, err
	}
	if sign.text == "+" {
		return x, nil
	}
	neg := &expr{op: xNeg, pos: sign.pos, args: []*expr{x}, kind: x.kind}
	if x.op == xConst {
		return &expr{op: xConst, pos: sign.pos, value: neg.eval(nil), kind: x.kind}, nil
	}
	return neg, p.deepen(neg)
}

// postfix reads a primary and the set or pattern test that belongs to it.
func (p *parser) postfix() (*expr, *SyntaxError) {
	left, err := p.primary()
	if err != nil {
		return nil, err
	}
	negate := p.tok.is("not")
	at := p.tok.pos
	if negate {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	word := p.tok.text
	tilde := p.tok.kind == tokTilde
	switch {
	case p.tok.is("in"), tilde && word == "in":
		return p.in(left, tilde, negate)
	case negate:
		return nil, p.errorf(at, `"not" after a value needs "in": write it before the comparison`)
	case p.tok.is(":"), p.tok.is("like"), tilde && word == "like":
		return p.patternTest(left, xLike, tilde || word == ":")
	case p.tok.is("regex"), tilde && word == "regex":
		return p.patternTest(left, xRegex, tilde)
	}
	return left, nil
}

// in reads ("in"|"in~") "(" expr {"," expr} ")".
func (p *parser) in(left *expr, tilde, negate bool) (*expr, *SyntaxError) {
	x := &expr{op: xIn, pos: left.pos, name: "in", args: []*expr{left}, kind: KindBool}
	if tilde {
		x.name, x.fold = "in~", p.fold
	}
	at := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("(", "after "+x.name); err != nil {
		return nil, err
	}
	list, err := p.exprList(")")
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, p.errorf(at, "%s needs at least one value", x.name)
	}
	for _, m := range list {
		if !comparable(left.kind, m.kind) {
			p.warn(m.pos, "", "a %s is compared with a %s: never true", left.kind, m.kind)
		}
	}
	x.args = append(x.args, list...)
	if err := p.deepen(x); err != nil {
		return nil, err
	}
	if negate {
		x = &expr{op: xNot, pos: x.pos, args: []*expr{x}, kind: KindBool, compact: true, depth: x.depth + 1}
	}
	return x, nil
}

// exprList reads expressions separated by commas up to and with the closing symbol.
func (p *parser) exprList(closing string) ([]*expr, *SyntaxError) {
	var list []*expr
	for !p.tok.is(closing) {
		if len(list) > 0 {
			if err := p.expect(",", "or "+closing+" in a list"); err != nil {
				return nil, err
			}
		}
		if len(list) >= maxList {
			return nil, p.errorf(p.tok.pos, "list of more than %d values", maxList)
		}
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, p.advance()
}

// patternTest reads the patterns of ":", like and regex: one string, or several
// in parentheses.
func (p *parser) patternTest(left *expr, op exprOp, insensitive bool) (*expr, *SyntaxError) {
	x := &expr{op: op, pos: left.pos, name: p.tok.text, args: []*expr{left}, kind: KindBool}
	if p.tok.kind == tokTilde {
		x.name += "~"
	}
	if insensitive {
		x.fold = p.fold
	}
	if err := p.needKind(left, strings.TrimSpace(x.name), KindString); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	var err *SyntaxError
	if x.paren, err = p.accept("("); err != nil {
		return nil, err
	}
	for {
		if err := p.pattern(x); err != nil {
			return nil, err
		}
		if !x.paren {
			break
		}
		if more, err := p.accept(","); err != nil {
			return nil, err
		} else if !more {
			if err := p.expect(")", "after the patterns"); err != nil {
				return nil, err
			}
			break
		}
	}
	return x, p.deepen(x)
}

// pattern reads one string and compiles it into x.
func (p *parser) pattern(x *expr) *SyntaxError {
	t := p.tok
	if t.kind != tokString {
		return p.errorf(t.pos, "%s needs a string, or strings in parentheses, found %s", x.name, t.describe())
	}
	if len(x.patterns) >= maxList {
		return p.errorf(t.pos, "list of more than %d patterns", maxList)
	}
	if len(t.text) > maxPattern {
		return p.errorf(t.pos, "pattern is longer than %d bytes", maxPattern)
	}
	x.patterns = append(x.patterns, t.text)
	if x.op == xLike {
		x.like = append(x.like, newPattern(t.text, x.fold))
		return p.advance()
	}
	re, err := newRegex(t.text, x.fold)
	if err != nil {
		return p.errorf(t.pos, "regular expression: %s", err)
	}
	if p.regexCost += re.cost; p.regexCost > maxRegexCost {
		return p.errorf(t.pos, "regular expressions are too complex together")
	}
	x.regex = append(x.regex, re)
	return p.advance()
}

// primary reads const | func | ["?"] field | "(" expr ")".
func (p *parser) primary() (*expr, *SyntaxError) {
	t := p.tok
	constant := func(v Scalar) (*expr, *SyntaxError) {
		return &expr{op: xConst, pos: t.pos, value: v, kind: v.Kind}, p.advance()
	}
	switch {
	case t.kind == tokString:
		return constant(Scalar{Kind: KindString, Str: t.text})
	case t.kind == tokNumber:
		return constant(t.num)
	case t.is("true"), t.is("false"):
		return constant(Scalar{Kind: KindBool, Bool: t.text == "true"})
	case t.is("null"):
		return constant(Scalar{})
	case t.is("?"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokIdent && p.tok.kind != tokQuoted {
			return nil, p.errorf(p.tok.pos, `expected a field after "?", found %s`, p.tok.describe())
		}
		x, err := p.field()
		if err != nil {
			return nil, err
		}
		x.optional = true
		p.warn(t.pos, x.name, "?%s is treated as %s: there is no index mapping here", x.name, x.name)
		return x, nil
	case t.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		return x, p.expect(")", "to close the parenthesis")
	case t.kind == tokIdent, t.kind == tokQuoted, t.kind == tokTilde:
		return p.fieldOrCall()
	}
	return nil, p.errorf(t.pos, "expected a value, found %s", t.describe())
}

func (p *parser) fieldOrCall() (*expr, *SyntaxError) {
	t := p.tok
	if t.kind == tokTilde {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.tok.is("(") {
			return nil, p.errorf(t.pos, `"~" belongs to in, like, regex or the name of a function`)
		}
		return p.call(t, true)
	}
	x, err := p.field()
	if err != nil || t.kind != tokIdent || !p.tok.is("(") {
		return x, err
	}
	if x.name != t.text {
		return nil, p.errorf(t.pos, "a function name has no dots")
	}
	return p.call(t, false)
}

// field reads ident { "." ident }.
func (p *parser) field() (*expr, *SyntaxError) {
	x := &expr{op: xField, pos: p.tok.pos, name: p.tok.text, kind: kindAny}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for p.tok.is(".") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		switch t := p.tok; t.kind {
		case tokIdent, tokQuoted:
			x.name += "." + t.text
		case tokKeyword:
			return nil, p.errorf(t.pos, "%q is a keyword: write it in backquotes inside a field name", t.text)
		default:
			return nil, p.errorf(t.pos, "expected a name after the dot, found %s", t.describe())
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	switch {
	case p.tok.is("["):
		return nil, p.errorf(p.tok.pos, "positions in arrays are not supported")
	case p.tok.is("of"):
		return nil, p.unsupported(x.pos, "lineage (%s of) is not supported: only queries on single events are", x.name)
	}
	return x, nil
}
