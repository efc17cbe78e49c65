package rule

import (
	"strings"

	"github.com/jobscan/jobscan/rule/eql"
)

// Explainer decides one rule for many events and says why. It holds the words of
// the rule ready, may be used by several goroutines, and does not change.
type Explainer struct {
	rule    *Rule
	reasons []reason // why a conjunct fails, in the order of decide
}

// NewExplainer prepares the sentences of r.
func NewExplainer(r *Rule) *Explainer {
	x := &Explainer{rule: r}
	for i := range len(r.base) + len(r.exclusions) {
		x.reasons = append(x.reasons, failure(r.conjunct(i)))
	}
	return x
}

// Append appends to b what Evaluate says in Because. An Undecided outcome needs
// more than a sentence: b comes back as it was, for Evaluate to explain it.
func (x *Explainer) Append(b []byte, s *Subject) ([]byte, Outcome) {
	var o Outcome
	var failed int
	rec := s.Record
	if s.anyDrive() {
		o, rec = x.rule.Outcome(*s), s.WithDrive(x.rule.letters[0])
		_, failed = x.rule.decide(rec)
	} else {
		o, failed = x.rule.decide(rec)
	}
	if o == Undecided {
		return b, o
	}
	var why *reason
	if failed >= 0 {
		why = &x.reasons[failed]
	}
	return x.rule.appendBecause(b, o, rec, why, s.anyDrive()), o
}

// because explains an outcome that is decided.
func (r *Rule) because(o Outcome, s *Subject) string {
	rec := s.Record
	if s.anyDrive() {
		rec = s.WithDrive(r.letters[0])
	}
	var why *reason
	if _, failed := r.decide(rec); failed >= 0 {
		reason := failure(r.conjunct(failed))
		why = &reason
	}
	return string(r.appendBecause(nil, o, rec, why, s.anyDrive()))
}

// conjunct gives a conjunct by the index of decide.
func (r *Rule) conjunct(i int) *eql.Cond {
	if i < len(r.base) {
		return r.base[i]
	}
	return r.exclusions[i-len(r.base)]
}

// appendBecause writes the sentence of a decided outcome; why is that of the
// conjunct which fails, nil where none does.
func (r *Rule) appendBecause(b []byte, o Outcome, rec eql.Record, why *reason, anyDrive bool) []byte {
	switch {
	case o == Match:
		b = append(appendEvent(b, rec, anyDrive), " satisfies every condition"...)
		if anyDrive {
			b = append(b, ", whatever the drive letter"...)
		}
		if len(r.exclusions) > 0 {
			b = append(b, "; no exclusion can apply"...)
		}
		return b
	case why == nil:
		return append(b, "no match: the conditions cannot hold together"...)
	case o == Excluded:
		b = append(appendEvent(b, rec, anyDrive), " satisfies every condition, but is excluded: "...)
	default:
		b = append(b, "no match: "...)
	}
	return why.append(b, rec, false)
}

// reason words the part of a true condition, in negation normal form, that
// suffices to make it true. All its texts are made beforehand.
type reason struct {
	cond *eql.Cond
	text string   // of the whole condition
	kids []reason // nil where the text does not depend on the record
}

// failure words why a conjunct fails. Constants inside it are no reason; one that
// is constant as a whole fails for every event.
func failure(conjunct *eql.Cond) reason {
	c := conjunct.Simplify()
	switch {
	case c.Decided() && conjunct.Op() == eql.Not && !conjunct.Compact():
		return reason{cond: c, text: "an exclusion of the query holds for every event"}
	case c.Decided():
		return reason{cond: c, text: "a condition of the query holds for no event"}
	}
	return newReason(c.Negation())
}

func newReason(c *eql.Cond) reason {
	out := reason{cond: c, text: prose(c)}
	if c.Op() != eql.And && c.Op() != eql.Or {
		return out
	}
	depends := c.Op() == eql.Or
	for _, k := range c.Kids() {
		kid := newReason(k)
		depends = depends || kid.kids != nil
		out.kids = append(out.kids, kid)
	}
	if !depends {
		out.kids = nil
	}
	return out
}

// append writes the first alternative that holds, and all parts of a conjunction.
// inner says that the text becomes part of one.
func (w *reason) append(b []byte, rec eql.Record, inner bool) []byte {
	switch {
	case w.kids == nil:
		return append(b, w.text...)
	case w.cond.Op() == eql.And:
		for i := range w.kids {
			if i > 0 {
				b = append(b, " and "...)
			}
			b = w.kids[i].append(b, rec, true)
		}
		return b
	}
	for i := range w.kids {
		if k := &w.kids[i]; k.cond.Truth(rec) == eql.True {
			return k.append(b, rec, inner)
		}
	}
	if inner {
		return append(append(append(b, '('), w.text...), ')')
	}
	return append(b, w.text...)
}

// DescriptionFields lists the fields that the sentence of a Verdict may quote
// besides those of the query.
func DescriptionFields() []string {
	return []string{"event.action", "event.type", "file.path", "file.name"}
}

// appendEvent says what the event is, e.g. "creation of C:\Windows\Tasks\x.job".
func appendEvent(b []byte, rec eql.Record, anyDrive bool) []byte {
	what := first(rec, "event.action")
	if what == "" {
		what = first(rec, "event.type")
	}
	if what == "" {
		what = "event"
	}
	b = append(b, what...)
	where := first(rec, "file.path")
	if anyDrive && len(where) > 1 && where[1] == ':' {
		return append(append(b, " of ?"...), where[1:]...)
	}
	if where == "" {
		where = first(rec, "file.name")
	}
	if where == "" {
		return b
	}
	return append(append(b, " of "...), where...)
}

// first is the first known string of a field, "" without one.
func first(rec eql.Record, field string) string {
	v := rec.Field(field)
	switch {
	case v.State != eql.Known:
		return ""
	case len(v.Many) > 0:
		return v.Many[0].Str
	}
	return v.One.Str
}

// undecidedBecause says what would settle an open verdict.
func undecidedBecause(residual *eql.Cond, d Direction) string {
	if d == MatchUnless {
		return "match unless " + prose(residual.Negation())
	}
	text := prose(residual.Negation().Negation())
	return strings.TrimSpace("match only if " + text)
}
