package html

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/jobscan/jobscan/internal/report"
)

// card is everything that the report says of one row.
type card struct {
	First     []part // before the job
	Job       part
	Last      []part
	Triggers  []string // in English
	JobOdd    []oddity
	Odd       []oddity
	Support   []testimony
	History   []happening
	LeftOut   string // events that the history leaves out
	Remainder string // fields that stand nowhere else
	Others    int    // how many those are
}

// part is one section of a card.
type part struct {
	Title  string
	Absent string // said in place of the fields
	Wide   bool   // more than one column of fields
	Fields []shown
}

// shown is one field of a card.
type shown struct {
	Label string
	Text  string
	Rest  string // digits of a time that matter less
	Code  bool
	Empty bool // present, and empty
	Long  bool // needs a line of its own
}

// oddity is one anomaly.
type oddity struct{ Code, Detail, Weight, Offset string }

// testimony is one item of support.
type testimony struct {
	Source, Volume, Record, USN, Offset, Detail string
	Time                                        stamp
}

// happening is one event of the file's history.
type happening struct {
	Time                    stamp
	Action, Arrival         string
	Path, Previous, Support string
}

// newCard lays out the fields of a row by subject.
func newCard(d report.Document, z zone) *card {
	taken := map[string]bool{
		"type": true, "jobscan.support": true, "jobscan.events": true, "jobscan.anomalies": true,
		"jobscan.job.anomalies": true, "jobscan.events_omitted": true,
	}
	c := &card{Support: testimonies(d.List("jobscan.support"), z), LeftOut: report.Visible(d.Text("jobscan.events_omitted"))}
	for i, s := range sections() {
		p := newPart(d, s, z, taken)
		if i < 2 {
			c.First = append(c.First, p)
		} else {
			c.Last = append(c.Last, p)
		}
	}
	c.Job = newPart(d, jobSection(), z, taken)
	c.Job.Wide = true
	for _, t := range d.List("jobscan.job.triggers") {
		c.Triggers = append(c.Triggers, report.Visible(cmp.Or(t.Text("text"), t.Text("type"))))
	}
	c.Odd = oddities(d.List("jobscan.anomalies"))
	c.JobOdd = oddities(d.List("jobscan.job.anomalies"))
	for _, e := range d.List("jobscan.events") {
		c.History = append(c.History, happening{
			Time:     timeOfHistory(d, e, z),
			Action:   report.Visible(e.Text("action")),
			Arrival:  report.Visible(e.Text("arrival")),
			Path:     report.Visible(e.Text("path")),
			Previous: report.Visible(e.Text("previous_path")),
			Support:  supportLine(testimonies(e.List("support"), z)),
		})
	}
	rest := flatten(d, taken)
	c.Remainder, c.Others = plainText(rest), len(rest)
	return c
}

// newPart shows the fields of a section that have a value, and notes them as taken.
func newPart(d report.Document, s section, z zone, taken map[string]bool) part {
	p := part{Title: s.title}
	for _, f := range s.fields {
		taken[f.name] = true
		value, ok := d.Lookup(f.name)
		if !ok || value == nil {
			continue
		}
		text := d.Text(f.name)
		if text == "" {
			if _, isText := value.(string); isText {
				p.Fields = append(p.Fields, shown{Label: f.label, Empty: true})
			}
			continue
		}
		shown := f.show(text, z)
		if f.name == "@timestamp" { // which may be of a clock whose zone is not known
			at := timeOf(d, z)
			shown.Text, shown.Rest = at.Text, at.Rest
		}
		p.Fields = append(p.Fields, shown)
	}
	if len(p.Fields) == 0 {
		p.Absent = s.absent
	}
	return p
}

// maxShort is how many bytes of text fit beside other fields.
const maxShort = 40

func (f field) show(text string, z zone) shown {
	s := shown{Label: f.label, Text: report.Visible(text), Code: f.kind == asCode || f.kind == asTime, Long: len(text) > maxShort}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case f.kind == asTime:
		at := z.stamp(text)
		s.Text, s.Rest = at.Text, at.Rest
	case err != nil:
	case f.kind == asBytes:
		s.Text = count(int(n), "byte")
	case f.kind == asSpan && n >= 0 && n < int64(1<<63-1)/int64(time.Millisecond):
		s.Text += " ms (" + spanText(time.Duration(n)*time.Millisecond) + ")"
	}
	return s
}

// spanText is a duration in the largest units that fit it: "3 days", "1h30m0s".
func spanText(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return count(int(d/day), "day")
	}
	return d.String()
}

// timeOfHistory is the time of an event of the history; the row's own event may
// be of the machine's clock.
func timeOfHistory(d, e report.Document, z zone) stamp {
	if report.LocalTime(d) && e.Text("@timestamp") == d.Text("@timestamp") {
		return z.local(e.Text("@timestamp"))
	}
	return z.stamp(e.Text("@timestamp"))
}

func oddities(list []report.Document) []oddity {
	out := make([]oddity, 0, len(list))
	for _, a := range list {
		out = append(out, oddity{
			Code:   report.Visible(a.Text("code")),
			Detail: report.Visible(a.Text("detail")),
			Weight: report.Visible(a.Text("weight")),
			Offset: report.Visible(a.Text("offset")),
		})
	}
	return out
}

func testimonies(list []report.Document, z zone) []testimony {
	out := make([]testimony, 0, len(list))
	for _, s := range list {
		t := testimony{
			Source: report.Visible(s.Text("source")),
			Volume: report.Visible(s.Text("volume")),
			Record: report.Visible(s.Text("record")),
			USN:    report.Visible(s.Text("usn")),
			Offset: report.Visible(s.Text("offset")),
			Detail: report.Visible(s.Text("detail")),
		}
		if sequence := report.Visible(s.Text("sequence")); sequence != "" {
			t.Record += "-" + sequence
		}
		switch at := s.Text("time"); {
		case at == "":
		case report.LocalTestimony(s):
			t.Time = z.local(at)
		default:
			t.Time = z.stamp(at)
		}
		out = append(out, t)
	}
	return out
}

// supportLine names the testimonies of one event of a history.
func supportLine(list []testimony) string {
	var parts []string
	for _, t := range list {
		words := []string{t.Source}
		switch {
		case t.USN != "":
			words = append(words, t.USN)
		case t.Record != "":
			words = append(words, t.Record)
		}
		if t.Detail != "" {
			words = append(words, t.Detail)
		}
		parts = append(parts, strings.Join(words, " "))
	}
	return strings.Join(parts, "; ")
}
