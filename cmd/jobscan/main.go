// Command jobscan finds Scheduled Task .job files that were planted on a
// Windows machine, from disk images, live volumes and triage collections.
//
// This package parses command lines, names the plug-ins (registry.go) and maps
// outcomes to exit codes (exit.go). It decodes nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	_ "time/tzdata" // --timezone works on systems without a zone database

	"github.com/spf13/cobra"

	_ "github.com/jobscan/jobscan/internal/hugestart" // before the packages that fill the heap as they are loaded
)

func main() {
	told := io.Writer(os.Stderr)
	if len(os.Args) > 1 && os.Args[1] == decodeCommand {
		told = io.Discard // the process that started this one tells
	}
	ctx, end := interruptible(told)
	deferCollection()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	end()
	os.Exit(code)
}

// deferCollection lets the heap grow to 16 MiB, where Go would begin at 4, before
// garbage is collected for the first time: a scan seldom needs more, and what it
// allocates it keeps. From then on everything is as usual, so that evidence with
// many findings takes no more memory than it would. A GOGC of the user's stands.
func deferCollection() {
	if os.Getenv("GOGC") != "" {
		return
	}
	usual := debug.SetGCPercent(400)
	sentinel := new([64]byte) // nothing refers to it: the first collection finds it
	runtime.AddCleanup(sentinel, func(percent int) { debug.SetGCPercent(percent) }, usual)
}

// app is what every command may use of the outside world.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRootCommand(&app{stdin, stdout, stderr})
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitClean
	}
	code := exitFailure
	var exit exitError
	if errors.As(err, &exit) {
		code = exit.code
		err = exit.err
	}
	switch {
	case err == nil:
	case wasInterrupted(ctx, err):
		fmt.Fprintln(stderr, "jobscan: interrupted: the report is not complete")
	default:
		fmt.Fprintf(stderr, "jobscan: %s\n", errorText(err))
	}
	return code
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "jobscan",
		Short: "Find planted Scheduled Task .job files in NTFS evidence",
		Long: `jobscan reads NTFS evidence (disk images, live volumes, extracted $MFT and $J)
and reports each .job file that was ever created under \Windows\Tasks: when,
what it runs, and whether the rule "Persistence via Scheduled Job Creation"
matches, is excluded, or cannot be decided.

Exit codes: 0 nothing matched, 1 findings, 2 could not run, 3 nothing matched
but parts of the evidence could not be read.`,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,

		DisableFlagsInUseLine:      true,
		SuggestionsMinimumDistance: suggestionDistance,
	}
	root.SetFlagErrorFunc(flagError)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newScanCommand(a),
		newTimelineCommand(a),
		newJobCommand(a),
		newRuleCommand(a),
		newInfoCommand(a),
		newRenderCommand(a),
		newDemoCommand(a),
		newVersionCommand(a),
		newDecodeCommand(a),
	)
	return root
}
