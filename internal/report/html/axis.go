package html

import "time"

// maxTicks is how many marks the axis has at most.
const maxTicks = 8

// steps are the distances of marks below a day, in seconds.
func steps() []int64 {
	return []int64{60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600}
}

// calendar is a distance of marks by days, months or years.
type calendar struct {
	days, months, years int
	seconds             int64 // about
	layout              string
}

func calendars() []calendar {
	const day, date, month, year = 86400, time.DateOnly, "2006-01", "2006"
	out := []calendar{
		{1, 0, 0, day, date}, {2, 0, 0, 2 * day, date}, {7, 0, 0, 7 * day, date}, {14, 0, 0, 14 * day, date},
		{0, 1, 0, 30 * day, month}, {0, 3, 0, 91 * day, month}, {0, 6, 0, 182 * day, month},
	}
	for _, n := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000} {
		out = append(out, calendar{0, 0, n, int64(n) * 365 * day, year})
	}
	return out
}

// ticks marks round times of the zone along the axis.
func ticks(axis span, z zone) []tick {
	length := axis.to - axis.from
	start := time.Unix(axis.from, 0).In(z.location)
	for _, step := range steps() {
		if length/step > maxTicks {
			continue
		}
		at := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, z.location).Unix()
		at += max(0, (axis.from-at)/step) * step
		var out []tick
		for ; at <= axis.to; at += step {
			if at >= axis.from {
				out = append(out, tick{axis.x(at), time.Unix(at, 0).In(z.location).Format("01-02 15:04")})
			}
		}
		return out
	}
	for _, c := range calendars() {
		if length/c.seconds <= maxTicks {
			return c.ticks(axis, start)
		}
	}
	return nil
}

func (c calendar) ticks(axis span, start time.Time) []tick {
	day, month, year := start.Day(), start.Month(), start.Year()
	if c.days == 0 {
		day = 1
	}
	if c.months > 0 {
		month = time.Month((int(month)-1)/c.months*c.months + 1)
	}
	if c.years > 0 {
		month, year = time.January, year/c.years*c.years
	}
	var out []tick
	for i := range maxTicks + 4 {
		at := time.Date(year+i*c.years, month+time.Month(i*c.months), day+i*c.days, 0, 0, 0, 0, start.Location())
		if at.Unix() >= axis.from && at.Unix() <= axis.to {
			out = append(out, tick{axis.x(at.Unix()), at.Format(c.layout)})
		}
	}
	return out
}
