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
	Files           []EvidencePart   // all files of a container that has several
	Disk            *EvidenceDisk    // what is in a container; nil otherwise
}

// EvidencePart is one file of a container.
type EvidencePart struct {
	Path   string
	Size   int64  // bytes
	SHA256 string // "" unless asked for
}

// EvidenceDisk is the disk in a container.
type EvidenceDisk struct {
	Size   int64  // bytes
	SHA256 string // "" unless asked for
	Stored []StoredHash
}

// StoredHash is a hash of the disk that its container holds, in hexadecimal.
type StoredHash struct {
	Name     string // "md5" or "sha1"
	Stored   string
	Computed string // "" unless asked for
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
	d.Set("sha256", textOrNull(f.SHA256))
	if len(f.Files) > 0 {
		files := []*ordereddict.Dict{}
		for _, p := range f.Files {
			files = append(files, ordereddict.NewDict().Set("path", p.Path).Set("size", p.Size).Set("sha256", textOrNull(p.SHA256)))
		}
		d.Set("files", files)
	}
	if f.Disk != nil {
		d.Set("disk", evidenceDiskDict(f.Disk))
	}
	return d
}

// evidenceDiskDict says "verified" where hashes were compared.
func evidenceDiskDict(e *EvidenceDisk) *ordereddict.Dict {
	d := ordereddict.NewDict().Set("size", e.Size).Set("sha256", textOrNull(e.SHA256))
	stored := []*ordereddict.Dict{}
	for _, s := range e.Stored {
		h := ordereddict.NewDict().Set("name", s.Name).Set("value", s.Stored)
		if s.Computed != "" {
			h.Set("computed", s.Computed).Set("verified", s.Stored == s.Computed)
		}
		stored = append(stored, h)
	}
	d.Set("stored_hashes", stored)
	return d
}

// textOrNull gives nil in place of "".
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
