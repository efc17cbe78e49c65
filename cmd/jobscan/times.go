package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jobscan/jobscan/internal/wintime"
)

// startTime is now, or what SOURCE_DATE_EPOCH (seconds since 1970) fixes it to.
func startTime() (time.Time, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Now(), nil
	}
	sec, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %q: expected seconds since 1970", s)
	}
	return time.Unix(sec, 0), nil
}

// parseBound reads a bound of a time range. A date stands for its beginning, or
// with end for the end of that day. Zero means no bound, so that a bound which
// would be zero, or before, is refused.
func parseBound(flag, s string, end bool) (wintime.Filetime, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, s); end {
			t = t.AddDate(0, 0, 1)
		}
	}
	if err != nil || t.Before(wintime.Filetime(0).Time()) || end && wintime.FromTime(t) == 0 {
		return 0, fmt.Errorf("%s %q: expected RFC 3339 (2024-05-01T12:00:00Z) or a date (2024-05-01) from 1601 on", flag, s)
	}
	return wintime.FromTime(t), nil
}
