package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// This file words what is wrong with a command line: one sentence on one line,
// in the words of the help.

// atLeastOne refuses a command line without arguments.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s: name at least one %s; see %s --help", commandName(cmd), what, cmd.CommandPath())
		}
		return nil
	}
}

// exactlyOne refuses any other number of arguments.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s: name one %s, found %d; see %s --help", commandName(cmd), what, len(args), cmd.CommandPath())
		}
		return nil
	}
}

// noArguments is for a command that takes none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s: expected no argument, found %q; see %s --help", commandName(cmd), args[0], cmd.CommandPath())
	}
	return nil
}

// needEvidence refuses a command line that names none, or a stream of it.
func needEvidence(cmd *cobra.Command, args []string) error {
	if slices.Contains(args, "-") {
		return fmt.Errorf("%s: standard input is no evidence, as a pipe cannot be read at any place: save it to a file first", commandName(cmd))
	}
	return atLeastOne("EVIDENCE")(cmd, args)
}

// suggestionDistance is how many letters a command may be mistyped by.
const suggestionDistance = 2

// knownCommand refuses what is no command of the one at hand.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "; see"
	if names := cmd.SuggestionsFor(args[0]); len(names) > 0 {
		hint = ": did you mean " + strings.Join(names, " or ") + "? See"
	}
	return fmt.Errorf("unknown command %q for %q%s %s --help", args[0], cmd.CommandPath(), hint, cmd.CommandPath())
}

// commandName is the command without the name of the program.
func commandName(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// flagError says what a flag expects where its value is none of that, and else
// where the flags are described.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	}
	expected := "expected " + kindOfValue(invalid.GetFlag().Value.Type())
	if errors.Is(err, strconv.ErrRange) {
		expected = "the number is out of range"
	}
	return fmt.Errorf("--%s %q: %s", invalid.GetFlag().Name, invalid.GetValue(), expected)
}

func kindOfValue(flagType string) string {
	switch flagType {
	case "int":
		return "a whole number"
	case "bool":
		return "true or false"
	}
	return "another value"
}

// What the commands will have, and this version does not.
var (
	laterFormats = []string{"timesketch", "bodyfile", "ecs"}
	laterFlags   = []string{"events", "ecs-bulk"}
)

// scanFlagError is flagError for scan and its kin.
func scanFlagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && slices.Contains(laterFlags, unknown.GetSpecifiedName()) {
		return fmt.Errorf("--%s: this version does not have it yet", unknown.GetSpecifiedName())
	}
	return flagError(cmd, err)
}
