package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/internal/ecs"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/rule"
)

func newRuleCheckCommand(a *app) *cobra.Command {
	format := "table"
	cmd := &cobra.Command{
		Use:   "check [flags] RULE...",
		Short: "Parse rules and say what can be decided about them",
		Long: `Parse rules and say which fields each needs, which of them NTFS evidence gives,
and what it can at best decide.

RULE is a TOML file in the published layout, a folder of such files, or the name
of a built-in rule: builtin:2024-10, builtin:2026-07.

Classes: A all fields come from NTFS; B others stand only in exclusions; C some
alternative holds without them; D others are required.

Exit codes: 0 every rule can be evaluated, 3 some are of a kind that is not
supported, 2 some could not be read.`,
		Args: atLeastOne("RULE"),
		RunE: func(cmd *cobra.Command, args []string) error { return runRuleCheck(cmd.Context(), a, format, args) },
	}
	cmd.Flags().StringVar(&format, "format", format, "output `FORMAT`: table, jsonl")
	return cmd
}

func runRuleCheck(ctx context.Context, a *app, format string, args []string) error {
	if format != "table" && format != "jsonl" {
		return failure(fmt.Errorf("--format %q: expected table or jsonl", format))
	}
	names, err := ruleFiles(args)
	if err != nil {
		return failure(err)
	}
	out := bufio.NewWriter(a.stdout)
	code := exitClean
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return failure(err)
		}
		c := checkRule(name)
		switch {
		case c.Error == "":
		case c.Unsupported && code != exitFailure:
			code = exitIncomplete
		case !c.Unsupported:
			code = exitFailure
		}
		if err := c.write(out, format); err != nil {
			return failure(err)
		}
	}
	if err := out.Flush(); err != nil {
		return failure(err)
	}
	if code != exitClean {
		return exitError{code: code}
	}
	return nil
}

// ruleCheck is what the command says about one rule.
type ruleCheck struct {
	Type        string      `json:"type"` // "rule"
	Source      string      `json:"source"`
	ID          string      `json:"id,omitempty"`
	Name        string      `json:"name,omitempty"`
	Version     string      `json:"version,omitempty"`
	SHA256      string      `json:"sha256,omitempty"` // of the query
	Supported   bool        `json:"supported"`
	Error       string      `json:"error,omitempty"`
	Unsupported bool        `json:"-"`
	Category    string      `json:"category,omitempty"` // "any" for any
	Class       string      `json:"class,omitempty"`
	Best        string      `json:"best,omitempty"` // outcome
	Fields      []ruleField `json:"fields"`
	Warnings    []string    `json:"warnings"`
}

type ruleField struct {
	Name string `json:"name"`
	From string `json:"from"`
}

func checkRule(name string) ruleCheck {
	c := ruleCheck{Type: "rule", Source: name, Fields: []ruleField{}, Warnings: []string{}}
	r, err := loadRule(name)
	if err != nil {
		var path *fs.PathError
		c.Error, c.Unsupported = err.Error(), errors.Is(err, rule.ErrUnsupported) && !errors.As(err, &path)
		return c
	}
	c.ID, c.Name, c.Version, c.SHA256, c.Supported = r.ID, r.Name, r.Version, r.SHA256, true
	if c.Category = r.Query.Category(); c.Category == "" {
		c.Category = "any"
	}
	class, best := r.Reach(func(field string) bool {
		f, ok := ecs.Lookup(field)
		return ok && f.From != ecs.NotNTFS
	})
	c.Class, c.Best = string(rune(class)), best.String()
	for _, name := range r.Query.Fields() {
		from := ecs.NotNTFS
		if f, ok := ecs.Lookup(name); ok {
			from = f.From
		}
		c.Fields = append(c.Fields, ruleField{name, from.String()})
	}
	for _, w := range r.Query.Check(ecsKind) {
		c.Warnings = append(c.Warnings, w.String())
	}
	return c
}

func (c *ruleCheck) write(w io.Writer, format string) error {
	if format == "jsonl" {
		return writeJSONLine(w, c)
	}
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", label, text)
		}
	}
	fmt.Fprintf(&b, "%s\n", report.Visible(c.Source))
	if !c.Supported {
		label := "error"
		if c.Unsupported {
			label = "unsupported"
		}
		line(label, strings.ReplaceAll(visibleLines(strings.TrimPrefix(c.Error, c.Source+": ")), "\n", "\n               "))
		_, err := io.WriteString(w, b.String())
		return err
	}
	line("rule", report.Visible(strings.TrimSpace(c.Name+"  "+c.ID)))
	line("version", report.Visible(c.Version))
	line("query", "sha256:"+c.SHA256)
	line("category", report.Visible(c.Category))
	line("class", c.Class+", "+bestText(c.Best))
	for _, from := range []ecs.Availability{ecs.Metadata, ecs.Content, ecs.NotNTFS} {
		var names []string
		for _, f := range c.Fields {
			if f.From == from.String() {
				names = append(names, report.Visible(f.Name))
			}
		}
		line(from.String(), strings.Join(names, ", "))
	}
	for _, warning := range c.Warnings {
		line("warning", report.Visible(warning))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func bestText(best string) string {
	switch best {
	case rule.Match.String():
		return "can match on NTFS evidence alone"
	case rule.Undecided.String():
		return "at best undecided on NTFS evidence alone"
	}
	return "cannot match"
}

// writeJSONLine writes one object and a line feed.
func writeJSONLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// visibleTabs makes a line safe to print and keeps its tabs, so that a caret
// below it stays in place.
func visibleTabs(line string) string {
	parts := strings.Split(line, "\t")
	for i, p := range parts {
		parts[i] = report.Visible(p)
	}
	return strings.Join(parts, "\t")
}
