package report

import (
	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/rule"
)

// Finding is a verdict on one event, with what a reader needs to check it.
type Finding struct {
	Event    *event.Event
	Rule     *rule.Rule
	Verdict  rule.Verdict
	Drive    byte // the volume's letter, 0 where unknown
	Evidence Evidence
	// History lists every event of the same file; for findings, not for a timeline's events.
	History []*event.Event
}

// Evidence says where a finding was found.
type Evidence struct {
	Path, Container string
	Partition       int // 1-based; 0 for a bare volume
	Volume          int // 1-based over the whole report
	ShadowCopy      int // 1-based, oldest first; 0 for the volume itself
}

// FindingDocument makes the document of a finding: one file that arrived at a
// path, decided by one rule.
func FindingDocument(f *Finding) Document {
	d := verdictDocument(TypeFinding, f)
	history := []*ordereddict.Dict{}
	omitted := 0
	for i, e := range f.History {
		if i >= maxHistory && e != f.Event {
			omitted++
			continue
		}
		history = append(history, historyDict(e, f.Drive))
	}
	Set(d.Dict, "jobscan.events", history)
	if omitted > 0 {
		Set(d.Dict, "jobscan.events_omitted", omitted)
	}
	return d
}

// maxHistory bounds the events of a file that each of its findings repeats: a
// file that was renamed thousands of times must not fill the disk.
const maxHistory = 256

// EventDocument makes the document of one event of a timeline.
func EventDocument(f *Finding) Document { return verdictDocument(TypeEvent, f) }

func verdictDocument(kind string, f *Finding) Document {
	d := NewDocument(kind)
	e := f.Event
	alert := f.Verdict.Outcome == rule.Match || f.Verdict.Outcome == rule.Undecided
	Set(d.Dict, "@timestamp", e.Time.String())
	Set(d.Dict, "event.kind", kindOf(alert))
	Set(d.Dict, "event.category", []string{"file"})
	Set(d.Dict, "event.type", []string{e.Type()})
	Set(d.Dict, "event.action", string(e.Action))
	Set(d.Dict, "event.dataset", "jobscan.events")
	if f.Rule != nil {
		Set(d.Dict, "event.severity", severityNumber(f.Rule.Severity))
		Set(d.Dict, "event.risk_score", f.Rule.RiskScore)
	}
	Set(d.Dict, "host.os.type", "windows")
	setFile(d.Dict, e, f.Drive)
	setProcess(d.Dict, e.Process)
	if f.Rule != nil {
		setRule(d.Dict, f.Rule)
	}
	setVerdict(d.Dict, f)
	return d
}

func kindOf(alert bool) string {
	if alert {
		return "alert"
	}
	return "event"
}

// severityNumber maps the word of a rule to the number that the Elastic Common
// Schema wants, on the scale that Kibana's rules use.
func severityNumber(severity string) int {
	switch severity {
	case "low":
		return 21
	case "medium":
		return 47
	case "high":
		return 73
	case "critical":
		return 99
	}
	return 0
}

func setFile(d *ordereddict.Dict, e *event.Event, drive byte) {
	name := e.Path.Name()
	Set(d, "file.path", e.Path.WithDrive(drive))
	Set(d, "file.name", name)
	if ext, ok := winpath.Extension(name); ok {
		Set(d, "file.extension", ext)
	}
	Set(d, "file.directory", e.Path.Directory(drive))
	if drive != 0 && drive != winpath.UnknownDrive {
		Set(d, "file.drive_letter", string(rune(drive)))
	}
	if e.File.Size >= 0 {
		Set(d, "file.size", e.File.Size)
	}
	if e.File.Reference != 0 { // a file that a log alone names has none
		Set(d, "file.inode", e.File.Reference.String())
	}
	if t := e.File.Times; t != nil {
		Set(d, "file.created", t.Created.String())
		Set(d, "file.mtime", t.Modified.String())
		Set(d, "file.ctime", t.Changed.String())
		Set(d, "file.accessed", t.Accessed.String())
	}
	if c := e.File.Content; c != nil && c.SHA256 != "" {
		Set(d, "file.hash.sha256", c.SHA256)
	}
}

func setProcess(d *ordereddict.Dict, p *event.Process) {
	if p == nil {
		return
	}
	for _, field := range []struct{ name, value string }{
		{"process.executable", p.Executable},
		{"process.name", p.Name},
		{"process.entity_id", p.EntityID},
		{"user.name", p.UserName},
		{"user.id", p.UserID},
	} {
		if field.value != "" {
			Set(d, field.name, field.value)
		}
	}
	if p.PID != 0 {
		Set(d, "process.pid", p.PID)
	}
}

func setRule(d *ordereddict.Dict, r *rule.Rule) {
	Set(d, "rule.id", r.ID)
	Set(d, "rule.name", r.Name)
	Set(d, "rule.version", r.Version)
	if len(r.Threats) == 0 {
		return
	}
	t := r.Threats[0]
	Set(d, "threat.framework", t.Framework)
	Set(d, "threat.tactic.id", []string{t.Tactic.ID})
	Set(d, "threat.tactic.name", []string{t.Tactic.Name})
	var ids, names, subIDs, subNames []string
	for _, technique := range t.Techniques {
		ids, names = append(ids, technique.ID), append(names, technique.Name)
		for _, sub := range technique.Subtechniques {
			subIDs, subNames = append(subIDs, sub.ID), append(subNames, sub.Name)
		}
	}
	if len(ids) > 0 {
		Set(d, "threat.technique.id", ids)
		Set(d, "threat.technique.name", names)
	}
	if len(subIDs) > 0 {
		Set(d, "threat.technique.subtechnique.id", subIDs)
		Set(d, "threat.technique.subtechnique.name", subNames)
	}
}

func setVerdict(d *ordereddict.Dict, f *Finding) {
	e := f.Event
	missing := f.Verdict.Missing
	if missing == nil {
		missing = []string{}
	}
	Set(d, "jobscan.verdict", f.Verdict.Outcome.String())
	Set(d, "jobscan.missing", missing)
	Set(d, "jobscan.because", f.Verdict.Because)
	Set(d, "jobscan.state", string(e.File.State))
	if e.Arrival != "" {
		Set(d, "jobscan.arrival", string(e.Arrival))
	}
	if e.Previous != nil {
		Set(d, "jobscan.previous_path", e.Previous.WithDrive(f.Drive))
	}
	Set(d, "jobscan.support", supportDicts(e.Support))
	if c := e.File.Content; c != nil && c.Job != nil {
		job := JobDict(c.Job)
		Set(job, "recovered_from", c.RecoveredFrom)
		Set(d, "jobscan.job", job)
	}
	Set(d, "jobscan.anomalies", anomalyDicts(e.Anomalies, e.File.Anomalies))
	Set(d, "jobscan.evidence", evidenceDict(f.Evidence))
}

func evidenceDict(v Evidence) *ordereddict.Dict {
	d := ordereddict.NewDict().Set("path", v.Path).Set("container", v.Container)
	if v.Partition > 0 {
		d.Set("partition", v.Partition)
	} else {
		d.Set("partition", nil)
	}
	d.Set("volume", v.Volume)
	if v.ShadowCopy > 0 {
		return d.Set("shadow_copy", v.ShadowCopy)
	}
	return d.Set("shadow_copy", nil)
}

func supportDicts(list []event.Support) []*ordereddict.Dict {
	out := make([]*ordereddict.Dict, 0, len(list))
	for _, s := range list {
		d := ordereddict.NewDict().
			Set("source", string(s.Source)).
			Set("volume", s.Volume).
			Set("record", unless(s.Reference == 0, s.Reference.Record())).
			Set("sequence", unless(s.Reference.Sequence() == 0, s.Reference.Sequence()))
		if s.Source == event.USN || s.Source == event.USNCarved {
			d.Set("usn", s.USN)
		} else {
			d.Set("usn", nil)
		}
		out = append(out, d.Set("offset", s.Offset).Set("time", s.Time.String()).Set("detail", s.Detail))
	}
	return out
}

func anomalyDicts(lists ...[]event.Anomaly) []*ordereddict.Dict {
	out := []*ordereddict.Dict{}
	for _, list := range lists {
		for _, a := range list {
			out = append(out, ordereddict.NewDict().Set("code", a.Code).Set("detail", a.Detail))
		}
	}
	return out
}

func historyDict(e *event.Event, drive byte) *ordereddict.Dict {
	d := ordereddict.NewDict().
		Set("@timestamp", e.Time.String()).
		Set("action", string(e.Action)).
		Set("path", e.Path.WithDrive(drive))
	if e.Arrival != "" {
		d.Set("arrival", string(e.Arrival))
	}
	if e.Previous != nil {
		d.Set("previous_path", e.Previous.WithDrive(drive))
	}
	return d.Set("support", supportDicts(e.Support))
}
