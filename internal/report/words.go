package report

import "strings"

// NoProgram says why a finding or event does not tell what it runs; "" for an
// event of a timeline, which need not say so each time.
func NoProgram(d Document) string {
	job, _ := d.Lookup("jobscan.job")
	switch {
	case job != nil:
		return "no program"
	case d.Type() == TypeFinding:
		return "not recovered"
	}
	return ""
}

// VolumeName is a volume as a person would name it, from what the report says of
// it; what is empty is left out. Nothing in it can act on a terminal or a page.
func VolumeName(evidence, volume, shadowCopy string) string {
	var parts []string
	for _, p := range []struct{ word, value string }{{"", evidence}, {"volume ", volume}, {"shadow copy ", shadowCopy}} {
		if p.value != "" {
			parts = append(parts, p.word+Visible(p.value))
		}
	}
	if len(parts) == 0 {
		return "evidence"
	}
	return strings.Join(parts, ", ")
}
