package jobfile

import (
	"testing"
	"time"
)

// The calendar agrees with Go's on every day from 1601 to 2500 and at the end of its range.
func TestCalendar(t *testing.T) {
	for day := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2500; day = day.AddDate(0, 0, 1) {
		compareDay(t, day)
	}
	for _, day := range []time.Time{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(30827, 12, 31, 0, 0, 0, 0, time.UTC)} {
		compareDay(t, day)
	}
}

func compareDay(t *testing.T, day time.Time) {
	t.Helper()
	d := LocalTimeOf(day).Date()
	want := int(day.Unix() / 86400)
	if day.Unix()%86400 < 0 {
		want--
	}
	if got := d.days(); got != want || !d.Valid() || dateOf(got) != d || weekday(got) != int(day.Weekday()) {
		t.Fatalf("%s: day %d, want %d; back %s, weekday %d", d, got, want, dateOf(got), weekday(got))
	}
}

func TestLocalTime(t *testing.T) {
	tests := []struct {
		name  string
		t     LocalTime
		valid bool
		fits  bool
		want  string
	}{
		{"never", LocalTime{}, false, false, "never"},
		{"good", LocalTime{2013, 8, 6, 24, 12, 42, 0, 112}, true, true, "2013-08-24T12:42:00.112"},
		{"wrong weekday", LocalTime{2013, 8, 5, 24, 12, 42, 0, 112}, true, false, "2013-08-24T12:42:00.112"},
		{"leap day", LocalTime{2024, 2, 4, 29, 0, 0, 0, 0}, true, true, "2024-02-29T00:00:00.000"},
		{"no leap day", LocalTime{2023, 2, 3, 29, 0, 0, 0, 0}, false, false, "invalid 2023-2-29 weekday 3 0:0:0.0"},
		{"month 13", LocalTime{2023, 13, 0, 1, 0, 0, 0, 0}, false, false, "invalid 2023-13-1 weekday 0 0:0:0.0"},
		{"hour 24", LocalTime{2023, 1, 0, 1, 24, 0, 0, 0}, false, false, "invalid 2023-1-1 weekday 0 24:0:0.0"},
		{"second 60", LocalTime{2023, 1, 0, 1, 23, 59, 60, 0}, false, false, "invalid 2023-1-1 weekday 0 23:59:60.0"},
		{"year 1600", LocalTime{1600, 1, 0, 1, 0, 0, 0, 0}, false, false, "invalid 1600-1-1 weekday 0 0:0:0.0"},
		{"year 30827", LocalTime{30827, 12, 5, 31, 23, 59, 59, 999}, true, true, "30827-12-31T23:59:59.999"},
		{"only milliseconds", LocalTime{Millisecond: 1}, false, false, "invalid 0-0-0 weekday 0 0:0:0.1"},
	}
	for _, tt := range tests {
		if got := tt.t.String(); got != tt.want || tt.t.Valid() != tt.valid || tt.t.WeekdayFits() != tt.fits {
			t.Errorf("%s: got %q, valid %v, weekday fits %v; want %q, %v, %v", tt.name, got, tt.t.Valid(), tt.t.WeekdayFits(), tt.want, tt.valid, tt.fits)
		}
	}
}
