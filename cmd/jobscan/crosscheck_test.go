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

// TestProductOfJob: the Windows that wrote a job against the one on the volume.
func TestProductOfJob(t *testing.T) {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		library []byte
		product uint16
		want    []string
	}{
		{"the same", fixtures.Library(6, 1, 7601, 17518), 0x0601, nil},
		{"older", fixtures.Library(6, 1, 7601, 17518), 0x0600, []string{"product_older_than_windows"}},
		{"newer", fixtures.Library(5, 1, 2600, 5512), 0x0601, []string{"product_newer_than_windows"}},
		{"much newer", fixtures.Library(5, 1, 2600, 5512), 0x0A00, []string{"product_newer_than_windows"}},
		{"no version", []byte("MZ"), 0x0A00, nil},
	}
	for _, tt := range tests {
		v := fixtures.NewVolume(fixtures.Options{Journal: true})
		v.Create(`\Windows\System32\NTDLL.DLL`, tt.library, at)
		v.Create(`\Windows\Tasks\x.job`, fixtures.Job{App: `C:\tool.exe`, Product: tt.product}.Bytes(), at)
		findings, _ := jsonReport(t, "finding", "scan", writeImage(t, v.Build()))
		if len(findings) != 1 {
			t.Errorf("%s: got %d findings", tt.name, len(findings))
			continue
		}
		var got []string
		for _, a := range findings[0].Jobscan.Anomalies {
			got = append(got, a.Code)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
