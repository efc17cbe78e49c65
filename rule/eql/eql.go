// Package eql reads and evaluates EQL event queries: "CATEGORY where CONDITION".
//
// It knows the language: its grammar, its values, its functions and the way
// Elasticsearch decides a condition on one document with absent and multiple
// values. It adds one thing, a third truth value for fields that the source of
// a record cannot tell. It must not know rules, files, NTFS, or where a record
// comes from. Sequences, samples, joins, pipes and lineage are refused by name.
//
// Strings are UTF-8 or WTF-8, so that names holding a lone surrogate can be
// compared; one code point, or one lone surrogate, is one character.
package eql

import (
	"fmt"
	"slices"
	"strings"
)

// Limits on a query. They bound stack and time for text of any origin and lie
// far above what published rules use.
const (
	maxQuery      = 128 << 10 // bytes of query text
	maxDepth      = 200       // nested parentheses, calls, signs and operators
	maxList       = 8192      // members of one list, and arguments of one call
	maxPattern    = 4096      // characters of one wildcard or regular expression pattern
	maxLeafFields = 16        // different fields inside one comparison
	maxChoices    = 1 << 20   // combinations of values tried for one comparison
	maxString     = 1 << 20   // bytes that concat may build
)

// Options change how a query is read. The zero value is the default.
type Options struct {
	// CategoryField holds the event's category; empty means "event.category".
	CategoryField string
	// ASCIIFold limits case-insensitive comparison to A-Z, as Elasticsearch did
	// up to Lucene 10.4. The default is Unicode simple case folding.
	ASCIIFold bool
}

// Query is a parsed event query. It does not change after Parse and may be used
// by several goroutines.
type Query struct {
	category string // "" for any
	where    *Cond
	root     *Cond    // category test and condition
	fields   []string // sorted
	warnings []Warning
	source   string
}

// Parse reads a query with default options. The error is a *SyntaxError.
func Parse(src string) (*Query, error) { return ParseWith(src, Options{}) }

// ParseWith reads a query. The error is a *SyntaxError, and the query is then nil.
func ParseWith(src string, o Options) (*Query, error) {
	if o.CategoryField == "" {
		o.CategoryField = "event.category"
	}
	p := &parser{lexer: lexer{src: src}, fold: foldUnicode}
	if o.ASCIIFold {
		p.fold = foldASCII
	}
	q, err := p.query(o.CategoryField)
	if err != nil {
		return nil, err
	}
	q.source = src
	return q, nil
}

// Category is the event category of the query, "" for "any".
func (q *Query) Category() string { return q.category }

// Fields lists the fields that the query reads, sorted, with the category field
// unless the category is "any".
func (q *Query) Fields() []string { return slices.Clone(q.fields) }

// Condition is the whole query as a condition: the test of the category, unless
// that is "any", and what stands behind "where".
func (q *Query) Condition() *Cond { return q.root }

// String gives the query in its normal form, which parses to the same query.
func (q *Query) String() string {
	c := "any"
	if q.category != "" {
		c = q.category
		if !plainIdent(c) || isKeyword(c) {
			c = quote(c)
		}
	}
	return fmt.Sprintf("%s where %s", c, q.where)
}

// Conjuncts are the parts of the condition that must all be true, the category
// test first.
func (q *Query) Conjuncts() []*Cond {
	if q.root.op == And {
		return slices.Clone(q.root.kids)
	}
	return []*Cond{q.root}
}

// Truth decides the query for a record. It allocates nothing of its own, except
// where the query itself builds strings (concat, substring, between, string).
func (q *Query) Truth(r Record) Truth { return q.root.Truth(r) }

// Result is a truth value and, where it is Unknown, the fields whose value would
// be needed to decide, sorted. Err is an *ExcessError where nothing can be said
// of the record; Truth then means nothing.
type Result struct {
	Truth   Truth
	Missing []string
	Err     error
}

// Eval decides the query for a record and names what is missing.
func (q *Query) Eval(r Record) Result {
	t := q.root.Truth(r)
	if t != Unknown {
		return Result{Truth: t}
	}
	residual := q.Reduce(r)
	if err := residual.Excess(r); err != nil {
		return Result{Err: err}
	}
	return Result{Truth: t, Missing: residual.Unknowns(r)}
}

// Reduce gives what remains to be decided: every part whose truth is known is
// replaced by it and the rest simplified. A decided query gives a constant.
func (q *Query) Reduce(r Record) *Cond { return q.root.reduce(r) }

// Residual is Reduce as text: "true", "false", or an EQL condition.
func (q *Query) Residual(r Record) string { return q.Reduce(r).String() }

func fieldNames(c *Cond) []string {
	var names []string
	c.walk(false, func(leaf *Cond, _ bool) { names = append(names, leaf.test.fields...) })
	slices.SortFunc(names, strings.Compare)
	return slices.Compact(names)
}
