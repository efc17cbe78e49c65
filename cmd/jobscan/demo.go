package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/evidence"
)

// demoName stands for the sample where a report names its evidence.
const demoName = "demo.img (built into jobscan)"

func newDemoCommand(a *app) *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "demo [flags]",
		Short: "Scan the sample image that is built in",
		Long: `Demo scans a small NTFS volume that is built into the program: the way to see
what a report looks like. It ends with 0 although the sample has findings.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.note(cmd, args)
			o, err := f.options(false)
			if err != nil {
				return failure(err)
			}
			sample, ok := fixtures.Find("demo")
			if !ok {
				return failure(errors.New("this build has no sample"))
			}
			image := sample.Build()
			host, err := evidence.OpenReader(cmd.Context(), demoName, image, image.Size())
			if err != nil {
				return failure(err)
			}
			defer host.Close()
			f.exitZero = true
			return a.scanHost(cmd.Context(), host, o, &f)
		},
	}
	f.register(cmd)
	return cmd
}
