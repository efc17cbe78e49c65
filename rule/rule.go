// Package rule decides detection rules on reconstructed file events. It reads
// rules in the published TOML layout, evaluates their EQL event query in three
// truth values and says why: what is missing, what would settle it.
//
// It knows rules, verdicts and how a person reads them. It must not know NTFS,
// evidence, reports, or where a rule's text was stored: it opens no file.
package rule

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/jobscan/jobscan/rule/eql"
)

// Rule is one detection rule. It does not change after Parse and may be used by
// several goroutines.
type Rule struct {
	ID             string
	Name           string
	Description    string
	Version        string // the rule's own, else the date of its last update; may be empty
	Severity       string // low, medium, high, critical
	RiskScore      int    // 0 to 100
	Maturity       string // production, development, deprecated; may be empty
	BuildingBlock  bool   // meant as an input of other rules, not as an alert
	Tags           []string
	References     []string
	FalsePositives []string
	Note           string // guide for the analyst, Markdown
	Threats        []Threat

	Query     *eql.Query
	QueryText string // as it stands in the rule
	SHA256    string // of QueryText, lower-case hexadecimal
	Source    string // where the text came from, as the caller named it

	categoryField string
	base          []*eql.Cond // conjuncts that are no exclusion
	exclusions    []*eql.Cond // conjuncts of the form not (…)
	letters       []byte      // drive letters that stand for all 26
}

// Threat is an entry of a framework such as MITRE ATT&CK.
type Threat struct {
	Framework  string
	Tactic     Reference
	Techniques []Technique
}

// Technique is a technique with its sub-techniques.
type Technique struct {
	Reference
	Subtechniques []Reference
}

// Reference is an entry of a framework: T1053.005, its name and its page.
type Reference struct {
	ID, Name, Reference string
}

// FromQuery makes a rule of a query alone. The error is an *eql.SyntaxError.
func FromQuery(text string, o eql.Options) (*Rule, error) {
	r := &Rule{ID: "query", Name: "query", Source: "query"}
	if err := r.setQuery(text, o); err != nil {
		return nil, err
	}
	return r, nil
}

// WithOptions is the rule with its query read anew. An empty category field is
// that of the rule.
func (r *Rule) WithOptions(o eql.Options) (*Rule, error) {
	if o.CategoryField == "" {
		o.CategoryField = r.categoryField
	}
	out := *r
	out.base, out.exclusions = nil, nil
	if err := out.setQuery(r.QueryText, o); err != nil {
		return nil, err
	}
	return &out, nil
}

func (r *Rule) setQuery(text string, o eql.Options) error {
	q, err := eql.ParseWith(text, o)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	r.Query, r.QueryText, r.SHA256 = q, text, hex.EncodeToString(sum[:])
	for _, c := range q.Conjuncts() {
		// "a != b" states what the event is; only a "not" of its own is an exclusion.
		if c.Op() == eql.Not && !c.Compact() {
			r.exclusions = append(r.exclusions, c)
		} else {
			r.base = append(r.base, c)
		}
	}
	r.categoryField = o.CategoryField
	r.letters = driveLetters(q)
	return nil
}
