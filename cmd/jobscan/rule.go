package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/internal/ecs"
	"github.com/jobscan/jobscan/rule/eql"
)

func newRuleCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rule",
		Short: "Check rules, or apply them to exported events",
		Args:  knownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		DisableFlagsInUseLine:      true,
		SuggestionsMinimumDistance: suggestionDistance,
	}
	cmd.AddCommand(newRuleCheckCommand(a), newRuleEvalCommand(a))
	return cmd
}

// ruleFiles replaces each folder by the *.toml files below it.
func ruleFiles(names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		if info, err := os.Stat(name); isBuiltin(name) || err != nil || !info.IsDir() {
			out = append(out, name)
			continue
		}
		err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Ext(path) == ".toml" {
				out = append(out, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no rule: no *.toml file below %s", strings.Join(names, ", "))
	}
	return out, nil
}

// ecsKind looks a field up for the check of a query.
func ecsKind(field string) (eql.Kind, bool) {
	f, ok := ecs.Lookup(field)
	return f.Kind, ok
}

// visibleLines makes text of several lines safe to print.
func visibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = visibleTabs(line)
	}
	return strings.Join(lines, "\n")
}
