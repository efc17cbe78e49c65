package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

const (
	operationalLog = `\Windows\System32\winevt\Logs\Microsoft-Windows-TaskScheduler%4Operational.evtx`
	securityLog    = `\Windows\System32\winevt\Logs\Security.evtx`
)

// may1 is a time of day of 2024-05-01.
func may1(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, "2024-05-01 "+s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// told is a report as far as these tests look at it.
type told struct {
	events    []string // executions: time, path, source of each support
	artifacts []string
	problems  []string
	code      int
}

// tell runs a command on a volume and reads its report.
func tell(t *testing.T, command string, v *fixtures.Volume, flags ...string) told {
	t.Helper()
	var out, errs bytes.Buffer
	args := append([]string{command, "--format", "jsonl"}, flags...)
	r := told{code: run(context.Background(), append(args, writeImage(t, v.Build())), nil, &out, &errs)}
	if r.code == exitFailure {
		t.Fatal(errs.String())
	}
	for line := range strings.Lines(out.String()) {
		var d struct {
			Type, Message, Source string
			Severity              string
			Timestamp             string `json:"@timestamp"`
			Event                 struct{ Action string }
			File                  struct{ Path, Inode string }
			Process               any
			Jobscan               struct {
				Support []struct{ Source, Detail string }
				Events  []json.RawMessage
			}
			Volumes []struct{ Artifacts []string }
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		switch d.Type {
		case "event":
			if d.Event.Action == "execution" {
				if d.Process != nil {
					t.Errorf("an execution names the writer of the file: %v", d.Process)
				}
				r.events = append(r.events, fmt.Sprintf("%s %s %s %s", d.Timestamp[11:19], noDrive(d.File.Path), d.File.Inode, d.Jobscan.Support[0].Source))
			}
		case "finding":
			for _, e := range d.Jobscan.Events {
				r.events = append(r.events, string(e))
			}
		case "problem":
			r.problems = append(r.problems, d.Severity+" "+d.Source+" "+d.Message)
		case "summary":
			r.artifacts = d.Volumes[0].Artifacts
		}
	}
	return r
}

func TestEventLogsJoinJobs(t *testing.T) {
	clock := func(s string) time.Time { return may1(t, s) }
	ran := func(at, task string, n byte) []fixtures.LogEvent {
		return fixtures.TaskRun(clock(at), task, `C:\x.exe`, "SYSTEM", 1, 0, fixtures.GUID{n})
	}
	v := fixtures.NewVolume(fixtures.Options{Journal: true})
	v.Create(`\Windows\Tasks\Twice.job`, fixtures.Job{App: "a.exe"}.Bytes(), clock("10:00:00"))
	v.Delete(`\Windows\Tasks\Twice.job`, clock("11:00:00"))
	v.Create(`\Windows\Tasks\Twice.job`, fixtures.Job{App: "b.exe"}.Bytes(), clock("12:00:00"))
	v.Create(`\Windows\Tasks\Moved.job`, fixtures.Job{App: "c.exe"}.Bytes(), clock("12:10:00"))
	v.Rename(`\Windows\Tasks\Moved.job`, `\Windows\Tasks\New.job`, clock("12:20:00"))
	v.Create(`\Users\ann\Elsewhere.job`, fixtures.Job{App: "d.exe"}.Bytes(), clock("12:30:00"))
	var log []fixtures.LogEvent
	for i, run := range [][2]string{
		{"09:00:00", `\Twice`}, {"10:30:00", `\TWICE`}, {"11:00:30", `\Twice`}, {"11:30:00", `\Twice`}, {"12:30:00", `\Twice`},
		{"12:15:00", `\Moved`}, {"12:15:00", `\New`}, {"12:25:00", `\New`}, {"12:45:00", `\Elsewhere`}, {"12:50:00", `\folder\Twice`},
		{"13:00:00", `\Fresh`}, {"08:00:00", `\Fresh`},
	} {
		log = append(log, ran(run[0], run[1], byte(i))...)
	}
	v.Create(operationalLog, fixtures.EventLog(fixtures.LogOptions{}, log...), clock("14:00:00"))
	v.Create(securityLog, fixtures.EventLog(fixtures.LogOptions{},
		fixtures.AuditEvent(4698, clock("12:59:00"), `\Fresh`, fixtures.TaskDefinition("1.1", `C:\x.exe`))), clock("14:00:01"))
	v.Create(`\Users\ann\Security.evtx`, fixtures.EventLog(fixtures.LogOptions{},
		fixtures.AuditEvent(4698, clock("12:59:00"), `\At99`, "")), clock("14:00:02"))

	got := tell(t, "timeline", v)
	inodes := make(map[string]string) // of the two files Twice.job
	for _, e := range got.events {
		f := strings.Fields(e)
		if len(f) == 4 {
			inodes[f[0]] = f[2]
		}
	}
	var plain []string
	for _, e := range got.events {
		f := strings.Fields(e)
		known := "known"
		if len(f) == 3 {
			known = "alone"
		}
		plain = append(plain, f[0]+" "+f[1]+" "+known)
	}
	want := []string{
		`09:00:00 \Windows\Tasks\Twice.job alone`,
		`10:30:00 \Windows\Tasks\Twice.job known`,
		`11:00:30 \Windows\Tasks\Twice.job known`,
		`11:30:00 \Windows\Tasks\Twice.job alone`,
		`12:15:00 \Windows\Tasks\Moved.job known`,
		`12:15:00 \Windows\Tasks\New.job alone`,
		`12:25:00 \Windows\Tasks\New.job known`,
		`12:30:00 \Windows\Tasks\Twice.job known`,
		`13:00:00 \Windows\Tasks\Fresh.job alone`,
	}
	slices.Sort(plain)
	if !slices.Equal(plain, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(plain, "\n"), strings.Join(want, "\n"))
	}
	if inodes["10:30:00"] != inodes["11:00:30"] || inodes["10:30:00"] == inodes["12:30:00"] {
		t.Errorf("runs are given to the wrong file: %v", inodes)
	}
	if len(got.problems) > 0 {
		t.Errorf("problems: %q", got.problems)
	}
	all := strings.Join(got.artifacts, "\n")
	for _, want := range []string{`\Users\ann\Security.evtx: not read`, `\Fresh registered by HOST\ann: no trace of Fresh.job`} {
		if !strings.Contains(all, want) {
			t.Errorf("the summary does not say %q:\n%s", want, all)
		}
	}
	if strings.Contains(all, "At99") {
		t.Errorf("a log that lies elsewhere was read:\n%s", all)
	}
}

// TestFindingsHaveRuns: a finding lists the runs that the logs tell, and the
// summary those that no finding can.
func TestFindingsHaveRuns(t *testing.T) {
	v := fixtures.NewVolume(fixtures.Options{Journal: true})
	v.Create(`\Windows\Tasks\a.job`, fixtures.Job{App: "a.exe"}.Bytes(), may1(t, "10:00:00"))
	log := fixtures.TaskRun(may1(t, "10:30:00"), `\a`, `C:\a.exe`, "SYSTEM", 1, 0, fixtures.GUID{1})
	log = append(log, fixtures.TaskRun(may1(t, "10:40:00"), `\At3`, `C:\b.exe`, "SYSTEM", 2, 0, fixtures.GUID{2})...)
	v.Create(operationalLog, fixtures.EventLog(fixtures.LogOptions{}, log...), may1(t, "11:00:00"))
	got := tell(t, "scan", v)
	if all := strings.Join(got.events, "\n"); strings.Count(all, `"execution"`) != 1 || !strings.Contains(all, "C:\\\\a.exe") {
		t.Errorf("events of the finding:\n%s", all)
	}
	if all := strings.Join(got.artifacts, "\n"); strings.Count(all, `\At3 ran C:\b.exe, process 2`) != 1 {
		t.Errorf("artifacts:\n%s", all)
	}
}

// TestDeletedLog: a log that someone deleted still tells.
func TestDeletedLog(t *testing.T) {
	v := fixtures.NewVolume(fixtures.Options{Journal: true})
	v.Create(operationalLog, fixtures.EventLog(fixtures.LogOptions{}, fixtures.TaskRun(may1(t, "10:40:00"), `\At3`, `C:\b.exe`, "SYSTEM", 2, 0, fixtures.GUID{2})...), may1(t, "11:00:00"))
	v.Delete(operationalLog, may1(t, "12:00:00"))
	got := tell(t, "timeline", v)
	if len(got.events) != 1 || !strings.HasPrefix(got.events[0], `10:40:00 \Windows\Tasks\At3.job`) {
		t.Errorf("got %q", got.events)
	}
	if !strings.Contains(strings.Join(got.artifacts, "\n"), "Operational.evtx (deleted): records 1 to 5") {
		t.Errorf("artifacts %q", got.artifacts)
	}
}

// TestHostileEventLogs: whatever a log holds, the scan ends with its report; what
// could not be read is a warning.
func TestHostileEventLogs(t *testing.T) {
	log := fixtures.EventLog(fixtures.LogOptions{PerChunk: 5}, append(
		fixtures.TaskRun(may1(t, "10:00:00"), `\At3`, `C:\b.exe`, "SYSTEM", 2, 0, fixtures.GUID{2}),
		fixtures.TaskRun(may1(t, "11:00:00"), `\At4`, `C:\b.exe`, "SYSTEM", 2, 0, fixtures.GUID{3})...)...)
	const firstChunk, used = 4096, 4096
	random := rand.New(rand.NewPCG(1, 2))
	check := func(name string, b []byte, wantProblem bool) {
		v := fixtures.NewVolume(fixtures.Options{})
		v.Create(operationalLog, b, may1(t, "12:00:00"))
		got := tell(t, "timeline", v)
		if wantProblem && len(got.problems) == 0 {
			t.Errorf("%s: no problem is told", name)
		}
		for _, p := range got.problems {
			if !strings.HasPrefix(p, "warning task_scheduler ") {
				t.Errorf("%s: %s", name, p)
			}
		}
		if got.code != exitClean {
			t.Errorf("%s: exit code %d", name, got.code)
		}
	}
	for _, n := range []int{1, 127, 4096, 4097, 4608, 5000, 69632, len(log) - 64000} {
		check(fmt.Sprintf("cut at %d", n), log[:n], n%65536 != 4096)
	}
	for i := range 30 {
		b := bytes.Clone(log)
		for range 1 + i%8 {
			b[firstChunk+512+random.IntN(used)] ^= 1 << random.IntN(8)
		}
		check(fmt.Sprintf("flipped, %d", i), b, true)
	}
	b := bytes.Clone(log)
	for i := range b[firstChunk+512 : firstChunk+used] {
		if i%4 != 0 {
			b[firstChunk+512+i] = 0x0C // every token opens a template
		}
	}
	copy(b[firstChunk+3000:], "T\x00a\x00s\x00k\x00N\x00a\x00m\x00e\x00.\x00j\x00o\x00b\x00")
	check("templates without end", b, true)
}
