// Package html writes a report as one web page for people: what was found, from
// when to when a creation would have been seen and what could not be read, a
// plot of the events over time, a table with all fields of each row, and the
// problems. The page needs no network and no scripting; its one script adds
// sorting and filtering.
//
// Nothing from evidence can act. All of it passes report.Visible and the
// contextual escaping of html/template, none of it reaches an attribute that
// loads, links or styles, and a Content-Security-Policy admits the page's own
// script and style by their hashes and nothing else.
//
// Coverage stands at the top of the page and comes last in a report. So rows and
// problems are rendered as they come and kept in memory, compressed to about a
// tenth; of the documents themselves nothing is kept, and of each row its time
// for the plot.
package html

import (
	"io"
	"time"

	"github.com/jobscan/jobscan/internal/report"
)

// Format is the entry for the list of formats.
var Format = report.Format{
	Name: "html",
	Doc:  "one self-contained web page: coverage, timeline plot, all fields, problems",
	New:  newWriter,
}

// maxCards is how many rows have a card that is laid out by subject; those after
// them list the same fields as plain text, or no browser could show the page.
const maxCards = 2000

type writer struct {
	w        io.Writer
	zone     zone
	evidence func(report.Document) string // the cell that says where a row comes from

	about    about
	options  map[string]string // of the scan, by name
	rows     spool
	problems spool
	unread   unread
	marks    marks
	counts   map[string]int // rows by verdict
	n        int            // rows
	kind     string         // "finding" or "event", the type of the first row
	cut      bool           // some cell lost its middle
}

func newWriter(w io.Writer, o report.Options) report.Writer {
	z := zone{o.Location}
	if z.location == nil {
		z.location = time.UTC
	}
	h := &writer{w: w, zone: z, counts: map[string]int{}}
	for _, c := range report.TableColumns() {
		if c.Title == "EVIDENCE" {
			h.evidence = c.Get
		}
	}
	return h
}

func (w *writer) Header(d report.Document) error {
	w.about = newAbout(d, w.zone)
	w.options = report.ScanOptions(d)
	return nil
}

func (w *writer) Finding(d report.Document) error { return w.row(d) }

func (w *writer) Event(d report.Document) error { return w.row(d) }

func (w *writer) row(d report.Document) error {
	if w.kind == "" {
		w.kind = d.Type()
	}
	w.n++
	r := newRow(d, w.n, w.zone, w.evidence)
	w.cut = w.cut || r.Cut
	w.counts[r.Verdict.Word]++
	w.marks.add(d, r.Verdict.Class)
	if w.n <= maxCards {
		r.Card = newCard(d, w.zone)
	} else {
		r.Plain = outline(d)
	}
	return w.rows.render("row", r)
}

func (w *writer) Problem(d report.Document) error {
	w.unread.add(d)
	return w.problems.render("problem", newProblem(d, w.unread.Total))
}

// Summary writes the page.
func (w *writer) Summary(d report.Document) error {
	if err := writeHead(w.w, w.about.title()); err != nil {
		return err
	}
	p := w.page(d)
	for _, part := range []struct {
		name string
		rows *spool
	}{{"top", &w.rows}, {"middle", &w.problems}, {"bottom", nil}} {
		if err := page().ExecuteTemplate(w.w, part.name, p); err != nil {
			return err
		}
		if part.rows != nil {
			if err := part.rows.copyTo(w.w); err != nil {
				return err
			}
		}
	}
	return nil
}
