package scan

import (
	"context"

	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/report"
)

// Survey reads all FILE records and the journal of each volume without looking
// for any file: it says what the evidence covers.
func Survey(ctx context.Context, host *evidence.Host, o Options) (report.Summary, []report.Problem, error) {
	summary := report.Summary{Complete: true}
	problems := hostProblems(host)
	for _, v := range host.Volumes {
		s := newVolumeScan(v, &o)
		s.describeVolume()
		if err := s.observe(ctx, func([]byte) bool { return false }); err != nil {
			return report.Summary{}, nil, err
		}
		problems = append(problems, s.tellProblems()...)
		summary.Volumes = append(summary.Volumes, s.coverage)
	}
	summary.Problems = len(problems)
	for _, p := range problems {
		if p.Severity == report.SeverityError {
			summary.Complete = false
		}
	}
	return summary, problems, nil
}
