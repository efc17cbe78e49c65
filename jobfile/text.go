package jobfile

import (
	"fmt"
	"strings"
)

// Text says in plain English when the trigger fires, as in "At 15:42 every day,
// repeated every 1 hour for 1 day, from 2013-07-12". Times are local.
func (t Trigger) Text() string {
	s := t.rule()
	if t.repeats() {
		s += fmt.Sprintf(", repeated every %s for %s", minutesText(t.Interval), minutesText(t.Duration))
	}
	if t.Flags&TriggerKillAtDurationEnd != 0 && t.Duration > 0 {
		s += ", then stopped"
		if !t.repeats() {
			s += " after " + minutesText(t.Duration)
		}
	}
	if t.Type != Once {
		s += ", from " + t.Begin.String()
	}
	if t.HasEnd() {
		s += ", until " + t.End.String()
	}
	if !t.Enabled() {
		s += " (trigger disabled)"
	}
	return s
}

// rule is the calendar rule with the time of day.
func (t Trigger) rule() string {
	at := fmt.Sprintf("At %02d:%02d ", t.Hour, t.Minute)
	switch t.Type {
	case Once:
		return at + "on " + t.Begin.String()
	case Daily:
		return at + every(int(t.DaysInterval), "day")
	case Weekly:
		return at + every(int(t.WeeksInterval), "week") + " on " + weekdaysText(t.Weekdays())
	case MonthlyDate:
		return at + "on " + daysText(t.Days()) + " of " + monthsText(t.Months())
	case MonthlyDOW:
		return at + "on the " + weekText(t.Week) + " " + weekdaysText(t.Weekdays()) + " of " + monthsText(t.Months())
	case OnIdle:
		return "When the computer becomes idle"
	case AtSystemStart:
		return "At system startup"
	case AtLogon:
		return "At logon"
	}
	return fmt.Sprintf("Unknown trigger type %d", uint32(t.Type))
}

// Conditions lists what else decides whether and how the task runs, each a
// short phrase: disabled, only if idle, only if logged on, not on battery,
// deleted when done and so on.
func (j *Job) Conditions() []string {
	out := []string{}
	add := func(f Flags, s string) {
		if j.Flags&f != 0 {
			out = append(out, s)
		}
	}
	add(FlagDisabled, "disabled")
	add(FlagStartOnlyIfIdle, fmt.Sprintf("only if idle for %s, waiting up to %s for it",
		minutesText(uint32(j.IdleWait)), minutesText(uint32(j.IdleDeadline))))
	add(FlagKillOnIdleEnd, "stopped when no longer idle")
	add(FlagRestartOnIdleResume, "restarted when idle again")
	add(FlagRunOnlyIfLoggedOn, "only if the user is logged on")
	add(FlagDontStartIfOnBatteries, "not on battery")
	add(FlagKillIfGoingOnBatteries, "stopped when going on battery")
	add(FlagSystemRequired, "wakes the computer")
	add(FlagInteractive, "may use the desktop")
	add(FlagHidden, "hidden")
	add(FlagDeleteWhenDone, "deleted when done")
	if j.Flags.RunRequested() {
		out = append(out, "a run was asked for and not yet begun")
	}
	if j.Flags.TerminateRequested() {
		out = append(out, "the end of a run was asked for and not yet done")
	}
	return out
}

// CommandLine joins the application and its parameters for reading. An
// application with a space stands in quotes when parameters follow.
func (j *Job) CommandLine() string {
	app, par := j.Application.Value, j.Parameters.Value
	if par == "" {
		return app
	}
	if strings.Contains(app, " ") && !strings.HasPrefix(app, `"`) {
		app = `"` + app + `"`
	}
	return strings.TrimPrefix(app+" "+par, " ")
}

// WeekdayName is the English name of a weekday, 0 Sunday to 6 Saturday.
func WeekdayName(n int) string {
	names := [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	if n < 0 || n >= len(names) {
		return ""
	}
	return names[n]
}

// MonthName is the English name of a month, 1 January to 12 December.
func MonthName(n int) string {
	names := [...]string{"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December"}
	if n < 1 || n > len(names) {
		return ""
	}
	return names[n-1]
}

// WeekName is the name of a week of MONTHLYDOW: first to fourth, or last; "" for others.
func WeekName(n uint16) string {
	names := [...]string{"first", "second", "third", "fourth", "last"}
	if n < 1 || int(n) > len(names) {
		return ""
	}
	return names[n-1]
}

func weekText(n uint16) string {
	if s := WeekName(n); s != "" {
		return s
	}
	return fmt.Sprintf("(invalid week %d)", n)
}

func weekdaysText(days []int) string {
	if len(days) == 0 {
		return "(no day)"
	}
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = WeekdayName(d)
	}
	return list(names)
}

func daysText(days []int) string {
	if len(days) == 0 {
		return "(no day)"
	}
	if len(days) == 31 {
		return "every day"
	}
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = fmt.Sprint(d)
	}
	if len(days) == 1 {
		return "day " + names[0]
	}
	return "days " + list(names)
}

func monthsText(months []int) string {
	switch len(months) {
	case 0:
		return "(no month)"
	case 12:
		return "every month"
	}
	names := make([]string, len(months))
	for i, m := range months {
		names[i] = MonthName(m)
	}
	return list(names)
}

// list joins with commas and a last "and".
func list(names []string) string {
	n := len(names)
	if n < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
}

func every(n int, unit string) string {
	if n == 1 {
		return "every " + unit
	}
	return fmt.Sprintf("every %d %ss", n, unit)
}

// minutesText says a number of minutes in the largest units that fit exactly.
func minutesText(m uint32) string {
	parts := []string{}
	if d := m / 1440; d > 0 {
		parts = append(parts, count(int(d), "day"))
	}
	if h := m % 1440 / 60; h > 0 {
		parts = append(parts, count(int(h), "hour"))
	}
	if r := m % 60; r > 0 || m == 0 {
		parts = append(parts, count(int(r), "minute"))
	}
	return strings.Join(parts, " ")
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
