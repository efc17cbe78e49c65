package html

import (
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/report"
)

// pageModel is what the page says around its rows.
type pageModel struct {
	About    about
	Zone     string
	Tiles    []tile
	Result   string
	Complete bool
	Limits   []string
	Volumes  []volume
	Windows  bool // some volume has one
	Unread   unread
	Plot     *plot
	Rows     int
	Kind     string // what the rows are: findings or events
	Cut      bool
	Plain    int // rows without a laid out card
	Others   string
}

// tile is one count at the top.
type tile struct {
	verdict
	N int
}

func (w *writer) page(summary report.Document) pageModel {
	complete, _ := summary.Lookup("complete")
	m := pageModel{
		About: w.about, Zone: w.zone.name(), Complete: complete == true,
		Limits: report.Limits(w.options), Unread: w.unread, Rows: w.n, Kind: "Findings", Cut: w.cut,
		Plain: max(0, w.n-maxCards),
		Others: plainText(flatten(summary, map[string]bool{"type": true, "findings": true, "events": true, "problems": true,
			"complete": true, "volumes": true})),
	}
	if w.kind == report.TypeEvent {
		m.Kind = "Events"
	}
	other := w.n
	for _, v := range verdicts() {
		n := w.counts[v.Word]
		other -= n
		if n > 0 || v.Word != "no_match" {
			m.Tiles = append(m.Tiles, tile{v, n})
		}
	}
	if other > 0 {
		m.Tiles = append(m.Tiles, tile{verdict{Word: "other", Class: "other", Glyph: "?", Doc: "a verdict that this version does not know"}, other})
	}
	m.Result = w.result(m.Tiles)
	for _, v := range summary.List("volumes") {
		volume := newVolume(v, w.zone, w.options)
		m.Volumes = append(m.Volumes, volume)
		m.Windows = m.Windows || volume.Window != nil
	}
	m.Volumes = append(m.Volumes, w.marks.uncovered(summary.List("volumes"))...)
	m.Plot = w.marks.plot(summary.List("volumes"), w.zone)
	return m
}

// result counts the rows by verdict, or says in words that there are none.
func (w *writer) result(tiles []tile) string {
	if w.n == 0 {
		return report.NothingFound(w.options)
	}
	var parts []string
	for _, t := range tiles {
		parts = append(parts, strconv.Itoa(t.N)+" "+t.Word)
	}
	return count(w.n, w.kind) + ": " + strings.Join(parts, ", ") + "."
}
