package table

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/jobscan/jobscan/internal/report"
)

// maxNamed is how many pieces of evidence or rules the head of the report names.
const maxNamed = 3

// head says what was looked at, and with which rules.
func (t *writer) head(d report.Document) []byte {
	var b strings.Builder
	named := func(title, path, key string) {
		list := d.List(path)
		var names []string
		for i, item := range list {
			if i == maxNamed {
				names = append(names, fmt.Sprintf("%s and %d more", ellipsis, len(list)-maxNamed))
				break
			}
			names = append(names, report.Visible(item.Text(key)))
		}
		if len(names) > 0 {
			b.WriteString(paragraph(title, strings.Join(names, ", "), t.width))
		}
	}
	named("Evidence: ", "evidence", "path")
	named("Rules:    ", "rules", "name")
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// footer is everything below the last table.
func (t *writer) footer(summary report.Document) []byte {
	var b strings.Builder
	if t.drawn > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(paragraph("", t.result(), t.width))
	if limits := report.Limits(t.options); len(limits) > 0 {
		b.WriteString(paragraph("", "Left out by options of the scan: "+strings.Join(limits, ", ")+".", t.width))
	}
	if t.cut {
		b.WriteString(paragraph("", "Long text was cut at "+ellipsis+"; --format jsonl has all of it.", t.width))
	}
	if complete, _ := summary.Lookup("complete"); complete == false {
		b.WriteString(paragraph("", "INCOMPLETE: parts of the evidence could not be read, see the problems. "+
			"What is not listed here is not proven to be absent.", t.width))
	}
	t.coverage(&b, summary)
	t.problemList(&b)
	return []byte(b.String())
}

// result counts the rows by verdict, or says in words that there are none.
func (t *writer) result() string {
	if t.drawn == 0 {
		return report.NothingFound(t.options)
	}
	var parts []string
	for _, verdict := range []string{"match", "undecided", "excluded", "no_match"} {
		if n := t.counts[verdict]; n > 0 || verdict != "no_match" {
			parts = append(parts, fmt.Sprintf("%d %s", n, verdict))
		}
	}
	return count(t.drawn, t.kind) + ": " + strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// coverage says for each volume what a finding could have come from.
func (t *writer) coverage(b *strings.Builder, summary report.Document) {
	b.WriteString("\nCoverage\n")
	labelled := make([]bool, len(t.volumes.keys))
	list := summary.List("volumes")
	for _, v := range list {
		key := volumeKey{v.Text("evidence"), v.Text("volume"), v.Text("shadow_copy")}
		head := "  "
		for i, k := range t.volumes.keys {
			if k == key {
				labelled[i] = true
				head += volumeHead(t.volumes.label(i))
			}
		}
		b.WriteString(paragraph(head, key.name()+volumeAlias(v)+": "+t.journal(v)+"; "+t.records(v), t.width))
		for _, artifact := range v.Texts("artifacts") {
			b.WriteString(paragraph("    also ", report.Visible(artifact), t.width))
		}
	}
	for i, k := range t.volumes.keys {
		if !labelled[i] && len(t.volumes.keys) > 1 {
			b.WriteString(paragraph("  "+volumeHead(t.volumes.label(i)), k.name(), t.width))
		}
	}
	if len(list) == 0 {
		b.WriteString("  no volume was read\n")
	}
}

func volumeHead(label string) string {
	if label == "" {
		return ""
	}
	return label + "  "
}

// volumeAlias is the drive letter and label of a volume, " (C:, System)".
func volumeAlias(v report.Document) string {
	var parts []string
	if letter := v.Text("drive_letter"); letter != "" {
		parts = append(parts, report.Visible(strings.TrimSuffix(letter, ":"))+":")
	}
	if label := v.Text("label"); label != "" {
		parts = append(parts, report.Visible(label))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// journal is the window in which the change journal would have shown a create.
func (t *writer) journal(v report.Document) string {
	meaning := ", so only files that still have a FILE record can be seen"
	if !hasMFT(v) {
		meaning = ", so only chance traces can be seen"
	}
	if present, _ := v.Lookup("usn.present"); present != true {
		return "no journal" + meaning
	}
	if t.options["no-usn"] == "true" {
		return "journal left out by --no-usn" + meaning
	}
	first, last := v.Text("usn.first_time"), v.Text("usn.last_time")
	text := "journal is empty"
	if first != "" && last != "" {
		text = fmt.Sprintf("a create would have been seen from %s to %s (%s)",
			report.Visible(t.shortTime(first)), report.Visible(t.shortTime(last)),
			report.Visible(countText(v.Text("usn.records"), "USN record")))
	}
	if back := v.Text("usn.clock_ran_backwards"); back != "" && back != "0" {
		text += ", the clock ran backwards in it (" + report.Visible(back) + " times)"
	}
	if damaged := v.Text("usn.damaged_bytes"); damaged != "" && damaged != "0" {
		text += ", " + report.Visible(damaged) + " damaged bytes in the journal"
	}
	return text
}

// records counts the FILE records of a volume.
func (t *writer) records(v report.Document) string {
	switch {
	case hasMFT(v):
	case t.options["no-mft"] == "true":
		return "$MFT not looked for (--no-mft)"
	default:
		return "no $MFT"
	}
	var parts []string
	for _, name := range []struct{ key, text string }{
		{"mft.in_use", "in use"}, {"mft.deleted", "deleted"}, {"mft.unreadable", "unreadable"}, {"mft.torn", "torn"},
	} {
		n := v.Text(name.key)
		usual := name.key == "mft.in_use" || name.key == "mft.deleted"
		if n != "" && (n != "0" || usual) {
			parts = append(parts, n+" "+name.text)
		}
	}
	text := countText(v.Text("mft.records"), "FILE record")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return report.Visible(text)
}

func hasMFT(v report.Document) bool {
	present, told := v.Lookup("mft.present")
	return v.Text("mft.records") != "" && (!told || present != false)
}

func countText(n, noun string) string {
	if n == "1" {
		return n + " " + noun
	}
	return cmp.Or(n, "0") + " " + noun + "s"
}

// problemList lists the first problems and counts the others.
func (t *writer) problemList(b *strings.Builder) {
	total := t.errors + t.warnings
	if total == 0 {
		b.WriteString("\nNo problems\n")
		return
	}
	fmt.Fprintf(b, "\n%s (%s, %s)\n", count(total, "problem"), count(t.errors, "error"), count(t.warnings, "warning"))
	for _, p := range t.problems {
		b.WriteString(paragraph("  ", problemText(p), t.width))
	}
	if left := total - len(t.problems); left > 0 {
		fmt.Fprintf(b, "  %s and %d more, see --format jsonl\n", ellipsis, left)
	}
}

// problemText is one problem in a line: where, in which structure, what.
func problemText(p report.Document) string {
	where := volumeKey{evidence: p.Text("evidence"), volume: p.Text("volume")}.name()
	parts := []string{p.Text("severity"), where}
	source := p.Text("source")
	if record := p.Text("record"); record != "" {
		source = strings.TrimSpace(source + " record " + record)
	}
	if offset := p.Text("offset"); offset != "" {
		source = strings.TrimSpace(source + " at byte " + offset)
	}
	message := p.Text("message")
	structure := strings.TrimSpace(p.Text("structure") + " " + p.Text("field"))
	if strings.Contains(message, p.Text("structure")) && strings.Contains(message, p.Text("field")) {
		structure = "" // the message says it already
	}
	for _, part := range []string{source, structure, message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return report.Visible(strings.Join(parts, ": "))
}
