package eql

import (
	"fmt"
	"slices"
	"strings"
)

// reduce replaces every part whose truth is known and simplifies the rest. Nodes
// that stay whole are shared with c.
func (c *Cond) reduce(r Record) *Cond {
	switch c.op {
	case Constant:
		if c.value.Bool {
			return condTrue
		}
		return condFalse
	case Test:
		switch c.test.truth(r) {
		case True:
			return condTrue
		case False:
			return condFalse
		}
		return c
	case Not:
		k := c.kids[0].reduce(r)
		if k == c.kids[0] {
			return c
		}
		return newNot(k, c.compact)
	}
	decisive, neutral := condFalse, condTrue
	if c.op == Or {
		decisive, neutral = condTrue, condFalse
	}
	var kids []*Cond
	for _, k := range c.kids {
		switch k = k.reduce(r); k {
		case decisive:
			return decisive
		case neutral:
		default:
			kids = append(kids, k)
		}
	}
	if len(kids) == 0 {
		return neutral
	}
	return newList(c.op, kids)
}

// Join is the condition that all of the list hold, "true" for none.
func Join(list []*Cond) *Cond {
	if len(list) == 0 {
		return condTrue
	}
	return newList(And, list)
}

// Simplify gives the condition without the constants inside it, null counting as
// false: the same truth for every record, and a constant itself only where every
// record has the same.
func (c *Cond) Simplify() *Cond { return c.reduce(nothingKnown{}) }

// nothingKnown is a record of which no field is known.
type nothingKnown struct{}

func (nothingKnown) Field(string) Value { return NotKnown() }

// Decided reports a condition without leaves.
func (c *Cond) Decided() bool { return c.op == Constant }

// Unknowns lists the fields of c that r cannot tell, sorted.
func (c *Cond) Unknowns(r Record) []string {
	var names []string
	c.walk(false, func(leaf *Cond, _ bool) {
		for _, name := range leaf.test.fields {
			if v := r.Field(name); v.State == StateUnknown {
				names = append(names, name)
			}
		}
	})
	slices.SortFunc(names, strings.Compare)
	return slices.Compact(names)
}

// ExcessError says that a comparison cannot be decided for a record, though all
// its fields are known: it would have to be tried for too many combinations of
// their values.
type ExcessError struct {
	Condition string   // the comparison, in normal form
	Fields    []string // sorted
}

// Error names the fields and the limit.
func (e *ExcessError) Error() string {
	return fmt.Sprintf("more than %d combinations of the values of %s", maxChoices, strings.Join(e.Fields, ", "))
}

// Excess is an *ExcessError about the first leaf of c, of what Reduce left, that
// is open though r knows all its fields; nil without one.
func (c *Cond) Excess(r Record) error {
	var found *ExcessError
	c.walk(false, func(leaf *Cond, _ bool) {
		fields := leaf.test.fields
		if found != nil || slices.ContainsFunc(fields, func(n string) bool { return r.Field(n).State == StateUnknown }) {
			return
		}
		if leaf.test.truth(r) == Unknown {
			found = &ExcessError{Condition: leaf.String(), Fields: slices.Clone(fields)}
			slices.Sort(found.Fields)
		}
	})
	if found == nil {
		return nil
	}
	return found
}

// Polarity tells how the leaves of c bear on it: positive reports one whose truth
// helps c, negative one whose truth hurts it.
func (c *Cond) Polarity() (positive, negative bool) {
	c.walk(false, func(_ *Cond, neg bool) {
		positive = positive || !neg
		negative = negative || neg
	})
	return positive, negative
}

// Negation is the complement of c with every Not moved down to the leaves.
func (c *Cond) Negation() *Cond { return c.normal(true) }

func (c *Cond) normal(negate bool) *Cond {
	switch c.op {
	case Not:
		return c.kids[0].normal(!negate)
	case And, Or:
		op := c.op
		if negate {
			op = And + Or - op
		}
		kids := make([]*Cond, len(c.kids))
		for i, k := range c.kids {
			kids[i] = k.normal(negate)
		}
		return newList(op, kids)
	}
	if negate {
		return newNot(c, false)
	}
	return c
}
