package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/scan"
	"github.com/jobscan/jobscan/rule"
	"github.com/jobscan/jobscan/rule/eql"
)

// ruleEvalFlags are the flags of "rule eval".
type ruleEvalFlags struct {
	rules         []string
	query         string
	unknown       []string
	categoryField string
	asciiFold     bool
	format        string
	exitZero      bool
}

func newRuleEvalCommand(a *app) *cobra.Command {
	f := &ruleEvalFlags{}
	cmd := &cobra.Command{
		Use:   "eval [flags] EVENTS...",
		Short: "Apply a rule to exported events",
		Long: `Apply rules or a query to exported ECS events: NDJSON, one document a line, with
nested or dotted field names, bare or in the _source or fields of a search hit.

EVENTS is a file, or - for standard input. A field that a document lacks is
absent, as it is for Elasticsearch, unless --unknown says that the export cannot
tell.

Exit codes: 0 nothing matched, 1 a match or an undecided event, 2 could not run,
3 nothing matched, but some lines could not be read or evaluated.`,
		Args: atLeastOne("file of EVENTS"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, a, args) },
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&f.rules, "rule", nil, "apply `RULE`, a TOML file or builtin:NAME; may be repeated (default the built-in rule)")
	fs.StringVar(&f.query, "query", "", "apply the `EQL` query instead of a rule")
	fs.StringArrayVar(&f.unknown, "unknown", nil, "fields like `PATTERN` (process.*) that a document lacks are unknown, not absent; may be repeated")
	fs.StringVar(&f.categoryField, "category-field", "", "take the event category from `FIELD` (default event.category, or what the rule says)")
	fs.BoolVar(&f.asciiFold, "ascii-fold", false, "ignore case for A-Z only, as Elasticsearch did before Lucene 10.5")
	fs.StringVar(&f.format, "format", "table", "output `FORMAT`: table, jsonl")
	fs.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 also for matches and unreadable lines")
	return cmd
}

func (f *ruleEvalFlags) run(cmd *cobra.Command, a *app, args []string) error {
	if f.format != "table" && f.format != "jsonl" {
		return failure(fmt.Errorf("--format %q: expected table or jsonl", f.format))
	}
	if cmd.Flags().Changed("query") && len(f.rules) > 0 {
		return failure(errors.New("--rule and --query exclude each other: give one of them"))
	}
	rules, err := f.load(cmd.Flags().Changed("query"), a.stderr)
	if err != nil {
		var syntax *eql.SyntaxError
		if errors.As(err, &syntax) {
			fmt.Fprintf(a.stderr, "jobscan: %s\n", visibleLines(err.Error()))
			err = nil
		}
		return failure(err)
	}
	e := &evaluation{rules: evaluatedRules(rules), format: f.format, workers: runtime.NumCPU(),
		stderr: a.stderr, out: bufio.NewWriterSize(a.stdout, 64<<10)}
	for _, p := range f.unknown {
		e.plan.unknown = append(e.plan.unknown, newUnknownPattern(p))
	}
	e.plan.wanted = wantedFields(rules)
	e.heading()
	for _, name := range args {
		if err := e.file(cmd.Context(), a, name); err != nil {
			return failure(errors.Join(err, e.out.Flush()))
		}
	}
	e.footer()
	if err := e.out.Flush(); err != nil {
		return failure(err)
	}
	switch {
	case f.exitZero:
		return nil
	case e.counts[rule.Match]+e.counts[rule.Undecided] > 0:
		return exitError{code: exitFindings}
	case e.unreadable+e.refused > 0:
		return exitError{code: exitIncomplete}
	}
	return nil
}

// load gives the rules to apply; those that cannot be used are named on stderr.
func (f *ruleEvalFlags) load(query bool, stderr io.Writer) ([]*rule.Rule, error) {
	o := eql.Options{CategoryField: f.categoryField, ASCIIFold: f.asciiFold}
	if query {
		r, err := rule.FromQuery(f.query, o)
		return []*rule.Rule{r}, err
	}
	rules, problems, err := loadRules(f.rules)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		fmt.Fprintf(stderr, "jobscan: not used: %s\n", visibleLines(p.Message))
	}
	for i, r := range rules {
		if rules[i], err = r.WithOptions(o); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Source, err)
		}
	}
	return rules, nil
}

// wantedFields are the fields that the rules read, and those that a sentence
// about an event names.
func wantedFields(rules []*rule.Rule) map[string]string {
	out := map[string]string{}
	for _, name := range rule.DescriptionFields() {
		out[name] = name
	}
	for _, r := range rules {
		for _, name := range r.Query.Fields() {
			out[name] = name
		}
	}
	return out
}

// evaluation applies rules to a stream of documents.
type evaluation struct {
	rules      []evaluatedRule
	plan       documentPlan
	format     string
	workers    int
	out        *bufio.Writer
	stderr     io.Writer
	documents  int
	unreadable int
	refused    int // verdicts that could not be reached
	counts     [rule.Match + 1]int
	chunks     sync.Pool // of *documentChunk
}

// evaluatedRule is a rule with what the lines about it have in common.
type evaluatedRule struct {
	*rule.Rule
	explain *rule.Explainer
	label   string // of the table: its source, where there are several rules
	member  []byte // of JSON Lines: from the comma before "rule" to the verdict
}

func evaluatedRules(rules []*rule.Rule) []evaluatedRule {
	out := make([]evaluatedRule, len(rules))
	for i, r := range rules {
		out[i] = evaluatedRule{Rule: r, explain: rule.NewExplainer(r)}
		if len(rules) > 1 {
			out[i].label = report.Visible(r.Source + ": ")
		}
		m := appendJSONString([]byte(`,"rule":{"id":`), []byte(r.ID))
		m = appendJSONString(append(m, `,"name":`...), []byte(r.Name))
		out[i].member = append(m, `},"verdict":"`...)
	}
	return out
}

// file evaluates one input. The error is one of reading or writing; a line that
// is no event is reported and skipped.
func (e *evaluation) file(ctx context.Context, a *app, name string) error {
	in := a.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	r := newChunkReader(in, name, e.documents, len(e.rules), &e.chunks)
	return scan.InOrder(ctx, e.workers, r.next, e.work, e.emit)
}

// work evaluates a chunk beside others: it writes into the chunk alone.
func (e *evaluation) work(c *documentChunk) error {
	if c.large() {
		return nil // emit does it
	}
	return e.evaluate(c, nil)
}

// emit writes what is said about a chunk.
func (e *evaluation) emit(c *documentChunk) error {
	if c.large() {
		if err := e.evaluate(c, e.out); err != nil {
			return err
		}
	}
	if len(c.errs) > 0 {
		e.stderr.Write(c.errs)
	}
	e.documents += len(c.lines)
	e.unreadable += c.unreadable
	e.refused += c.refused
	for o, n := range c.counts {
		e.counts[o] += n
	}
	_, err := e.out.Write(c.out)
	e.chunks.Put(c)
	return err
}

// evaluate decides the rules for the documents of a chunk. With a writer, each
// line goes there at once.
func (e *evaluation) evaluate(c *documentChunk, w io.Writer) error {
	for i := range c.lines {
		l := &c.lines[i]
		if err := c.document.parse(c.text[l.start:l.end], &e.plan); err != nil {
			c.unreadable++
			c.errs = fmt.Appendf(c.errs, "jobscan: %s: line %d: %s\n", report.Visible(c.name), l.line, report.Visible(err.Error()))
			continue
		}
		for j := range e.rules {
			e.line(c, &e.rules[j], l)
			if w == nil {
				continue
			}
			if _, err := w.Write(c.out); err != nil {
				return err
			}
			c.out = c.out[:0]
		}
	}
	return nil
}

// line decides a rule for the document of the chunk and writes the line of it. A
// document that the rule cannot be evaluated for gets none, but an error.
func (e *evaluation) line(c *documentChunk, r *evaluatedRule, l *documentLine) {
	s := rule.Subject{Record: &c.document}
	because, outcome := r.explain.Append(c.because[:0], &s)
	var v rule.Verdict
	if outcome == rule.Undecided {
		if v = r.Evaluate(s); v.Err != nil {
			c.refused++
			c.errs = fmt.Appendf(c.errs, "jobscan: %s: line %d: %s%s\n", report.Visible(c.name), l.line, r.label, report.Visible(v.Because))
			return
		}
		because = append(because, v.Because...)
	}
	c.because = because
	c.counts[outcome]++
	if e.format == "table" {
		c.out = appendRow(c.out, l.document, outcome, r.label, because)
	} else {
		c.out = appendEvaluation(c.out, l.document, r.member, outcome, because, &v)
	}
}

// appendRow writes "%8d  %-9s  %s" and the end of the line.
func appendRow(b []byte, number int, o rule.Outcome, label string, because []byte) []byte {
	const blank = "        "
	var digits [20]byte
	n := strconv.AppendInt(digits[:0], int64(number), 10)
	b = append(b, blank[min(len(n), len(blank)):]...)
	b = append(append(b, n...), "  "...)
	word := o.String()
	b = append(append(b, word...), blank[min(len(word)-1, len(blank)):]...)
	b = append(append(b, "  "...), label...)
	return append(append(b, report.Visible(string(because))...), '\n')
}

func (e *evaluation) heading() {
	if e.format == "table" {
		fmt.Fprintf(e.out, "%8s  %-9s  %s\n", "DOCUMENT", "VERDICT", "BECAUSE")
	}
}

func (e *evaluation) footer() {
	if e.format != "table" {
		return
	}
	noun := "documents"
	if e.documents == 1 {
		noun = "document"
	}
	fmt.Fprintf(e.out, "%d %s: %d match, %d undecided, %d excluded, %d no match, %d unreadable", e.documents, noun,
		e.counts[rule.Match], e.counts[rule.Undecided], e.counts[rule.Excluded], e.counts[rule.NoMatch], e.unreadable)
	if e.refused > 0 {
		fmt.Fprintf(e.out, ", %d not evaluated", e.refused)
	}
	fmt.Fprintln(e.out)
}
