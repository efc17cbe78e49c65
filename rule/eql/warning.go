package eql

import "fmt"

// Warning is about a query that can be evaluated, but may not mean what its
// author thinks.
type Warning struct {
	Line, Column int    // from 1
	Field        string // the field concerned, or ""
	Message      string
}

// String is the message with its position.
func (w Warning) String() string {
	return fmt.Sprintf("line %d, column %d: %s", w.Line, w.Column, w.Message)
}

func newWarning(src string, pos int, field, format string, args ...any) Warning {
	line, col := position(src, pos)
	return Warning{Line: line, Column: col, Field: field, Message: fmt.Sprintf(format, args...)}
}

func (p *parser) warn(pos int, field, format string, args ...any) {
	p.warnings = append(p.warnings, newWarning(p.src, pos, field, format, args...))
}

// Check looks the query's fields up and warns of unknown fields and of
// comparisons that their kind can never satisfy. known gives the kind of a field
// and whether there is such a field; KindNull as a kind means any.
func (q *Query) Check(known func(field string) (kind Kind, ok bool)) []Warning {
	out := append([]Warning(nil), q.warnings...)
	unknown := map[string]bool{}
	q.where.walk(false, func(leaf *Cond, _ bool) { q.check(leaf.test, known, unknown, &out) })
	return out
}

func (q *Query) check(x *expr, known func(string) (Kind, bool), unknown map[string]bool, out *[]Warning) {
	kind := func(a *expr) (Kind, string) {
		if a.op != xField {
			return a.kind, ""
		}
		if k, ok := known(a.name); ok && k != KindNull {
			return k, a.name
		}
		return kindAny, a.name
	}
	if x.op == xField {
		if _, ok := known(x.name); !ok && !unknown[x.name] {
			unknown[x.name] = true
			*out = append(*out, newWarning(q.source, x.pos, x.name, "unknown field %s", x.name))
		}
	}
	if len(x.args) > 0 {
		k, name := kind(x.args[0])
		for _, other := range x.operandKinds() {
			if ok, oname := kind(other); !comparable(k, ok) && (name != "" || oname != "") {
				if name == "" {
					name = oname
				}
				*out = append(*out, newWarning(q.source, x.pos, name, "%s: a %s is compared with a %s: never true", name, k, ok))
				break
			}
		}
	}
	for _, a := range x.args {
		q.check(a, known, unknown, out)
	}
}

// operandKinds are the operands that the first one is compared with.
func (x *expr) operandKinds() []*expr {
	switch x.op {
	case xEq, xLess, xLessEq, xGreater, xGreaterEq, xIn:
		return x.args[1:]
	case xLike, xRegex:
		return []*expr{{op: xConst, kind: KindString}}
	}
	return nil
}
