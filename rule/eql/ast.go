package eql

import "slices"

// Op is what a node of a condition does.
type Op uint8

// The operations.
const (
	Test     Op = iota // a comparison, predicate, boolean function or boolean field: one leaf
	And                // all of Kids
	Or                 // any of Kids
	Not                // the complement of Kids()[0]
	Constant           // true, false, or null, which is neither true nor false
)

// Cond is a condition: a tree of and, or, not over leaves. It does not change.
type Cond struct {
	op      Op
	kids    []*Cond
	test    *expr
	value   Scalar // of a Constant: KindBool or KindNull
	compact bool   // a Not that was written != or "not in"
	hasNull bool   // a null constant stands somewhere below
}

// Op is what the node does.
func (c *Cond) Op() Op { return c.op }

// Kids are the operands of And, Or and Not.
func (c *Cond) Kids() []*Cond { return slices.Clone(c.kids) }

// Compact reports a Not that is part of a comparison, as in a != b and
// a not in (b), and not a word of its own.
func (c *Cond) Compact() bool { return c.compact }

// Fields lists the fields below the node, sorted.
func (c *Cond) Fields() []string { return fieldNames(c) }

var (
	condTrue  = &Cond{op: Constant, value: Scalar{Kind: KindBool, Bool: true}}
	condFalse = &Cond{op: Constant, value: Scalar{Kind: KindBool}}
	condNull  = &Cond{op: Constant, hasNull: true}
)

// newNot negates. The complement of a condition on null is null as well, so that
// a constant null is pushed inwards until it stands free of any Not.
func newNot(c *Cond, compact bool) *Cond {
	switch {
	case c == condTrue:
		return condFalse
	case c == condFalse:
		return condTrue
	case c.op == Constant:
		return c
	case !c.hasNull:
		return &Cond{op: Not, kids: []*Cond{c}, compact: compact}
	case c.op == Not:
		return c.kids[0]
	}
	op := And
	if c.op == And {
		op = Or
	}
	kids := make([]*Cond, len(c.kids))
	for i, k := range c.kids {
		kids[i] = newNot(k, false)
	}
	return newList(op, kids)
}

// newList joins conditions, taking members of the same operation up.
func newList(op Op, list []*Cond) *Cond {
	c := &Cond{op: op}
	for _, k := range list {
		if k.op == op {
			c.kids = append(c.kids, k.kids...)
		} else {
			c.kids = append(c.kids, k)
		}
		c.hasNull = c.hasNull || k.hasNull
	}
	if len(c.kids) == 1 {
		return c.kids[0]
	}
	return c
}

// walk visits the leaves with their polarity: negative below an odd number of Nots.
func (c *Cond) walk(negative bool, visit func(leaf *Cond, negative bool)) {
	switch c.op {
	case Test:
		visit(c, negative)
	case Not:
		c.kids[0].walk(!negative, visit)
	default:
		for _, k := range c.kids {
			k.walk(negative, visit)
		}
	}
}

type exprOp uint8

const (
	xConst exprOp = iota
	xField
	xEq
	xLess
	xLessEq
	xGreater
	xGreaterEq
	xIn
	xLike  // ":" and like, like~
	xRegex // regex, regex~
	xAdd
	xSub
	xMul
	xDiv
	xMod
	xNeg
	xCall
	xAnd
	xOr
	xNot
)

// expr is a node of a value expression; conditions below and, or, not are kept
// as Cond, except inside the operands of other operators.
type expr struct {
	op       exprOp
	pos      int // byte offset in the query
	args     []*expr
	value    Scalar   // xConst
	name     string   // xField; operator of xLike, xRegex, xIn as written
	slot     int      // xField: which of the leaf's fields
	optional bool     // xField written with "?"
	paren    bool     // a list was written, even of one member
	compact  bool     // xNot written != or "not in"
	fold     fold     // of a case-insensitive form; foldNone otherwise
	patterns []string // xLike, xRegex as written
	like     []pattern
	regex    []*regex
	cidr     *cidrList
	fn       *function
	kind     Kind
	depth    int
	fields   []string // of a leaf: its fields by slot
}

// isNull reports the literal null.
func (x *expr) isNull() bool { return x.op == xConst && x.value.Kind == KindNull }

// boolean reports whether x can only be a boolean or null.
func (x *expr) boolean() bool { return x.kind == KindBool && x.op != xConst }

// condition turns an expression that stands where a condition is due into one.
func (p *parser) condition(x *expr) (*Cond, *SyntaxError) {
	switch x.op {
	case xAnd, xOr:
		op := And
		if x.op == xOr {
			op = Or
		}
		kids := make([]*Cond, 0, len(x.args))
		for _, a := range x.args {
			k, err := p.condition(a)
			if err != nil {
				return nil, err
			}
			kids = append(kids, k)
		}
		return newList(op, kids), nil
	case xNot:
		k, err := p.condition(x.args[0])
		if err != nil {
			return nil, err
		}
		return newNot(k, x.compact), nil
	}
	if x.kind != KindBool && x.kind != kindAny && !x.isNull() {
		return nil, p.errorf(x.pos, "a condition is needed here, not a %s", x.kind)
	}
	if inner, negate, ok := boolComparison(x); ok {
		k, err := p.condition(inner)
		if err != nil {
			return nil, err
		}
		if negate {
			k = newNot(k, false)
		}
		return k, nil
	}
	return p.leaf(x)
}

// boolComparison recognises "E == true" and "E == false" where E is itself a
// comparison, predicate or function. They are E and its complement, also when a
// field is absent; for a plain field "f == false" stays a comparison.
func boolComparison(x *expr) (inner *expr, negate, ok bool) {
	if x.op != xEq {
		return nil, false, false
	}
	for i, c := range x.args {
		if other := x.args[1-i]; c.op == xConst && c.kind == KindBool && other.boolean() {
			return other, !c.value.Bool, true
		}
	}
	return nil, false, false
}

// leaf gives the fields of x their slots and folds a leaf without fields.
func (p *parser) leaf(x *expr) (*Cond, *SyntaxError) {
	x.assignSlots(&x.fields)
	if len(x.fields) > maxLeafFields {
		return nil, p.errorf(x.pos, "comparison of more than %d fields", maxLeafFields)
	}
	if len(x.fields) > 0 {
		return &Cond{op: Test, test: x}, nil
	}
	switch v := x.eval(nil); {
	case v.Kind == KindNull:
		return condNull, nil
	case v.Kind == KindBool && v.Bool:
		return condTrue, nil
	}
	return condFalse, nil
}

func (x *expr) assignSlots(fields *[]string) {
	if x.op == xField {
		x.slot = slices.Index(*fields, x.name)
		if x.slot < 0 {
			x.slot = len(*fields)
			*fields = append(*fields, x.name)
		}
		return
	}
	for _, a := range x.args {
		a.assignSlots(fields)
	}
}
