package scan

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jobscan/jobscan/internal/correlate"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/eventlog"
	"github.com/jobscan/jobscan/internal/source/mft"
	"github.com/jobscan/jobscan/internal/source/runs"
	"github.com/jobscan/jobscan/internal/source/usnjrnl"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// volumeScan is the work on one volume.
type volumeScan struct {
	volume *evidence.Volume
	opts   *Options
	drive  byte

	survey  *usnjrnl.Survey
	history *usnjrnl.History
	names   []ntfs.NameHit
	logs    []*ntfs.File // SchedLgU.txt

	eventLogs []*eventLog
	taskNames *eventlog.Names

	paths *correlate.Folders

	traces        map[ntfs.FileReference][]event.Trace
	loose         []event.Trace                          // names of unknown incarnation
	folderWas     map[ntfs.FileReference]bool            // by wasFolder
	indexed       map[ntfs.FileReference][]ntfs.FileName // names in live indexes whose FILE record cannot be read
	carved        map[ntfs.FileReference][]usn.Record    // journal records found outside the journal
	carvedSeen    map[carvedKey]bool
	carvedOmitted uint64
	bodies        bodies
	files         []*jobFile // all that had a job's name

	twins   twinStore
	windows windows
	byIndex folderIndex
	checked map[*event.File]bool // by crossCheck

	findings []*report.Finding
	events   int
	problems []report.Problem
	coverage report.VolumeSummary
}

func newVolumeScan(v *evidence.Volume, o *Options) *volumeScan {
	s := &volumeScan{volume: v, opts: o, drive: cmp.Or(v.DriveLetter, o.Drive),
		carved: make(map[ntfs.FileReference][]usn.Record), carvedSeen: make(map[carvedKey]bool),
		folderWas: make(map[ntfs.FileReference]bool), indexed: make(map[ntfs.FileReference][]ntfs.FileName), checked: make(map[*event.File]bool)}
	s.coverage = report.VolumeSummary{Evidence: v.EvidencePath, Partition: v.Partition, Volume: v.Index, DriveLetter: s.drive,
		ShadowCopy: v.ShadowCopy, ShadowTime: v.Created}
	return s
}

func (s *volumeScan) hasMFT() bool     { return s.volume.NTFS != nil && !s.opts.NoMFT }
func (s *volumeScan) hasJournal() bool { return s.volume.Journal != nil && !s.opts.NoUSN }

// run lets the sources testify, correlates, and asks the rules.
func (s *volumeScan) run(ctx context.Context) error {
	s.describeVolume()
	if err := s.observe(ctx, nameFilter(s.opts.Rules)); err != nil {
		return err
	}
	files := s.testimony()
	s.paths = s.folders()
	volume := correlate.Volume{Index: s.volume.Index, Folders: s.paths, Carved: s.carvedFolders(), HasMFT: s.hasMFT(), Loose: s.loose}
	if s.hasMFT() {
		volume.Fold = s.volume.NTFS.FoldName
	}
	events := volume.Events(files)
	if err := s.readEventLogs(ctx, events); err != nil {
		return err
	}
	s.decide(events)
	s.problems = capped(distinct(s.problems))
	return ctx.Err()
}

// observe makes the passes over $MFT and journal: first what bears a wanted
// name at any moment, then the whole history of those files.
func (s *volumeScan) observe(ctx context.Context, want func([]byte) bool) error {
	s.survey = usnjrnl.NewSurvey(want)
	mftTasks, joinMFT := s.mftTasks(orEventLog(orNamed(want, runs.LogName, tasksFolderName)))
	usnTasks, joinUSN := s.surveyTasks()
	logTasks, joinLog := s.logFileTask(want)
	if err := runTasks(ctx, s.opts.Workers, slices.Concat(logTasks, mftTasks, usnTasks), s.opts.Progress); err != nil {
		return err
	}
	joinMFT()
	joinUSN()
	if err := s.findTraces(ctx, want, joinLog); err != nil {
		return err
	}
	s.tellCarvedOmitted()
	candidates := s.survey.Candidates
	for _, hit := range s.names {
		candidates[hit.Reference()] = true
	}
	for ref := range s.traces {
		candidates[ref] = true
	}
	for ref := range s.indexed {
		candidates[ref] = true
	}
	for ref, records := range s.carved {
		if anyWanted(records, want) {
			candidates[ref] = true
		}
	}
	s.history = usnjrnl.NewHistory(candidates)
	tasks, join := s.historyTasks()
	if err := runTasks(ctx, s.opts.Workers, tasks, s.opts.Progress); err != nil {
		return err
	}
	join()
	return nil
}

func anyWanted(records []usn.Record, want func([]byte) bool) bool {
	return slices.ContainsFunc(records, func(r usn.Record) bool { return want(ntfs.FileName{Name: r.Name}.NameLE()) })
}

// testimony sets the journal's records of each file beside its FILE record.
func (s *volumeScan) testimony() []event.Testimony {
	extensions := make(map[ntfs.FileReference][]uint64)
	for _, hit := range s.names {
		if hit.Base != 0 {
			extensions[hit.Base] = append(extensions[hit.Base], hit.Record)
		}
	}
	refs := make([]ntfs.FileReference, 0, len(s.history.Records))
	for ref := range s.history.Records {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	out := make([]event.Testimony, 0, len(refs))
	for _, ref := range refs {
		t := event.Testimony{Reference: ref, Journal: s.history.Records[ref], Traces: s.traces[ref], Carved: s.carved[ref]}
		if s.hasMFT() {
			t.Record, t.Unreadable = s.fileRecord(ref, extensions[ref])
		}
		out = append(out, t)
	}
	return out
}

// fileRecord describes a file by its FILE record, or by what its extension
// records still say when the base record describes another file by now. A
// record that cannot be read says neither.
func (s *volumeScan) fileRecord(ref ntfs.FileReference, extensions []uint64) (r *event.FileRecord, unreadable bool) {
	f, err := s.volume.NTFS.File(ref.Record(), extensions...)
	if err != nil {
		s.problems = append(s.problems, s.recordProblem(ref.Record(), err))
		if names := s.indexed[ref]; len(names) > 0 {
			return mft.FromIndex(names), true
		}
		return mft.DescribeOrphan(s.volume.NTFS, ref, extensions), true
	}
	if f.Reference() == ref {
		s.fileProblems(f)
		s.noteLog(f)
		return mft.Describe(s.volume.NTFS, f), false
	}
	return mft.DescribeOrphan(s.volume.NTFS, ref, extensions), false
}

// release lets go of what only the scan of this volume needs.
func (s *volumeScan) release() {
	s.survey, s.history, s.paths, s.names = nil, nil, nil, nil
	s.traces, s.loose, s.carved, s.carvedSeen, s.folderWas = nil, nil, nil, nil, nil
	s.indexed, s.byIndex, s.eventLogs, s.taskNames, s.logs = nil, folderIndex{}, nil, nil, nil
}

// noteLog keeps a file that is the scheduler's log, or an event log that tells of
// its tasks.
func (s *volumeScan) noteLog(f *ntfs.File) {
	for _, n := range f.Names() {
		if eventlog.IsLog(n.Name) && !f.IsDirectory() {
			s.eventLogs = append(s.eventLogs, &eventLog{file: f})
			return
		}
		if strings.EqualFold(n.Name, runs.LogName) && !f.IsDirectory() {
			s.logs = append(s.logs, f)
			return
		}
	}
}

func (s *volumeScan) folders() *correlate.Folders {
	u := &s.coverage.USN
	f := &correlate.Folders{History: s.survey.Folders, First: u.FirstUSN, Gaps: u.Gaps > 0 || u.DamagedBytes > 0}
	if s.hasMFT() {
		now := mft.NewFolders(s.volume.NTFS)
		f.Now, f.Settled, f.ByIndex = now.Now, now.Settled, s.folderByIndex
	}
	f.Sort()
	return f
}
