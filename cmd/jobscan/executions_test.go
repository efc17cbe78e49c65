package main

import (
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

// TestTimelineHasRuns: the scheduler's log and the jobs themselves tell of runs,
// the log also of a job that left no other trace. A run is no file event.
func TestTimelineHasRuns(t *testing.T) {
	clock := func(s string) time.Time {
		at, err := time.Parse(time.DateTime, "2024-05-01 "+s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	log := "\ufeff\"Task Scheduler Service\"\r\n\tStarted at 5/1/2024 8:00:00 AM\r\n" +
		"\"At1.job\" (powershell.exe)\r\n\tStarted 5/1/2024 1:37:00 PM\r\n" +
		"\"At1.job\" (powershell.exe)\r\n\tFinished 5/1/2024 1:37:04 PM\r\n\tResult: The task completed with an exit code of (0).\r\n" +
		"\"Vanished.job\" (evil.exe)\r\n\tStarted 5/13/2024 2:00:00 PM\r\n"
	v := fixtures.NewVolume(fixtures.Options{Journal: true})
	v.Create(`\Windows\Tasks\At1.job`, fixtures.Job{App: "powershell.exe", LastRun: clock("13:37:00")}.Bytes(), clock("13:35:00"))
	v.Create(`\Windows\Tasks\SchedLgU.txt`, utf16Bytes(log), clock("14:00:00"))

	events, code := jsonReport(t, "event", "timeline", writeImage(t, v.Build()))
	if code != exitFindings {
		t.Errorf("exit code %d", code)
	}
	var got []string
	for _, e := range events {
		if e.Event.Action == "execution" {
			got = append(got, e.Timestamp+" "+noDrive(e.File.Path)+" "+e.Jobscan.Verdict+" "+e.Jobscan.Support[0].Source+" "+e.Jobscan.Support[0].Detail)
		}
	}
	want := []string{
		`2024-05-01T13:37:00.0000000Z \Windows\Tasks\At1.job no_match job last run of the job file: powershell.exe, exit code 0x0`,
		`2024-05-01T13:37:00.0000000Z \Windows\Tasks\At1.job no_match schedlgu ran powershell.exe, started 5/1/2024 1:37:00 PM, finished 5/1/2024 1:37:04 PM, exit code 0`,
		`2024-05-13T14:00:00.0000000Z \Windows\Tasks\Vanished.job no_match schedlgu ran evil.exe, started 5/13/2024 2:00:00 PM`,
	}
	if len(got) != len(want) {
		t.Fatalf("got %d runs: %q", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("run %d:\ngot  %s\nwant %s", i, got[i], want[i])
		}
	}
}

// utf16Bytes encodes text of the basic plane as UTF-16LE.
func utf16Bytes(s string) []byte {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}
