package jobfile

import "fmt"

const maxIntervalMinutes = 31 * 24 * 60

// triggers checks every trigger, and the status against them.
func (f *findings) triggers() {
	enabled := false
	for i, t := range f.j.Triggers {
		enabled = enabled || t.Enabled()
		if len(f.out) < maxAnomalies {
			f.trigger(fmt.Sprintf("Trigger %d", i+1), t)
		}
	}
	j := f.j
	if j.Complete && j.Status == StatusReady && !enabled {
		f.add("ready_without_enabled_trigger", offStatus, "The status is READY, but no trigger is enabled: status and triggers were not written together.")
	}
}

func (f *findings) trigger(name string, t Trigger) {
	f.triggerDates(name, t)
	if t.Hour > 23 || t.Minute > 59 {
		f.add("start_time_invalid", t.Offset+16, "%s starts at %d:%d, which is no time: Windows refuses the task.", name, t.Hour, t.Minute)
	}
	if t.Type > lastTriggerType {
		f.add("trigger_type_unknown", t.Offset+32, "%s has type %d, there are 0 to 7: Windows refuses the task.", name, uint32(t.Type))
	}
	switch {
	case t.Interval > maxIntervalMinutes:
		f.add("interval_over_31_days", t.Offset+24, "%s repeats every %d minutes: Vista and later refuse more than 31 days, XP and Server 2003 drop the repetition.", name, t.Interval)
	case t.Interval > 0 && t.Interval >= t.Duration:
		f.add("interval_not_below_duration", t.Offset+24, "%s repeats every %d minutes for only %d: Vista and later refuse that, XP and Server 2003 drop the repetition.", name, t.Interval, t.Duration)
	case t.Interval > 0 && t.Interval < 60:
		f.add("minute_repetition", t.Offset+24, "%s repeats every %s: maintenance seldom needs that, malware that calls home does.", name, minutesText(t.Interval))
	}
	f.triggerMasks(name, t)
	if t.Type == AtLogon || t.Type == AtSystemStart {
		f.add("starts_at_logon_or_startup", t.Offset+32, "%s fires %s: the program comes back after every restart.", name,
			map[TriggerType]string{AtLogon: "at logon", AtSystemStart: "at system startup"}[t.Type])
	}
}

func (f *findings) triggerDates(name string, t Trigger) {
	if !t.Begin.Valid() {
		f.add("begin_date_invalid", t.Offset+4, "%s begins on %s, which is no date: Windows refuses the task.", name, t.Begin)
	} else if t.Begin.Year > maxYearVista {
		f.add("date_after_9999", t.Offset+4, "%s begins in the year %d: Vista and later refuse that, XP and Server 2003 take years to 30827.", name, t.Begin.Year)
	}
	if !t.HasEnd() {
		return
	}
	switch {
	case !t.End.Valid():
		f.add("end_date_invalid", t.Offset+10, "%s ends on %s, which is no date: Windows refuses the task.", name, t.End)
	case t.End.Year > maxYearVista:
		f.add("date_after_9999", t.Offset+10, "%s ends in the year %d: Vista and later refuse that, XP and Server 2003 take years to 30827.", name, t.End.Year)
	case t.Begin.Valid() && t.End.Compare(t.Begin) < 0:
		f.add("end_before_begin", t.Offset+10, "%s ends on %s, before it begins on %s: it never fires.", name, t.End, t.Begin)
	}
}

// triggerMasks checks the part of a trigger that depends on its type.
func (f *findings) triggerMasks(name string, t Trigger) {
	switch {
	case t.Type == Daily && t.DaysInterval == 0:
		f.add("interval_zero", t.Offset+36, "%s is daily with an interval of 0 days: it never fires.", name)
	case t.Type == Weekly && t.WeeksInterval == 0:
		f.add("interval_zero", t.Offset+36, "%s is weekly with an interval of 0 weeks: it never fires.", name)
	}
	if t.Type == MonthlyDate {
		if t.DayMask>>31 != 0 {
			f.add("day_mask_bit_31", t.Offset+36, "%s has bit 31 in its mask of days: Server 2008 and later refuse that, earlier ones ignore it.", name)
		}
		if len(t.Days()) == 0 {
			f.add("day_mask_empty", t.Offset+36, "%s names no day of the month: it never fires.", name)
		}
	}
	if (t.Type == Weekly || t.Type == MonthlyDOW) && len(t.Weekdays()) == 0 {
		f.add("day_mask_empty", t.Offset+38, "%s names no day of the week: it never fires.", name)
	}
	if (t.Type == MonthlyDate || t.Type == MonthlyDOW) && len(t.Months()) == 0 {
		f.add("month_mask_empty", t.Offset+40, "%s names no month: it never fires.", name)
	}
	if t.Type == MonthlyDOW && WeekName(t.Week) == "" {
		f.add("week_out_of_range", t.Offset+36, "%s fires in week %d of the month, there are 1 to 5: Vista and later refuse the task.", name, t.Week)
	}
}
