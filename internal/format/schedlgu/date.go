package schedlgu

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/wintime"
)

// LocalTime is a wall-clock time of the machine that wrote the log, without a
// zone, to the second.
type LocalTime struct {
	Year, Month, Day, Hour, Minute, Second int
}

// String renders 2006-01-02T15:04:05.
func (t LocalTime) String() string {
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", t.Year, t.Month, t.Day, t.Hour, t.Minute, t.Second)
}

// Compare orders by the clock: -1, 0 or 1.
func (t LocalTime) Compare(u LocalTime) int {
	return cmp.Or(cmp.Compare(t.Year, u.Year), cmp.Compare(t.Month, u.Month), cmp.Compare(t.Day, u.Day),
		cmp.Compare(t.Hour, u.Hour), cmp.Compare(t.Minute, u.Minute), cmp.Compare(t.Second, u.Second))
}

// Order is the order of day, month and year in the dates of a log.
type Order string

// The orders. OrderUnknown: every date can be read in two ways.
const (
	OrderUnknown Order = ""
	OrderMDY     Order = "month day year"
	OrderDMY     Order = "day month year"
	OrderYMD     Order = "year month day"
)

// datePattern matches a date of three numbers and a time, with the marks of
// half-days before or behind it.
var datePattern = pattern(
	`(\d{1,4})\.?\s?[./\-]\s?(\d{1,2})\.?\s?[./\-]\s?(\d{1,4})\.?,?\s+` + // date
		`(\p{L}+\.?\s?)?(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(\s*\p{L}\.?\s?\p{L}\.?)?`)

// findTime gives begin and end of a date with its time, nil when there is none.
func findTime(s string) []int { return datePattern().FindStringIndex(s) }

// written is a date as it stands: three numbers in unknown order, and the time.
type written struct {
	a, b, c              int
	hour, minute, second int
	yearFirst            bool
}

// readWritten takes a date apart; false: no date.
func readWritten(s string) (written, bool) {
	m := datePattern().FindStringSubmatch(s)
	if m == nil {
		return written{}, false
	}
	var w written
	for _, f := range []struct {
		to   *int
		text string
	}{{&w.a, m[1]}, {&w.b, m[2]}, {&w.c, m[3]}, {&w.hour, m[5]}, {&w.minute, m[6]}, {&w.second, m[7]}} {
		*f.to, _ = strconv.Atoi(f.text) // digits, four at most; no seconds are 0
	}
	w.yearFirst = len(m[1]) >= 3
	if w.yearFirst == (len(m[3]) >= 3) && len(m[3]) >= 3 {
		return written{}, false // two years
	}
	switch half(m[4], m[8]) {
	case "am":
		if w.hour == 12 {
			w.hour = 0
		}
	case "pm":
		if w.hour < 12 {
			w.hour += 12
		}
	}
	return w, true
}

// half reads the marks of half-days of some languages.
func half(before, behind string) string {
	s := strings.ToLower(strings.NewReplacer(".", "", " ", "").Replace(before + behind))
	for _, p := range []string{"pm", "下午", "午後", "오후", "μμ", "nm", "odp"} {
		if strings.HasPrefix(s, p) {
			return "pm"
		}
	}
	for _, a := range []string{"am", "上午", "午前", "오전", "πμ", "vm", "dop"} {
		if strings.HasPrefix(s, a) {
			return "am"
		}
	}
	return ""
}

// in reads the date in an order; false: there is no such day or time.
func (w written) in(o Order) (LocalTime, bool) {
	t := LocalTime{Hour: w.hour, Minute: w.minute, Second: w.second}
	switch {
	case (o == OrderYMD) != w.yearFirst:
		return LocalTime{}, false
	case o == OrderYMD:
		t.Year, t.Month, t.Day = w.a, w.b, w.c
	case o == OrderDMY:
		t.Day, t.Month, t.Year = w.a, w.b, w.c
	default:
		t.Month, t.Day, t.Year = w.a, w.b, w.c
	}
	if t.Year < 80 {
		t.Year += 2000
	} else if t.Year < 100 {
		t.Year += 1900
	}
	ok := t.Month >= 1 && t.Month <= 12 && t.Day >= 1 && t.Day <= wintime.MonthLength(t.Year, t.Month) &&
		t.Hour < 24 && t.Minute < 60 && t.Second < 60
	return t, ok
}

// settleDates finds the one order in which all dates of the log make sense, and
// reads them in it. Where two orders do, the one in which the records rise in
// time wins; where both do, each date keeps two readings.
func (l *Log) settleDates() {
	dates := make([]written, len(l.Records))
	ok := make([]bool, len(l.Records))
	fits := map[Order]int{}
	total := 0
	for i, r := range l.Records {
		if dates[i], ok[i] = readWritten(r.TimeText); !ok[i] {
			continue
		}
		total++
		for _, o := range []Order{OrderMDY, OrderDMY, OrderYMD} {
			if _, valid := dates[i].in(o); valid {
				fits[o]++
			}
		}
	}
	orders := l.decide(dates, ok, fits, total)
	for i := range l.Records {
		if !ok[i] {
			continue
		}
		for _, o := range orders {
			if t, valid := dates[i].in(o); valid && (len(l.Records[i].Times) == 0 || l.Records[i].Times[0] != t) {
				l.Records[i].Times = append(l.Records[i].Times, t)
			}
		}
	}
}

// decide sets Order and gives the orders to read dates in.
func (l *Log) decide(dates []written, ok []bool, fits map[Order]int, total int) []Order {
	mdy, dmy := fits[OrderMDY], fits[OrderDMY]
	settle := func(o Order, by string) []Order {
		l.Order, l.OrderBy = o, by
		return []Order{o}
	}
	switch {
	case total == 0:
		return nil
	case fits[OrderYMD] > max(mdy, dmy):
		return settle(OrderYMD, "year first")
	case mdy > dmy:
		return settle(OrderMDY, "field above 12")
	case dmy > mdy:
		return settle(OrderDMY, "field above 12")
	}
	falls := map[Order]int{}
	for _, o := range []Order{OrderMDY, OrderDMY} {
		var last LocalTime
		for i := range dates {
			if t, valid := dates[i].in(o); ok[i] && valid {
				if t.Compare(last) < 0 {
					falls[o]++
				}
				last = t
			}
		}
	}
	switch {
	case falls[OrderMDY] < falls[OrderDMY]:
		return settle(OrderMDY, "order of records")
	case falls[OrderDMY] < falls[OrderMDY]:
		return settle(OrderDMY, "order of records")
	}
	return []Order{OrderMDY, OrderDMY}
}
