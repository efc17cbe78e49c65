package rule

import (
	"slices"
	"strings"

	"github.com/jobscan/jobscan/rule/eql"
)

// Outcome is what a rule says about an event.
type Outcome uint8

// The outcomes.
const (
	// NoMatch: the query is false.
	NoMatch Outcome = iota
	// Excluded: all but the exclusions holds, and an exclusion is proven to apply.
	Excluded
	// Undecided: it depends on a field that the evidence does not give.
	Undecided
	// Match: the query is true whatever the unknown fields are.
	Match
)

// String is the outcome as reports write it.
func (o Outcome) String() string {
	switch o {
	case Match:
		return "match"
	case Undecided:
		return "undecided"
	case Excluded:
		return "excluded"
	}
	return "no_match"
}

// Direction tells how an undecided verdict hangs on what is missing.
type Direction uint8

// The directions.
const (
	// Decided: nothing is missing.
	Decided Direction = iota
	// MatchUnless: every open test is one of an exclusion.
	MatchUnless
	// MatchOnlyIf: something that the rule requires is open.
	MatchOnlyIf
)

// String is "", "match unless" or "match only if".
func (d Direction) String() string {
	switch d {
	case MatchUnless:
		return "match unless"
	case MatchOnlyIf:
		return "match only if"
	}
	return ""
}

// Subject is the event that a rule is asked about.
type Subject struct {
	Record eql.Record
	// DriveUnknown: the letter of the volume is not known. The rule is then
	// decided for every letter, and is open where they disagree.
	DriveUnknown bool
	// WithDrive gives the record as it would be on drive letter 'A' to 'Z'. Only
	// the fields for which DriveField is true may depend on the letter, and only
	// by their first character.
	WithDrive func(letter byte) eql.Record
}

func (s *Subject) anyDrive() bool { return s.DriveUnknown && s.WithDrive != nil }

// Verdict is an outcome with its explanation. Where Err is set there is none: the
// query could not be evaluated for the event, and nothing else counts.
type Verdict struct {
	Outcome   Outcome
	Missing   []string  // fields that would settle it, sorted; nil unless Undecided
	Because   string    // one sentence for a person
	Residual  string    // what is left of the query; "" unless Undecided
	Direction Direction // Decided unless Undecided
	// IfAbsent is the outcome for a document without the unknown fields: what a
	// search engine says about an exported event that lacks them.
	IfAbsent Outcome
	// Err is an *eql.ExcessError, for a document whose fields have too many values.
	Err error
}

// Outcome decides the rule without explaining. It allocates nothing itself. An
// event with many values in several fields can be Undecided for their number
// alone; Evaluate tells.
func (r *Rule) Outcome(s Subject) Outcome {
	if !s.anyDrive() {
		return r.outcome(s.Record)
	}
	merged := r.outcome(s.WithDrive(r.letters[0]))
	for _, letter := range r.letters[1:] {
		if merged == Undecided {
			break
		}
		merged = merge(merged, r.outcome(s.WithDrive(letter)))
	}
	return merged
}

// merge joins the outcomes for two letters.
func merge(a, b Outcome) Outcome {
	switch {
	case a == b:
		return a
	case a <= Excluded && b <= Excluded: // both false, for different reasons
		return NoMatch
	}
	return Undecided
}

func (r *Rule) outcome(rec eql.Record) Outcome {
	o, _ := r.decide(rec)
	return o
}

// decide gives the outcome and, where the query is false, which conjunct is: an
// index into base and, behind it, exclusions; -1 otherwise.
func (r *Rule) decide(rec eql.Record) (o Outcome, failed int) {
	open := false
	for i, c := range r.base {
		switch c.Truth(rec) {
		case eql.False:
			return NoMatch, i
		case eql.Unknown:
			open = true
		}
	}
	refuted := Excluded
	if open {
		refuted = NoMatch
	}
	for i, c := range r.exclusions {
		switch c.Truth(rec) {
		case eql.False:
			return refuted, len(r.base) + i
		case eql.Unknown:
			open = true
		}
	}
	if open {
		return Undecided, -1
	}
	return Match, -1
}

// Evaluate decides the rule and explains the outcome.
func (r *Rule) Evaluate(s Subject) Verdict {
	v := Verdict{Outcome: r.Outcome(s)}
	v.IfAbsent = v.Outcome
	if v.Outcome != Undecided {
		v.Because = r.because(v.Outcome, &s)
		return v
	}
	if err := r.excess(&s); err != nil {
		return Verdict{Outcome: Undecided, Because: "not evaluated: " + err.Error(), Err: err}
	}
	v.IfAbsent = r.Outcome(absent(s))
	if s.anyDrive() {
		r.explainDrives(&v, &s)
		return v
	}
	residual := r.Query.Reduce(s.Record)
	v.Missing = residual.Unknowns(s.Record)
	v.Residual = residual.String()
	v.Direction = direction(residual)
	v.Because = undecidedBecause(residual, v.Direction)
	return v
}

// excess is an *eql.ExcessError where the query is open for the number of values
// that known fields have.
func (r *Rule) excess(s *Subject) error {
	rec := s.Record
	for i := 0; ; i++ {
		if s.anyDrive() {
			if i == len(r.letters) {
				return nil
			}
			rec = s.WithDrive(r.letters[i])
		}
		err := r.Query.Reduce(rec).Excess(rec)
		if err != nil || !s.anyDrive() {
			return err
		}
	}
}

func direction(residual *eql.Cond) Direction {
	if positive, _ := residual.Polarity(); positive {
		return MatchOnlyIf
	}
	return MatchUnless
}

// absentRecord answers Missing where the record cannot tell.
type absentRecord struct{ eql.Record }

func (a absentRecord) Field(name string) eql.Value {
	v := a.Record.Field(name)
	if v.State == eql.StateUnknown {
		return eql.Missing()
	}
	return v
}

func absent(s Subject) Subject {
	out := Subject{Record: absentRecord{s.Record}, DriveUnknown: s.DriveUnknown}
	if s.WithDrive != nil {
		with := s.WithDrive
		out.WithDrive = func(letter byte) eql.Record { return absentRecord{with(letter)} }
	}
	return out
}

// explainDrives explains an event on a volume of unknown letter.
func (r *Rule) explainDrives(v *Verdict, s *Subject) {
	var matching, excluding []byte
	var residual *eql.Cond
	differ := false
	for letter := byte('A'); letter <= 'Z'; letter++ {
		rec := s.WithDrive(letter)
		c := r.Query.Reduce(rec)
		switch {
		case !c.Decided():
			v.Missing = append(v.Missing, c.Unknowns(rec)...)
		case c.String() == "true":
			matching = append(matching, letter)
		default:
			excluding = append(excluding, letter)
		}
		if residual != nil && residual.String() != c.String() {
			differ = true
		}
		if residual == nil || residual.Decided() && !c.Decided() {
			residual = c
		}
	}
	v.Residual, v.Direction = residual.String(), direction(residual)
	if differ {
		v.Missing = append(v.Missing, "file.drive_letter")
	}
	slices.SortFunc(v.Missing, strings.Compare)
	v.Missing = slices.Compact(v.Missing)
	switch {
	case !differ:
		v.Because = undecidedBecause(residual, v.Direction)
	case !residual.Decided():
		v.Because = undecidedBecause(residual, v.Direction) + "; it also depends on the drive letter, which is not known"
	case len(matching) <= len(excluding):
		v.Residual, v.Direction = "", MatchOnlyIf
		v.Because = "match only if the drive letter, which is not known, is " + letterList(matching)
	default:
		v.Residual, v.Direction = "", MatchUnless
		v.Because = "match unless the drive letter, which is not known, is " + letterList(excluding)
	}
}

func letterList(letters []byte) string {
	words := make([]string, len(letters))
	for i, l := range letters {
		words[i] = string(rune(l))
	}
	return orList(words)
}
