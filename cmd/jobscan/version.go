package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/rule"
)

// version is the release; builds may set it with -ldflags "-X main.version=...".
var version = "0.1.0"

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, Go version and built-in rules",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(a.stdout, "jobscan %s (%s %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			for _, r := range rule.Builtin() {
				if _, err := fmt.Fprintf(a.stdout, "%s  %s  %s  sha256:%s\n", r.Source, r.ID, r.Name, r.SHA256); err != nil {
					return failure(err)
				}
			}
			return nil
		},
	}
}
