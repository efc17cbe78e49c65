package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/rule"
)

// loadRules reads the rules named on the command line, files and folders, or
// the built-in one. A rule that cannot be used becomes a problem and the others
// go on; the error says that none is left.
func loadRules(names []string) ([]*rule.Rule, []report.Problem, error) {
	if len(names) == 0 {
		names = []string{rule.DefaultBuiltin}
	}
	files, err := ruleFiles(names)
	if err != nil {
		return nil, nil, err
	}
	var rules []*rule.Rule
	var problems []report.Problem
	var refused []error
	for _, name := range files {
		r, err := loadRule(name)
		if err != nil {
			refused = append(refused, err)
			problems = append(problems, report.Problem{Severity: report.SeverityWarning, Source: "rule",
				Evidence: name, Structure: "rule", Message: err.Error()})
			continue
		}
		rules = append(rules, r)
	}
	if len(rules) == 0 {
		return nil, nil, fmt.Errorf("no usable rule: %w", errors.Join(refused...))
	}
	return rules, problems, nil
}

func loadRule(name string) (*rule.Rule, error) {
	if isBuiltin(name) {
		return rule.BuiltinByName(name)
	}
	text, err := readRule(name)
	if err != nil {
		return nil, err
	}
	return rule.Parse(text, name)
}

// maxRule is the most that the file of a rule may have, in bytes: published rules
// have some thousands.
const maxRule = 1 << 20

func readRule(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxRule+1))
	if err == nil && len(text) > maxRule {
		err = fmt.Errorf("%s: more than %d MiB, the most that a rule may have", name, maxRule>>20)
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}

// isBuiltin tells the name of a built-in rule from that of a file.
func isBuiltin(name string) bool { return name == "builtin" || strings.HasPrefix(name, "builtin:") }
