package table

import (
	"cmp"
	"fmt"
	"time"

	"github.com/jobscan/jobscan/internal/report"
)

// row is one finding or event, its cells in the order of the columns, already
// made visible.
type row struct {
	cells   []string
	verdict string // bare, for its colour
	volume  int    // index into volumes
}

// The columns that need a treatment of their own, by their heading.
const (
	columnTime     = "TIME"
	columnVerdict  = "VERDICT"
	columnPath     = "PATH"
	columnProcess  = "PROCESS"
	columnRuns     = "RUNS"
	columnEvidence = "EVIDENCE"
)

func (t *writer) newRow(d report.Document) row {
	r := row{
		cells:   make([]string, len(t.columns)),
		verdict: report.Visible(d.Text("jobscan.verdict")),
		volume:  t.volumes.index(d),
	}
	for i, c := range t.columns {
		text := c.Get(d)
		switch c.Title {
		case columnTime:
			text = t.timeOf(d, text)
		case columnVerdict:
			text += t.notes.marks(d)
		case columnProcess:
			text = cmp.Or(text, "unknown")
		case columnRuns:
			text = cmp.Or(text, report.NoProgram(d))
		}
		r.cells[i] = report.Visible(text)
	}
	return r
}

// localMark stands behind a time of a clock whose zone is not known.
const localMark = " local"

// timeOf is the time of a row; one of the machine's own clock stays as it stands.
func (t *writer) timeOf(d report.Document, text string) string {
	if !report.LocalTime(d) {
		return t.time(text)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return cmp.Or(text, "unknown")
	}
	return at.UTC().Format(timeLayout) + localMark
}

// timeLayout has all digits of a time.
const timeLayout = "2006-01-02 15:04:05.0000000"

// time shows an RFC 3339 time in the zone of the report with all its digits.
// Outside UTC the offset is written too: an hour may come twice in autumn.
func (t *writer) time(text string) string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return cmp.Or(text, "unknown")
	}
	layout := timeLayout
	if t.location != time.UTC {
		layout += "-07:00"
	}
	return at.In(t.location).Format(layout)
}

// shortTime is time without the fraction of a second, for the footer.
func (t *writer) shortTime(text string) string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return cmp.Or(text, "unknown")
	}
	return at.In(t.location).Format("2006-01-02 15:04:05 ") + t.zone()
}

// zone is the name of the zone as it was asked for.
func (t *writer) zone() string { return t.location.String() }

// volumes numbers the volumes that rows come from, in order of appearance.
type volumes struct{ keys []volumeKey }

// volumeKey says where a row comes from; the values are as in the report.
type volumeKey struct{ evidence, volume, shadowCopy string }

func (v *volumes) index(d report.Document) int {
	key := volumeKey{
		d.Text("jobscan.evidence.path"),
		d.Text("jobscan.evidence.volume"),
		d.Text("jobscan.evidence.shadow_copy"),
	}
	// A report has a handful of volumes, and neighbours share theirs.
	for i, k := range v.keys {
		if k == key {
			return i
		}
	}
	v.keys = append(v.keys, key)
	return len(v.keys) - 1
}

// label is the short name of a volume, "" while there is only one.
func (v *volumes) label(i int) string {
	if len(v.keys) < 2 {
		return ""
	}
	return fmt.Sprintf("V%d", i+1)
}

// name is a volume as a person would name it.
func (k volumeKey) name() string { return report.VolumeName(k.evidence, k.volume, k.shadowCopy) }
