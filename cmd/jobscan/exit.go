package main

// Exit codes; scripts depend on them.
const (
	exitClean      = 0 // the evidence was read, nothing matched
	exitFindings   = 1 // at least one match or undecided finding
	exitFailure    = 2 // could not run
	exitIncomplete = 3 // nothing matched, but parts could not be read
)

// exitError carries an exit code out of a command. With a nil err nothing is
// printed: the report has said it all.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// failure says that the command could not run.
func failure(err error) error { return exitError{exitFailure, err} }
