package report

// LocalTime reports that the time of a finding or event is of the machine's own
// clock, whose zone is not known, and must not be shifted into another.
func LocalTime(d Document) bool {
	for _, a := range d.List("jobscan.anomalies") {
		if a.Text("code") == "local_time" {
			return true
		}
	}
	return false
}

// LocalTestimony reports the same of one testimony of "jobscan.support": job files
// and the log of the Task Scheduler hold local times.
func LocalTestimony(support Document) bool {
	source := support.Text("source")
	return source == "job" || source == "schedlgu"
}
