package eql

import (
	"cmp"
	"math"
	"strings"
)

// equal compares two values that are not null. Values of different kinds are
// never equal, except that numbers compare by value.
func equal(a, b Scalar, f fold) bool {
	switch {
	case a.Kind == KindString && b.Kind == KindString:
		return f.equal(a.Str, b.Str)
	case a.Kind == KindBool && b.Kind == KindBool:
		return a.Bool == b.Bool
	case a.Kind == KindBool || b.Kind == KindBool:
		return false
	}
	c, ok := compare(a, b)
	return ok && c == 0
}

// compare orders two strings by code points or two numbers by value; ok is false
// for anything else, and for NaN.
func compare(a, b Scalar) (order int, ok bool) {
	switch {
	case a.Kind == KindString && b.Kind == KindString:
		return strings.Compare(a.Str, b.Str), true // WTF-8 keeps the order of code points
	case a.Kind == KindInt && b.Kind == KindInt:
		return cmp.Compare(a.Int, b.Int), true
	case a.Kind == KindFloat && b.Kind == KindFloat:
		return cmp.Compare(a.Float, b.Float), a.Float == a.Float && b.Float == b.Float
	case a.Kind == KindInt && b.Kind == KindFloat:
		return compareIntFloat(a.Int, b.Float), b.Float == b.Float
	case a.Kind == KindFloat && b.Kind == KindInt:
		return -compareIntFloat(b.Int, a.Float), a.Float == a.Float
	}
	return 0, false
}

// compareIntFloat compares by value, without rounding the integer.
func compareIntFloat(i int64, f float64) int {
	switch {
	case f >= math.MaxInt64: // 2^63 as a float
		return -1
	case f < math.MinInt64:
		return 1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(whole, f)
}

func (s Scalar) float() float64 {
	if s.Kind == KindInt {
		return float64(s.Int)
	}
	return s.Float
}

func (s Scalar) isNumber() bool { return s.Kind == KindInt || s.Kind == KindFloat }

// arithmetic computes with two numbers. Integers stay integers: division
// truncates, the remainder has the sign of the dividend. Division by zero and a
// result that does not fit give null.
func arithmetic(op exprOp, a, b Scalar) Scalar {
	switch {
	case !a.isNumber() || !b.isNumber():
		return Scalar{}
	case a.Kind == KindInt && b.Kind == KindInt:
		n, ok := intArithmetic(op, a.Int, b.Int)
		if !ok {
			return Scalar{}
		}
		return Scalar{Kind: KindInt, Int: n}
	}
	x, y := a.float(), b.float()
	switch op {
	case xAdd:
		x += y
	case xSub:
		x -= y
	case xMul:
		x *= y
	case xDiv:
		if y == 0 {
			return Scalar{}
		}
		x /= y
	case xMod:
		if y == 0 {
			return Scalar{}
		}
		x = math.Mod(x, y)
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Scalar{}
	}
	return Scalar{Kind: KindFloat, Float: x}
}

func intArithmetic(op exprOp, a, b int64) (n int64, ok bool) {
	switch op {
	case xAdd:
		n = a + b
		return n, (n > a) == (b > 0)
	case xSub:
		n = a - b
		return n, (n < a) == (b > 0)
	case xMul:
		if a == 0 || b == 0 {
			return 0, true
		}
		n = a * b
		return n, n/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
	}
	if b == 0 || a == math.MinInt64 && b == -1 {
		return 0, false
	}
	if op == xDiv {
		return a / b, true
	}
	return a % b, true
}

func negate(a Scalar) Scalar {
	switch {
	case a.Kind == KindFloat:
		a.Float = -a.Float
		return a
	case a.Kind == KindInt && a.Int != math.MinInt64:
		a.Int = -a.Int
		return a
	}
	return Scalar{}
}
