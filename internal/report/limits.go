package report

// ScanOptions are the options that a scan was given, by name without dashes, from
// the header of its report. Values are as in the report: not yet made visible.
func ScanOptions(header Document) map[string]string {
	out := make(map[string]string)
	for _, options := range header.List("options") {
		for _, name := range options.Keys() {
			out[name] = options.Text(name)
		}
	}
	return out
}

// limits are the options that keep parts of the evidence out of a report.
var limits = [...]string{"from", "to", "volume", "no-usn", "no-mft", "no-shadow"}

// Limits names those of the options that kept parts of the evidence out of the
// report, with their values: "--from 2024-05-01", "--no-usn". They can be shown.
func Limits(options map[string]string) []string {
	var out []string
	for _, name := range limits {
		value, ok := options[name]
		if !ok || value == "" || value == "false" {
			continue
		}
		text := "--" + name
		if value != "true" {
			text += " " + Visible(value)
		}
		out = append(out, text)
	}
	return out
}

// NothingFound is the result of a scan whose report has no findings, in a sentence.
func NothingFound(options map[string]string) string {
	asked := Asked(options)
	if asked != "" {
		asked = " " + asked
	}
	return "No .job file was found" + asked + " that the rules ask for: nothing matched, nothing was left undecided or excluded."
}

// Asked says for a report without findings what alone was asked for: "in the asked
// range", "in the asked volume"; "" where that is all of the evidence.
func Asked(options map[string]string) string {
	ranged := options["from"] != "" || options["to"] != ""
	switch volume := options["volume"] != ""; {
	case ranged && volume:
		return "in the asked range and volume"
	case ranged:
		return "in the asked range"
	case volume:
		return "in the asked volume"
	}
	return ""
}
