package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

const oldSecurityLog = `\WINDOWS\system32\config\SecEvent.Evt`

// windowsXP is a volume on which two jobs were made, one of them was changed, and
// a third left no trace but in the Security log. Older events of the log are
// overwritten if its size is bounded.
func windowsXP(t *testing.T, o fixtures.OldLogOptions) *fixtures.Volume {
	clock := func(s string) time.Time { return may1(t, s) }
	v := fixtures.NewVolume(fixtures.Options{Journal: true})
	v.Create(`\WINDOWS\Tasks\At1.job`, fixtures.Job{App: "cmd.exe"}.Bytes(), clock("10:00:00"))
	v.Create(`\WINDOWS\Tasks\Backup.job`, fixtures.Job{App: "a.exe"}.Bytes(), clock("10:10:00"))
	v.Write(`\WINDOWS\Tasks\Backup.job`, fixtures.Job{App: "b.exe"}.Bytes(), clock("11:00:00"))
	var events []fixtures.OldLogEvent
	for range overwritten(o) {
		events = append(events, fixtures.SavedTask(clock("07:00:00"), `C:\WINDOWS\Tasks\At98.job`, "x.exe"))
	}
	log := fixtures.OldEventLog(o, append(events,
		fixtures.OldLogEvent{Source: "Security", ID: 528, Time: clock("08:00:00"), Strings: []string{"ann", "HOST"}},
		fixtures.SavedTask(clock("09:00:00"), `C:\WINDOWS\Tasks\Gone.job`, `C:\gone.exe`),
		fixtures.SavedTask(clock("10:00:01"), `C:\WINDOWS\Tasks\At1.job`, "cmd.exe"),
		fixtures.SavedTask(clock("10:30:00"), `C:\WINDOWS\Tasks\Backup.job`, "a.exe"),
		fixtures.SavedTask(clock("11:00:01"), `C:\WINDOWS\Tasks\Backup.job`, "b.exe"),
		fixtures.OldLogEvent{Source: "Security", ID: 538, Time: clock("12:00:00"), Strings: []string{"ann", "HOST"}})...)
	v.Create(oldSecurityLog, log, clock("12:30:00"))
	v.Create(`\Documents\SecEvent.Evt`, fixtures.OldEventLog(fixtures.OldLogOptions{},
		fixtures.SavedTask(clock("09:00:00"), `C:\WINDOWS\Tasks\At99.job`, "x.exe")), clock("12:31:00"))
	return v
}

func overwritten(o fixtures.OldLogOptions) int {
	if o.Size > 0 {
		return 20
	}
	return 0
}

// TestOldEventLogs: the Security log of Windows XP supports what happened to jobs,
// and tells of those that left no other trace.
func TestOldEventLogs(t *testing.T) {
	for name, o := range map[string]fixtures.OldLogOptions{
		"closed": {}, "not closed": {Dirty: true}, "wrapped": {Size: 2048, Dirty: true},
	} {
		image := writeImage(t, windowsXP(t, o).Build())
		var out, errs bytes.Buffer
		if code := run(context.Background(), []string{"timeline", "--format", "jsonl", image}, nil, &out, &errs); code == exitFailure {
			t.Fatal(errs.String())
		}
		said := make(map[string]string) // action and path to what the log says
		var artifacts string
		for line := range strings.Lines(out.String()) {
			var d struct {
				Type    string
				Event   struct{ Action string }
				File    struct{ Path string }
				Process any
				Jobscan struct {
					Support []struct{ Source, Detail, Time string }
				}
				Volumes []struct{ Artifacts []string }
			}
			if err := json.Unmarshal([]byte(line), &d); err != nil {
				t.Fatal(err)
			}
			for _, s := range d.Jobscan.Support {
				if s.Source == "security" {
					said[d.Event.Action+" "+noDrive(d.File.Path)] += s.Time + " " + s.Detail
				}
			}
			switch {
			case d.Type == "problem" || d.Process != nil:
				t.Errorf("%s: %s", name, line)
			case d.Type == "summary":
				artifacts = strings.Join(d.Volumes[0].Artifacts, "\n")
			}
		}
		const words = `, triggers: At 1:37 PM on 5/1/2024; account: HOST\SYSTEM (event 602, record `
		number := func(n int) string { return strconv.Itoa(n + overwritten(o)) }
		want := map[string]string{
			`creation \WINDOWS\Tasks\At1.job`:        `2024-05-01T10:00:01.0000000Z task C:\WINDOWS\Tasks\At1.job registered or changed by HOST\ann, cmd.exe` + words + number(3) + ` of SecEvent.Evt)`,
			`modification \WINDOWS\Tasks\Backup.job`: `2024-05-01T11:00:01.0000000Z task C:\WINDOWS\Tasks\Backup.job updated by HOST\ann, b.exe` + words + number(5) + ` of SecEvent.Evt)`,
		}
		for key, text := range want {
			if said[key] != text {
				t.Errorf("%s: %s\ngot  %s\nwant %s", name, key, said[key], text)
			}
		}
		if len(said) != len(want) {
			t.Errorf("%s: the log supports %v", name, said)
		}
		for _, want := range []string{
			`system32\config\SecEvent.Evt: records ` + number(1) + ` to ` + number(6) + `, from 2024-05-01T08:00:00.0000000Z to 2024-05-01T12:00:00.0000000Z`,
			`2024-05-01T09:00:00.0000000Z task C:\WINDOWS\Tasks\Gone.job registered or changed by HOST\ann, C:\gone.exe` +
				strings.Replace(words, " (", ": no trace of Gone.job (", 1) + number(2) + ` of SecEvent.Evt)`,
			`Backup.job registered or changed by HOST\ann, a.exe, triggers: At 1:37 PM on 5/1/2024; account: HOST\SYSTEM: nothing happened to Backup.job within a minute`,
			`\Documents\SecEvent.Evt: not read`,
		} {
			if !strings.Contains(artifacts, want) {
				t.Errorf("%s: the summary does not say %q:\n%s", name, want, artifacts)
			}
		}
		if strings.Contains(artifacts, "At9") {
			t.Errorf("%s: the summary tells of what is overwritten or lies elsewhere:\n%s", name, artifacts)
		}
	}
}

// TestDeletedOldLog: a log that someone deleted still tells.
func TestDeletedOldLog(t *testing.T) {
	v := windowsXP(t, fixtures.OldLogOptions{})
	v.Delete(oldSecurityLog, may1(t, "13:00:00"))
	got := tell(t, "timeline", v)
	all := strings.Join(got.artifacts, "\n")
	if !strings.Contains(all, "SecEvent.Evt (deleted): records 1 to 6") || !strings.Contains(all, "no trace of Gone.job") || len(got.problems) > 0 {
		t.Errorf("%s\n%q", all, got.problems)
	}
}

// TestHostileOldLogs: whatever a log holds, the scan ends with its report; what
// could not be read is a warning.
func TestHostileOldLogs(t *testing.T) {
	log := fixtures.OldEventLog(fixtures.OldLogOptions{},
		fixtures.SavedTask(may1(t, "09:00:00"), `C:\WINDOWS\Tasks\At3.job`, "a.exe"),
		fixtures.SavedTask(may1(t, "09:10:00"), `C:\WINDOWS\Tasks\At4.job`, "b.exe"))
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, len(log))
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	flipped := bytes.Clone(log)
	flipped[0x30+4] ^= 1
	for _, tt := range []struct {
		name, log, told string
		problems        int
	}{
		{"noise", string(noise), "no readable part", 2},
		{"signatures only", strings.Repeat("LfLe", 1<<15), "no readable part", 2},
		{"the first record lost", string(flipped), "no trace of At4.job", 1},
		{"cut", string(log[:0x30+100]), "no readable part", 1},
		{"nothing", "", "no readable part", 0},
	} {
		v := fixtures.NewVolume(fixtures.Options{Journal: true})
		v.Create(`\WINDOWS\Tasks\a.job`, fixtures.Job{App: "a.exe"}.Bytes(), may1(t, "10:00:00"))
		v.Create(oldSecurityLog, []byte(tt.log), may1(t, "11:00:00"))
		got := tell(t, "scan", v)
		if all := strings.Join(got.artifacts, "\n"); !strings.Contains(all, tt.told) || len(got.problems) != tt.problems || got.code != exitFindings {
			t.Errorf("%s: code %d, artifacts\n%s\nproblems %q", tt.name, got.code, all, got.problems)
		}
		for _, p := range got.problems {
			if !strings.HasPrefix(p, "warning security SecEvent.Evt: EVT ") {
				t.Errorf("%s: %s", tt.name, p)
			}
		}
	}
}
