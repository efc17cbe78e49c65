// Package scan is the pipeline: it lets the sources of each volume testify, has
// the testimony correlated into events, asks the rules for verdicts and gives
// the report its documents. It alone starts goroutines; what comes out does not
// depend on their number.
package scan

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jobscan/jobscan/internal/correlate"
	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/isolate"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/rule"
)

// Options says what to look for and how.
type Options struct {
	Rules []*rule.Rule
	// Problems were met before the scan, such as rules that cannot be used.
	Problems []report.Problem
	// Timeline asks for every event of the files concerned instead of findings.
	Timeline bool
	// AllEvents has the rules decide modifications and deletions as well.
	AllEvents bool
	// From and To bound the time of what is reported: From <= time < To; zero is no bound.
	From, To wintime.Filetime
	// Drive is the letter of every volume whose own is not known; 0 for none.
	Drive        byte
	NoMFT, NoUSN bool
	// Carve asks for a pass over all bytes of each volume.
	Carve bool
	// EventLogDecoder starts a process that decodes chunks of event logs; without
	// it they are not read.
	EventLogDecoder isolate.Command
	// Workers bounds the goroutines; at least one is used.
	Workers int
	// Progress, if set, is told of bytes read and to be read.
	Progress func(done, total int64)
}

// Run scans the host's volumes and writes the report. It returns what the
// summary says; an error only when the report could not be completed.
func Run(ctx context.Context, host *evidence.Host, header *report.Header, o Options, w report.Writer) (report.Summary, error) {
	if err := w.Header(report.HeaderDocument(header)); err != nil {
		return report.Summary{}, err
	}
	var findings []*report.Finding
	var summary report.Summary
	problems := slices.Concat(o.Problems, hostProblems(host), driveProblems(host, o.Drive))
	seen := newSightings(o.Timeline)
	scans := make([]*volumeScan, 0, len(host.Volumes))
	for _, v := range host.Volumes {
		s := newVolumeScan(v, &o)
		if err := s.run(ctx); err != nil {
			return report.Summary{}, err
		}
		shadow := v.ShadowCopy > 0
		findings = append(findings, seen.add(cmp.Or(v.ShadowOf, v.Index), shadow, s.findings)...)
		problems = append(problems, s.problems...)
		summary.Events += s.events
		s.release()
		scans = append(scans, s)
	}
	joinBodies(scans, findings)
	for _, s := range scans {
		summary.Volumes = append(summary.Volumes, s.coverage)
	}
	slices.SortStableFunc(findings, compareFindings)
	for _, f := range findings {
		count(&summary, f.Verdict.Outcome)
		if err := writeFinding(w, f, o.Timeline); err != nil {
			return report.Summary{}, err
		}
	}
	summary.Complete = true
	summary.Problems = len(problems)
	for i := range problems {
		if problems[i].Severity == report.SeverityError {
			summary.Complete = false
		}
		if err := w.Problem(report.ProblemDocument(&problems[i])); err != nil {
			return report.Summary{}, err
		}
	}
	return summary, w.Summary(report.SummaryDocument(&summary))
}

func compareFindings(a, b *report.Finding) int {
	if c := correlate.Compare(a.Event, b.Event); c != 0 {
		return c
	}
	if a.Rule == nil || b.Rule == nil {
		return 0
	}
	return strings.Compare(a.Rule.ID, b.Rule.ID)
}

func writeFinding(w report.Writer, f *report.Finding, timeline bool) error {
	if timeline {
		return w.Event(report.EventDocument(f))
	}
	return w.Finding(report.FindingDocument(f))
}

func count(s *report.Summary, o rule.Outcome) {
	switch o {
	case rule.Match:
		s.Match++
	case rule.Undecided:
		s.Undecided++
	case rule.Excluded:
		s.Excluded++
	}
}
