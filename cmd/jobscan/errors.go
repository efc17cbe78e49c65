package main

import (
	"errors"

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
	return report.Visible(err.Error())
}
