package main

import (
	"slices"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

// TestCrossChecks: what a job says against what its volume says.
func TestCrossChecks(t *testing.T) {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	v := fixtures.NewVolume(fixtures.Options{Journal: true})
	v.Mkdir(`\Windows\System32\Tasks`, at)
	v.Create(`\Windows\System32\Tasks\Sound`, []byte("<Task/>"), at)
	v.Create(`\Windows\Tasks\Sound.job`, fixtures.Job{App: `C:\tool.exe`}.Bytes(), at)
	v.Create(`\Windows\Tasks\Dropped.job`, fixtures.Job{App: `C:\tool.exe`, Product: 0x0501}.Bytes(), at)
	v.Create(`\Windows\Tasks\CCleanerCrashReporting.job`, fixtures.Job{App: `C:\Users\Public\evil.exe`}.Bytes(), at)
	v.Create(`\Users\ann\body.dat`, fixtures.Job{App: `C:\tool.exe`}.Bytes(), at)
	v.Link(`\Users\ann\body.dat`, `\Windows\Tasks\Linked.job`, at)
	findings, _ := jsonReport(t, "finding", "scan", writeImage(t, v.Build()))
	want := map[string][]string{
		`\Windows\Tasks\Sound.job`:                  nil,
		`\Windows\Tasks\Dropped.job`:                {"no_xml_twin", "product_older_than_windows"},
		`\Windows\Tasks\CCleanerCrashReporting.job`: {"no_xml_twin", "imitates_updater"},
		`\Windows\Tasks\Linked.job`:                 {"hard_linked", "no_xml_twin"},
	}
	if len(findings) != len(want) {
		t.Errorf("got %d findings, want %d", len(findings), len(want))
	}
	for _, f := range findings {
		var got []string
		for _, a := range f.Jobscan.Anomalies {
			got = append(got, a.Code)
		}
		if w := want[noDrive(f.File.Path)]; !slices.Equal(got, w) {
			t.Errorf("%s: got %v, want %v", f.File.Path, got, w)
		}
	}
}
