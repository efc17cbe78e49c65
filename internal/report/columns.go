package report

import "strings"

// Column is one flat value of a finding or an event.
type Column struct {
	Title string                // heading in the table, "" if the table does not show it
	Name  string                // dotted name in a report: the CSV heading and the path for Lookup
	Get   func(Document) string // the value as text, raw: not yet made visible; "" if not known
}

// Columns are the flat columns in order: the eight of the table first, then
// what else fits a cell, then the job. Times are as in the report, in UTC.
func Columns() []Column {
	columns := []Column{
		{"TIME", "@timestamp", nil},
		{"VERDICT", "jobscan.verdict", nil},
		{"ACTION", "event.action", nil},
		{"PATH", "file.path", nil},
		{"STATE", "jobscan.state", nil},
		{"PROCESS", "process.executable", nil},
		{"RUNS", "jobscan.job.command_line", nil},
		{"EVIDENCE", "jobscan.support", supportText},
	}
	for _, name := range plainColumns {
		columns = append(columns, Column{Name: name})
	}
	columns = append(columns,
		Column{"", "jobscan.anomalies", codedText("jobscan.anomalies")},
		Column{"", "jobscan.job.triggers", triggersText},
		Column{"", "jobscan.job.anomalies", codedText("jobscan.job.anomalies")},
		Column{"", "jobscan.job.error", jobErrorText},
	)
	for i, c := range columns {
		if c.Get == nil {
			columns[i].Get = func(d Document) string { return d.Text(c.Name) }
		}
	}
	return columns
}

// TableColumns are the columns that have a heading in the table.
func TableColumns() []Column {
	var out []Column
	for _, c := range Columns() {
		if c.Title != "" {
			out = append(out, c)
		}
	}
	return out
}

// plainColumns are shown as they stand in the document.
var plainColumns = [...]string{
	"type", "event.kind", "event.type", "event.severity", "event.risk_score",
	"host.name",
	"file.name", "file.extension", "file.directory", "file.drive_letter", "file.size", "file.inode",
	"file.created", "file.mtime", "file.ctime", "file.accessed",
	"file.owner", "file.uid", "file.hash.sha256",
	"process.name", "process.pid", "process.entity_id", "user.name", "user.id",
	"rule.id", "rule.name", "rule.version",
	"jobscan.missing", "jobscan.because", "jobscan.arrival", "jobscan.previous_path",
	"jobscan.evidence.path", "jobscan.evidence.container", "jobscan.evidence.partition",
	"jobscan.evidence.volume", "jobscan.evidence.shadow_copy",
	"jobscan.job.application", "jobscan.job.parameters", "jobscan.job.working_directory",
	"jobscan.job.author", "jobscan.job.comment", "jobscan.job.uuid",
	"jobscan.job.product", "jobscan.job.product_name", "jobscan.job.file_version",
	"jobscan.job.priority", "jobscan.job.max_run_time_ms",
	"jobscan.job.idle_wait_minutes", "jobscan.job.idle_deadline_minutes",
	"jobscan.job.error_retry_count", "jobscan.job.error_retry_interval_minutes",
	"jobscan.job.exit_code", "jobscan.job.status.code", "jobscan.job.status.name",
	"jobscan.job.flags", "jobscan.job.flags_raw", "jobscan.job.last_run",
	"jobscan.job.running_instances", "jobscan.job.user_data_size", "jobscan.job.start_error",
	"jobscan.job.signature", "jobscan.job.size", "jobscan.job.trailing_bytes",
	"jobscan.job.complete", "jobscan.job.loadable", "jobscan.job.recovered_from",
}

// supportText names each testimony by its source and where it stands there:
// "usn 1048576, mft 68-1", a file reference as record and sequence number.
func supportText(d Document) string {
	var parts []string
	for _, s := range d.List("jobscan.support") {
		part := s.Text("source")
		usn, record, offset := s.Text("usn"), s.Text("record"), s.Text("offset")
		switch {
		case usn != "":
			part += " " + usn
		case record != "":
			part += " " + record
			if sequence := s.Text("sequence"); sequence != "" {
				part += "-" + sequence
			}
		case offset != "":
			part += " @" + offset
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// codedText returns a getter for a list of {code, detail}: "code: detail; ...".
func codedText(path string) func(Document) string {
	return func(d Document) string {
		var parts []string
		for _, a := range d.List(path) {
			parts = append(parts, withDetail(a.Text("code"), a.Text("detail")))
		}
		return strings.Join(parts, "; ")
	}
}

func withDetail(code, detail string) string {
	if detail == "" {
		return code
	}
	return code + ": " + detail
}

// triggersText gives the triggers in plain English, those without a text by type.
func triggersText(d Document) string {
	var parts []string
	for _, t := range d.List("jobscan.job.triggers") {
		text := t.Text("text")
		if text == "" {
			text = t.Text("type")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// jobErrorText says where decoding of the job stopped.
func jobErrorText(d Document) string {
	value, _ := d.Lookup("jobscan.job.error")
	dict, ok := asDict(value)
	if !ok {
		return valueText(value)
	}
	e := Document{dict}
	if message := e.Text("message"); message != "" {
		return message // names structure, field and offset itself
	}
	text := e.Text("structure")
	if offset := e.Text("offset"); offset != "" {
		text += " @" + offset
	}
	if field := e.Text("field"); field != "" {
		text += ": " + field
	}
	return text
}
