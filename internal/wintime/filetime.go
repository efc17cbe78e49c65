// Package wintime holds the two clocks of Windows structures: FILETIME (UTC,
// 100 ns ticks since 1601) and SYSTEMTIME (calendar fields, zone not recorded).
// It converts, formats and knows the calendar; it never guesses a zone and never normalises.
package wintime

import (
	"fmt"
	"time"
)

// Filetime counts 100-nanosecond ticks since 1601-01-01 00:00:00 UTC ([MS-DTYP]
// 2.3.3). All 64 bits are kept: hostile values survive and can be shown.
type Filetime uint64

const (
	ticksPerSecond = 10_000_000
	// unixEpoch is 1970-01-01 in seconds since 1601-01-01.
	unixEpoch = 11_644_473_600
)

// Unix gives seconds since 1970 (negative before) and nanoseconds within the second.
func (t Filetime) Unix() (sec int64, nsec int64) {
	return int64(uint64(t)/ticksPerSecond) - unixEpoch, int64(uint64(t)%ticksPerSecond) * 100
}

// Time converts to UTC, exact to the tick for every value (years 1601 to 60056).
func (t Filetime) Time() time.Time {
	sec, nsec := t.Unix()
	return time.Unix(sec, nsec).UTC()
}

// UnixMicro gives microseconds since 1970, truncated.
func (t Filetime) UnixMicro() int64 {
	sec, nsec := t.Unix()
	return sec*1_000_000 + nsec/1000
}

// String renders RFC 3339 in UTC with always seven fraction digits. Years past
// 9999, which RFC 3339 cannot express, take the expanded form of ISO 8601
// ("+12345-…").
func (t Filetime) String() string {
	u := t.Time()
	year := fmt.Sprintf("%04d", u.Year())
	if u.Year() > 9999 {
		year = fmt.Sprintf("+%d", u.Year())
	}
	return fmt.Sprintf("%s-%02d-%02dT%02d:%02d:%02d.%07dZ", year, u.Month(), u.Day(),
		u.Hour(), u.Minute(), u.Second(), uint64(t)%ticksPerSecond)
}

// IsZero reports a field that was never set.
func (t Filetime) IsZero() bool { return t == 0 }

// SubSecond gives the ticks within the second: zero for times that a program
// set from a clock with coarser steps.
func (t Filetime) SubSecond() uint32 { return uint32(uint64(t) % ticksPerSecond) }

// FromTime converts, truncating to the tick; times before 1601 give zero.
func FromTime(t time.Time) Filetime {
	sec := t.Unix() + unixEpoch
	if sec < 0 {
		return 0
	}
	return Filetime(uint64(sec)*ticksPerSecond + uint64(t.Nanosecond()/100))
}
