package report

import (
	"slices"
	"testing"
)

func TestColumns(t *testing.T) {
	var titles []string
	for _, c := range TableColumns() {
		titles = append(titles, c.Title)
	}
	want := []string{"TIME", "VERDICT", "ACTION", "PATH", "STATE", "PROCESS", "RUNS", "EVIDENCE"}
	if !slices.Equal(titles, want) {
		t.Errorf("table: got %q, want %q", titles, want)
	}
	seen := map[string]bool{}
	for _, c := range Columns() {
		if seen[c.Name] || c.Name == "" || c.Get == nil {
			t.Errorf("column %q: comes twice or is not whole", c.Name)
		}
		seen[c.Name] = true
	}
}

func TestColumnValues(t *testing.T) {
	d := Document{dict("jobscan", dict(
		"support", []any{
			dict("source", "usn", "usn", 1048576, "record", 68, "sequence", 1),
			dict("source", "mft", "usn", nil, "record", 68, "sequence", 1),
			dict("source", "sysmon", "record", 20911),
			dict("source", "mft_carved", "offset", 4096),
			dict("source", "job"),
		},
		"anomalies", []any{dict("code", "reused_record", "detail", "twice"), dict("code", "journal_gap")},
		"job", dict(
			"command_line", "cmd /c x",
			"triggers", []any{dict("type", "DAILY", "text", "every day"), dict("type", "AT_LOGON")},
			"error", dict("structure", "trigger", "field", "type", "offset", 104),
			"complete", false,
		),
	))}
	tests := []struct{ name, want string }{
		{"jobscan.support", "usn 1048576, mft 68-1, sysmon 20911, mft_carved @4096, job"},
		{"jobscan.anomalies", "reused_record: twice; journal_gap"},
		{"jobscan.job.command_line", "cmd /c x"},
		{"jobscan.job.triggers", "every day; AT_LOGON"},
		{"jobscan.job.error", "trigger @104: type"},
		{"jobscan.job.application", ""},
		{"jobscan.job.complete", "false"},
		{"jobscan.job.comment", ""},
		{"process.executable", ""},
	}
	columns := Columns()
	for _, tt := range tests {
		i := slices.IndexFunc(columns, func(c Column) bool { return c.Name == tt.name })
		if i < 0 {
			t.Errorf("%s: no such column", tt.name)
			continue
		}
		if got := columns[i].Get(d); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
