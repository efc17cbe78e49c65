package scan

import (
	"context"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/usnjrnl"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Sizes of the parts that one task handles.
const (
	bytesPerTask  = 8 << 20 // of $MFT
	journalRanges = 256     // at most; the survey keeps 16 KiB for each
)

// mftPart is the slot of one task over a range of FILE records.
type mftPart struct {
	hits     []ntfs.NameHit
	problems []report.Problem
	stats    ntfs.ScanStats
}

// mftTasks looks for wanted names in the $MFT; join collects in record order.
func (s *volumeScan) mftTasks(want func([]byte) bool) (tasks []task, join func()) {
	if !s.hasMFT() {
		return nil, func() {}
	}
	v := s.volume.NTFS
	total, perTask := v.RecordCount(), uint64(bytesPerTask/v.RecordSize())
	parts := make([]mftPart, (total+perTask-1)/perTask)
	for i := range parts {
		from := uint64(i) * perTask
		to := min(from+perTask, total)
		tasks = append(tasks, task{int64(to-from) * int64(v.RecordSize()), func(ctx context.Context) error {
			p := &parts[i]
			var err error
			p.stats, err = v.ScanNames(ctx, from, to, want,
				func(hit ntfs.NameHit) { p.hits = append(p.hits, hit) },
				func(record uint64, err error) { p.problems = append(p.problems, s.recordProblem(record, err)) })
			return err
		}})
	}
	return tasks, func() {
		for i := range parts {
			s.names = append(s.names, parts[i].hits...)
			s.problems = append(s.problems, parts[i].problems...)
			s.coverage.MFT.Records += parts[i].stats.Records
			s.coverage.MFT.InUse += parts[i].stats.InUse
			s.coverage.MFT.Deleted += parts[i].stats.Deleted
			s.coverage.MFT.Unreadable += parts[i].stats.Unreadable
			s.coverage.MFT.Torn += parts[i].stats.Torn
		}
	}
}

// surveyPart is the slot of one task of the first pass over the journal.
type surveyPart struct {
	survey   *usnjrnl.Survey
	stats    usn.Stats
	problems []report.Problem
}

// surveyTasks is the first pass over the journal; join collects in journal order.
func (s *volumeScan) surveyTasks() (tasks []task, join func()) {
	if !s.hasJournal() {
		return nil, func() {}
	}
	ranges := usn.Ranges(s.volume.Journal, journalRanges)
	parts := make([]surveyPart, len(ranges))
	for i, r := range ranges {
		tasks = append(tasks, task{r.Length, func(ctx context.Context) error {
			p := &parts[i]
			p.survey = s.survey.Part(r)
			var err error
			p.stats, err = usn.WalkRange(ctx, s.volume.Journal, r, p.survey.Visit,
				func(offset int64, err error) { p.problems = append(p.problems, s.journalProblem(offset, err)) })
			return err
		}})
	}
	return tasks, func() {
		var stats usn.Stats
		for i := range parts {
			s.survey.Join(parts[i].survey)
			s.problems = append(s.problems, parts[i].problems...)
			if i == 0 {
				stats = parts[i].stats
			} else {
				stats.Join(parts[i].stats)
			}
		}
		s.describeJournal(&stats)
	}
}

// historyTasks is the second pass, over those parts of the journal in which the
// first one has seen files that s.history is about.
func (s *volumeScan) historyTasks() (tasks []task, join func()) {
	var parts []*usnjrnl.History
	for _, r := range s.survey.Ranges(s.history) {
		part := s.history.Part()
		parts = append(parts, part)
		tasks = append(tasks, task{r.Length, func(ctx context.Context) error {
			reported := func(int64, error) {} // by the first pass
			_, err := usn.WalkRange(ctx, s.volume.Journal, r, part.Visit, reported)
			return err
		}})
	}
	return tasks, func() {
		for _, p := range parts {
			s.history.Join(p)
		}
		for _, err := range s.history.Problems {
			s.problems = append(s.problems, s.journalProblem(-1, err))
		}
	}
}
