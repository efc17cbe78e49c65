package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/rule"
)

// errorText makes an error safe to print: it may quote names from evidence. The
// errors of rules show the place in the rule and have several lines.
func errorText(err error) string {
	var e *rule.Error
	if errors.As(err, &e) {
		return visibleLines(err.Error())
	}
	return report.Visible(advised(err).Error())
}

// advised adds to an error what its reader can do about it.
func advised(err error) error {
	if errors.Is(err, syscall.EMFILE) {
		return fmt.Errorf("%w: raise the limit of open files (ulimit -n), or give fewer files at once", err)
	}
	return err
}

// adviseProblems does it for what could not be opened.
func adviseProblems(host *evidence.Host) {
	for i := range host.Problems {
		host.Problems[i].Err = advised(host.Problems[i].Err)
	}
}
