package jobfile

import "fmt"

// Anomaly is one thing about a job file that a person should know: broken,
// refused by Windows, or what an attacker's job looks like.
type Anomaly struct {
	Code   string // stable, snake_case; AnomalyCodes lists all
	Offset int    // bytes from the start of the file, of the field that it is about
	Detail string // one sentence: what it is and why it matters
}

// Weight says how much an anomaly means by itself.
type Weight string

// The weights, the heaviest first.
const (
	WeightBroken  Weight = "broken"  // the layout does not fit the bytes
	WeightInert   Weight = "inert"   // some Windows does not load or does not run it
	WeightStrong  Weight = "strong"  // seldom innocent
	WeightMedium  Weight = "medium"  // worth a look
	WeightContext Weight = "context" // means something beside other evidence
)

// AnomalyCode describes one code.
type AnomalyCode struct {
	Code   string
	Weight Weight
	Means  string
}

// AnomalyCodes lists every code that Parse, ParsePrefix and Carve can give.
func AnomalyCodes() []AnomalyCode {
	return []AnomalyCode{
		{"not_a_job", WeightStrong, "the content is something else than a job file"},
		{"incomplete", WeightBroken, "a count or length reaches past the end of the file"},
		{"head_lost", WeightBroken, "carved: only the end of the job was found"},

		{"file_version", WeightInert, "file version other than 1"},
		{"reserved_size", WeightInert, "reserved data of a size other than 0 and 8"},
		{"application_absent", WeightInert, "no application name"},
		{"application_empty", WeightContext, "application name present and empty"},
		{"application_unterminated", WeightInert, "application name without its final NUL"},
		{"application_too_long", WeightInert, "application name of more than 261 units"},
		{"application_offset_unreadable", WeightInert, "no string at the application name offset"},
		{"string_unterminated", WeightInert, "another string without its final NUL"},
		{"begin_date_invalid", WeightInert, "begin date that is no date"},
		{"end_date_invalid", WeightInert, "end date that is no date"},
		{"date_after_9999", WeightInert, "begin or end date after the year 9999"},
		{"start_time_invalid", WeightInert, "hour above 23 or minute above 59"},
		{"trigger_type_unknown", WeightInert, "trigger type above 7"},
		{"interval_not_below_duration", WeightInert, "repetition interval not shorter than its duration"},
		{"interval_over_31_days", WeightInert, "repetition interval of more than 44640 minutes"},
		{"day_mask_bit_31", WeightInert, "bit 31 in the mask of days of the month"},
		{"week_out_of_range", WeightInert, "week of the month other than 1 to 5"},

		{"application_offset_not_70", WeightMedium, "application name offset other than 70"},
		{"application_differs", WeightStrong, "two application names: one for Vista and later, one for XP"},
		{"trigger_offset_differs", WeightMedium, "trigger offset that does not point at the triggers"},
		{"uuid_zero", WeightMedium, "job UUID of zeros"},
		{"uuid_not_version_4", WeightMedium, "job UUID that is not a random one"},
		{"priority_invalid", WeightMedium, "priority that is not exactly one of the four bits"},
		{"product_unknown", WeightMedium, "product version of no Windows"},
		{"day_mask_empty", WeightMedium, "no day in a weekly or monthly trigger"},
		{"month_mask_empty", WeightMedium, "no month in a monthly trigger"},
		{"interval_zero", WeightMedium, "every 0 days or every 0 weeks"},
		{"end_before_begin", WeightMedium, "end date before the begin date"},
		{"last_run_invalid", WeightMedium, "last run that is no date and time"},
		{"weekday_mismatch", WeightMedium, "weekday of the last run that is not that of its date"},
		{"has_not_run_with_last_run", WeightMedium, "status HAS_NOT_RUN beside a last run"},
		{"ready_without_enabled_trigger", WeightMedium, "status READY without an enabled trigger"},
		{"status_unknown", WeightMedium, "status that is no status of a task"},
		{"flags_unknown", WeightContext, "flag bits never seen from Windows"},
		{"trailing_data", WeightStrong, "bytes behind the last structure"},
		{"data_after_nul", WeightStrong, "text behind the NUL that ends a string"},

		{"lone_surrogate", WeightMedium, "a string that is no valid UTF-16"},
		{"bidi_control", WeightMedium, "a string with a character that turns the direction of text"},
		{"control_character", WeightMedium, "a string with a control character"},
		{"double_extension", WeightMedium, "a program named like a document"},
		{"user_writable_path", WeightStrong, "a program or parameter in a folder that users can write to"},
		{"unc_path", WeightStrong, "a program or parameter on another computer"},
		{"script_interpreter", WeightStrong, "a shell or script host is started"},
		{"system_binary_proxy", WeightStrong, "a Windows program that runs or fetches other code is started"},
		{"encoded_command", WeightStrong, "PowerShell with an encoded command"},
		{"user_data_executable", WeightStrong, "user data that begins like a program, script or archive"},
		{"at_job", WeightStrong, "made by at.exe or NetScheduleJobAdd: runs as SYSTEM"},
		{"at_job_after_windows_7", WeightStrong, "an AT job on Windows 8 or later, where AT is off unless switched on"},
		{"hidden", WeightMedium, "HIDDEN flag"},
		{"delete_when_done_interpreter", WeightMedium, "a shell or script host, and the file deletes itself"},
		{"minute_repetition", WeightMedium, "repeated more often than hourly"},
		{"author_system_outside_at", WeightMedium, "author SYSTEM or a machine account, but no AT job"},
		{"author_empty", WeightMedium, "author present and empty"},
		{"vendor_updater_elsewhere", WeightMedium, "named like a well-known updater, in another folder"},
		{"random_name", WeightMedium, "a program whose name looks random"},
		{"run_only_if_logged_on", WeightContext, "RUN_ONLY_IF_LOGGED_ON: no password was needed"},
		{"starts_at_logon_or_startup", WeightContext, "a trigger at logon or system startup"},
		{"interactive", WeightContext, "INTERACTIVE flag"},
		{"start_error_logon_failure", WeightContext, "the last start failed at logon"},
		{"exit_code_ntstatus", WeightContext, "the last run ended by an exception"},
		{"priority_realtime", WeightContext, "REALTIME priority"},
		{"written_by_wine", WeightContext, "the marks of Wine's task scheduler"},
	}
}

// Weight looks the code up; "" for one that is not in AnomalyCodes.
func (a Anomaly) Weight() Weight {
	for _, c := range AnomalyCodes() {
		if c.Code == a.Code {
			return c.Weight
		}
	}
	return ""
}

// findings collects the anomalies of one job.
type findings struct {
	j   *Job
	b   []byte
	out []Anomaly
}

func (f *findings) add(code string, offset int, format string, args ...any) {
	f.out = append(f.out, Anomaly{Code: code, Offset: offset, Detail: fmt.Sprintf(format, args...)})
}

// maxAnomalies bounds the list: 65535 triggers could each give several.
const maxAnomalies = 1000

// check judges what was decoded of j from b.
func check(j *Job, b []byte) []Anomaly {
	f := &findings{j: j, b: b, out: []Anomaly{}}
	f.layout()
	if j.DecodedBytes >= fixedSize {
		f.fixed()
		f.strings()
		f.data()
		f.triggers()
		f.triage()
	}
	return f.out
}
