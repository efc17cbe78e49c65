package eql

import "strings"

type functionID uint8

const (
	fnAdd functionID = iota
	fnBetween
	fnCIDRMatch
	fnConcat
	fnDivide
	fnEndsWith
	fnIndexOf
	fnLength
	fnModulo
	fnMultiply
	fnNumber
	fnStartsWith
	fnString
	fnStringContains
	fnSubstring
	fnSubtract
)

// function is the signature of a built-in function.
type function struct {
	id       functionID
	name     string
	min, max int    // arguments; max 0 is any number
	args     []Kind // kindAny takes anything; the last stands for all that follow
	result   Kind
	tilde    bool // has a case-insensitive form
}

var functions = [...]function{
	{fnAdd, "add", 2, 2, []Kind{KindFloat}, KindFloat, false},
	{fnBetween, "between", 3, 4, []Kind{KindString, KindString, KindString, KindBool}, KindString, true},
	{fnCIDRMatch, "cidrMatch", 2, 0, []Kind{KindString}, KindBool, false},
	{fnConcat, "concat", 1, 0, []Kind{kindAny}, KindString, false},
	{fnDivide, "divide", 2, 2, []Kind{KindFloat}, KindFloat, false},
	{fnEndsWith, "endsWith", 2, 2, []Kind{KindString}, KindBool, true},
	{fnIndexOf, "indexOf", 2, 3, []Kind{KindString, KindString, KindFloat}, KindFloat, true},
	{fnLength, "length", 1, 1, []Kind{KindString}, KindFloat, false},
	{fnModulo, "modulo", 2, 2, []Kind{KindFloat}, KindFloat, false},
	{fnMultiply, "multiply", 2, 2, []Kind{KindFloat}, KindFloat, false},
	{fnNumber, "number", 1, 2, []Kind{KindString, KindFloat}, KindFloat, false},
	{fnStartsWith, "startsWith", 2, 2, []Kind{KindString}, KindBool, true},
	{fnString, "string", 1, 1, []Kind{kindAny}, KindString, false},
	{fnStringContains, "stringContains", 2, 2, []Kind{KindString}, KindBool, true},
	{fnSubstring, "substring", 2, 3, []Kind{KindString, KindFloat}, KindString, false},
	{fnSubtract, "subtract", 2, 2, []Kind{KindFloat}, KindFloat, false},
}

// functionNamed finds a function; names compare case-insensitively.
func functionNamed(name string) *function {
	for i := range functions {
		if strings.EqualFold(functions[i].name, name) {
			return &functions[i]
		}
	}
	return nil
}

// call reads the arguments of a function whose name was read; the parser stands
// at the opening parenthesis.
func (p *parser) call(name token, tilde bool) (*expr, *SyntaxError) {
	f := functionNamed(name.text)
	switch {
	case f == nil:
		return nil, p.errorf(name.pos, "unknown function %s", name.text)
	case tilde && !f.tilde:
		return nil, p.errorf(name.pos, "%s has no case-insensitive form", f.name)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	args, err := p.exprList(")")
	if err != nil {
		return nil, err
	}
	x := &expr{op: xCall, pos: name.pos, fn: f, args: args, kind: f.result}
	if tilde {
		x.fold = p.fold
	}
	if len(args) < f.min || f.max > 0 && len(args) > f.max {
		return nil, p.errorf(name.pos, "%s takes %s, found %d", f.name, f.arity(), len(args))
	}
	for i, a := range args {
		want := f.args[min(i, len(f.args)-1)]
		if err := p.needKind(a, f.name, want); err != nil {
			return nil, err
		}
	}
	if f.id == fnCIDRMatch {
		if err := p.cidr(x); err != nil {
			return nil, err
		}
	}
	return x, p.deepen(x)
}

func (f *function) arity() string {
	words := [...]string{"no", "one", "two", "three", "four"}
	switch {
	case f.max == 0:
		return "at least " + words[f.min] + plural(f.min)
	case f.min == f.max:
		return words[f.min] + plural(f.min)
	}
	return words[f.min] + " to " + words[f.max] + plural(f.max)
}

func plural(n int) string {
	if n == 1 {
		return " argument"
	}
	return " arguments"
}

// evalCall computes a function. Null as an argument gives null, except where a
// function says otherwise.
func (x *expr) evalCall(slots []Scalar) Scalar {
	switch x.fn.id {
	case fnConcat:
		return x.concat(slots)
	case fnCIDRMatch:
		return x.cidr.match(x.args[0].eval(slots))
	}
	var v [4]Scalar
	for i, a := range x.args {
		v[i] = a.eval(slots)
	}
	n := len(x.args)
	switch x.fn.id {
	case fnAdd:
		return arithmetic(xAdd, v[0], v[1])
	case fnSubtract:
		return arithmetic(xSub, v[0], v[1])
	case fnMultiply:
		return arithmetic(xMul, v[0], v[1])
	case fnDivide:
		return arithmetic(xDiv, v[0], v[1])
	case fnModulo:
		return arithmetic(xMod, v[0], v[1])
	case fnString:
		return stringOf(v[0])
	}
	if v[0].Kind != KindString {
		return Scalar{}
	}
	switch x.fn.id {
	case fnLength:
		return Scalar{Kind: KindInt, Int: int64(units(v[0].Str))}
	case fnNumber:
		return numberOf(v[0].Str, v[1])
	case fnSubstring:
		return substring(v[0].Str, v[1], v[2])
	}
	if v[1].Kind != KindString {
		return Scalar{}
	}
	switch x.fn.id {
	case fnStartsWith:
		_, ok := x.fold.prefix(v[0].Str, v[1].Str)
		return boolean(ok)
	case fnEndsWith:
		return boolean(x.fold.suffix(v[0].Str, v[1].Str))
	case fnStringContains:
		start, _ := x.fold.index(v[0].Str, v[1].Str)
		return boolean(v[1].Str != "" && start >= 0)
	case fnIndexOf:
		return indexOf(x.fold, v[0].Str, v[1].Str, v[2], n == 3)
	case fnBetween:
		return between(x.fold, v[0].Str, v[1].Str, v[2], v[3].isTrue())
	}
	return Scalar{}
}
