package jobfile

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

// corpusJob is what a real or made file of the corpus has to give.
type corpusJob struct {
	file                           string
	product, uuid                  string
	app, par, dir, author, comment string // "-": absent
	status, startError             Status
	flags                          string
	lastRun                        string
	signature                      SignatureState
	triggers                       []string
	codes                          string
}

func corpusJobs() []corpusJob {
	const wineSystem = `C:\windows\system32\`
	const google = "Keeps your Google software up to date. If this task is disabled or stopped, your Google software will not be kept up to date, " +
		"meaning security vulnerabilities that may arise cannot be fixed and features may not work. This task uninstalls itself when there is no Google software using it."
	xp := "DONT_START_IF_ON_BATTERIES|KILL_IF_GOING_ON_BATTERIES|APPLICATION_NAME"
	wine := corpusJob{product: "0601", app: wineSystem + "notepad.exe", par: "-", dir: "-", author: "a", comment: "-",
		status: 0x41303, startError: 0x1D0FFF, lastRun: "never", signature: SignatureZero, codes: "written_by_wine"}
	made := corpusJob{product: "0501", uuid: "6e5c3f9a-2d1b-4c47-8e90-a1b2c3d4e5f6", app: `C:\WINDOWS\system32\calc.exe`, par: "-", dir: `C:\WINDOWS\system32`,
		author: "Administrator", comment: "-", status: 0x41303, startError: 0x41303, flags: xp, lastRun: "never",
		triggers: []string{"At 09:00 every day, from 2023-05-11"}}
	with := func(c corpusJob, change func(c *corpusJob)) corpusJob {
		change(&c)
		return c
	}
	return []corpusJob{
		{"plaso_wintask.job", "0601", "0df2cfeb-5293-41e9-a45e-733720c2e1fa", `C:\Program Files (x86)\Google\Update\GoogleUpdate.exe`,
			"/ua /installsource scheduler", "-", "Brian", google, 0x41300, 0, "APPLICATION_NAME", "2013-08-24T12:42:00.112", SignatureAbsent,
			[]string{"At 15:42 every day, repeated every 1 hour for 1 day, from 2013-07-12"}, ""},
		{"sandboxescaper_Bear.job", "0501", "13c53d69-2b1e-43d5-aac6-e6ad5d5a3165", `C:\WINDOWS\system32\mspaint.exe`, "-", `C:\WINDOWS\system32`,
			"Administrator", "-", 0x41303, 0x41303, xp, "never", SignatureAbsent, []string{"At 18:49 every day, from 2019-04-18"}, ""},
		{"artemis-At1.job", "0A00", "01402ff8-7371-4bba-a728-a7d4f012d5c6", "cmd.exe", "-", "-", `WORKGROUP\DESKTOP-EIS938N$`, "Created by NetScheduleJobAdd.",
			0x41303, 0x41303, "DELETE_WHEN_DONE|APPLICATION_NAME", "never", SignaturePresent, []string{"At 00:00 on 2023-08-01"}, "at_job at_job_after_windows_7"},
		{"dissect-AtTask.job", "0501", "", `C:\WINDOWS\NOTEPAD.EXE`, "-", `C:\Documents and Settings\John`, "user1", "At job task for testing purposes",
			0x41300, 0, "DELETE_WHEN_DONE|START_ONLY_IF_IDLE|KILL_ON_IDLE_END|" + strings.Replace(xp, "|APP", "|SYSTEM_REQUIRED|RUN_ONLY_IF_LOGGED_ON|APP", 1),
			"2023-05-21T10:44:25.794", SignatureAbsent, []string{
				"At 13:37 every 3 days, repeated every 12 minutes for 13 hours 15 minutes, then stopped, from 2023-05-11, until 2023-05-12",
				"At 13:37 on the second Wednesday of June and September, repeated every 1 minute for 12 hours 13 minutes, then stopped, from 2023-05-11, until 2023-05-20",
				"At 19:30 every week on Monday, Wednesday and Friday, repeated every 10 minutes for 1 hour, then stopped, from 2023-05-23, until 2023-05-27",
				"At 14:45 on day 15 of March, May, June, July, August and October, repeated every 17 minutes for 4 hours 44 minutes, then stopped, from 2023-05-23, until 2023-05-29",
			}, "minute_repetition minute_repetition minute_repetition minute_repetition run_only_if_logged_on"},
		{"winxp-11175-XP_EOS_Monthly.job", "0501", "", `C:\WINDOWS\system32\xp_eos.exe`, "-", "-", "BAI", "-", 0x41300, 0, "RUN_ONLY_IF_LOGGED_ON|APPLICATION_NAME",
			"2015-11-30T11:04:09.578", SignatureAbsent, []string{"At 15:00 on day 8 of every month, from 2014-03-08"}, "run_only_if_logged_on"},
		{"winxp-12276-XP_EOS_Logon.job", "0501", "", `C:\WINDOWS\system32\xp_eos.exe`, "-c", "-", "BAI", "-", 0x41300, 0, "RUN_ONLY_IF_LOGGED_ON|APPLICATION_NAME",
			"2015-11-30T14:58:52.543", SignatureAbsent, []string{"At logon, from 2014-03-08"}, "starts_at_logon_or_startup run_only_if_logged_on"},
		{"xw-587-ISP_signup_reminder_1.job", "0501", "", `C:\WINDOWS\system32\OOBE\oobebaln.exe`, "/sys /i /n:1", "-", "SYSTEM", "-", 0x41300, 0, "APPLICATION_NAME",
			"2006-01-03T17:45:00.000", SignatureAbsent, []string{"At 00:00 on 2006-01-03, repeated every 15 minutes for 1 day"}, "minute_repetition author_system_outside_at"},
		{"xw-588-Microsoft_Office_Word_2003.job", "0501", "", `C:\Documents and Settings\All Users\Start Menu\Programs\Microsoft Office\Microsoft Office Word 2003.lnk`, "-",
			`C:\Documents and Settings\All Users\Start Menu\Programs\Microsoft Office`, "admin", "No comment", 0x41303, 0x41303, xp, "never", SignatureAbsent,
			[]string{"At 22:22 every week on Thursday, from 2008-02-25"}, ""},
		with(made, func(c *corpusJob) {
			c.file, c.par = "synthetic_app_offset_differential.job", `C:\WINDOWS\Temp\evil.exe`
			c.app = c.par
			c.codes = "application_offset_not_70 application_differs user_writable_path user_writable_path"
		}),
		with(made, func(c *corpusJob) {
			c.file, c.par, c.codes = "synthetic_par_embedded_nul.job", "/quiet", "data_after_nul"
		}),
		with(made, func(c *corpusJob) { c.file, c.codes = "synthetic_trailing_payload.job", "trailing_data" }),
		with(made, func(c *corpusJob) { c.file = "synthetic_userdata_600.job" }),
		with(made, func(c *corpusJob) {
			c.file, c.product, c.app, c.dir, c.author, c.comment = "synthetic_signed.job", "0601", "cmd.exe", "-", "SYSTEM", "Created by NetScheduleJobAdd."
			c.flags, c.signature, c.triggers, c.codes = "DELETE_WHEN_DONE|APPLICATION_NAME", SignaturePresent, []string{"At 09:00 on 2023-05-11"}, "at_job"
		}),
		with(wine, func(c *corpusJob) {
			c.file, c.app, c.author, c.comment, c.flags = "wine_At23.job", wineSystem+"cmd.exe", "Wine", "Created by Wine", "INTERACTIVE|DELETE_WHEN_DONE"
			c.codes = "written_by_wine day_mask_empty interactive"
			c.triggers = []string{"At 08:13 on (no day) of every month, from 2026-11-24, until 2026-11-24"}
		}),
		with(wine, func(c *corpusJob) {
			c.file, c.app, c.par, c.dir, c.author, c.comment = "wine_R_exit3.job", wineSystem+"cmd.exe", "/c exit 3", `C:\windows`, "svc_backup", "executed once by Wine schedsvc"
			c.status, c.lastRun, c.codes = 0x41306, "2026-11-24T03:13:57.959", "written_by_wine script_interpreter"
			c.triggers = []string{"At 03:04 every week on Sunday, from 2020-01-02"}
		}),
		with(wine, func(c *corpusJob) {
			c.file, c.app, c.par, c.dir, c.author, c.comment, c.status = "wine_W_empty.job", "", "", "", "", "", 0x41305
			c.triggers, c.codes = []string{"At 08:12 every day, from 2026-11-24 (trigger disabled)"}, "application_empty written_by_wine author_empty"
		}),
		with(wine, func(c *corpusJob) {
			c.file, c.status, c.par, c.dir, c.comment = "wine_W_notrigger.job", 0x41305, "", "", ""
			c.triggers = []string{"At 08:12 every day, from 2026-11-24 (trigger disabled)"}
		}),
		with(wine, func(c *corpusJob) {
			c.file, c.par, c.dir, c.comment = "wine_W_multi8_alltypes.job", "all", "", ""
			c.triggers = []string{"At 01:00 on 2025-01-01", "At 01:01 every 7 days, from 2025-01-01", "At 01:02 every 4 weeks on Sunday, from 2025-01-01",
				"At 01:03 on every day of January, from 2025-01-01",
				"At 01:04 on the first Sunday, Monday, Tuesday, Wednesday, Thursday, Friday and Saturday of December, from 2025-01-01",
				"When the computer becomes idle, from 2025-01-01", "At system startup, from 2025-01-01", "At logon, from 2025-01-01"}
			c.codes = "written_by_wine starts_at_logon_or_startup starts_at_logon_or_startup"
		}),
		with(wine, func(c *corpusJob) {
			c.file, c.app, c.par, c.dir, c.author, c.comment = "wine_W_unicode_日本語.job", `C:\Users\Жук\Über.exe`, `--名前=👾 "€"`, `C:\作業`, "Αδαμ", "surrogates 🔥 and \u202e bidi"
			c.triggers, c.codes = []string{"At 23:59 every day, from 2024-12-31"}, "bidi_control written_by_wine"
		}),
		with(wine, func(c *corpusJob) {
			c.file, c.par, c.dir, c.comment = "wine_W_userdata.job", "", "", ""
			c.triggers = []string{"At 01:01 on 2024-12-31"}
		}),
	}
}

func TestCorpus(t *testing.T) {
	files := corpusFiles()
	if len(files) == 0 {
		t.Skip("JOBSCAN_CORPUS is not set: no real job files to decode")
	}
	for _, want := range corpusJobs() {
		b, ok := files[want.file]
		if !ok {
			t.Errorf("%s is not in the corpus", want.file)
			continue
		}
		j, err := Parse(b)
		if err != nil {
			t.Errorf("%s: %v", want.file, err)
			continue
		}
		text := func(s String) string {
			if !s.Present {
				return "-"
			}
			return s.Value
		}
		got := corpusJob{want.file, j.Product.String(), j.UUID.String(), text(j.Application), text(j.Parameters), text(j.WorkingDirectory),
			text(j.Author), text(j.Comment), j.Status, j.StartError, strings.Join(j.Flags.Names(), "|"), j.LastRun.String(), j.Signature.State, nil, strings.Join(codes(j), " ")}
		for _, trig := range j.Triggers {
			got.triggers = append(got.triggers, trig.Text())
		}
		if want.uuid == "" {
			got.uuid = ""
		}
		compareCorpus(t, got, want)
		if ok, why := j.Loadable(); !ok {
			t.Errorf("%s: not loadable: %s", want.file, why)
		}
	}
}

func compareCorpus(t *testing.T, got, want corpusJob) {
	t.Helper()
	if slices.Equal(got.triggers, want.triggers) {
		got.triggers, want.triggers = nil, nil
	}
	g, _ := json.MarshalIndent(dump(got), "", " ")
	w, _ := json.MarshalIndent(dump(want), "", " ")
	if string(g) != string(w) {
		t.Errorf("%s:\ngot  %s\nwant %s", want.file, g, w)
	}
}

func dump(c corpusJob) []any {
	return []any{c.product, c.uuid, c.app, c.par, c.dir, c.author, c.comment, c.status, c.startError, c.flags, c.lastRun, c.signature, c.triggers, c.codes}
}

func TestCorpusDamaged(t *testing.T) {
	files := corpusFiles()
	if len(files) == 0 {
		t.Skip("JOBSCAN_CORPUS is not set: no damaged job files to decode")
	}
	j, err := ParsePrefix(files["synthetic_cut_100.job"])
	if err == nil || j.Complete || j.Application.Value != `C:\WINDOWS\sys` || j.Err.Field != "application name" || j.Err.Offset != 72 {
		t.Errorf("cut: got %q, %v", j.Application.Value, err)
	}
	for name, size := range map[string]int{"synthetic_userdata_600.job": 600, "wine_W_userdata.job": 16, "plaso_wintask.job": 0} {
		if j := mustParse(t, files[name]); len(j.UserData) != size {
			t.Errorf("%s: got %d bytes of user data, want %d", name, len(j.UserData), size)
		}
	}
	j, err = ParsePrefix(files["synthetic_trigger_count_lies.job"])
	if err == nil || j.Complete || j.TriggerCount != 0xFFFF || len(j.Triggers) != 1 {
		t.Errorf("lying count: got %d of %d triggers, %v", len(j.Triggers), j.TriggerCount, err)
	}
	for name, b := range files {
		checkInvariants(t, b)
		for n := range b {
			if _, err := Parse(b[:n]); err == nil && n < len(b)-signatureSize-41 {
				t.Errorf("%s cut to %d of %d bytes is no error", name, n, len(b))
			}
		}
	}
}

// What the tests of other parsers say of three of the files.
func TestThirdPartyValues(t *testing.T) {
	b := corpus.Bytes(t, "ntfs/jobs/third_party_values.json")
	var values map[string]map[string]any
	if err := json.Unmarshal(b, &values); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for name, v := range values {
		raw, ok := corpusFiles()[name]
		if !ok {
			continue
		}
		j := mustParse(t, raw)
		got := map[string]string{
			"application": j.Application.Value, "application_name": j.Application.Value, "parameters": j.Parameters.Value,
			"username": j.Author.Value, "author": j.Author.Value, "last_run_time": j.LastRun.String(), "last_run_date": j.LastRun.String(),
			"description": j.Comment.Value, "comments": j.Comment.Value, "job_id": j.UUID.String(), "priority": j.Priority.String(),
		}
		for key, want := range v {
			if g, ok := got[key]; ok {
				checked++
				if g != want {
					t.Errorf("%s: %s: got %q, want %q", name, key, g, want)
				}
			}
		}
	}
	if checked < 12 {
		t.Errorf("only %d values were compared", checked)
	}
	j := mustParse(t, corpusFiles()["dissect-AtTask.job"])
	if j.IdleWait != 15 || j.IdleDeadline != 60 || j.MaxRunTime.String() != "3 days" || j.Flags&FlagSystemRequired == 0 || j.Flags&(FlagHidden|FlagDisabled) != 0 {
		t.Errorf("dissect-AtTask.job: got idle %d/%d, %s, %v", j.IdleWait, j.IdleDeadline, j.MaxRunTime, j.Flags.Names())
	}
	j = mustParse(t, corpusFiles()["plaso-wintask.job"])
	if tr := j.Triggers[0]; tr.Type != Daily || tr.HasEnd() || tr.Begin.String() != "2013-07-12" || tr.Hour != 15 || tr.Minute != 42 || !j.MaxRunTime.Unlimited() {
		t.Errorf("plaso-wintask.job: got trigger %+v, %s", tr, j.MaxRunTime)
	}
}
