package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/internal/isolate"
)

// decodeCommand is the hidden command whose process decodes what only a process
// of its own may decode.
const decodeCommand = "decode"

func newDecodeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    decodeCommand + " NAME",
		Short:  "Decode what another jobscan process sends",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, d := range decoders {
				if d.Name == args[0] {
					return isolate.Serve(d, a.stdin, a.stdout)
				}
			}
			return failure(fmt.Errorf("%s %q: no such decoder", decodeCommand, args[0]))
		},
	}
}

// decoderProcess is how this program starts itself as a decoder; without a
// command where the system does not say what program this is.
func decoderProcess(name string) isolate.Command {
	program, err := os.Executable()
	if err != nil {
		return isolate.Command{}
	}
	return isolate.Command{Path: program, Args: []string{decodeCommand, name}}
}
