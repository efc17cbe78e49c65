package eql

import "slices"

// Limits of one automaton. A regular expression beyond them is refused.
const (
	maxStates     = 4096
	maxTerms      = 1 << 16
	maxRegexSteps = 1 << 17 // derivatives and operands looked at
	maxSets       = 512     // different characters and classes
)

// termID names a term of an algebra. Equal terms have equal names.
type termID int32

// The terms that every algebra has.
const (
	termNone  termID = iota // matches nothing
	termEmpty               // matches the empty text
	termAll                 // matches everything
)

// term is a regular expression over classes of characters. Which operands count
// depends on op: reSet has a, the number of a set; reConcat, reUnion and reInter
// have a and b, and b is where a list goes on; reNot and reRepeat have a.
type term struct {
	op       treeOp
	a, b     termID
	min, max int
}

// algebra makes terms in a normal form in which each regular expression has only
// finitely many derivatives (J. Brzozowski, "Derivatives of regular expressions",
// 1964): lists of alternatives are sorted and have no member twice.
type algebra struct {
	terms    []term
	nullable []bool // whether the term matches the empty text
	ids      map[term]termID
	sets     []classSet
	known    map[derivative]termID
	steps    int
}

// classSet has an element for each class of characters.
type classSet []bool

type derivative struct {
	of    termID
	class int
}

func newAlgebra() *algebra {
	g := &algebra{ids: map[term]termID{}, known: map[derivative]termID{}}
	g.intern(term{op: reUnion}) // no alternative at all
	g.intern(term{op: reEmpty})
	g.intern(term{op: reNot, a: termNone})
	return g
}

// spent reports that the limits are reached: what is made from then on means
// nothing.
func (g *algebra) spent() bool { return g.steps > maxRegexSteps || len(g.terms) > maxTerms }

func (g *algebra) intern(t term) termID {
	g.steps++
	if id, ok := g.ids[t]; ok {
		return id
	}
	if g.spent() {
		return termNone
	}
	id := termID(len(g.terms))
	nullable := false
	switch t.op {
	case reEmpty:
		nullable = true
	case reConcat, reInter:
		nullable = g.nullable[t.a] && g.nullable[t.b]
	case reUnion:
		nullable = t != term{op: reUnion} && (g.nullable[t.a] || g.nullable[t.b])
	case reNot:
		nullable = !g.nullable[t.a]
	case reRepeat:
		nullable = t.min == 0 || g.nullable[t.a]
	}
	g.terms, g.nullable, g.ids[t] = append(g.terms, t), append(g.nullable, nullable), id
	return id
}

// set is one character of any of the classes.
func (g *algebra) set(classes classSet) termID {
	if !slices.Contains(classes, true) {
		return termNone
	}
	i := slices.IndexFunc(g.sets, func(s classSet) bool { return slices.Equal(s, classes) })
	if i < 0 {
		i = len(g.sets)
		g.sets = append(g.sets, classes)
	}
	return g.intern(term{op: reSet, a: termID(i)})
}

func (g *algebra) not(a termID) termID {
	if t := g.terms[a]; t.op == reNot {
		return t.a
	}
	return g.intern(term{op: reNot, a: a})
}

// concat keeps a list: what comes first is no list itself.
func (g *algebra) concat(a, b termID) termID {
	switch {
	case a == termNone || b == termNone:
		return termNone
	case a == termEmpty:
		return b
	case b == termEmpty:
		return a
	}
	var front []termID
	for !g.spent() && g.terms[a].op == reConcat {
		front = append(front, g.terms[a].a)
		a = g.terms[a].b
		g.steps++
	}
	b = g.intern(term{op: reConcat, a: a, b: b})
	for _, t := range slices.Backward(front) {
		b = g.intern(term{op: reConcat, a: t, b: b})
	}
	return b
}

// join is the union or the intersection of two terms.
func (g *algebra) join(op treeOp, a, b termID) termID {
	decisive, neutral := termAll, termNone
	if op == reInter {
		decisive, neutral = termNone, termAll
	}
	var list []termID
	for _, t := range []termID{a, b} {
		for !g.spent() && g.terms[t].op == op && t > termAll {
			list = append(list, g.terms[t].a)
			t = g.terms[t].b
			g.steps++
		}
		list = append(list, t)
	}
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(t termID) bool { return t == neutral })
	if len(list) == 0 {
		return neutral
	}
	if slices.Contains(list, decisive) {
		return decisive
	}
	out := list[len(list)-1]
	for _, t := range slices.Backward(list[:len(list)-1]) {
		out = g.intern(term{op: op, a: t, b: out})
	}
	return out
}

func (g *algebra) repeat(a termID, low, high int) termID {
	switch {
	case high == 0 || a == termEmpty:
		return termEmpty
	case a == termNone && low > 0:
		return termNone
	case a == termNone:
		return termEmpty
	case low == 1 && high == 1:
		return a
	case a == termAll:
		return termAll
	}
	t := g.terms[a]
	switch {
	case t.op == reRepeat && t.min == 0 && t.max == unbounded:
		return a
	case t.op == reSet && low == 0 && high == unbounded && !slices.Contains(g.sets[t.a], false):
		return termAll
	case g.nullable[a]:
		low = 0
	}
	return g.intern(term{op: reRepeat, a: a, min: low, max: high})
}

// derive is what may follow a character of the class in a text that t matches.
// Its depth is that of the tree that the terms were made of, and the length of
// its lists.
func (g *algebra) derive(t termID, class int) termID {
	if t <= termAll {
		if t == termAll {
			return termAll
		}
		return termNone
	}
	if g.spent() {
		return termNone
	}
	key := derivative{t, class}
	if d, ok := g.known[key]; ok {
		return d
	}
	g.steps++
	d := termNone
	switch x := g.terms[t]; x.op {
	case reSet:
		if g.sets[x.a][class] {
			d = termEmpty
		}
	case reConcat:
		d = g.concat(g.derive(x.a, class), x.b)
		if g.nullable[x.a] {
			d = g.join(reUnion, d, g.derive(x.b, class))
		}
	case reUnion, reInter:
		d = g.join(x.op, g.derive(x.a, class), g.derive(x.b, class))
	case reNot:
		d = g.not(g.derive(x.a, class))
	case reRepeat:
		high := x.max
		if high != unbounded {
			high--
		}
		d = g.concat(g.derive(x.a, class), g.repeat(x.a, max(x.min-1, 0), high))
	}
	g.known[key] = d
	return d
}
