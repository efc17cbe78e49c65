package rule

import (
	"slices"

	"github.com/jobscan/jobscan/rule/eql"
)

// Class sorts rules by what a source of events can decide about them.
type Class byte

// The classes.
const (
	// ClassA: the source gives every field.
	ClassA Class = 'A'
	// ClassB: fields that it does not give stand only in exclusions.
	ClassB Class = 'B'
	// ClassC: some branch holds for an event without the fields it does not give.
	ClassC Class = 'C'
	// ClassD: the rule requires fields that it does not give.
	ClassD Class = 'D'
)

// Reach tells what a source of events can at best say about the rule, where given
// reports the fields that it gives. Leaves are taken as independent of each
// other, so that it is a bound and not a promise.
func (r *Rule) Reach(given func(field string) bool) (Class, Outcome) {
	root := r.Query.Condition()
	best := NoMatch
	switch attainable(root, false, given, false) {
	case eql.True:
		best = Match
	case eql.Unknown:
		best = Undecided
	}
	class := ClassD
	switch positive, all := openLeaves(root, given); {
	case all:
		class = ClassA
	case !positive:
		class = ClassB
	case attainable(root, false, given, true) == eql.True:
		class = ClassC
	}
	return class, best
}

// openLeaves tells whether a leaf with a field that is not given stands outside
// exclusions, and whether there is none at all. A test of absence, such as
// "f == null" or "f != null", asks for the field as such and excludes no value of
// it, so that it never counts as an exclusion.
func openLeaves(root *eql.Cond, given func(string) bool) (positive, none bool) {
	none = true
	leaves, negative := root.Leaves()
	for i, leaf := range leaves {
		if open(leaf, given) {
			none = false
			positive = positive || !negative[i] || leaf.Truth(emptyRecord{}) == eql.True
		}
	}
	return positive, none
}

func open(leaf *eql.Cond, given func(string) bool) bool {
	return slices.ContainsFunc(leaf.Fields(), func(f string) bool { return !given(f) })
}

// attainable is the greatest truth that c, or its complement, can have. Leaves
// that the source gives can be either; the others are unknown, or, with
// absent, what they are for an event without their fields.
func attainable(c *eql.Cond, negated bool, given func(string) bool, absent bool) eql.Truth {
	switch c.Op() {
	case eql.Constant:
		if c.String() == "null" {
			return eql.False
		}
		if (c.String() == "true") != negated {
			return eql.True
		}
		return eql.False
	case eql.Not:
		return attainable(c.Kids()[0], !negated, given, absent)
	case eql.Test:
		t := eql.True
		if open(c, given) {
			t = eql.Unknown
			if absent {
				t = c.Truth(emptyRecord{})
			}
			if negated {
				t = t.Not()
			}
		}
		return t
	}
	all := (c.Op() == eql.And) != negated
	t := eql.False
	if all {
		t = eql.True
	}
	for _, k := range c.Kids() {
		if u := attainable(k, negated, given, absent); all {
			t = t.And(u)
		} else {
			t = t.Or(u)
		}
	}
	return t
}

// emptyRecord has no field at all.
type emptyRecord struct{}

func (emptyRecord) Field(string) eql.Value { return eql.Missing() }
