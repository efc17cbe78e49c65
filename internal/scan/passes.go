package scan

import (
	"context"

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
	problems problemList
	stats    ntfs.ScanStats
}

// join adds what the task over the next range found.
func (p *mftPart) join(next *mftPart) {
	p.hits = append(p.hits, next.hits...)
	p.problems.join(&next.problems)
	p.stats.Records += next.stats.Records
	p.stats.InUse += next.stats.InUse
	p.stats.Deleted += next.stats.Deleted
	p.stats.Unreadable += next.stats.Unreadable
	p.stats.Torn += next.stats.Torn
}

// mftTasks looks for wanted names in the $MFT; join collects in record order.
func (s *volumeScan) mftTasks(want func([]byte) bool) (tasks []task, join func()) {
	if !s.hasMFT() {
		return nil, func() {}
	}
	v := s.volume.NTFS
	total, perTask := v.RecordCount(), uint64(bytesPerTask/v.RecordSize())
	parts := make([]mftPart, (total+perTask-1)/perTask)
	var all mftPart
	joined := joiner{done: make([]bool, len(parts)), join: func(i int) {
		all.join(&parts[i])
		parts[i] = mftPart{}
	}}
	for i := range parts {
		from := uint64(i) * perTask
		to := min(from+perTask, total)
		tasks = append(tasks, task{int64(to-from) * int64(v.RecordSize()), func(ctx context.Context) error {
			p := &parts[i]
			var err error
			p.stats, err = v.ScanNames(ctx, from, to, want,
				func(hit ntfs.NameHit) { p.hits = append(p.hits, hit) },
				func(record uint64, err error) { p.problems.add(s.recordProblem(record, err)) })
			if err == nil {
				joined.finished(i)
			}
			return err
		}})
	}
	return tasks, func() {
		s.names = all.hits
		s.take(&all.problems)
		c := &s.coverage.MFT
		c.Records, c.InUse, c.Deleted, c.Unreadable, c.Torn = all.stats.Records, all.stats.InUse, all.stats.Deleted, all.stats.Unreadable, all.stats.Torn
	}
}

// surveyPart is the slot of one task of the first pass over the journal.
type surveyPart struct {
	survey   *usnjrnl.Survey
	stats    usn.Stats
	problems problemList
}

// surveyTasks is the first pass over the journal; join collects in journal order.
func (s *volumeScan) surveyTasks() (tasks []task, join func()) {
	if !s.hasJournal() {
		return nil, func() {}
	}
	ranges := usn.Ranges(s.volume.Journal, journalRanges)
	parts := make([]surveyPart, len(ranges))
	var stats usn.Stats
	var problems problemList
	joined := joiner{done: make([]bool, len(parts)), join: func(i int) {
		p := &parts[i]
		s.survey.Join(p.survey)
		problems.join(&p.problems)
		if i == 0 {
			stats = p.stats
		} else {
			stats.Join(p.stats)
		}
		*p = surveyPart{}
	}}
	for i, r := range ranges {
		tasks = append(tasks, task{r.Length, func(ctx context.Context) error {
			p := &parts[i]
			p.survey = s.survey.Part(r)
			var err error
			p.stats, err = usn.WalkRange(ctx, s.volume.Journal, r, p.survey.Visit,
				func(offset int64, err error) { p.problems.add(s.journalProblem(offset, err)) })
			if err == nil {
				joined.finished(i)
			}
			return err
		}})
	}
	return tasks, func() {
		s.take(&problems)
		s.describeJournal(&stats)
	}
}

// historyTasks is the second pass, over those parts of the journal in which the
// first one has seen files that s.history is about.
func (s *volumeScan) historyTasks() []task {
	ranges := s.survey.Ranges(s.history)
	parts := make([]*usnjrnl.History, len(ranges))
	return s.againTasks(ranges, func(i int) func(usn.Raw) { parts[i] = s.history.Part(); return parts[i].Visit },
		func(i int) { s.history.Join(parts[i]); parts[i] = nil })
}

// folderTasks is a pass over those parts of the journal in which the first one
// has seen folders that f is about.
func (s *volumeScan) folderTasks(f *usnjrnl.Folders) []task {
	ranges := s.survey.FolderRanges(f)
	parts := make([]*usnjrnl.Folders, len(ranges))
	return s.againTasks(ranges, func(i int) func(usn.Raw) { parts[i] = f.Part(); return parts[i].Visit },
		func(i int) { f.Join(parts[i]); parts[i] = nil })
}

// againTasks walks ranges of the journal that were walked before: what is damaged
// in them is reported. begin gives what looks at the records of a range, join
// takes the results in the order of the ranges.
func (s *volumeScan) againTasks(ranges []usn.Range, begin func(i int) func(usn.Raw), join func(i int)) (tasks []task) {
	joined := joiner{done: make([]bool, len(ranges)), join: join}
	for i, r := range ranges {
		tasks = append(tasks, task{r.Length, func(ctx context.Context) error {
			_, err := usn.WalkRange(ctx, s.volume.Journal, r, begin(i), func(int64, error) {})
			if err == nil {
				joined.finished(i)
			}
			return err
		}})
	}
	return tasks
}
