package report

import (
	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/rule"
)

// Header opens a report: what was run, on what, with which rules.
type Header struct {
	Version     string
	Started     wintime.Filetime
	CommandLine []string
	Rules       []*rule.Rule
	Evidence    []EvidenceFile
	Options     map[string]string
	// OptionNames gives the order of Options.
	OptionNames []string
}

// EvidenceFile is one file or device that was given.
type EvidenceFile struct {
	Path, Container string
	Size            int64            // bytes; negative where not known
	Modified        wintime.Filetime // zero where not known
	SHA256          string           // "" unless asked for
}

// HeaderDocument makes the document of a header.
func HeaderDocument(h *Header) Document {
	d := NewDocument(TypeHeader)
	d.Set("tool", "jobscan")
	d.Set("version", h.Version)
	d.Set("started", h.Started.String())
	d.Set("command_line", h.CommandLine)
	rules := []*ordereddict.Dict{}
	for _, r := range h.Rules {
		rules = append(rules, ordereddict.NewDict().
			Set("id", r.ID).Set("name", r.Name).Set("version", r.Version).Set("sha256", r.SHA256))
	}
	d.Set("rules", rules)
	files := []*ordereddict.Dict{}
	for _, f := range h.Evidence {
		files = append(files, evidenceFileDict(f))
	}
	d.Set("evidence", files)
	options := ordereddict.NewDict()
	for _, name := range h.OptionNames {
		options.Set(name, h.Options[name])
	}
	d.Set("options", options)
	return d
}

func evidenceFileDict(f EvidenceFile) *ordereddict.Dict {
	d := ordereddict.NewDict().Set("path", f.Path).Set("container", f.Container)
	if f.Size >= 0 {
		d.Set("size", f.Size)
	} else {
		d.Set("size", nil)
	}
	if f.Modified != 0 {
		d.Set("mtime", f.Modified.String())
	} else {
		d.Set("mtime", nil)
	}
	if f.SHA256 != "" {
		d.Set("sha256", f.SHA256)
	} else {
		d.Set("sha256", nil)
	}
	return d
}
