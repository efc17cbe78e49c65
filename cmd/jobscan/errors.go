package main

import "github.com/jobscan/jobscan/internal/report"

// errorText makes an error safe to print: it may quote names from evidence.
func errorText(err error) string { return report.Visible(err.Error()) }
