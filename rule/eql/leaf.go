package eql

import (
	"slices"
	"unicode"
)

// Form is the shape of a leaf, for programs that reason about a query.
type Form uint8

// The forms.
const (
	FormOther      Form = iota // anything else
	FormEqual                  // field == constants, or field in (constants): one of them
	FormLike                   // field : patterns
	FormRegex                  // field regex patterns
	FormPrefix                 // startsWith(field, constant)
	FormSuffix                 // endsWith(field, constant)
	FormContains               // stringContains(field, constant)
	FormNull                   // field == null
	FormBoolean                // a field that must be true
	FormComparison             // field < constant, and the like
)

// Leaf describes a leaf that tests one field against constants.
type Leaf struct {
	Form     Form
	Field    string
	Operator string   // as written: "==", ":", "in", "<", "startsWith~" …
	Values   []Scalar // constants or patterns
	Fold     bool     // case-insensitive
}

// Leaf describes a leaf; the form is FormOther, with nothing else set, where it
// is not a test of one field against constants, or c is no leaf.
func (c *Cond) Leaf() Leaf {
	if c.op != Test {
		return Leaf{}
	}
	x := c.test
	l := Leaf{Fold: x.fold != foldNone}
	operands := x.args
	switch x.op {
	case xField:
		return Leaf{Form: FormBoolean, Field: x.name}
	case xEq, xLess, xLessEq, xGreater, xGreaterEq:
		l.Form, l.Operator = FormComparison, operatorWords[x.op]
		if x.op == xEq {
			l.Form = FormEqual
			if operands[0].op == xConst {
				operands = []*expr{operands[1], operands[0]}
			}
			if operands[1].isNull() {
				l.Form = FormNull
			}
		}
	case xIn:
		l.Form, l.Operator = FormEqual, x.name
	case xLike, xRegex:
		l.Form, l.Operator = FormLike, x.name
		if x.op == xRegex {
			l.Form = FormRegex
		}
		for _, p := range x.patterns {
			l.Values = append(l.Values, Scalar{Kind: KindString, Str: p})
		}
	case xCall:
		l.Operator = x.fn.name
		switch x.fn.id {
		case fnStartsWith:
			l.Form = FormPrefix
		case fnEndsWith:
			l.Form = FormSuffix
		case fnStringContains:
			l.Form = FormContains
		}
	}
	if l.Form == FormOther || operands[0].op != xField {
		return Leaf{}
	}
	l.Field = operands[0].name
	for _, a := range operands[1:] {
		if a.op != xConst {
			return Leaf{}
		}
		l.Values = append(l.Values, a.value)
	}
	return l
}

var operatorWords = [...]string{xEq: "==", xLess: "<", xLessEq: "<=", xGreater: ">", xGreaterEq: ">="}

// Leaves are the leaves below c in the order of the text, each with whether it
// stands below an odd number of Nots.
func (c *Cond) Leaves() (leaves []*Cond, negative []bool) {
	c.walk(false, func(leaf *Cond, neg bool) {
		leaves = append(leaves, leaf)
		negative = append(negative, neg)
	})
	return leaves, negative
}

// Alike lists the characters that equal r when case does not count, r among
// them, in ascending order.
func Alike(r rune) []rune {
	out := []rune{r}
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		out = append(out, next)
	}
	slices.Sort(out)
	return out
}
