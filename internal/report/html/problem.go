package html

import (
	"cmp"
	"strings"

	"github.com/jobscan/jobscan/internal/report"
)

// problem is one line of the list of problems.
type problem struct {
	N                                                      int
	Severity, Class, Where, Source, Place, Message, Others string
}

func newProblem(d report.Document, n int) problem {
	p := problem{
		N:        n,
		Severity: cmp.Or(report.Visible(d.Text("severity")), "error"),
		Class:    "error",
		Where:    volumeKey{evidence: d.Text("evidence"), volume: d.Text("volume")}.name(),
		Source:   report.Visible(d.Text("source")),
		Message:  report.Visible(d.Text("message")),
	}
	if p.Severity == report.SeverityWarning {
		p.Class = "warning"
	}
	var place []string
	for _, part := range []struct{ before, name string }{
		{"", "structure"}, {"", "field"}, {"record ", "record"}, {"byte ", "offset"},
	} {
		if text := d.Text(part.name); text != "" {
			place = append(place, part.before+report.Visible(text))
		}
	}
	p.Place = strings.Join(place, ", ")
	p.Others = plainText(flatten(d, map[string]bool{"type": true, "severity": true, "source": true, "evidence": true,
		"volume": true, "record": true, "offset": true, "structure": true, "field": true, "message": true}))
	return p
}

const (
	maxGroups = 40 // places and sources that are counted one by one
	maxFirst  = 5  // errors that are quoted at the top
)

// unread sums up the problems for the top of the page.
type unread struct {
	Total, Errors, Warnings int
	Groups                  []group
	Beyond                  int // problems of groups beyond maxGroups
	First                   []string
	Report                  int // problems of the saved report that the page was made from
}

// group counts the problems of one source in one place.
type group struct {
	Where, Source    string
	Errors, Warnings int
}

func (u *unread) add(d report.Document) {
	u.Total++
	if d.Text("source") == report.SourceReport {
		u.Report++
	}
	p := newProblem(d, u.Total)
	warning := p.Class == "warning"
	if warning {
		u.Warnings++
	} else {
		u.Errors++
		if len(u.First) < maxFirst {
			text, _ := shorten(p.Where+": "+p.Message, maxCell)
			u.First = append(u.First, text)
		}
	}
	i := 0
	for i < len(u.Groups) && (u.Groups[i].Where != p.Where || u.Groups[i].Source != p.Source) {
		i++
	}
	switch {
	case i == len(u.Groups) && i == maxGroups:
		u.Beyond++
		return
	case i == len(u.Groups):
		u.Groups = append(u.Groups, group{Where: p.Where, Source: p.Source})
	}
	if warning {
		u.Groups[i].Warnings++
	} else {
		u.Groups[i].Errors++
	}
}

// Count is how many problems there are, in words.
func (u unread) Count() string {
	return count(u.Total, "problem") + " (" + count(u.Errors, "error") + ", " + count(u.Warnings, "warning") + ")"
}
