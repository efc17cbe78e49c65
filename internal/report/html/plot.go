package html

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jobscan/jobscan/internal/report"
)

// marks are the rows as the plot will show them: 24 bytes for each.
type marks struct {
	list  []mark
	lanes []volumeKey
	// undated counts rows whose time is none.
	undated int
}

type mark struct {
	at    int64 // seconds since 1970
	lane  int32
	class int32 // index into verdict classes
}

// maxLanes bounds the volumes that have a lane of their own; further ones share the last.
const maxLanes = 16

// maxLaneName is how many characters of a volume's name fit above its lane.
const maxLaneName = 120

func classes() []string { return []string{"match", "undecided", "excluded", "no_match", "other"} }

func (m *marks) add(d report.Document, class string) {
	at, err := time.Parse(time.RFC3339Nano, d.Text("@timestamp"))
	if err != nil {
		m.undated++
		return
	}
	m.list = append(m.list, mark{at.Unix(), int32(m.lane(rowVolume(d))), int32(slices.Index(classes(), class))})
}

func (m *marks) lane(key volumeKey) int {
	i := slices.Index(m.lanes, key)
	switch {
	case i >= 0:
		return i
	case len(m.lanes) >= maxLanes:
		return maxLanes
	}
	m.lanes = append(m.lanes, key)
	return len(m.lanes) - 1
}

// The plot's measures, in units of its view box.
const (
	plotWidth  = 1000
	plotLeft   = 104 // names of verdicts stand before it
	plotRight  = 990
	headHeight = 20 // the name of a lane
	rowHeight  = 20 // one verdict of a lane
	axisHeight = 30
	bins       = 180
)

// plot is the events over time, a lane for each volume and a row for each verdict.
type plot struct {
	Width, Height int
	Left, Right   int
	Bottom        int // where the axis is
	From, To      string
	Lanes         []lane
	Ticks         []tick
	Before, After int // rows outside the axis
	Undated       int
}

// Span is the width of the axis.
func (p *plot) Span() int { return p.Right - p.Left }

// Label is where the names of the ticks stand.
func (p *plot) Label() int { return p.Bottom + 16 }

type lane struct {
	Name      string
	TextY     int
	Y, Height int // of the rows
	Band      *band
	Rows      []laneRow
}

// band is the stretch that the journal of a volume covers.
type band struct {
	X, Width float64
	Title    string
}

type laneRow struct {
	Word        string
	Class       string
	TextY, Line int
	Dots        []dot
}

// dot is the rows of one verdict that fall into one bin.
type dot struct {
	Title string
	Path  string // of our own numbers
	Class string
}

type tick struct {
	X    float64
	Text string
}

// span is a closed stretch of seconds.
type span struct{ from, to int64 }

// plot draws the marks and the journals' windows. It is nil where there is nothing to draw.
func (m *marks) plot(volumes []report.Document, z zone) *plot {
	windows := map[volumeKey]span{}
	for _, v := range volumes {
		key := coverageVolume(v)
		from, err1 := time.Parse(time.RFC3339Nano, v.Text("usn.first_time"))
		to, err2 := time.Parse(time.RFC3339Nano, v.Text("usn.last_time"))
		if err1 != nil || err2 != nil || to.Before(from) {
			continue
		}
		if m.lane(key) < maxLanes {
			windows[key] = span{from.Unix(), to.Unix()}
		}
	}
	if len(m.list) == 0 && len(windows) == 0 {
		return nil
	}
	axis := m.axis(windows)
	p := &plot{Width: plotWidth, Left: plotLeft, Right: plotRight,
		From: z.shortSecond(axis.from), To: z.shortSecond(axis.to), Undated: m.undated}
	cells := m.cells(axis, p)
	y := 0
	for i := 0; i < len(m.lanes) || i == len(m.lanes) && i == maxLanes; i++ {
		l := lane{Name: "further volumes", TextY: y + 14, Y: y + headHeight}
		if i < len(m.lanes) {
			l.Name, _ = shorten(m.lanes[i].name(), maxLaneName)
		}
		for class, word := range classes() {
			_, some := cells[cell{int32(i), int32(class), -1}]
			if !some && (len(m.list) > 0 || class > 0) {
				continue
			}
			top := l.Y + rowHeight*len(l.Rows)
			l.Rows = append(l.Rows, laneRow{Word: word, Class: word, TextY: top + 14, Line: top + rowHeight/2,
				Dots: dots(cells, int32(i), int32(class), top+rowHeight/2, axis, z)})
		}
		if w, ok := windows[m.key(i)]; ok && i < len(m.lanes) {
			l.Band = newBand(w, axis, z)
		} else if len(l.Rows) == 0 {
			continue
		}
		l.Height = max(1, len(l.Rows)) * rowHeight
		y = l.Y + l.Height + 8
		p.Lanes = append(p.Lanes, l)
	}
	p.Bottom = y
	p.Height = y + axisHeight
	p.Ticks = ticks(axis, z)
	return p
}

func (m *marks) key(i int) volumeKey {
	if i < len(m.lanes) {
		return m.lanes[i]
	}
	return volumeKey{}
}

// maxReach is how many times the span of the journals (or of most rows) the axis
// may be; what lies farther off is counted at its ends.
const maxReach = 20

// axis chooses the stretch that the plot shows: what the journals cover, and the
// rows that are not absurdly far from it, so that one wrong clock does not
// squeeze all others into a line.
func (m *marks) axis(windows map[volumeKey]span) span {
	core := span{math.MaxInt64, math.MinInt64}
	for _, w := range windows {
		core = span{min(core.from, w.from), max(core.to, w.to)}
	}
	times := make([]int64, 0, len(m.list))
	for _, k := range m.list {
		times = append(times, k.at)
	}
	slices.Sort(times)
	if len(windows) == 0 {
		core = span{times[len(times)/10], times[len(times)-1-len(times)/10]}
	}
	reach := max(core.to-core.from, 3600) * maxReach
	axis := core
	for _, at := range times {
		if at >= core.from-reach && at <= core.to+reach {
			axis = span{min(axis.from, at), max(axis.to, at)}
		}
	}
	margin := max((axis.to-axis.from)/50, 60)
	return span{axis.from - margin, axis.to + margin}
}

// cell is a bin of one lane and verdict; bin -1 counts all of them.
type cell struct{ lane, class, bin int32 }

func (m *marks) cells(axis span, p *plot) map[cell]int {
	out := map[cell]int{}
	for _, k := range m.list {
		out[cell{k.lane, k.class, -1}]++
		switch {
		case k.at < axis.from:
			p.Before++
		case k.at > axis.to:
			p.After++
		default:
			bin := int32((k.at - axis.from) * bins / (axis.to - axis.from + 1))
			out[cell{k.lane, k.class, bin}]++
		}
	}
	return out
}

func (a span) x(at int64) float64 {
	part := float64(at-a.from) / float64(a.to-a.from)
	return math.Round((plotLeft+part*(plotRight-plotLeft))*10) / 10
}

func newBand(w, axis span, z zone) *band {
	x := axis.x(w.from)
	return &band{X: x, Width: max(1, math.Round((axis.x(w.to)-x)*10)/10),
		Title: "covered by the change journal: " + z.shortSecond(w.from) + " to " + z.shortSecond(w.to)}
}

func dots(cells map[cell]int, lane, class int32, y int, axis span, z zone) []dot {
	var out []dot
	for bin := range int32(bins) {
		n := cells[cell{lane, class, bin}]
		if n == 0 {
			continue
		}
		width := axis.to - axis.from + 1
		from := axis.from + (int64(bin)*width+bins-1)/bins
		to := axis.from + (int64(bin+1)*width-1)/bins
		name := classes()[class]
		out = append(out, dot{
			Title: fmt.Sprintf("%d %s, %s to %s", n, name, z.shortSecond(from), z.shortSecond(to)),
			Path:  shapePath(name, axis.x((from+to)/2), float64(y), n),
			Class: name,
		})
	}
	return out
}

// shapePath is the shape of a verdict, larger for more rows.
func shapePath(class string, x, y float64, n int) string {
	r := min(4+1.6*math.Log2(float64(n)), 9)
	switch class {
	case "match", "undecided":
		return fmt.Sprintf("M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz", x-r, y, r, -r, r, r, -r, r)
	case "no_match":
		r /= 2
	}
	return fmt.Sprintf("M%.1f %.1fa%.1f %.1f 0 1 0 %.1f 0a%.1f %.1f 0 1 0 %.1f 0z", x-r, y, r, r, 2*r, r, r, -2*r)
}

// shortSecond is a time of the axis, with the zone's name.
func (z zone) shortSecond(at int64) string {
	return time.Unix(at, 0).In(z.location).Format(time.DateTime) + " " + z.name()
}
