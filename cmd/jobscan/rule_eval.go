package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/rule"
	"github.com/jobscan/jobscan/rule/eql"
)

const maxDocumentLine = 64 << 20 // bytes of one exported event

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
3 nothing matched, but some lines could not be read.`,
		Args: cobra.MinimumNArgs(1),
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
	cmd.MarkFlagsMutuallyExclusive("rule", "query")
	return cmd
}

func (f *ruleEvalFlags) run(cmd *cobra.Command, a *app, args []string) error {
	if f.format != "table" && f.format != "jsonl" {
		return failure(fmt.Errorf("--format %q: expected table or jsonl", f.format))
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
	e := &evaluation{rules: rules, format: f.format, stderr: a.stderr, out: bufio.NewWriterSize(a.stdout, 64<<10)}
	for _, p := range f.unknown {
		e.plan.unknown = append(e.plan.unknown, newUnknownPattern(p))
	}
	e.plan.wanted = wantedFields(rules)
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
	case e.unreadable > 0:
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
func wantedFields(rules []*rule.Rule) map[string]bool {
	out := map[string]bool{}
	for _, name := range rule.DescriptionFields() {
		out[name] = true
	}
	for _, r := range rules {
		for _, name := range r.Query.Fields() {
			out[name] = true
		}
	}
	return out
}

// evaluation applies rules to a stream of documents.
type evaluation struct {
	rules      []*rule.Rule
	plan       documentPlan
	format     string
	out        *bufio.Writer
	stderr     io.Writer
	documents  int
	unreadable int
	counts     [rule.Match + 1]int
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
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxDocumentLine)
	n := 0
	for lines.Scan() {
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line := bytes.TrimPrefix(lines.Bytes(), []byte("\xEF\xBB\xBF"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		e.documents++
		d, err := parseDocument(line, &e.plan)
		if err != nil {
			e.unreadable++
			fmt.Fprintf(e.stderr, "jobscan: %s: line %d: %s\n", report.Visible(name), n, report.Visible(err.Error()))
			continue
		}
		if err := e.document(d); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: line %d: %w", name, n+1, err)
	}
	return nil
}

// evaluationLine is a line of the format jsonl.
type evaluationLine struct {
	Type     string         `json:"type"` // "evaluation"
	Document int            `json:"document"`
	Rule     evaluationRule `json:"rule"`
	Verdict  string         `json:"verdict"`
	Missing  []string       `json:"missing"`
	Because  string         `json:"because"`
	Residual string         `json:"residual,omitempty"`
	IfAbsent string         `json:"if_absent,omitempty"`
}

type evaluationRule struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (e *evaluation) document(d *document) error {
	for _, r := range e.rules {
		v := r.Evaluate(rule.Subject{Record: d})
		e.counts[v.Outcome]++
		if e.format == "table" {
			if err := e.row(r, &v); err != nil {
				return err
			}
			continue
		}
		line := evaluationLine{
			Type: "evaluation", Document: e.documents, Rule: evaluationRule{r.ID, r.Name},
			Verdict: v.Outcome.String(), Missing: v.Missing, Because: v.Because, Residual: v.Residual,
		}
		if v.Outcome == rule.Undecided {
			line.IfAbsent = v.IfAbsent.String()
		} else {
			line.Missing = []string{}
		}
		if err := writeJSONLine(e.out, line); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) row(r *rule.Rule, v *rule.Verdict) error {
	if e.documents == 1 && r == e.rules[0] {
		if _, err := fmt.Fprintf(e.out, "%8s  %-9s  %s\n", "DOCUMENT", "VERDICT", "BECAUSE"); err != nil {
			return err
		}
	}
	because := v.Because
	if len(e.rules) > 1 {
		because = r.Source + ": " + because
	}
	_, err := fmt.Fprintf(e.out, "%8d  %-9s  %s\n", e.documents, v.Outcome, report.Visible(because))
	return err
}

func (e *evaluation) footer() {
	if e.format != "table" {
		return
	}
	fmt.Fprintf(e.out, "%d documents: %d match, %d undecided, %d excluded, %d no match, %d unreadable\n", e.documents,
		e.counts[rule.Match], e.counts[rule.Undecided], e.counts[rule.Excluded], e.counts[rule.NoMatch], e.unreadable)
}
