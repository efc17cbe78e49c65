package eql

import (
	"strconv"
	"strings"
)

// String writes the condition in the language, in normal form.
func (c *Cond) String() string {
	var b strings.Builder
	c.print(&b)
	return b.String()
}

func (c *Cond) print(b *strings.Builder) {
	switch c.op {
	case Constant:
		b.WriteString(scalarText(c.value))
	case Test:
		c.test.print(b)
	case Not:
		k := c.kids[0]
		switch {
		case c.compact && k.op == Test && k.test.op == xEq:
			k.test.printBinary(b, " != ")
		case c.compact && k.op == Test && k.test.op == xIn:
			k.test.printIn(b, "not ")
		default:
			b.WriteString("not ")
			k.printGrouped(b, k.op == And || k.op == Or)
		}
	case And, Or:
		word := " and "
		if c.op == Or {
			word = " or "
		}
		for i, k := range c.kids {
			if i > 0 {
				b.WriteString(word)
			}
			k.printGrouped(b, k.op == And || k.op == Or)
		}
	}
}

func (c *Cond) printGrouped(b *strings.Builder, group bool) {
	if group {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	c.print(b)
}

func scalarText(v Scalar) string {
	switch v.Kind {
	case KindString:
		return quote(v.Str)
	case KindInt:
		return strconv.FormatInt(v.Int, 10)
	case KindFloat:
		s := strconv.FormatFloat(v.Float, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		return s
	case KindBool:
		return strconv.FormatBool(v.Bool)
	}
	return "null"
}

var operatorText = [...]string{
	xEq: " == ", xLess: " < ", xLessEq: " <= ", xGreater: " > ", xGreaterEq: " >= ",
	xAdd: " + ", xSub: " - ", xMul: " * ", xDiv: " / ", xMod: " % ", xAnd: " and ", xOr: " or ",
}

func (x *expr) print(b *strings.Builder) {
	switch x.op {
	case xConst:
		b.WriteString(scalarText(x.value))
	case xField:
		if x.optional {
			b.WriteByte('?')
		}
		b.WriteString(quoteField(x.name))
	case xIn:
		x.printIn(b, "")
	case xLike, xRegex:
		x.printPatterns(b)
	case xNeg:
		b.WriteByte('-')
		x.args[0].printOperand(b)
	case xNot:
		b.WriteString("not ")
		x.args[0].printOperand(b)
	case xCall:
		b.WriteString(x.fn.name)
		if x.fold != foldNone {
			b.WriteByte('~')
		}
		printList(b, x.args)
	default:
		x.printBinary(b, operatorText[x.op])
	}
}

func (x *expr) printBinary(b *strings.Builder, op string) {
	for i, a := range x.args {
		if i > 0 {
			b.WriteString(op)
		}
		a.printOperand(b)
	}
}

// printOperand writes x in parentheses unless it is a primary.
func (x *expr) printOperand(b *strings.Builder) {
	switch {
	case x.op == xField, x.op == xCall, x.op == xConst && !x.negative():
		x.print(b)
	default:
		b.WriteByte('(')
		x.print(b)
		b.WriteByte(')')
	}
}

func (x *expr) negative() bool {
	return x.isNumberConst() && strings.HasPrefix(scalarText(x.value), "-")
}

func (x *expr) isNumberConst() bool { return x.op == xConst && x.value.isNumber() }

func (x *expr) printIn(b *strings.Builder, not string) {
	x.args[0].printOperand(b)
	b.WriteString(" " + not + x.name + " ")
	printList(b, x.args[1:])
}

func (x *expr) printPatterns(b *strings.Builder) {
	x.args[0].printOperand(b)
	b.WriteString(" " + x.name + " ")
	if !x.paren {
		b.WriteString(quote(x.patterns[0]))
		return
	}
	b.WriteByte('(')
	for i, p := range x.patterns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(p))
	}
	b.WriteByte(')')
}

func printList(b *strings.Builder, list []*expr) {
	b.WriteByte('(')
	for i, x := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		x.print(b)
	}
	b.WriteByte(')')
}
