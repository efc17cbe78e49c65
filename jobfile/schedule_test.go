package jobfile

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// The trigger rows of the specification, decoded and said in words.
func TestTriggerText(t *testing.T) {
	begin, end := [3]uint16{2013, 7, 12}, [3]uint16{2014, 1, 2}
	tests := []struct {
		name string
		b    []byte
		want string
	}{
		{"once", triggerBytes(begin, end, 9, 5, 0, 0, 0, 0), "At 09:05 on 2013-07-12"},
		{"daily with repeats", triggerBytes(begin, end, 15, 42, 1440, 60, 0, 1, 1, 0), "At 15:42 every day, repeated every 1 hour for 1 day, from 2013-07-12"},
		{"daily, end, kill", triggerBytes(begin, end, 15, 42, 795, 12, 3, 1, 3, 0), "At 15:42 every 3 days, repeated every 12 minutes for 13 hours 15 minutes, then stopped, from 2013-07-12, until 2014-01-02"},
		{"weekly", triggerBytes(begin, end, 0, 0, 0, 0, 0, 2, 1, 0, 0x2A, 0), "At 00:00 every week on Monday, Wednesday and Friday, from 2013-07-12"},
		{"weekly, second", triggerBytes(begin, end, 0, 0, 0, 0, 0, 2, 2, 0, 0x41, 0), "At 00:00 every 2 weeks on Sunday and Saturday, from 2013-07-12"},
		{"monthly date", triggerBytes(begin, end, 1, 2, 0, 0, 0, 3, 1, 0, 0, 0x40, 0xFF, 0x0F), "At 01:02 on days 1 and 31 of every month, from 2013-07-12"},
		{"monthly date, one day", triggerBytes(begin, end, 1, 2, 0, 0, 0, 3, 0, 0x40, 0, 0, 0x06, 0), "At 01:02 on day 15 of February and March, from 2013-07-12"},
		{"monthly dow", triggerBytes(begin, end, 1, 2, 0, 0, 0, 4, 2, 0, 8, 0, 0x20, 1), "At 01:02 on the second Wednesday of June and September, from 2013-07-12"},
		{"monthly dow, last", triggerBytes(begin, end, 1, 2, 0, 0, 4, 4, 5, 0, 0x20, 0, 0xFF, 0x0F), "At 01:02 on the last Friday of every month, from 2013-07-12 (trigger disabled)"},
		{"idle", triggerBytes(begin, end, 1, 2, 0, 0, 0, 5), "When the computer becomes idle, from 2013-07-12"},
		{"startup", triggerBytes(begin, end, 1, 2, 0, 0, 0, 6), "At system startup, from 2013-07-12"},
		{"logon", triggerBytes(begin, end, 1, 2, 0, 0, 1, 7, 0xd8, 0, 0, 0, 0xd8, 0x20, 0xa2, 0xb7), "At logon, from 2013-07-12, until 2014-01-02"},
		{"type 8", triggerBytes(begin, end, 1, 2, 0, 0, 0, 8), "Unknown trigger type 8, from 2013-07-12"},
	}
	for _, tt := range tests {
		x := plainJob()
		x.triggers = [][]byte{tt.b}
		if got := mustParse(t, x.bytes()).Triggers[0].Text(); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestConditions(t *testing.T) {
	x := plainJob()
	x.flags = 0x3EF7 | 0x0C000000
	got := strings.Join(mustParse(t, x.bytes()).Conditions(), "; ")
	want := "disabled; only if idle for 10 minutes, waiting up to 1 hour for it; stopped when no longer idle; restarted when idle again; " +
		"only if the user is logged on; not on battery; stopped when going on battery; wakes the computer; may use the desktop; hidden; deleted when done; " +
		"a run was asked for and not yet begun; the end of a run was asked for and not yet done"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func runs(t *testing.T, after string, n int, triggers ...[]byte) string {
	t.Helper()
	x := plainJob()
	x.triggers = triggers
	at, err := time.Parse("2006-01-02 15:04", after)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range mustParse(t, x.bytes()).NextRuns(LocalTimeOf(at), n) {
		out = append(out, strings.TrimSuffix(r.String(), ":00.000"))
	}
	return strings.Join(out, " ")
}

func TestNextRuns(t *testing.T) {
	may := [3]uint16{2023, 5, 10} // a Wednesday
	none := [3]uint16{}
	tests := []struct {
		name  string
		after string
		n     int
		b     []byte
		want  string
	}{
		{"once, ahead", "2023-05-01 00:00", 3, triggerBytes(may, none, 9, 5, 0, 0, 0, 0), "2023-05-10T09:05"},
		{"once, at that minute", "2023-05-10 09:05", 3, triggerBytes(may, none, 9, 5, 0, 0, 0, 0), ""},
		{"repeats include the end of the duration", "2023-05-01 00:00", 9, triggerBytes(may, none, 1, 0, 60, 15, 0, 0),
			"2023-05-10T01:00 2023-05-10T01:15 2023-05-10T01:30 2023-05-10T01:45 2023-05-10T02:00"},
		{"repeats over midnight", "2023-05-11 00:10", 3, triggerBytes(may, none, 23, 30, 120, 30, 0, 0), "2023-05-11T00:30 2023-05-11T01:00 2023-05-11T01:30"},
		{"daily 1440/60 meets the next day once", "2023-05-11 12:30", 4, triggerBytes(may, none, 15, 42, 1440, 60, 0, 1, 1, 0),
			"2023-05-11T12:42 2023-05-11T13:42 2023-05-11T14:42 2023-05-11T15:42"},
		{"daily, every third", "2023-05-10 10:00", 3, triggerBytes(may, none, 9, 0, 0, 0, 0, 1, 3, 0), "2023-05-13T09:00 2023-05-16T09:00 2023-05-19T09:00"},
		{"daily, every 0", "2023-05-01 00:00", 3, triggerBytes(may, none, 9, 0, 0, 0, 0, 1, 0, 0), ""},
		{"weekly from the Sunday before", "2023-05-01 00:00", 4, triggerBytes(may, none, 9, 0, 0, 0, 0, 2, 2, 0, 0x0A, 0),
			"2023-05-10T09:00 2023-05-22T09:00 2023-05-24T09:00 2023-06-05T09:00"},
		{"weekly, no day", "2023-05-01 00:00", 3, triggerBytes(may, none, 9, 0, 0, 0, 0, 2, 1, 0, 0, 0), ""},
		{"monthly, the 31st", "2023-05-01 00:00", 3, triggerBytes(may, none, 9, 0, 0, 0, 0, 3, 0, 0, 0, 0x40, 0xFF, 0x0F), "2023-05-31T09:00 2023-07-31T09:00 2023-08-31T09:00"},
		{"monthly, 29 February", "2096-03-01 00:00", 2, triggerBytes(may, none, 9, 0, 0, 0, 0, 3, 0, 0, 0, 0x10, 2, 0), "2104-02-29T09:00 2108-02-29T09:00"},
		{"monthly, 30 February", "2023-05-01 00:00", 2, triggerBytes(may, none, 9, 0, 0, 0, 0, 3, 0, 0, 0, 0x20, 2, 0), ""},
		{"second Tuesday", "2023-05-01 00:00", 2, triggerBytes([3]uint16{2023, 1, 1}, none, 9, 0, 0, 0, 0, 4, 2, 0, 4, 0, 0xFF, 0x0F), "2023-05-09T09:00 2023-06-13T09:00"},
		{"last Friday", "2023-05-01 00:00", 2, triggerBytes([3]uint16{2023, 1, 1}, none, 9, 0, 0, 0, 0, 4, 5, 0, 0x20, 0, 0xFF, 0x0F), "2023-05-26T09:00 2023-06-30T09:00"},
		{"week 6", "2023-05-01 00:00", 2, triggerBytes(may, none, 9, 0, 0, 0, 0, 4, 6, 0, 0x20, 0, 0xFF, 0x0F), ""},
		{"end date is the last day", "2023-05-10 00:00", 5, triggerBytes(may, [3]uint16{2023, 5, 11}, 9, 0, 0, 0, 1, 1, 1, 0), "2023-05-10T09:00 2023-05-11T09:00"},
		{"end date without its flag", "2023-05-20 00:00", 1, triggerBytes(may, [3]uint16{2023, 5, 11}, 9, 0, 0, 0, 0, 1, 1, 0), "2023-05-20T09:00"},
		{"disabled trigger", "2023-05-01 00:00", 1, triggerBytes(may, none, 9, 0, 0, 0, 4, 1, 1, 0), ""},
		{"logon", "2023-05-01 00:00", 1, triggerBytes(may, none, 9, 0, 0, 0, 0, 7), ""},
		{"no date", "2023-05-01 00:00", 1, triggerBytes([3]uint16{2023, 2, 30}, none, 9, 0, 0, 0, 0, 1, 1, 0), ""},
		{"ends with the year 9999", "9999-12-30 10:00", 5, triggerBytes(may, none, 9, 0, 0, 0, 0, 1, 1, 0), "9999-12-31T09:00"},
	}
	for _, tt := range tests {
		if got := runs(t, tt.after, tt.n, tt.b); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestNextRunsOfSeveralTriggers(t *testing.T) {
	got := runs(t, "2023-05-10 08:00", 4, daily(2023, 5, 10, 9, 0), daily(2023, 5, 10, 9, 0), daily(2023, 5, 11, 8, 0))
	if want := "2023-05-10T09:00 2023-05-11T08:00 2023-05-11T09:00 2023-05-12T08:00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	x := plainJob()
	x.flags |= 4
	if r := mustParse(t, x.bytes()).NextRuns(LocalTime{Year: 2023, Month: 5, Day: 1}, 1); r != nil {
		t.Errorf("disabled task: got %v", r)
	}
}

// The search agrees with a plain walk over every day, with Go's calendar.
func TestNextRunsAgainstAWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		kind := uint32(r.IntN(5))
		u := func(n int) byte { return byte(r.IntN(n)) }
		union := []byte{u(4), 0, u(128), 0, u(255), u(16)}
		if kind == 3 {
			union = []byte{u(255), u(255), u(255), u(128), u(255), u(16)}
		}
		if kind == 4 {
			union[0] = 1 + u(5)
		}
		var interval, duration uint32
		if r.IntN(2) == 0 {
			interval = 1 + uint32(r.IntN(3000))
			duration = interval + 1 + uint32(r.IntN(9000))
		}
		b := triggerBytes([3]uint16{2023, 1 + uint16(r.IntN(12)), 1 + uint16(r.IntN(28))}, [3]uint16{2025, 3, 17},
			uint16(r.IntN(24)), uint16(r.IntN(60)), duration, interval, uint32(r.IntN(2)), kind, union...)
		after := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(1_000_000)) * time.Minute)
		x := plainJob()
		x.triggers = [][]byte{b}
		j := mustParse(t, x.bytes())
		got := j.NextRuns(LocalTimeOf(after), 20)
		want := walk(j.Triggers[0], after, 20)
		if !slices.Equal(got, want) {
			t.Fatalf("case %d: %s after %s:\ngot  %v\nwant %v", i, j.Triggers[0].Text(), after, got, want)
		}
	}
}

// walk lists every start of a trigger in 2023 to 2036 by the words of the specification.
func walk(tr Trigger, after time.Time, n int) []LocalTime {
	date := func(d Date) time.Time {
		return time.Date(int(d.Year), time.Month(d.Month), int(d.Day), 0, 0, 0, 0, time.UTC)
	}
	begin := date(tr.Begin)
	sunday := begin.AddDate(0, 0, -int(begin.Weekday()))
	found := map[time.Time]bool{}
	for day := begin; day.Year() < 2037; day = day.AddDate(0, 0, 1) {
		if tr.HasEnd() && day.After(date(tr.End)) {
			break
		}
		inMonth := tr.MonthMask>>(day.Month()-1)&1 == 1
		onDay := tr.WeekdayMask>>day.Weekday()&1 == 1
		fires := false
		switch tr.Type {
		case Once:
			fires = day.Equal(begin)
		case Daily:
			fires = tr.DaysInterval > 0 && int(day.Sub(begin).Hours()/24)%int(tr.DaysInterval) == 0
		case Weekly:
			fires = tr.WeeksInterval > 0 && onDay && int(day.Sub(sunday).Hours()/24/7)%int(tr.WeeksInterval) == 0
		case MonthlyDate:
			fires = inMonth && tr.DayMask>>(day.Day()-1)&1 == 1
		case MonthlyDOW:
			last := day.AddDate(0, 0, 7).Month() != day.Month()
			fires = inMonth && onDay && (tr.Week == 5 && last || tr.Week < 5 && int(tr.Week) == (day.Day()-1)/7+1)
		}
		if !fires {
			continue
		}
		for k := 0; k == 0 || tr.Interval > 0 && k*int(tr.Interval) <= int(tr.Duration); k++ {
			at := day.Add(time.Duration(int(tr.Hour)*60+int(tr.Minute)+k*int(tr.Interval)) * time.Minute)
			if at.After(after) && (!tr.HasEnd() || at.Before(date(tr.End).AddDate(0, 0, 1))) {
				found[at] = true
			}
		}
	}
	var all []LocalTime
	for at := range found {
		all = append(all, LocalTimeOf(at))
	}
	slices.SortFunc(all, LocalTime.Compare)
	return all[:min(n, len(all))]
}

// Hostile triggers cost little.
func TestNextRunsIsBounded(t *testing.T) {
	hostile := triggerBytes([3]uint16{1601, 1, 1}, [3]uint16{}, 9, 0, 0xFFFFFFFF, 44639, 0, 1, 1, 0)
	impossible := triggerBytes([3]uint16{1601, 1, 1}, [3]uint16{}, 9, 0, 0, 0, 0, 3, 0, 0, 0, 0x20, 2, 0)
	x := plainJob()
	for range 10_000 {
		x.triggers = append(x.triggers, hostile, impossible)
	}
	j := mustParse(t, x.bytes())
	// A search without a bound would not end before the test's own deadline.
	if runs := j.NextRuns(LocalTime{Year: 9000, Month: 1, Day: 1}, 1_000_000); len(runs) > 1_000_000 {
		t.Errorf("got %d runs", len(runs))
	}
}
