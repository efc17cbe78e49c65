package html

// kind says how the value of a field is shown.
type kind int

const (
	asText  kind = iota
	asCode       // in a monospaced font
	asTime       // RFC 3339, shown in the zone of the report
	asBytes      // a number of bytes
	asSpan       // a number of milliseconds
)

// field is one field of a card.
type field struct {
	label, name string
	kind        kind
}

// section is a part of a card: the fields of one subject.
type section struct {
	title  string
	absent string // what to say where none of the fields has a value
	fields []field
}

// sections are the parts of a card, in order. Fields that are in none of them
// are listed by their names at the end of the card.
func sections() []section {
	return []section{
		{"Verdict", "", []field{
			{"Verdict", "jobscan.verdict", asText},
			{"Because", "jobscan.because", asText},
			{"Not known", "jobscan.missing", asCode},
			{"Rule", "rule.name", asText},
			{"Rule version", "rule.version", asText},
			{"Rule id", "rule.id", asCode},
			{"Severity", "event.severity", asText},
			{"Risk score", "event.risk_score", asText},
			{"Tactic", "threat.tactic.name", asText},
			{"Technique", "threat.technique.name", asText},
			{"Sub-technique", "threat.technique.subtechnique.name", asText},
			{"Sub-technique id", "threat.technique.subtechnique.id", asText},
		}},
		{"File", "", []field{
			{"Path", "file.path", asCode},
			{"Event", "event.action", asText},
			{"Time", "@timestamp", asTime},
			{"Arrival", "jobscan.arrival", asText},
			{"Came from", "jobscan.previous_path", asCode},
			{"State", "jobscan.state", asText},
			{"Size", "file.size", asBytes},
			{"Record-sequence", "file.inode", asCode},
			{"Created", "file.created", asTime},
			{"Modified", "file.mtime", asTime},
			{"Record changed", "file.ctime", asTime},
			{"Accessed", "file.accessed", asTime},
			{"Owner", "file.owner", asText},
			{"Owner SID", "file.uid", asCode},
			{"SHA-256", "file.hash.sha256", asCode},
			{"Host", "host.name", asText},
		}},
		{"Written by", "not known: NTFS does not record which process writes a file", []field{
			{"Program", "process.executable", asCode},
			{"Name", "process.name", asCode},
			{"Process id", "process.pid", asText},
			{"Entity id", "process.entity_id", asCode},
			{"User", "user.name", asText},
			{"User id", "user.id", asCode},
		}},
		{"Found in", "", []field{
			{"Evidence", "jobscan.evidence.path", asCode},
			{"Container", "jobscan.evidence.container", asText},
			{"Partition", "jobscan.evidence.partition", asText},
			{"Volume", "jobscan.evidence.volume", asText},
			{"Shadow copy", "jobscan.evidence.shadow_copy", asText},
		}},
	}
}

// jobSection is the decoded job.
func jobSection() section {
	return section{"The job", "no content was recovered", []field{
		{"Runs", "jobscan.job.command_line", asCode},
		{"Application", "jobscan.job.application", asCode},
		{"Parameters", "jobscan.job.parameters", asCode},
		{"Working folder", "jobscan.job.working_directory", asCode},
		{"Author", "jobscan.job.author", asText},
		{"Comment", "jobscan.job.comment", asText},
		{"Recovered from", "jobscan.job.recovered_from", asText},
		{"Loadable", "jobscan.job.loadable", asText},
		{"Not loadable because", "jobscan.job.loadable_reason", asText},
		{"Decoded whole", "jobscan.job.complete", asText},
		{"Decoding stopped", "jobscan.job.error.message", asText},
		{"Last run (local time)", "jobscan.job.last_run", asText},
		{"Next runs (local time)", "jobscan.job.next_runs", asText},
		{"Status", "jobscan.job.status.name", asText},
		{"Exit code", "jobscan.job.exit_code_hex", asCode},
		{"Start error", "jobscan.job.start_error_name", asText},
		{"Flags", "jobscan.job.flags", asCode},
		{"Conditions", "jobscan.job.conditions", asText},
		{"Priority", "jobscan.job.priority", asText},
		{"Time limit", "jobscan.job.max_run_time_ms", asSpan},
		{"Made on", "jobscan.job.product_name", asText},
		{"Signature", "jobscan.job.signature", asText},
		{"Job id", "jobscan.job.uuid", asCode},
		{"Size", "jobscan.job.size", asBytes},
		{"Bytes after the end", "jobscan.job.trailing_bytes", asText},
	}}
}
