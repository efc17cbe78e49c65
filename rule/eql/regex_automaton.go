package eql

import (
	"slices"
	"unicode/utf8"
)

// automaton decides a regular expression with one step for each character. Its
// states are the derivatives of the expression: state i after some text matches
// whatever may follow that text.
type automaton struct {
	accepts []bool
	next    []int32 // by state and class
	classes int
	ascii   [utf8.RuneSelf]int32 // class of each character of ASCII
	bounds  []rune               // first character of each range of alike characters
	class   []int32              // of each range
	none    int32                // the state from which nothing is accepted, or -1
}

// newAutomaton builds all states beforehand, so that matching never fails; an
// expression with too many is refused.
func newAutomaton(tree *regexTree) (a *automaton, steps int, err error) {
	a = &automaton{none: -1}
	g := newAlgebra()
	if g.steps = a.partition(tree); g.spent() {
		return nil, 0, errComplex
	}
	start := a.term(g, tree)
	states := []termID{start}
	number := map[termID]int32{start: 0}
	for i := 0; i < len(states); i++ {
		for class := range a.classes {
			d := g.derive(states[i], class)
			if _, seen := number[d]; !seen {
				number[d] = int32(len(states))
				states = append(states, d)
			}
			a.next = append(a.next, number[d])
		}
		g.steps += a.classes
		if g.spent() || len(states) > maxStates {
			return nil, 0, errComplex
		}
	}
	for _, t := range states {
		a.accepts = append(a.accepts, g.nullable[t])
	}
	if n, ok := number[termNone]; ok {
		a.none = n
	}
	return a, g.steps, nil
}

// partition finds the classes: the characters that no set of the tree tells
// apart. It does nothing where that takes more than maxRegexSteps.
func (a *automaton) partition(tree *regexTree) (steps int) {
	sets := tree.sets(nil)
	a.bounds = []rune{0}
	for _, s := range sets {
		for _, r := range s {
			a.bounds = append(a.bounds, r.low, r.high+1)
		}
	}
	slices.Sort(a.bounds)
	a.bounds = slices.Compact(a.bounds)
	if steps = len(a.bounds) * len(sets); len(sets) > maxSets {
		steps = maxRegexSteps + 1
	}
	if steps > maxRegexSteps {
		return steps
	}
	numbers := map[string]int32{}
	for _, first := range a.bounds {
		members := make([]byte, len(sets))
		for i, s := range sets {
			if s.contains(first) {
				members[i] = 1
			}
		}
		n, ok := numbers[string(members)]
		if !ok {
			n = int32(len(numbers))
			numbers[string(members)] = n
		}
		a.class = append(a.class, n)
	}
	a.classes = len(numbers)
	for c := range a.ascii {
		a.ascii[c] = a.classOf(rune(c))
	}
	return steps
}

// sets appends the different sets of the tree, not many more than maxSets.
func (t *regexTree) sets(to []charSet) []charSet {
	if len(to) > maxSets {
		return to
	}
	if t.op == reSet && !slices.ContainsFunc(to, func(s charSet) bool { return slices.Equal(s, t.set) }) {
		to = append(to, t.set)
	}
	for _, k := range t.kids {
		to = k.sets(to)
	}
	return to
}

func (a *automaton) classOf(c rune) int32 {
	i, found := slices.BinarySearch(a.bounds, c)
	if !found {
		i--
	}
	return a.class[i]
}

// term translates the tree.
func (a *automaton) term(g *algebra, t *regexTree) termID {
	switch t.op {
	case reSet:
		classes := make(classSet, a.classes)
		for i, first := range a.bounds {
			if t.set.contains(first) {
				classes[a.class[i]] = true
			}
		}
		return g.set(classes)
	case reNot:
		return g.not(a.term(g, t.kids[0]))
	case reRepeat:
		return g.repeat(a.term(g, t.kids[0]), t.min, t.max)
	}
	out := termEmpty
	for i, k := range slices.Backward(t.kids) {
		switch x := a.term(g, k); {
		case i == len(t.kids)-1:
			out = x
		case t.op == reConcat:
			out = g.concat(x, out)
		default:
			out = g.join(t.op, x, out)
		}
	}
	return out
}

func (a *automaton) match(s string) bool {
	state := int32(0)
	for len(s) > 0 && state != a.none {
		var class int32
		size := 1
		if c := s[0]; c < utf8.RuneSelf {
			class = a.ascii[c]
		} else {
			var r rune
			r, size = char(s)
			class = a.classOf(r)
		}
		state = a.next[int(state)*a.classes+int(class)]
		s = s[size:]
	}
	return a.accepts[state]
}
