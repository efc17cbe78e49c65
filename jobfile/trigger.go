package jobfile

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

const triggerSize = 48 // bytes, whatever the size word of the trigger says

// TriggerType is an enumeration, not a bit set.
type TriggerType uint32

// The trigger types of [MS-TSCH] 2.4.2.11.
const (
	Once            TriggerType = 0 // ONCE
	Daily           TriggerType = 1 // DAILY
	Weekly          TriggerType = 2 // WEEKLY
	MonthlyDate     TriggerType = 3 // MONTHLYDATE
	MonthlyDOW      TriggerType = 4 // MONTHLYDOW
	OnIdle          TriggerType = 5 // EVENT_ON_IDLE
	AtSystemStart   TriggerType = 6 // EVENT_AT_SYSTEMSTART
	AtLogon         TriggerType = 7 // EVENT_AT_LOGON
	lastTriggerType             = AtLogon
)

// String gives the name of [MS-TSCH], "UNKNOWN (n)" for other numbers.
func (t TriggerType) String() string {
	names := [...]string{"ONCE", "DAILY", "WEEKLY", "MONTHLYDATE", "MONTHLYDOW", "ON_IDLE", "AT_SYSTEMSTART", "AT_LOGON"}
	if t > lastTriggerType {
		return fmt.Sprintf("UNKNOWN (%d)", uint32(t))
	}
	return names[t]
}

// Event reports the types that wait for something instead of a time.
func (t TriggerType) Event() bool { return t >= OnIdle && t <= AtLogon }

// TriggerFlags is the bit set of one trigger.
type TriggerFlags uint32

// The flags of a trigger.
const (
	TriggerHasEndDate        TriggerFlags = 1 // HAS_END_DATE
	TriggerKillAtDurationEnd TriggerFlags = 2 // KILL_AT_DURATION_END
	TriggerDisabled          TriggerFlags = 4 // DISABLED
)

// Names lists the flags that are set, from the lowest bit on.
func (f TriggerFlags) Names() []string {
	out := []string{}
	for i, name := range []string{"HAS_END_DATE", "KILL_AT_DURATION_END", "DISABLED"} {
		if f>>i&1 != 0 {
			out = append(out, name)
		}
	}
	return out
}

// Trigger is one rule by which the task starts ([MS-TSCH] 2.4.2.11). Words that
// its type does not use are often left-over memory of the writer; they are kept
// in Raw and nowhere else.
type Trigger struct {
	Offset   int    // bytes from the start of the file
	SizeWord uint16 // 48; not read by Windows
	Begin    Date   // first day
	End      Date   // last day; means something with TriggerHasEndDate alone
	Hour     uint16 // of the start, local time
	Minute   uint16
	Duration uint32 // minutes over which the trigger repeats
	Interval uint32 // minutes between repeats; 0: no repeats
	Flags    TriggerFlags
	Type     TriggerType
	Raw      [triggerSize]byte

	DaysInterval  uint16 // DAILY: every so many days
	WeeksInterval uint16 // WEEKLY: every so many weeks
	Week          uint16 // MONTHLYDOW: 1 first to 4 fourth, 5 last
	WeekdayMask   uint16 // WEEKLY, MONTHLYDOW: bit 0 Sunday to bit 6 Saturday
	DayMask       uint32 // MONTHLYDATE: bit 0 the first to bit 30 the 31st
	MonthMask     uint16 // MONTHLYDATE, MONTHLYDOW: bit 0 January to bit 11 December
}

// Enabled reports a trigger whose DISABLED flag is not set.
func (t Trigger) Enabled() bool { return t.Flags&TriggerDisabled == 0 }

// HasEnd reports that the end date counts.
func (t Trigger) HasEnd() bool { return t.Flags&TriggerHasEndDate != 0 }

// repeats reports a repetition that Windows knows: one shorter than the time for
// which it lasts.
func (t Trigger) repeats() bool { return t.Interval > 0 && t.Interval < t.Duration }

// Weekdays gives the days of the week in the mask, 0 Sunday to 6 Saturday.
func (t Trigger) Weekdays() []int { return bits(uint32(t.WeekdayMask), 7, 0) }

// Days gives the days of the month in the mask, 1 to 31.
func (t Trigger) Days() []int { return bits(t.DayMask, 31, 1) }

// Months gives the months in the mask, 1 January to 12 December.
func (t Trigger) Months() []int { return bits(uint32(t.MonthMask), 12, 1) }

// bits lists the set bits below n, counted from first.
func bits(mask uint32, n, first int) []int {
	out := []int{}
	for i := range n {
		if mask>>i&1 != 0 {
			out = append(out, i+first)
		}
	}
	return out
}

// readTriggers decodes the count and as many triggers as the file holds. The
// count is a number of triggers, though [MS-TSCH] 2.4.2.10 calls it a size.
func (d *decoder) readTriggers() {
	base, j := d.off, d.j
	d.read("triggers", func(c *parse.Cursor) {
		j.TriggerCount = c.U16("trigger count")
		if c.Err() == nil {
			j.TriggersOffset = base
		}
	})
	if d.err != nil {
		return
	}
	want, fit := int(j.TriggerCount), (len(d.b)-d.off)/triggerSize
	j.Triggers = make([]Trigger, 0, min(want, fit))
	for i := range want {
		at := d.off
		d.read(fmt.Sprintf("trigger %d of %d", i+1, want), func(c *parse.Cursor) {
			if c.Len() < triggerSize {
				c.Fail("trigger", 0, parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", triggerSize, c.Len()))
				return
			}
			j.Triggers = append(j.Triggers, readTrigger(c, at))
		})
		if d.err != nil {
			return
		}
	}
}

// readTrigger decodes 48 bytes that are known to be there.
func readTrigger(c *parse.Cursor, at int) Trigger {
	t := Trigger{Offset: at}
	raw := c.Bytes(triggerSize, "trigger")
	copy(t.Raw[:], raw)
	c = parse.NewCursor(raw, "trigger")
	t.SizeWord = c.U16("size")
	c.Skip(2, "reserved 1")
	t.Begin = Date{c.U16("begin year"), c.U16("begin month"), c.U16("begin day")}
	t.End = Date{c.U16("end year"), c.U16("end month"), c.U16("end day")}
	t.Hour = c.U16("start hour")
	t.Minute = c.U16("start minute")
	t.Duration = c.U32("duration")
	t.Interval = c.U32("interval")
	t.Flags = TriggerFlags(c.U32("flags"))
	t.Type = TriggerType(c.U32("type"))
	switch t.Type {
	case Daily:
		t.DaysInterval = c.U16("days interval")
	case Weekly:
		t.WeeksInterval = c.U16("weeks interval")
		t.WeekdayMask = c.U16("days of the week")
	case MonthlyDate:
		t.DayMask = c.U32("days")
		t.MonthMask = c.U16("months")
	case MonthlyDOW:
		t.Week = c.U16("week")
		t.WeekdayMask = c.U16("days of the week")
		t.MonthMask = c.U16("months")
	}
	return t
}
