package jobfile

import "fmt"

// Loadable says whether Windows Vista and later would load the file, and if
// not, why ([MS-TSCH] 2.4 and its notes 14, 16 to 23 and 52 to 54). The reason
// also says what earlier versions do where that differs; it is empty for a file
// that loads. A file that loads is not thereby scheduled: Vista and later run
// only tasks that are registered, too.
func (j *Job) Loadable() (bool, string) {
	if !j.Complete {
		if j.Err != nil {
			return false, "the layout is broken: " + j.Err.Error()
		}
		return false, "the file was not decoded"
	}
	for _, a := range j.Anomalies {
		if refusedByVista(a.Code) {
			return false, a.Detail
		}
	}
	// The list of anomalies has an end, the triggers may go on after it.
	if len(j.Anomalies) >= maxAnomalies {
		for i, t := range j.Triggers {
			f := &findings{j: j}
			f.trigger(fmt.Sprintf("Trigger %d", i+1), t)
			for _, a := range f.out {
				if refusedByVista(a.Code) {
					return false, a.Detail
				}
			}
		}
	}
	return true, ""
}

// refusedByVista lists the anomalies for which Windows Vista and later do not
// load a task. Of the weight "inert" only string_unterminated is missing, which
// stops XP and Server 2003 alone.
func refusedByVista(code string) bool {
	switch code {
	case "file_version", "reserved_size",
		"application_absent", "application_unterminated", "application_too_long", "application_offset_unreadable",
		"begin_date_invalid", "end_date_invalid", "date_after_9999", "start_time_invalid",
		"trigger_type_unknown", "interval_not_below_duration", "interval_over_31_days",
		"day_mask_bit_31", "week_out_of_range":
		return true
	}
	return false
}
