package html

import (
	"strings"

	"github.com/jobscan/jobscan/internal/report"
)

// volume is the coverage of one volume: in words what could have been seen, and
// the numbers behind it.
type volume struct {
	Name  string
	Alias string // drive letter and label

	Window    *window // nil: no journal was read
	NoWindow  string  // why, and what that means
	Doubts    []string
	Facts     []shown
	Artifacts []string
	Others    string // fields that stand nowhere else
}

// window is the stretch in which a creation would have been seen.
type window struct {
	From, To string
	Records  string
	USNs     string
}

func newVolume(v report.Document, z zone, options map[string]string) volume {
	key := coverageVolume(v)
	out := volume{Name: key.name(), Alias: alias(v)}
	if made := v.Text("shadow_time"); made != "" {
		out.Name += " of " + z.second(made)
	}
	out.setWindow(v, z, options)
	out.Doubts = doubts(v, options)
	out.Facts = facts(v, z)
	for _, a := range v.Texts("artifacts") {
		out.Artifacts = append(out.Artifacts, report.Visible(a))
	}
	taken := map[string]bool{"evidence": true, "volume": true, "shadow_copy": true, "shadow_time": true,
		"artifacts": true, "usn.present": true, "mft.present": true}
	for _, f := range factFields() {
		taken[f.name] = true
	}
	out.Others = plainText(flatten(v, taken))
	return out
}

// uncovered are the volumes that rows come from and the summary does not know.
func (m *marks) uncovered(volumes []report.Document) []volume {
	known := map[volumeKey]bool{}
	for _, v := range volumes {
		known[coverageVolume(v)] = true
	}
	var out []volume
	for _, key := range m.lanes {
		if !known[key] {
			out = append(out, volume{Name: key.name(), NoWindow: "The report does not say what was read of this volume."})
		}
	}
	return out
}

// alias is the drive letter and label of a volume: "C:, System".
func alias(v report.Document) string {
	var parts []string
	if letter := v.Text("drive_letter"); letter != "" {
		parts = append(parts, report.Visible(strings.TrimSuffix(letter, ":"))+":")
	}
	if label := v.Text("label"); label != "" {
		parts = append(parts, report.Visible(label))
	}
	return strings.Join(parts, ", ")
}

// What a missing journal means depends on what else was read.
const (
	onlyRecords = "Only files that still have a FILE record, in use or free, can be seen; a job that came and went is not, except by chance."
	onlyTraces  = "Without $MFT either, only chance traces can be seen."
)

func (o *volume) setWindow(v report.Document, z zone, options map[string]string) {
	meaning := onlyRecords
	if present, told := v.Lookup("mft.present"); told && present == false {
		meaning = onlyTraces
	}
	first, last := v.Text("usn.first_time"), v.Text("usn.last_time")
	present, _ := v.Lookup("usn.present")
	switch {
	case present != true:
		o.NoWindow = "No change journal was found. " + meaning
	case options["no-usn"] == "true":
		o.NoWindow = "The change journal was left out by --no-usn. " + meaning
	case first == "" || last == "":
		o.NoWindow = "The change journal holds no record that could be read. " + meaning
	default:
		o.Window = &window{From: z.second(first), To: z.second(last), Records: report.Visible(v.Text("usn.records"))}
		if o.Window.From == o.Window.To { // less than a second
			o.Window.From, o.Window.To = z.full(first), z.full(last)
		}
		if from, to := v.Text("usn.first_usn"), v.Text("usn.last_usn"); from != "" && to != "" {
			o.Window.USNs = "USN " + report.Visible(from) + " to " + report.Visible(to)
		}
	}
}

// doubts are the sentences on what could not be read of a volume, and on what
// weakens its times.
func doubts(v report.Document, options map[string]string) []string {
	var out []string
	for _, d := range []struct{ name, before, after string }{
		{"usn.damaged_bytes", "", " bytes of the journal could not be decoded: what was recorded there is not known."},
		{"usn.gaps", "", " stretches inside the journal hold no records."},
		{"usn.clock_ran_backwards", "The clock ran backwards ", " times within the journal: its times are not in the order of its records."},
		{"usn.stale_records", "", " records remain from an older journal; their neighbours are lost."},
		{"mft.unreadable", "", " FILE records could not be read: which files they describe is not known."},
		{"mft.torn", "", " FILE records were not written whole."},
	} {
		n := report.Visible(v.Text(d.name))
		if n == "" || n == "0" {
			continue
		}
		sentence := d.before + n + d.after
		if n == "1" {
			sentence = singular.Replace(sentence)
		}
		if bytes := report.Visible(v.Text("usn.gap_bytes")); d.name == "usn.gaps" && bytes != "" {
			sentence = strings.TrimSuffix(sentence, ".") + " (" + bytes + " bytes)."
		}
		out = append(out, sentence)
	}
	if present, told := v.Lookup("mft.present"); told && present == false {
		why := "No $MFT was read"
		if options["no-mft"] == "true" {
			why = "$MFT was not looked for (--no-mft)"
		}
		out = append(out, why+": what files are there now, and their contents, are not known.")
	}
	return out
}

// singular turns the sentences of doubts, which are in the plural, for the number 1.
var singular = strings.NewReplacer(" bytes ", " byte ", " stretches ", " stretch ", " hold no ", " holds no ", " times within", " time within",
	" records remain ", " record remains ", "their neighbours", "its neighbours", " records could", " record could",
	"they describe", "it describes", "which files", "which file", " records were", " record was")

func factFields() []field {
	return []field{
		{"Partition", "partition", asText},
		{"Label", "label", asText},
		{"Serial number", "serial", asCode},
		{"Drive letter", "drive_letter", asText},
		{"Cluster size", "cluster_size", asBytes},
		{"Journal id", "usn.journal_id", asCode},
		{"First USN", "usn.first_usn", asCode},
		{"Last USN", "usn.last_usn", asCode},
		{"First record", "usn.first_time", asTime},
		{"Last record", "usn.last_time", asTime},
		{"USN records", "usn.records", asText},
		{"Damaged in the journal", "usn.damaged_bytes", asBytes},
		{"Records of older journals", "usn.stale_records", asText},
		{"Gaps in the journal", "usn.gaps", asText},
		{"Bytes in gaps", "usn.gap_bytes", asText},
		{"Clock ran backwards", "usn.clock_ran_backwards", asText},
		{"FILE records", "mft.records", asText},
		{"In use", "mft.in_use", asText},
		{"Free", "mft.deleted", asText},
		{"Unreadable", "mft.unreadable", asText},
		{"Torn", "mft.torn", asText},
	}
}

func facts(v report.Document, z zone) []shown {
	return newPart(v, section{fields: factFields()}, z, map[string]bool{}).Fields
}
