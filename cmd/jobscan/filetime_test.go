package main

import "github.com/jobscan/jobscan/internal/wintime"

// fileTime renders FILETIME ticks as reports do.
func fileTime(ticks uint64) string { return wintime.Filetime(ticks).String() }
