package jobfile

import (
	"container/heap"

	"github.com/jobscan/jobscan/internal/wintime"
)

// MaxRuns is how many runs NextRuns gives at most.
const MaxRuns = 10_000

// Bounds of NextRuns, so that a hostile job costs little.
const (
	maxLookBack  = 100_000   // occurrences before `after` whose repeats are looked at, all triggers together
	maxSteps     = 1_000_000 // candidates looked at
	searchMonths = 9 * 12    // months in which a monthly rule has to fire: a 29 February can be 8 years off
	minutesInDay = 24 * 60
)

// NextRuns gives the first n times after the given one at which the enabled
// triggers fire, in order, without duplicates. It follows [MS-TSCH] 2.4.2.11:
// days that a month does not have are skipped, the end date is the last one on
// which the task starts, repeats count while they begin within the duration,
// its end included. Weeks are counted from the Sunday on or before the begin
// date, which is a convention. There is no daylight saving in it.
//
// A disabled task, event triggers, invalid triggers and empty masks give
// nothing. Whether Windows would load the task is not asked; see Loadable. At
// most MaxRuns are given.
func (j *Job) NextRuns(after LocalTime, n int) []LocalTime {
	if n <= 0 || !after.Valid() || j.Flags&FlagDisabled != 0 {
		return nil
	}
	n = min(n, MaxRuns)
	now := after.Date().days()*minutesInDay + int(after.Hour)*60 + int(after.Minute)
	q := j.queue(now)
	var out []LocalTime
	last := now // a run at the minute of `after` is not after it, whatever its second
	for steps := 0; len(q) > 0 && len(out) < n && steps < maxSteps; steps++ {
		s := q[0]
		if s.next > last && s.next < endOfTime {
			last = s.next
			out = append(out, minuteTime(last))
		}
		q.advance()
	}
	return out
}

// endOfTime is the minute after the last one of year 9999.
var endOfTime = Date{Year: maxYearVista, Month: 12, Day: 31}.days()*minutesInDay + minutesInDay

func minuteTime(m int) LocalTime {
	day := m / minutesInDay
	if m%minutesInDay < 0 {
		day--
	}
	rest := m - day*minutesInDay
	d := dateOf(day)
	return LocalTime{Year: d.Year, Month: d.Month, Weekday: uint16(weekday(day)), Day: d.Day,
		Hour: uint16(rest / 60), Minute: uint16(rest % 60)}
}

// stream is the series of starts of one occurrence of a trigger: its first
// start and the repeats. A leading stream brings the next occurrence with it.
type stream struct {
	c       *calendar
	start   int // minute of the first start
	next    int // minute of the start that is due
	leading bool
}

type streams []stream

func (q streams) Len() int           { return len(q) }
func (q streams) Less(a, b int) bool { return q[a].next < q[b].next }
func (q streams) Swap(a, b int)      { q[a], q[b] = q[b], q[a] }

// Push and Pop are for container/heap.
func (q *streams) Push(x any) { *q = append(*q, x.(stream)) }

// Pop removes the last element.
func (q *streams) Pop() any {
	old := *q
	s := old[len(old)-1]
	*q = old[:len(old)-1]
	return s
}

// advance moves the first stream on by one start.
func (q *streams) advance() {
	s := (*q)[0]
	if next, ok := s.c.repeatAfter(s.start, s.next); ok {
		(*q)[0].next, (*q)[0].leading = next, false
		heap.Fix(q, 0)
	} else {
		heap.Pop(q)
	}
	if !s.leading {
		return
	}
	if day, ok := s.c.onOrAfter(floorDay(s.start) + 1); ok {
		next := day*minutesInDay + s.c.minute
		heap.Push(q, stream{c: s.c, start: next, next: next, leading: true})
	}
}

// queue holds, for every trigger, the first occurrence after now and those
// before whose repeats reach past it.
func (j *Job) queue(now int) streams {
	var q streams
	var active []*calendar
	for _, t := range j.Triggers {
		if c := newCalendar(t); c != nil {
			active = append(active, c)
		}
	}
	for _, c := range active {
		day, ok := c.onOrAfter(floorDay(now))
		for ok && day*minutesInDay+c.minute <= now {
			day, ok = c.onOrAfter(day + 1)
		}
		if ok {
			m := day*minutesInDay + c.minute
			q = append(q, stream{c: c, start: m, next: m, leading: true})
		}
		q = append(q, c.running(now, maxLookBack/len(active)+1)...)
	}
	heap.Init(&q)
	return q
}

func floorDay(m int) int {
	d := m / minutesInDay
	if m%minutesInDay < 0 {
		d--
	}
	return d
}

// calendar answers on which days a trigger fires.
type calendar struct {
	t          Trigger
	begin, end int // days, inclusive
	minute     int // of the day
	interval   int // minutes, 0: no repeats
	duration   int // minutes
}

// newCalendar gives nil for a trigger that never fires at a time.
func newCalendar(t Trigger) *calendar {
	if !t.Enabled() || t.Type >= OnIdle || !t.Begin.Valid() || t.Hour > 23 || t.Minute > 59 {
		return nil
	}
	c := &calendar{t: t, begin: t.Begin.days(), end: endOfTime/minutesInDay - 1, minute: int(t.Hour)*60 + int(t.Minute)}
	if t.HasEnd() {
		if !t.End.Valid() {
			return nil
		}
		c.end = min(c.end, t.End.days())
	}
	if t.repeats() {
		c.interval, c.duration = int(t.Interval), int(t.Duration)
	}
	return c
}

// repeatAfter gives the first repeat of the occurrence at start that is later
// than the given minute and not past the end date.
func (c *calendar) repeatAfter(start, after int) (int, bool) {
	if c.interval == 0 || after < start {
		return 0, false
	}
	k := (after-start)/c.interval + 1
	if k > c.duration/c.interval {
		return 0, false
	}
	m := start + k*c.interval
	return m, floorDay(m) <= c.end
}

// running gives the occurrences not later than now that repeat after it, the
// latest first. Of several that fall on the same minutes the latest is enough:
// it lasts longest.
func (c *calendar) running(now, most int) []stream {
	if c.interval == 0 {
		return nil
	}
	var out []stream
	phases := map[int]bool{}
	day := floorDay(now - c.minute)
	oldest := floorDay(now-c.duration) - 1
	for range most {
		var ok bool
		if day, ok = c.onOrBefore(day, oldest); !ok {
			break
		}
		start := day*minutesInDay + c.minute
		next, ok := c.repeatAfter(start, now)
		if ok && !phases[next] {
			phases[next] = true
			out = append(out, stream{c: c, start: start, next: next})
		}
		if len(phases) == c.interval {
			break
		}
		day--
	}
	return out
}

// onOrAfter gives the first day from the given one on which the trigger fires.
func (c *calendar) onOrAfter(day int) (int, bool) {
	day = max(day, c.begin)
	switch c.t.Type {
	case Once:
		return c.begin, day == c.begin && day <= c.end
	case Daily:
		n := int(c.t.DaysInterval)
		if n == 0 {
			return 0, false
		}
		day += (n - (day-c.begin)%n) % n
		return day, day <= c.end
	case Weekly:
		return c.weeklyOnOrAfter(day)
	case MonthlyDate, MonthlyDOW:
		for range searchMonths {
			if day > c.end {
				return 0, false
			}
			d := dateOf(day)
			n := wintime.MonthLength(int(d.Year), int(d.Month))
			if c.inMonth(d.Month) {
				for k := int(d.Day); k <= n; k++ {
					if hit := day + k - int(d.Day); c.onDay(k, n, hit) {
						return hit, hit <= c.end
					}
				}
			}
			day += n - int(d.Day) + 1
		}
	}
	return 0, false
}

// onOrBefore gives the last day up to the given one on which the trigger fires,
// not before oldest.
func (c *calendar) onOrBefore(day, oldest int) (int, bool) {
	day, oldest = min(day, c.end), max(oldest, c.begin)
	switch c.t.Type {
	case Once:
		return c.begin, day >= c.begin && oldest <= c.begin
	case Daily:
		n := int(c.t.DaysInterval)
		if n == 0 || day < c.begin {
			return 0, false
		}
		day -= (day - c.begin) % n
		return day, day >= oldest
	case Weekly:
		for day >= oldest {
			if behind := c.weekOf(day) % max(1, int(c.t.WeeksInterval)); behind != 0 {
				day = c.sunday() + 7*(c.weekOf(day)-behind) + 6
				continue
			}
			if c.t.WeeksInterval != 0 && c.onWeekday(day) {
				return day, true
			}
			day--
			if c.t.WeeksInterval == 0 || c.t.WeekdayMask&0x7F == 0 {
				break
			}
		}
	case MonthlyDate, MonthlyDOW:
		for range searchMonths {
			if day < oldest {
				return 0, false
			}
			d := dateOf(day)
			n := wintime.MonthLength(int(d.Year), int(d.Month))
			if c.inMonth(d.Month) {
				for k := int(d.Day); k > 0; k-- {
					if hit := day + k - int(d.Day); c.onDay(k, n, hit) {
						return hit, hit >= oldest
					}
				}
			}
			day -= int(d.Day)
		}
	}
	return 0, false
}

func (c *calendar) weeklyOnOrAfter(day int) (int, bool) {
	n := int(c.t.WeeksInterval)
	if n == 0 || c.t.WeekdayMask&0x7F == 0 {
		return 0, false
	}
	for day <= c.end {
		if w := c.weekOf(day); w%n != 0 {
			day = c.sunday() + 7*(w+n-w%n)
			continue
		}
		if c.onWeekday(day) {
			return day, true
		}
		day++
	}
	return 0, false
}

// sunday is the Sunday on or before the begin date, from which weeks count.
func (c *calendar) sunday() int { return c.begin - weekday(c.begin) }

// weekOf counts weeks since then, for days not before it.
func (c *calendar) weekOf(day int) int { return (day - c.sunday()) / 7 }

func (c *calendar) onWeekday(day int) bool { return c.t.WeekdayMask>>weekday(day)&1 != 0 }

func (c *calendar) inMonth(m uint16) bool { return c.t.MonthMask>>(m-1)&1 != 0 }

// onDay says whether a MONTHLYDATE or MONTHLYDOW trigger fires on the k-th of a
// month of n days; day is the same as a day count.
func (c *calendar) onDay(k, n, day int) bool {
	switch {
	case c.t.Type == MonthlyDate:
		return c.t.DayMask>>(k-1)&1 != 0
	case !c.onWeekday(day):
		return false
	case c.t.Week == 5:
		return k+7 > n
	}
	return (k-1)/7+1 == int(c.t.Week) && c.t.Week <= 4
}
