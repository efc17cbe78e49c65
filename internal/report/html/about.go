package html

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/jobscan/jobscan/internal/report"
)

// about is what the header says of the report.
type about struct {
	Version, Started string
	CommandLine      string
	Options          []pair
	Rules            []ruleLine
	Evidence         []evidenceLine
	Others           string // fields that stand nowhere else
}

type ruleLine struct{ Name, ID, Version, SHA256 string }

type evidenceLine struct {
	Path, Container, Size, Modified, SHA256 string

	More []string // its other files, and the disk in it
}

func newAbout(d report.Document, z zone) about {
	a := about{
		Version:     report.Visible(d.Text("version")),
		CommandLine: commandLine(d),
		Others: plainText(flatten(d, map[string]bool{"type": true, "tool": true, "version": true, "started": true,
			"command_line": true, "options": true, "rules": true, "evidence": true})),
	}
	if started := d.Text("started"); started != "" {
		a.Started = z.full(started)
	}
	for _, o := range d.List("options") {
		a.Options = flatten(o, nil)
	}
	for _, r := range d.List("rules") {
		a.Rules = append(a.Rules, ruleLine{
			Name: report.Visible(r.Text("name")), ID: report.Visible(r.Text("id")),
			Version: report.Visible(r.Text("version")), SHA256: report.Visible(r.Text("sha256")),
		})
	}
	for _, e := range d.List("evidence") {
		line := evidenceLine{
			Path: report.Visible(e.Text("path")), Container: report.Visible(e.Text("container")),
			Size: report.Visible(e.Text("size")), SHA256: report.Visible(e.Text("sha256")),
		}
		if modified := e.Text("mtime"); modified != "" {
			line.Modified = z.full(modified)
		}
		line.More = containerLines(e)
		a.Evidence = append(a.Evidence, line)
	}
	return a
}

// containerLines tells of the files of a container that has several, and of the
// disk in it.
func containerLines(e report.Document) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, report.Visible(fmt.Sprintf(format, args...))) }
	for _, f := range e.List("files") {
		add("file %s: %s bytes%s", f.Text("path"), f.Text("size"), prefixed(", SHA-256 ", f.Text("sha256")))
	}
	if size := e.Text("disk.size"); size != "" {
		add("disk in it: %s bytes%s", size, prefixed(", SHA-256 ", e.Text("disk.sha256")))
	}
	for _, h := range e.List("disk.stored_hashes") {
		name := h.Text("name")
		switch h.Text("verified") {
		case "true":
			add("%s of the disk is as the container says: %s", name, h.Text("value"))
		case "false":
			add("%s of the disk is not what the container says: expected %s, found %s", name, h.Text("value"), h.Text("computed"))
		default:
			add("%s of the disk, as the container says: %s; not compared", name, h.Text("value"))
		}
	}
	return lines
}

// prefixed gives "" for "".
func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// commandLine quotes words that hold blanks, for reading.
func commandLine(d report.Document) string {
	value, _ := d.Lookup("command_line")
	var words []string
	switch list := value.(type) {
	case []string:
		words = list
	case []any:
		for _, item := range list {
			if word, ok := item.(string); ok {
				words = append(words, word)
			}
		}
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = report.Visible(word)
		if word == "" || strings.ContainsAny(word, " \t") {
			quoted[i] = `"` + quoted[i] + `"`
		}
	}
	return strings.Join(quoted, " ")
}

// maxNamed is how many pieces of evidence the title names.
const maxNamed = 3

// title names the evidence.
func (a about) title() string { return "jobscan: " + a.Names() }

// Names is the evidence in short.
func (a about) Names() string {
	var names []string
	for i, e := range a.Evidence {
		if i == maxNamed {
			names = append(names, "and "+count(len(a.Evidence)-maxNamed, "other"))
			break
		}
		name, _ := shorten(e.Path, maxCell)
		names = append(names, name)
	}
	return cmp.Or(strings.Join(names, ", "), "report")
}
