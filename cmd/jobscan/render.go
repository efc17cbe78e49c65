package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/internal/report"
)

// renderFlags say what becomes of a saved report.
type renderFlags struct {
	output   outputFlags
	quiet    bool
	exitZero bool
}

func newRenderCommand(a *app) *cobra.Command {
	var f renderFlags
	cmd := &cobra.Command{
		Use:   "render [flags] REPORT.jsonl",
		Short: "Turn a saved JSON Lines report into another format",
		Long: `Render reads a report that scan or timeline wrote with --format jsonl (- is
standard input) and writes it in another format, without the evidence. A line
that is damaged is named on standard error and in the report; the others are
rendered. The exit code is that of the scan, or 3 where lines are damaged and
the others hold no finding.`,
		Args: exactlyOne("REPORT.jsonl"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.render(cmd.Context(), args[0], &f)
		},
	}
	f.output.register(cmd, reportFormats)
	fs := cmd.Flags()
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "nothing on standard error but errors")
	fs.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 also for findings and incomplete reports")
	return cmd
}

// render reads the saved report and writes it anew.
func (a *app) render(ctx context.Context, name string, f *renderFlags) error {
	if err := f.output.check(); err != nil {
		return failure(err)
	}
	in, err := a.savedReport(name, f.output.file)
	if err != nil {
		return failure(err)
	}
	defer in.Close()
	var out *output
	// CSV has no place for problems, so the writer itself prints all of them.
	printed := f.output.format == "csv"
	tell := func(err error) {
		if !printed {
			fmt.Fprintf(a.stderr, "jobscan: error: %s: %s\n", report.Visible(name), errorText(err))
		}
	}
	open := func() (report.Writer, error) {
		var err error
		if out, err = f.output.open(a, nil); err != nil {
			return nil, err
		}
		if printed {
			return withProblems{out.writer, a.stderr, f.quiet}, nil
		}
		return out.writer, nil
	}
	reader := &reportReader{ctx: ctx, r: in, begun: func() bool { return out != nil }}
	restored, err := report.Restore(reader, name, open, tell)
	if out == nil && reader.refused != nil {
		err = reader.refused
	}
	if out != nil {
		if closeErr := out.close(); err == nil {
			err = closeErr
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return failure(fmt.Errorf("%s: %w", name, err))
	}
	return f.exit(restored)
}

func (f *renderFlags) exit(r report.Restored) error {
	switch {
	case f.exitZero:
		return nil
	case r.Alerts > 0:
		return exitError{code: exitFindings}
	case !r.Complete || r.Damaged > 0:
		return exitError{code: exitIncomplete}
	}
	return nil
}
