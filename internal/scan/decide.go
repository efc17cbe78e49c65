package scan

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/ecs"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/mft"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/rule"
	"github.com/jobscan/jobscan/rule/eql"
)

// decide asks the rules about each event and keeps what is to be reported.
func (s *volumeScan) decide(events []*event.Event) {
	s.tellJunctions()
	since(events)
	s.facts(events)
	s.noteFiles(events)
	history := make(map[*event.File][]*event.Event)
	concerned := make(map[*event.File]bool)
	outcomes := make([][]rule.Outcome, len(events))
	for i, e := range events {
		history[e.File] = append(history[e.File], e)
		outcomes[i] = s.outcomes(e)
		for _, o := range outcomes[i] {
			if o != rule.NoMatch {
				concerned[e.File] = true
			}
		}
	}
	s.examine(events, concerned)
	told := s.tasksTold(events, concerned)
	addRuns(history, told)
	if s.opts.Timeline {
		s.timeline(events, told, concerned)
		s.events = len(s.findings)
		return
	}
	s.arrivals(events, outcomes, history)
	for f := range concerned {
		for _, e := range history[f] {
			if s.inTime(e.Time) {
				s.events++
			}
		}
	}
}

// examine reads the jobs among the files concerned and holds them against their
// volume, whichever of their events are reported.
func (s *volumeScan) examine(events []*event.Event, concerned map[*event.File]bool) {
	for _, e := range events {
		if concerned[e.File] && mft.IsJob(e.Path.Name()) {
			s.recover(e.File)
			s.crossCheck(e.File, e.Path)
		}
	}
}

func (s *volumeScan) outcomes(e *event.Event) []rule.Outcome {
	subject := s.subject(e)
	out := make([]rule.Outcome, len(s.opts.Rules))
	for i, r := range s.opts.Rules {
		out[i] = r.Outcome(subject)
	}
	return out
}

func (s *volumeScan) subject(e *event.Event) rule.Subject {
	known := s.drive != 0 && s.drive != winpath.UnknownDrive
	return rule.Subject{
		Record:       ecs.Record{Event: e, Drive: s.drive},
		DriveUnknown: !known,
		WithDrive:    func(letter byte) eql.Record { return ecs.Record{Event: e, Drive: letter} },
	}
}

// findingKey makes a finding one per rule, file and path.
type findingKey struct {
	rule int
	file *event.File
	path string
}

// arrivals makes the findings.
func (s *volumeScan) arrivals(events []*event.Event, outcomes [][]rule.Outcome, history map[*event.File][]*event.Event) {
	seen := make(map[findingKey]bool)
	for i, e := range events {
		if !e.Action.Arrives() && !s.opts.AllEvents || !s.inTime(e.Time) {
			continue
		}
		for j, r := range s.opts.Rules {
			if outcomes[i][j] == rule.NoMatch {
				continue
			}
			key := findingKey{j, e.File, e.Path.WithDrive(s.drive)}
			if seen[key] {
				continue
			}
			seen[key] = true
			f := s.finding(e, r)
			f.History = history[e.File]
			s.findings = append(s.findings, f)
		}
	}
}

// timeline makes one entry for each event of the files concerned, and for each
// run of a job, decided by the rule that says most.
func (s *volumeScan) timeline(events, told []*event.Event, concerned map[*event.File]bool) {
	runs := append(s.executions(events, concerned), told...)
	for _, e := range runs {
		concerned[e.File] = true
	}
	for _, e := range append(runs, events...) {
		if concerned[e.File] && s.inTime(e.Time) {
			s.findings = append(s.findings, s.finding(e, s.decisive(e)))
		}
	}
}

// decisive is the rule that says most of an event, the first among equals.
func (s *volumeScan) decisive(e *event.Event) *rule.Rule {
	outcomes := s.outcomes(e)
	best := 0
	for i, o := range outcomes {
		if o > outcomes[best] {
			best = i
		}
	}
	return s.opts.Rules[best]
}

func (s *volumeScan) inTime(t wintime.Filetime) bool {
	return t >= s.opts.From && (s.opts.To == 0 || t < s.opts.To)
}

func (s *volumeScan) finding(e *event.Event, r *rule.Rule) *report.Finding {
	if mft.IsJob(e.Path.Name()) {
		s.recover(e.File)
		s.crossCheck(e.File, e.Path)
	}
	return &report.Finding{
		Event: e, Rule: r, Verdict: s.verdict(e, r), Drive: s.drive,
		Evidence: report.Evidence{Path: s.volume.EvidencePath, Container: s.volume.Container,
			Partition: s.volume.Partition, Volume: s.volume.Index, ShadowCopy: s.volume.ShadowCopy},
	}
}

// verdict asks the rule. To a rule for files it says of a run that it is none: the
// report has all its events in the category of files, the rule has not.
func (s *volumeScan) verdict(e *event.Event, r *rule.Rule) rule.Verdict {
	v := r.Evaluate(s.subject(e))
	if e.Action == event.Execution && v.Outcome == rule.NoMatch && r.Query.Category() == "file" {
		v.Because = "no match: a run of the job, not a file event; the rule asks for file events"
	}
	return v
}

// recover reads the content of a reported file, once.
func (s *volumeScan) recover(f *event.File) {
	if f.Content == nil && f.Trace != nil && f.Trace.Data != nil {
		f.Content = mft.TraceContent(f.Trace)
	}
	if f.Content != nil || !s.hasMFT() || f.State != event.Allocated && f.State != event.Deleted {
		return
	}
	f.Content = &event.Content{}
	file, err := s.volume.NTFS.File(f.Reference.Record())
	if err != nil {
		s.problems = append(s.problems, s.recordProblem(f.Reference.Record(), err))
		return
	}
	content, anomalies, err := mft.Content(s.volume.NTFS, file)
	if content != nil && s.volume.ShadowCopy > 0 {
		content.RecoveredFrom = "shadow_copy"
	}
	f.Anomalies = append(f.Anomalies, anomalies...)
	if content != nil {
		f.Content = content
	}
	if err != nil {
		s.problems = append(s.problems, s.recordProblem(f.Reference.Record(), err))
	}
	if content != nil && !content.Complete {
		p := s.recordProblem(f.Reference.Record(), fmt.Errorf("the content of file %s could not be read whole", f.Reference))
		if f.State == event.Deleted {
			p.Severity = report.SeverityWarning // a deleted file's clusters may be gone
		}
		s.problems = append(s.problems, p)
	}
	if content != nil && content.JobError != nil {
		p := s.recordProblem(f.Reference.Record(), content.JobError)
		p.Source = "job"
		if content.Complete {
			p.Severity = report.SeverityWarning // all of it was read: it is no job
		}
		s.problems = append(s.problems, p)
	}
}
