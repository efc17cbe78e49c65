package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/jobfile"
)

func sampleJob() fixtures.Job {
	return fixtures.Job{
		Product: 0x0501, UUID: "6e5c3f9a-2d1b-4c47-8e90-a1b2c3d4e5f6",
		App: `C:\WINDOWS\system32\calc.exe`, Params: "/q", Author: "Administrator",
		Status: 0x41300, LastRun: time.Date(2013, 7, 12, 15, 42, 0, 0, time.UTC),
		Flags: fixtures.JobDeleteWhenDone, ExitCode: 0xC0000005, MaxRunTime: 0xFFFFFFFF, StartError: 0x8007052E,
		Triggers: []fixtures.Trigger{
			{Begin: time.Date(2013, 7, 12, 15, 42, 0, 0, time.UTC), Type: fixtures.TriggerDaily, A: 1, Duration: 1440, Interval: 60},
			{Begin: time.Date(2013, 7, 12, 9, 5, 0, 0, time.UTC), End: time.Date(2014, 1, 2, 0, 0, 0, 0, time.UTC), Type: fixtures.TriggerMonthlyDOW, A: 5, B: 0x22, C: 0x801},
		},
	}
}

func jsonLine(t *testing.T, d Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJSONLine(&b, d.Dict); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The fields that readers rely on, in their order, with their types.
func TestJobDict(t *testing.T) {
	j, err := jobfile.Parse(sampleJob().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got := jsonLine(t, JobDocument(j, "x.job"))
	want := `{"type":"job","file":"x.job","application":"C:\\WINDOWS\\system32\\calc.exe","parameters":"/q","working_directory":null,` +
		`"author":"Administrator","comment":null,"command_line":"C:\\WINDOWS\\system32\\calc.exe /q","uuid":"6e5c3f9a-2d1b-4c47-8e90-a1b2c3d4e5f6",` +
		`"product":"0501","product_name":"Windows XP","file_version":1,"priority":"normal","max_run_time_ms":null,"idle_wait_minutes":10,` +
		`"idle_deadline_minutes":60,"error_retry_count":0,"error_retry_interval_minutes":0,"exit_code":3221225477,"status":{"code":267008,"name":"READY"},` +
		`"flags":["DELETE_WHEN_DONE","APPLICATION_NAME"],"flags_raw":16777218,"last_run":"2013-07-12T15:42:00.000","running_instances":0,"user_data_size":0,"start_error":2147943726,` +
		`"triggers":[{"type":"DAILY","begin":"2013-07-12","end":null,"start_time":"15:42","interval_minutes":60,"duration_minutes":1440,"flags":[],` +
		`"days_interval":1,"weeks_interval":null,"weekdays":[],"days":[],"week":null,"months":[],` +
		`"text":"At 15:42 every day, repeated every 1 hour for 1 day, from 2013-07-12","offset":186},` +
		`{"type":"MONTHLYDOW","begin":"2013-07-12","end":"2014-01-02","start_time":"09:05","interval_minutes":0,"duration_minutes":0,"flags":["HAS_END_DATE"],` +
		`"days_interval":null,"weeks_interval":null,"weekdays":["Monday","Friday"],"days":[],"week":"last","months":["January","December"],` +
		`"text":"At 09:05 on the last Monday and Friday of January and December, from 2013-07-12, until 2014-01-02","offset":234}],` +
		`"signature":"absent","size":282,"trailing_bytes":0,"complete":true,"loadable":true,"error":null,"anomalies":[`
	if !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !strings.Contains(got, `}],"recovered_from":"file","application_sequential":null,`) {
		t.Errorf("recovered_from is not behind the anomalies, before the extensions:\n%s", got)
	}
}

// Nothing that was not read has a value; what is present and empty is no null.
func TestJobDictOfDamage(t *testing.T) {
	tests := []struct {
		name     string
		b        []byte
		want     []string
		unwanted []string
	}{
		{"no job", []byte("MZ\x90\x00\x03"), []string{`"application":null`, `"uuid":null`, `"product":null`, `"status":null`, `"flags":null`, `"last_run":null`,
			`"triggers":null`, `"signature":null`, `"complete":false`, `"loadable":false`, `"code":"not_a_job"`,
			`"error":{"structure":"fixed section","field":"product version","offset":0,`}, nil},
		{"cut in the header", sampleJob().Bytes()[:40], []string{`"product":"0501"`, `"priority":"normal"`, `"exit_code":null`, `"status":null`, `"user_data_size":null`}, nil},
		{"cut in the application", sampleJob().Bytes()[:80], []string{`"exit_code":3221225477`, `"running_instances":0`, `"application":"C:\\W"`, `"parameters":null`, `"triggers":null`}, nil},
		{"cut in a trigger", sampleJob().Bytes()[:260], []string{`"user_data_size":0`, `"trigger_count":2`, `"type":"DAILY"`, `"signature":null`}, []string{`"type":"MONTHLYDOW"`}},
	}
	for _, tt := range tests {
		j, _ := jobfile.ParsePrefix(tt.b)
		got := jsonLine(t, JobDocument(j, "x"))
		for _, w := range tt.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %s in\n%s", tt.name, w, got)
			}
		}
		for _, w := range tt.unwanted {
			if strings.Contains(got, w) {
				t.Errorf("%s: %s in\n%s", tt.name, w, got)
			}
		}
	}
}

func TestJobDictOfOddValues(t *testing.T) {
	b := sampleJob().Bytes()
	copy(b[52:], []byte{0xE7, 7, 13, 0}) // month 13
	copy(b[32:], []byte{0x60, 0})
	copy(b[44:], []byte{0x99, 0x99})
	j, err := jobfile.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	got := jsonLine(t, JobDocument(j, "x"))
	for _, w := range []string{`"last_run":null`, `"last_run_raw":[2023,13,`, `"priority":null`, `"priority_raw":96`, `"status":{"code":301465,"name":null}`} {
		if !strings.Contains(got, w) {
			t.Errorf("no %s in\n%s", w, got)
		}
	}
}

func TestCarvedDocument(t *testing.T) {
	data := append(make([]byte, 77), sampleJob().Bytes()...)
	for c, err := range jobfile.Carve(bytes.NewReader(data), int64(len(data))) {
		if err != nil {
			t.Fatal(err)
		}
		d := CarvedDocument(c, "image")
		SetNextRuns(d, c.Job.NextRuns(jobfile.LocalTime{Year: 2013, Month: 7, Day: 12, Hour: 15}, 2))
		got := jsonLine(t, d)
		if !strings.HasPrefix(got, `{"type":"job","file":"image","offset":77,"application":`) ||
			!strings.Contains(got, `"in_file_record":false,"fixups_undone":false,"needs_fixups":false,"head_lost":false,"next_runs":["2013-07-12T15:42:00.000","2013-07-12T16:42:00.000"]}`) {
			t.Errorf("got %s", got)
		}
	}
}

func TestJobColumns(t *testing.T) {
	j, _ := jobfile.Parse(sampleJob().Bytes())
	d := JobDocument(j, "x.job")
	got := map[string]string{}
	for _, c := range JobColumns() {
		got[c.Name] = c.Get(d)
	}
	for name, want := range map[string]string{
		"file": "x.job", "offset": "", "status.name": "READY", "flags": "DELETE_WHEN_DONE; APPLICATION_NAME", "max_run_time_ms": "", "complete": "true", "error": "",
		"triggers": "At 15:42 every day, repeated every 1 hour for 1 day, from 2013-07-12; " +
			"At 09:05 on the last Monday and Friday of January and December, from 2013-07-12, until 2014-01-02",
		"anomalies": "exit_code_ntstatus; start_error_logon_failure",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}
