package jobfile

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func codes(j *Job) []string {
	out := []string{}
	for _, a := range j.Anomalies {
		out = append(out, a.Code)
	}
	return out
}

// anomalyCase is one change to a plain job, and what is to be said of it.
type anomalyCase struct {
	name    string
	change  func(x *jobSpec)
	want    string // codes, joined by spaces
	refused bool   // by Windows Vista and later
}

var (
	someDay = [3]uint16{2023, 5, 11}
	noDay   = [3]uint16{}
)

// withTrigger replaces the trigger of the plain job.
func withTrigger(b []byte) func(x *jobSpec) {
	return func(x *jobSpec) { x.triggers = [][]byte{b} }
}

func run(app, par string) func(x *jobSpec) {
	return func(x *jobSpec) { x.app, x.par = wide(app), wide(par) }
}

func headerCases() []anomalyCase {
	return []anomalyCase{
		{"file version", func(x *jobSpec) { x.version = 2 }, "file_version", true},
		{"unknown product", func(x *jobSpec) { x.product = 0x0700 }, "product_unknown", false},
		{"zero UUID", func(x *jobSpec) { x.uuid = make([]byte, 16) }, "uuid_zero", false},
		{"UUID of another version", func(x *jobSpec) {
			x.uuid = append(append([]byte{}, testUUID[:7]...), append([]byte{0x11}, testUUID[8:]...)...)
		}, "uuid_not_version_4", false},
		{"two priorities", func(x *jobSpec) { x.priority = 0x60 }, "priority_invalid", false},
		{"realtime", func(x *jobSpec) { x.priority = 0x100 }, "priority_realtime", false},
		{"crash", func(x *jobSpec) { x.exitCode = 0xC0000005 }, "exit_code_ntstatus", false},
		{"status", func(x *jobSpec) { x.status = 0x41309 }, "status_unknown", false},
		{"gap bit", func(x *jobSpec) { x.flags |= 8 }, "flags_unknown", false},
		{"hidden", func(x *jobSpec) { x.flags |= 0x200 }, "hidden", false},
		{"interactive", func(x *jobSpec) { x.flags |= 1 }, "interactive", false},
		{"logged on", func(x *jobSpec) { x.flags |= 0x2000 }, "run_only_if_logged_on", false},
		{"no date", func(x *jobSpec) { x.status, x.lastRun = 0x41300, [8]uint16{2023, 2, 0, 30} }, "last_run_invalid", false},
		{"wrong weekday", func(x *jobSpec) { x.status, x.lastRun = 0x41300, [8]uint16{2013, 8, 5, 24, 12, 42} }, "weekday_mismatch", false},
		{"never ran, yet did", func(x *jobSpec) { x.lastRun = [8]uint16{2013, 8, 6, 24, 12, 42} }, "has_not_run_with_last_run", false},
		{"ready without trigger", func(x *jobSpec) { x.status, x.triggers = 0x41300, nil }, "ready_without_enabled_trigger", false},
		{"ready, trigger disabled", func(x *jobSpec) {
			x.status = 0x41300
			x.triggers = [][]byte{triggerBytes(someDay, noDay, 9, 0, 0, 0, 4, 1, 1, 0)}
		}, "ready_without_enabled_trigger", false},
		{"trigger offset", func(x *jobSpec) { x.triggerOffset = 99 }, "trigger_offset_differs", false},
		{"reserved size", func(x *jobSpec) { x.reserved = x.reserved[:4] }, "reserved_size", true},
		{"logon failure", func(x *jobSpec) { x.reserved = []byte{0x2E, 5, 7, 0x80, 0, 0, 0, 0} }, "start_error_logon_failure", false},
		{"Wine", func(x *jobSpec) {
			x.reserved = []byte{0xFF, 0x0F, 0x1D, 0, 0, 0, 0, 0}
			x.tail = append([]byte{1, 0, 1, 0}, make([]byte, 64)...)
		}, "written_by_wine", false},
		{"program in user data", func(x *jobSpec) { x.userData = []byte("MZ\x90\x00") }, "user_data_executable", false},
		{"trailing zeros", func(x *jobSpec) { x.tail = make([]byte, 100) }, "trailing_data", false},
		{"trailing program", func(x *jobSpec) { x.tail = []byte("MZ\x90\x00") }, "trailing_data", false},
		{"trailing noise", func(x *jobSpec) { x.tail = noise(100, 9) }, "trailing_data", false},
	}
}

func stringCases() []anomalyCase {
	return []anomalyCase{
		{"no application", func(x *jobSpec) { x.app = nil }, "application_absent", true},
		{"empty application", func(x *jobSpec) { x.app = []uint16{0} }, "application_empty", false},
		{"application without NUL", func(x *jobSpec) { x.app = x.app[:len(x.app)-1] }, "application_unterminated", true},
		{"application of 260 characters", func(x *jobSpec) { x.app = wide(`C:\WINDOWS\` + strings.Repeat("a", 249)) }, "", false},
		{"application of 261 characters", func(x *jobSpec) { x.app = wide(`C:\WINDOWS\` + strings.Repeat("a", 250)) }, "application_too_long", true},
		{"application elsewhere, the same", func(x *jobSpec) {
			x.par = x.app
			x.appOffset = uint16(70 + 2 + 2*len(x.app))
		}, "application_offset_not_70", false},
		{"application elsewhere, another", func(x *jobSpec) {
			x.par = wide(`C:\WINDOWS\regedit.exe`)
			x.appOffset = uint16(70 + 2 + 2*len(x.app))
		}, "application_offset_not_70 application_differs", false},
		{"application nowhere", func(x *jobSpec) { x.appOffset = 0xFFF0 }, "application_offset_not_70 application_offset_unreadable", true},
		{"comment without NUL", func(x *jobSpec) { x.note = []uint16{'a'} }, "string_unterminated", false},
		{"hidden text", func(x *jobSpec) { x.note = []uint16{'a', 0, 'b', 0} }, "data_after_nul", false},
		{"surrogate", func(x *jobSpec) { x.note = []uint16{0xDC00, 0} }, "lone_surrogate", false},
		{"bidi", func(x *jobSpec) { x.note = wide("a\u202Eb") }, "bidi_control", false},
		{"escape", func(x *jobSpec) { x.note = wide("a\x1b[2Jb") }, "control_character", false},
		{"line breaks are fine", func(x *jobSpec) { x.note = wide("a\r\n\tb") }, "", false},
		{"author SYSTEM", func(x *jobSpec) { x.auth = wide(`NT AUTHORITY\SYSTEM`) }, "author_system_outside_at", false},
		{"author machine", func(x *jobSpec) { x.auth = wide(`WORKGROUP\HOST$`) }, "author_system_outside_at", false},
		{"author empty", func(x *jobSpec) { x.auth = wide("") }, "author_empty", false},
		{"author absent", func(x *jobSpec) { x.auth = nil }, "", false},
		{"AT job", func(x *jobSpec) { x.auth, x.note = wide("SYSTEM"), wide(atComment) }, "at_job", false},
		{"AT job on Windows 10", func(x *jobSpec) { x.product, x.note = 0x0A00, wide(atComment) }, "at_job at_job_after_windows_7", false},
	}
}

func programCases() []anomalyCase {
	const sys = `C:\WINDOWS\system32\`
	return []anomalyCase{
		{"cmd", run(sys+"cmd.exe", "/c dir"), "script_interpreter", false},
		{"cmd alone", run(sys+"cmd.exe", ""), "", false},
		{"cmd in one string", run("cmd /C whoami", ""), "script_interpreter", false},
		{"PowerShell", run("powershell.exe", "-File x.txt"), "script_interpreter", false},
		{"PowerShell encoded", run(sys+`WindowsPowerShell\v1.0\powershell.exe`, "-nop -eNc SQBFAFgA"), "encoded_command script_interpreter", false},
		{"script", run(`C:\WINDOWS\x.vbs`, ""), "script_interpreter", false},
		{"rundll32", run(sys+"rundll32.exe", "x.dll,y"), "system_binary_proxy", false},
		{"certutil behind cmd", run("cmd.exe", "/c certutil -urlcache"), "script_interpreter system_binary_proxy", false},
		{"msiexec, local", run(sys+"msiexec.exe", "/i x.msi"), "", false},
		{"msiexec, net", run(sys+"msiexec.exe", "/q /i http://x/y.msi"), "system_binary_proxy", false},
		{"deletes itself", func(x *jobSpec) { run("cmd", "/c x")(x); x.flags |= 2 }, "script_interpreter delete_when_done_interpreter", false},
		{"Temp", run(`C:\Windows\Temp\a.exe`, ""), "user_writable_path", false},
		{"AppData in parameters", run(sys+"net.exe", `use C:\Users\x\AppData\Roaming\a`), "user_writable_path", false},
		{"root of a drive", run(`C:\a.exe`, ""), "user_writable_path", false},
		{"Program Files is fine", run(`C:\Program Files\A B\c.exe`, "/q"), "", false},
		{"UNC", run(`\\10.0.0.1\share\a.exe`, ""), "unc_path", false},
		{"UNC in parameters", run(sys+"net.exe", `/x=\\host\share`), "unc_path", false},
		{"device path is no UNC", run(`\\?\C:\WINDOWS\a.exe`, ""), "", false},
		{"double extension", run(`C:\WINDOWS\invoice.pdf.exe`, ""), "double_extension", false},
		{"false updater", run(`C:\WINDOWS\GoogleUpdate.exe`, ""), "vendor_updater_elsewhere", false},
		{"updater", run(`C:\Program Files\Google\Update\GoogleUpdate.exe`, ""), "", false},
		{"random name", run(sys+"a8f3k9d2x.exe", ""), "random_name", false},
		{"consonants", run(sys+"xkqzvbnmtr.exe", ""), "random_name", false},
		{"odd but normal name", run(sys+"dllhst3g.exe", ""), "", false},
	}
}

func triggerCases() []anomalyCase {
	t := func(b []byte) func(x *jobSpec) { return withTrigger(b) }
	return []anomalyCase{
		{"begin date", t(triggerBytes([3]uint16{2023, 2, 30}, noDay, 9, 0, 0, 0, 0, 1, 1, 0)), "begin_date_invalid", true},
		{"begin date zero", t(triggerBytes(noDay, noDay, 9, 0, 0, 0, 0, 1, 1, 0)), "begin_date_invalid", true},
		{"end date", t(triggerBytes(someDay, [3]uint16{2023, 13, 1}, 9, 0, 0, 0, 1, 1, 1, 0)), "end_date_invalid", true},
		{"end date without flag is fine", t(triggerBytes(someDay, [3]uint16{2023, 13, 1}, 9, 0, 0, 0, 0, 1, 1, 0)), "", false},
		{"begin 10000", t(triggerBytes([3]uint16{10000, 1, 1}, noDay, 9, 0, 0, 0, 0, 1, 1, 0)), "date_after_9999", true},
		{"end 10000", t(triggerBytes(someDay, [3]uint16{10000, 1, 1}, 9, 0, 0, 0, 1, 1, 1, 0)), "date_after_9999", true},
		{"end before begin", t(triggerBytes(someDay, [3]uint16{2023, 5, 10}, 9, 0, 0, 0, 1, 1, 1, 0)), "end_before_begin", false},
		{"hour 24", t(triggerBytes(someDay, noDay, 24, 0, 0, 0, 0, 1, 1, 0)), "start_time_invalid", true},
		{"minute 60", t(triggerBytes(someDay, noDay, 9, 60, 0, 0, 0, 1, 1, 0)), "start_time_invalid", true},
		{"type 8", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 8)), "trigger_type_unknown", true},
		{"interval equals duration", t(triggerBytes(someDay, noDay, 9, 0, 60, 60, 0, 1, 1, 0)), "interval_not_below_duration", true},
		{"duration alone is fine", t(triggerBytes(someDay, noDay, 9, 0, 60, 0, 2, 1, 1, 0)), "", false},
		{"interval of 31 days is fine", t(triggerBytes(someDay, noDay, 9, 0, 44641, 44640, 0, 1, 1, 0)), "", false},
		{"interval over 31 days", t(triggerBytes(someDay, noDay, 9, 0, 50000, 44641, 0, 1, 1, 0)), "interval_over_31_days", true},
		{"every 10 minutes", t(triggerBytes(someDay, noDay, 9, 0, 60, 10, 0, 1, 1, 0)), "minute_repetition", false},
		{"day bit 31", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 3, 1, 0, 0, 0x80, 1, 0)), "day_mask_bit_31", true},
		{"no day of the month", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0)), "day_mask_empty", false},
		{"no weekday", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 2, 1, 0, 0x80, 0)), "day_mask_empty", false},
		{"no month", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 4, 1, 0, 1, 0, 0, 0xF0)), "month_mask_empty", false},
		{"week 0", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 4, 0, 0, 1, 0, 1, 0)), "week_out_of_range", true},
		{"week 6", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 4, 6, 0, 1, 0, 1, 0)), "week_out_of_range", true},
		{"every 0 days", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 1, 0, 0)), "interval_zero", false},
		{"every 0 weeks", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 2, 0, 0, 1, 0)), "interval_zero", false},
		{"logon", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 7)), "starts_at_logon_or_startup", false},
		{"left-over memory is fine", t(triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 0, 0xd8, 0, 0, 0, 0xd8, 0x20, 0xa2, 0xb7)), "", false},
		{"no trigger, not scheduled", func(x *jobSpec) { x.status, x.triggers = 0x41305, nil }, "", false},
		{"default trigger of Windows", func(x *jobSpec) {
			x.status = 0x41305
			x.triggers = [][]byte{triggerBytes(someDay, noDay, 9, 0, 0, 0, 4, 1, 1, 0)}
		}, "", false},
	}
}

func TestAnomalies(t *testing.T) {
	plain := anomalyCase{"plain", func(*jobSpec) {}, "", false}
	all := slices.Concat([]anomalyCase{plain}, headerCases(), stringCases(), programCases(), triggerCases())
	seen := map[string]bool{"not_a_job": true, "incomplete": true, "head_lost": true} // see TestErrorsAreAnomalies, TestCarveTail
	for _, tt := range all {
		x := plainJob()
		tt.change(&x)
		j := mustParse(t, x.bytes())
		if got := strings.Join(codes(j), " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		if ok, why := j.Loadable(); ok == tt.refused {
			t.Errorf("%s: loadable %v (%s), want %v", tt.name, ok, why, !tt.refused)
		}
		for _, code := range codes(j) {
			seen[code] = true
		}
	}
	for _, c := range AnomalyCodes() {
		if !seen[c.Code] {
			t.Errorf("no case gives %s", c.Code)
		}
	}
}

func TestErrorsAreAnomalies(t *testing.T) {
	j, _ := ParsePrefix([]byte("MZ\x90\x00\x03\x00"))
	if got := codes(j); !slices.Equal(got, []string{"not_a_job"}) {
		t.Errorf("program: got %q", got)
	}
	j, _ = ParsePrefix(plainJob().bytes()[:100])
	if got := codes(j); !slices.Equal(got, []string{"incomplete"}) {
		t.Errorf("cut off: got %q", got)
	}
}

// Offsets point at the field that an anomaly is about.
func TestAnomalyOffsets(t *testing.T) {
	x := plainJob()
	x.version, x.triggers = 2, [][]byte{triggerBytes(someDay, noDay, 24, 0, 0, 0, 0, 8)}
	j := mustParse(t, x.bytes())
	trig := j.TriggersOffset + 2
	want := []Anomaly{{"file_version", 2, ""}, {"start_time_invalid", trig + 16, ""}, {"trigger_type_unknown", trig + 32, ""}}
	for i, a := range j.Anomalies {
		if i >= len(want) || a.Code != want[i].Code || a.Offset != want[i].Offset {
			t.Errorf("got %s at %d, want %+v", a.Code, a.Offset, want)
		}
	}
}

// A refusal counts also when it comes after the end of the list of anomalies.
func TestManyAnomalies(t *testing.T) {
	x := plainJob()
	x.triggers = nil
	for range 5000 {
		x.triggers = append(x.triggers, triggerBytes(someDay, noDay, 9, 0, 60, 10, 0, 1, 0, 0))
	}
	x.triggers = append(x.triggers, triggerBytes(someDay, noDay, 9, 0, 0, 0, 0, 9))
	j := mustParse(t, x.bytes())
	if ok, why := j.Loadable(); ok || !strings.Contains(why, "Trigger 5001") || len(j.Anomalies) > maxAnomalies+10 {
		t.Errorf("loadable %v (%s), %d anomalies", ok, why, len(j.Anomalies))
	}
}

// The table for readers names every code with its weight and meaning.
func TestAnomaliesAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../docs/job-anomalies.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "| `") {
			rows++
		}
	}
	for _, c := range AnomalyCodes() {
		if row := "| `" + c.Code + "` | " + string(c.Weight) + " | " + c.Means + " |"; !strings.Contains(string(b), row) {
			t.Errorf("docs/job-anomalies.md lacks the row\n%s", row)
		}
	}
	if rows != len(AnomalyCodes()) {
		t.Errorf("docs/job-anomalies.md has %d rows, there are %d codes", rows, len(AnomalyCodes()))
	}
}
