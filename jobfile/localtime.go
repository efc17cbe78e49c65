package jobfile

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jobscan/jobscan/internal/wintime"
)

// LocalTime is a wall-clock time of the machine that the job is from. No zone
// and no daylight-saving mark is recorded with it, so it is no instant: it can
// be compared with times of the same machine only. The words are kept as they
// stand, also when they are no date; nothing is ever normalised.
type LocalTime struct {
	Year        uint16 // 1601 to 30827 in a valid time
	Month       uint16 // 1 to 12
	Weekday     uint16 // 0 Sunday to 6 Saturday; takes no part in Valid or Compare
	Day         uint16
	Hour        uint16
	Minute      uint16
	Second      uint16
	Millisecond uint16
}

// systemTime decodes a SYSTEMTIME ([MS-DTYP] 2.3.13), whose third word is the weekday.
func systemTime(b []byte) LocalTime {
	w := func(i int) uint16 { return binary.LittleEndian.Uint16(b[2*i:]) }
	return LocalTime{Year: w(0), Month: w(1), Weekday: w(2), Day: w(3),
		Hour: w(4), Minute: w(5), Second: w(6), Millisecond: w(7)}
}

// LocalTimeOf takes the wall clock of t in t's own location, cut to the
// millisecond. Years outside 1601 to 30827 give the zero LocalTime.
func LocalTimeOf(t time.Time) LocalTime {
	if t.Year() < minYear || t.Year() > maxYear {
		return LocalTime{}
	}
	return LocalTime{
		Year: uint16(t.Year()), Month: uint16(t.Month()), Weekday: uint16(t.Weekday()), Day: uint16(t.Day()),
		Hour: uint16(t.Hour()), Minute: uint16(t.Minute()), Second: uint16(t.Second()),
		Millisecond: uint16(t.Nanosecond() / 1e6),
	}
}

// IsZero reports eight zero words: never.
func (t LocalTime) IsZero() bool { return t == LocalTime{} }

// Valid reports a date and time that exist in the calendar.
func (t LocalTime) Valid() bool {
	return t.Date().Valid() && t.Hour < 24 && t.Minute < 60 && t.Second < 60 && t.Millisecond < 1000
}

// WeekdayFits reports that the weekday is that of the date. A time that is not
// valid has none.
func (t LocalTime) WeekdayFits() bool {
	return t.Valid() && int(t.Weekday) == weekday(t.Date().days())
}

// Date is the calendar date.
func (t LocalTime) Date() Date { return Date{Year: t.Year, Month: t.Month, Day: t.Day} }

// Compare orders by the clock, without regard to the weekday: -1, 0 or 1.
func (t LocalTime) Compare(u LocalTime) int {
	return cmp.Or(cmp.Compare(t.Year, u.Year), cmp.Compare(t.Month, u.Month), cmp.Compare(t.Day, u.Day),
		cmp.Compare(t.Hour, u.Hour), cmp.Compare(t.Minute, u.Minute), cmp.Compare(t.Second, u.Second),
		cmp.Compare(t.Millisecond, u.Millisecond))
}

// String renders 2006-01-02T15:04:05.000, "never" for the zero time, and the
// raw words of a time that is not valid.
func (t LocalTime) String() string {
	switch {
	case t.IsZero():
		return "never"
	case !t.Valid():
		return fmt.Sprintf("invalid %d-%d-%d weekday %d %d:%d:%d.%d",
			t.Year, t.Month, t.Day, t.Weekday, t.Hour, t.Minute, t.Second, t.Millisecond)
	}
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03d",
		t.Year, t.Month, t.Day, t.Hour, t.Minute, t.Second, t.Millisecond)
}

// Words gives the eight words in file order.
func (t LocalTime) Words() [8]uint16 {
	return [8]uint16{t.Year, t.Month, t.Weekday, t.Day, t.Hour, t.Minute, t.Second, t.Millisecond}
}

// Years that a SYSTEMTIME can hold ([MS-DTYP] 2.3.13); Windows Vista and later
// take no task beyond 9999.
const (
	minYear      = 1601
	maxYear      = 30827
	maxYearVista = 9999
)

// Date is a calendar date as a trigger holds it, kept also when it is none.
type Date struct {
	Year, Month, Day uint16
}

// Valid reports a date that exists, from 1601 to 30827.
func (d Date) Valid() bool {
	return d.Year >= minYear && d.Year <= maxYear && d.Month >= 1 && d.Month <= 12 &&
		d.Day >= 1 && int(d.Day) <= wintime.MonthLength(int(d.Year), int(d.Month))
}

// String renders 2006-01-02 with the words as they are, also of an invalid date.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Compare orders by year, month and day: -1, 0 or 1.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// days counts days since 1970-01-01 in the Gregorian calendar; the date has to be valid.
func (d Date) days() int {
	y, m := int(d.Year), int(d.Month)
	if m <= 2 {
		y--
	}
	era := y / 400
	ofEra := y - era*400
	ofYear := (153*((m+9)%12)+2)/5 + int(d.Day) - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}

// dateOf is the inverse of Date.days for days on or after 1601-01-01.
func dateOf(days int) Date {
	z := days + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	y, m := yoe+era*400, mp+3
	if m > 12 {
		m -= 12
		y++
	}
	return Date{Year: uint16(y), Month: uint16(m), Day: uint16(doy - (153*mp+2)/5 + 1)}
}

// weekday of a day count, 0 Sunday to 6 Saturday. 1970-01-01 was a Thursday.
func weekday(days int) int { return ((days+4)%7 + 7) % 7 }
