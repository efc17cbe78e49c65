package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

// TestRulesAboutContent: a rule about other files, by what they hold.
func TestRulesAboutContent(t *testing.T) {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	v := fixtures.NewVolume(fixtures.Options{Journal: true})
	v.Create(`\Users\ann\tool.txt`, []byte("MZ and the rest of a program"), at)
	v.Create(`\Users\ann\notes.txt`, []byte("no program here, only words"), at)
	v.Create(`\Users\ann\tool.txt:Zone.Identifier`, []byte("[ZoneTransfer]\r\nZoneId=3\r\n"), at.Add(time.Second))
	v.Create(`\Users\ann\later.txt`, []byte("at first no program, not at all"), at)
	v.Write(`\Users\ann\later.txt`, []byte("MZ a program from now on, yes"), at.Add(time.Hour))
	v.Create(`\Users\ann\gone.txt`, []byte("MZ"), at)
	v.Delete(`\Users\ann\gone.txt`, at.Add(time.Minute))
	v.Create(`\Users\ann\over.txt`, []byte("words"), at.Add(time.Hour))
	image := writeImage(t, v.Build())

	verdicts := func(query string) map[string]string {
		rule := filepath.Join(t.TempDir(), "rule.toml")
		writeFile(t, rule, strings.Replace(allFilesRule, "file where true", query, 1))
		out := map[string]string{}
		findings, _ := jsonReport(t, "finding", "scan", "--rule", rule, image)
		for _, f := range findings {
			out[filepath.Base(strings.ReplaceAll(f.File.Path, `\`, "/"))] = f.Jobscan.Verdict
		}
		return out
	}
	tests := []struct {
		query string
		want  map[string]string
	}{
		{`file where file.path : "?:\\Users\\*" and file.Ext.header_bytes : "4d5a*" and event.type == "creation"`, map[string]string{
			"tool.txt": "match", "later.txt": "undecided", "gone.txt": "undecided"}},
		{`file where file.path : "?:\\Users\\*" and file.Ext.windows.zone_identifier > 1 and event.type == "creation"`, map[string]string{
			"tool.txt": "undecided", // the stream came after the file
			"gone.txt": "undecided"}},
		{`file where file.path : "?:\\Users\\*" and file.Ext.windows.zone_identifier > 1 and event.type == "change"`, map[string]string{}},
		{`file where file.path : "?:\\Users\\*" and file.size == 29 and event.type == "creation"`, map[string]string{
			"later.txt": "undecided", "gone.txt": "undecided"}}, // no FILE record tells how large it was
		{`file where file.path : "?:\\Users\\*" and file.size < 29 and event.type == "creation"`, map[string]string{
			"tool.txt": "match", "notes.txt": "match", "over.txt": "match", "gone.txt": "undecided", "later.txt": "undecided"}},
		{`file where file.name == "tool.txt" and file.mtime : "2024-05-01T12:00:0*"`, map[string]string{
			"tool.txt": "undecided"}}, // the stream came later
		{`file where file.name == "notes.txt" and file.mtime : "2024-05-01T12:00:0*"`, map[string]string{
			"notes.txt": "match"}},
	}
	for _, tt := range tests {
		got := verdicts(tt.query)
		for name, want := range tt.want {
			if got[name] != want {
				t.Errorf("%s\n%s: got %q, want %q", tt.query, name, got[name], want)
			}
		}
		for name, verdict := range got {
			if tt.want[name] == "" {
				t.Errorf("%s\n%s: got %q, want no finding", tt.query, name, verdict)
			}
		}
	}
}
