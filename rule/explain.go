package rule

import (
	"strings"

	"github.com/jobscan/jobscan/rule/eql"
)

// because explains an outcome that is decided.
func (r *Rule) because(o Outcome, s *Subject) string {
	rec := s.Record
	if s.anyDrive() {
		rec = s.WithDrive(r.letters[0])
	}
	event := describe(rec, s.anyDrive())
	switch o {
	case Match:
		why := event + " satisfies every condition"
		if s.anyDrive() {
			why += ", whatever the drive letter"
		}
		if len(r.exclusions) > 0 {
			why += "; no exclusion can apply"
		}
		return why
	case Excluded:
		for _, c := range r.exclusions {
			if c.Truth(rec) == eql.False {
				return event + " satisfies every condition, but is excluded: " + prose(proof(c.Negation(), rec))
			}
		}
	}
	return "no match: " + r.failure(rec)
}

// failure names the first condition that does not hold.
func (r *Rule) failure(rec eql.Record) string {
	for _, list := range [][]*eql.Cond{r.base, r.exclusions} {
		for _, c := range list {
			if c.Truth(rec) == eql.False {
				return prose(proof(c.Negation(), rec))
			}
		}
	}
	return "the conditions cannot hold together"
}

// proof gives a part of the true condition c, in negation normal form, that
// suffices to make it true.
func proof(c *eql.Cond, rec eql.Record) *eql.Cond {
	switch c.Op() {
	case eql.Or:
		for _, k := range c.Kids() {
			if k.Truth(rec) == eql.True {
				return proof(k, rec)
			}
		}
	case eql.And:
		var parts []*eql.Cond
		for _, k := range c.Kids() {
			parts = append(parts, proof(k, rec))
		}
		return eql.Join(parts)
	}
	return c
}

// DescriptionFields lists the fields that the sentence of a Verdict may quote
// besides those of the query.
func DescriptionFields() []string {
	return []string{"event.action", "event.type", "file.path", "file.name"}
}

// describe says what the event is, e.g. "creation of C:\Windows\Tasks\x.job".
func describe(rec eql.Record, anyDrive bool) string {
	what := first(rec, "event.action")
	if what == "" {
		what = first(rec, "event.type")
	}
	if what == "" {
		what = "event"
	}
	where := first(rec, "file.path")
	if anyDrive && len(where) > 1 && where[1] == ':' {
		where = "?" + where[1:]
	}
	if where == "" {
		where = first(rec, "file.name")
	}
	if where == "" {
		return what
	}
	return what + " of " + where
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
