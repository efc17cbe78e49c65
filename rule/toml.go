package rule

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/jobscan/jobscan/rule/eql"
)

const maxFile = 512 << 10 // bytes of a rule's TOML

// ErrUnsupported marks a rule that is well-formed, but of a kind that is not
// evaluated here: another language, or a query on more than one event.
var ErrUnsupported = eql.ErrUnsupported

// Error says why a rule cannot be used.
type Error struct {
	Source string // as given to Parse
	Line   int    // in the rule's text, from 1; 0 when not known
	Field  string // e.g. "rule.query"; may be empty
	Err    error  // cause: *eql.SyntaxError, ErrUnsupported, or another
}

// Error renders "SOURCE:LINE: FIELD: cause".
func (e *Error) Error() string {
	s := e.Source
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
	}
	if e.Field != "" {
		s += ": " + e.Field
	}
	return s + ": " + e.Err.Error()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// document is the published layout. What only concerns deployment (index,
// interval, from …) is not read.
type document struct {
	Metadata struct {
		UpdatedDate string `toml:"updated_date"`
		Maturity    string `toml:"maturity"`
	} `toml:"metadata"`
	Rule struct {
		RuleID                string   `toml:"rule_id"`
		Name                  string   `toml:"name"`
		Description           string   `toml:"description"`
		Version               any      `toml:"version"`
		Severity              string   `toml:"severity"`
		RiskScore             int      `toml:"risk_score"`
		Tags                  []string `toml:"tags"`
		References            []string `toml:"references"`
		FalsePositives        []string `toml:"false_positives"`
		Note                  string   `toml:"note"`
		Type                  string   `toml:"type"`
		Language              string   `toml:"language"`
		Query                 string   `toml:"query"`
		BuildingBlockType     string   `toml:"building_block_type"`
		EventCategoryOverride string   `toml:"event_category_override"`
		Threat                []threat `toml:"threat"`
	} `toml:"rule"`
}

type threat struct {
	Framework string      `toml:"framework"`
	Tactic    reference   `toml:"tactic"`
	Technique []technique `toml:"technique"`
}

type technique struct {
	ID           string      `toml:"id"`
	Name         string      `toml:"name"`
	Reference    string      `toml:"reference"`
	Subtechnique []reference `toml:"subtechnique"`
}

type reference struct {
	ID        string `toml:"id"`
	Name      string `toml:"name"`
	Reference string `toml:"reference"`
}

// Parse reads a rule. source names it in the rule and in errors. The error is an
// *Error, and the rule is then nil.
func Parse(text []byte, source string) (*Rule, error) {
	fail := func(line int, field string, err error) (*Rule, error) {
		return nil, &Error{Source: source, Line: line, Field: field, Err: err}
	}
	if len(text) > maxFile {
		return fail(0, "", fmt.Errorf("rule is longer than %d bytes", maxFile))
	}
	var d document
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	if err := toml.Unmarshal(text, &d); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ := at.Position()
			return fail(line, strings.Join(at.Key(), "."), errors.New(strings.TrimPrefix(at.Error(), "toml: ")))
		}
		return fail(0, "", errors.New(strings.TrimPrefix(err.Error(), "toml: ")))
	}
	switch {
	case d.Rule.Type == "" && d.Rule.Query == "":
		return fail(0, "rule", errors.New("no [rule] table with type and query"))
	case d.Rule.Type != "eql" || d.Rule.Language != "" && d.Rule.Language != "eql":
		kind := d.Rule.Type
		if d.Rule.Type == "eql" {
			kind = d.Rule.Language
		}
		return fail(0, "rule.type", fmt.Errorf("%q is %w: only EQL event queries are", kind, ErrUnsupported))
	case strings.TrimSpace(d.Rule.Query) == "":
		return fail(0, "rule.query", errors.New("no query"))
	}
	r := d.rule()
	r.Source = source
	err := r.setQuery(d.Rule.Query, eql.Options{CategoryField: d.Rule.EventCategoryOverride})
	if err != nil {
		return fail(queryLine(text, d.Rule.Query, err), "rule.query", err)
	}
	return r, nil
}

// queryLine finds the line of the file that a syntax error in its query is on, 0
// where the query does not stand there as it is.
func queryLine(text []byte, query string, err error) int {
	var syntax *eql.SyntaxError
	at := bytes.Index(text, []byte(query))
	if !errors.As(err, &syntax) || at < 0 {
		return 0
	}
	return bytes.Count(text[:at], []byte("\n")) + syntax.Line
}

func (d *document) rule() *Rule {
	r := &Rule{
		ID: d.Rule.RuleID, Name: d.Rule.Name, Description: d.Rule.Description,
		Version: d.Metadata.UpdatedDate, Severity: d.Rule.Severity, RiskScore: d.Rule.RiskScore,
		Maturity: d.Metadata.Maturity, BuildingBlock: d.Rule.BuildingBlockType != "",
		Tags: d.Rule.Tags, References: d.Rule.References, FalsePositives: d.Rule.FalsePositives,
		Note: d.Rule.Note,
	}
	if d.Rule.Version != nil {
		r.Version = fmt.Sprint(d.Rule.Version)
	}
	for _, t := range d.Rule.Threat {
		threat := Threat{Framework: t.Framework, Tactic: Reference(t.Tactic)}
		for _, q := range t.Technique {
			technique := Technique{Reference: Reference{q.ID, q.Name, q.Reference}}
			for _, s := range q.Subtechnique {
				technique.Subtechniques = append(technique.Subtechniques, Reference(s))
			}
			threat.Techniques = append(threat.Techniques, technique)
		}
		r.Threats = append(r.Threats, threat)
	}
	return r
}
