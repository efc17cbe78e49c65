package report

import (
	"fmt"
	"strings"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/jobfile"
)

// TypeJob is the value of the field "type" of a job that was decoded alone.
const TypeJob = "job"

// JobDict makes the object "jobscan.job" of a decoded job file. What was not
// reached by the decoder is null, as is what the file leaves out; strings that
// are present and empty are "". Numbers are unsigned, as in the file.
// "recovered_from" is "file"; whoever took the bytes from elsewhere updates it.
func JobDict(j *jobfile.Job) *ordereddict.Dict {
	d := ordereddict.NewDict()
	setJobStrings(d, j)
	setJobHeader(d, j)
	d.Set("running_instances", reached(j, 70, j.RunningInstances))
	if j.UserDataOffset != 0 {
		d.Set("user_data_size", len(j.UserData))
	} else {
		d.Set("user_data_size", nil)
	}
	d.Set("start_error", unless(!j.HasStartError, uint32(j.StartError)))
	d.Set("triggers", triggerDicts(j))
	d.Set("signature", unless(!j.Complete, j.Signature.State.String()))
	d.Set("size", j.Size)
	d.Set("trailing_bytes", j.TrailingBytes)
	d.Set("complete", j.Complete)
	loadable, reason := j.Loadable()
	d.Set("loadable", loadable)
	d.Set("error", jobErrorDict(j))
	d.Set("anomalies", jobAnomalyDicts(j))
	d.Set("recovered_from", "file")
	setJobExtensions(d, j, reason)
	return d
}

// JobDocument is one line of a report about job files alone: JobDict with the
// type and the name of the file before it.
func JobDocument(j *jobfile.Job, file string) Document {
	d := NewDocument(TypeJob)
	d.Set("file", file)
	appendItems(d.Dict, JobDict(j))
	return d
}

// CarvedDocument is JobDocument for a job that was found inside a file.
func CarvedDocument(c jobfile.Carved, file string) Document {
	d := NewDocument(TypeJob)
	d.Set("file", file).Set("offset", c.Offset)
	appendItems(d.Dict, JobDict(c.Job))
	d.Set("in_file_record", c.InFILERecord)
	d.Set("fixups_undone", c.FixupsUndone)
	d.Set("needs_fixups", c.NeedsFixups)
	d.Set("head_lost", c.HeadLost)
	return d
}

// SetNextRuns adds the runs that the triggers give after a time.
func SetNextRuns(d Document, runs []jobfile.LocalTime) {
	list := make([]string, 0, len(runs))
	for _, r := range runs {
		list = append(list, r.String())
	}
	d.Set("next_runs", list)
}

func appendItems(to, from *ordereddict.Dict) {
	for _, item := range from.Items() {
		to.Set(item.Key, item.Value)
	}
}

// reached is value where decoding came past the end of its field, else nil.
func reached(j *jobfile.Job, end int, value any) any { return unless(j.DecodedBytes < end, value) }

func unless(missing bool, value any) any {
	if missing {
		return nil
	}
	return value
}

func setJobStrings(d *ordereddict.Dict, j *jobfile.Job) {
	for _, f := range []struct {
		name string
		s    jobfile.String
	}{
		{"application", j.Application},
		{"parameters", j.Parameters},
		{"working_directory", j.WorkingDirectory},
		{"author", j.Author},
		{"comment", j.Comment},
	} {
		d.Set(f.name, unless(!f.s.Present, f.s.Value))
	}
	d.Set("command_line", unless(!j.Application.Present && !j.Parameters.Present, j.CommandLine()))
}

// setJobHeader sets the fields of the fixed section. A name that a value does
// not have is null.
func setJobHeader(d *ordereddict.Dict, j *jobfile.Job) {
	d.Set("uuid", reached(j, 20, j.UUID.String()))
	d.Set("product", reached(j, 2, j.Product.String()))
	d.Set("product_name", unless(j.DecodedBytes < 2 || !j.Product.Known(), j.Product.Name()))
	d.Set("file_version", reached(j, 4, j.FileVersion))
	d.Set("priority", unless(j.DecodedBytes < 36 || j.Priority.String() == "", j.Priority.String()))
	d.Set("max_run_time_ms", unless(j.DecodedBytes < 40 || j.MaxRunTime.Unlimited(), uint32(j.MaxRunTime)))
	d.Set("idle_wait_minutes", reached(j, 32, j.IdleWait))
	d.Set("idle_deadline_minutes", reached(j, 30, j.IdleDeadline))
	d.Set("error_retry_count", reached(j, 26, j.ErrorRetryCount))
	d.Set("error_retry_interval_minutes", reached(j, 28, j.ErrorRetryInterval))
	d.Set("exit_code", reached(j, 44, j.ExitCode))
	d.Set("status", reached(j, 48, ordereddict.NewDict().
		Set("code", uint32(j.Status)).Set("name", unless(j.Status.Name() == "", j.Status.Name()))))
	d.Set("flags", reached(j, 52, j.Flags.Names()))
	d.Set("flags_raw", reached(j, 52, uint32(j.Flags)))
	d.Set("last_run", unless(j.DecodedBytes < 68 || !j.LastRun.Valid(), j.LastRun.String()))
}

// triggerDicts is nil where the trigger count was not reached.
func triggerDicts(j *jobfile.Job) any {
	if j.TriggersOffset == 0 {
		return nil
	}
	out := make([]*ordereddict.Dict, 0, len(j.Triggers))
	for _, t := range j.Triggers {
		out = append(out, triggerDict(t))
	}
	return out
}

// triggerDict sets numbers that the type of the trigger does not use to null;
// lists are always lists.
func triggerDict(t jobfile.Trigger) *ordereddict.Dict {
	daily, weekly := t.Type == jobfile.Daily, t.Type == jobfile.Weekly
	dow := t.Type == jobfile.MonthlyDOW
	weekdays, months := []string{}, []string{}
	for _, n := range t.Weekdays() {
		weekdays = append(weekdays, jobfile.WeekdayName(n))
	}
	for _, n := range t.Months() {
		months = append(months, jobfile.MonthName(n))
	}
	return ordereddict.NewDict().
		Set("type", t.Type.String()).
		Set("begin", t.Begin.String()).
		Set("end", unless(!t.HasEnd(), t.End.String())).
		Set("start_time", fmt.Sprintf("%02d:%02d", t.Hour, t.Minute)).
		Set("interval_minutes", t.Interval).
		Set("duration_minutes", t.Duration).
		Set("flags", t.Flags.Names()).
		Set("days_interval", unless(!daily, t.DaysInterval)).
		Set("weeks_interval", unless(!weekly, t.WeeksInterval)).
		Set("weekdays", weekdays).
		Set("days", t.Days()).
		Set("week", unless(!dow || jobfile.WeekName(t.Week) == "", jobfile.WeekName(t.Week))).
		Set("months", months).
		Set("text", t.Text()).
		Set("offset", t.Offset)
}

func jobErrorDict(j *jobfile.Job) any {
	if j.Err == nil {
		return nil
	}
	return ordereddict.NewDict().
		Set("structure", j.Err.Structure).
		Set("field", j.Err.Field).
		Set("offset", j.Err.Offset).
		Set("message", j.Err.Error())
}

func jobAnomalyDicts(j *jobfile.Job) []*ordereddict.Dict {
	out := make([]*ordereddict.Dict, 0, len(j.Anomalies))
	for _, a := range j.Anomalies {
		out = append(out, ordereddict.NewDict().
			Set("code", a.Code).
			Set("offset", a.Offset).
			Set("detail", a.Detail).
			Set("weight", string(a.Weight())))
	}
	return out
}

// setJobExtensions adds what goes beyond the fields that readers can rely on:
// raw values, and what explains the others.
func setJobExtensions(d *ordereddict.Dict, j *jobfile.Job, reason string) {
	seq := j.ApplicationSequential
	same := seq.Present == j.Application.Present && seq.Value == j.Application.Value
	d.Set("application_sequential", unless(same || !seq.Present, seq.Value))
	d.Set("loadable_reason", unless(reason == "", reason))
	d.Set("conditions", reached(j, 68, j.Conditions()))
	d.Set("application_offset", reached(j, 22, j.ApplicationOffset))
	d.Set("trigger_offset", reached(j, 24, j.TriggerOffset))
	d.Set("priority_raw", reached(j, 36, uint32(j.Priority)))
	d.Set("max_run_time_raw", reached(j, 40, uint32(j.MaxRunTime)))
	d.Set("exit_code_hex", reached(j, 44, fmt.Sprintf("0x%08x", j.ExitCode)))
	d.Set("exit_code_signed", reached(j, 44, int32(j.ExitCode)))
	d.Set("last_run_raw", reached(j, 68, j.LastRun.Words()))
	d.Set("start_error_name", unless(!j.HasStartError || j.StartError.Name() == "", j.StartError.Name()))
	d.Set("trigger_count", unless(j.TriggersOffset == 0, j.TriggerCount))
	d.Set("decoded_bytes", j.DecodedBytes)
	hidden := ordereddict.NewDict()
	for _, f := range []struct {
		name string
		s    jobfile.String
	}{
		{"application", j.Application}, {"parameters", j.Parameters}, {"working_directory", j.WorkingDirectory},
		{"author", j.Author}, {"comment", j.Comment},
	} {
		if f.s.AfterNUL != "" {
			hidden.Set(f.name, f.s.AfterNUL)
		}
	}
	d.Set("data_after_nul", unless(hidden.Len() == 0, hidden))
	if t := j.Trailing; t.Size > 0 {
		d.Set("trailing", ordereddict.NewDict().
			Set("offset", t.Offset).
			Set("size", t.Size).
			Set("zero", t.Zero).
			Set("entropy", t.Entropy).
			Set("magic", unless(t.Magic == "", t.Magic)))
	} else {
		d.Set("trailing", nil)
	}
}

// JobColumns are the flat columns of a document about a job file, in order, for
// CSV. Lists are joined.
func JobColumns() []Column {
	names := []string{
		"file", "offset", "application", "parameters", "working_directory", "author", "comment", "command_line",
		"uuid", "product", "product_name", "file_version", "priority", "max_run_time_ms",
		"idle_wait_minutes", "idle_deadline_minutes", "error_retry_count", "error_retry_interval_minutes",
		"exit_code", "status.code", "status.name", "flags", "flags_raw", "last_run", "running_instances",
		"user_data_size", "start_error", "triggers", "signature", "size", "trailing_bytes",
		"complete", "loadable", "error", "anomalies", "recovered_from",
		"application_sequential", "loadable_reason", "next_runs",
	}
	out := make([]Column, 0, len(names))
	for _, name := range names {
		get := func(d Document) string { return d.Text(name) }
		switch name {
		case "triggers":
			get = joined(name, "text")
		case "anomalies":
			get = joined(name, "code")
		case "error":
			get = func(d Document) string { return d.Text("error.message") }
		}
		out = append(out, Column{Name: name, Get: get})
	}
	return out
}

// joined takes one field of every item of a list.
func joined(list, field string) func(Document) string {
	return func(d Document) string {
		var parts []string
		for _, item := range d.List(list) {
			parts = append(parts, item.Text(field))
		}
		return strings.Join(parts, "; ")
	}
}
