package scan

import (
	"cmp"
	"context"
	"fmt"
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

	folderNow     *mft.Folders
	folderHistory map[ntfs.FileReference][]event.FolderRecord // of those above names
	above         map[ntfs.FileReference]bool                 // all folders above names
	paths         *correlate.Folders

	otherwise    map[ntfs.FileReference]bool // found in $MFT by a name that is none of the rules'
	traces       map[ntfs.FileReference][]event.Trace
	loose        []event.Trace                          // names of unknown incarnation
	folderWas    map[ntfs.FileReference]bool            // by wasFolder
	indexed      map[ntfs.FileReference][]ntfs.FileName // names in live indexes whose FILE record cannot be read
	journalInLog loggedRecords                          // until the candidates are known
	carved       carvedRecords
	bodies       bodies
	files        []*jobFile // all that had a job's name

	twins   twinStore
	windows windows
	byIndex folderIndex
	checked map[*event.File]bool // by crossCheck

	findings []*report.Finding
	events   int
	problems []report.Problem
	omitted  []omission
	coverage report.VolumeSummary
}

func newVolumeScan(v *evidence.Volume, o *Options) *volumeScan {
	s := &volumeScan{volume: v, opts: o, drive: cmp.Or(v.DriveLetter, o.Drive),
		carved:    newCarvedRecords(clusterSize(v)),
		otherwise: make(map[ntfs.FileReference]bool),
		folderWas: make(map[ntfs.FileReference]bool), indexed: make(map[ntfs.FileReference][]ntfs.FileName), checked: make(map[*event.File]bool)}
	s.coverage = report.VolumeSummary{Evidence: v.EvidencePath, Partition: v.Partition, Volume: v.Index, DriveLetter: s.drive,
		ShadowCopy: v.ShadowCopy, ShadowTime: v.Created}
	return s
}

// clusterSize in bytes, 0 where it is not known.
func clusterSize(v *evidence.Volume) int64 {
	if v.NTFS == nil {
		return 0
	}
	return v.NTFS.ClusterSize()
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
	if err := s.readAncestors(ctx, files); err != nil {
		return err
	}
	s.paths = s.folders()
	s.loose = slices.DeleteFunc(s.loose, func(t event.Trace) bool { return !s.wasFolder(t.Name.Parent) })
	volume := correlate.Volume{Index: s.volume.Index, Folders: s.paths, Carved: s.carvedFolders(), HasMFT: s.hasMFT(), Loose: s.loose}
	if s.hasMFT() {
		volume.Fold = s.volume.NTFS.FoldName
	}
	events := volume.Events(files)
	if err := s.readEventLogs(ctx, events); err != nil {
		return err
	}
	s.decide(events)
	s.tellUnfollowed(&volume)
	s.problems = s.tellProblems()
	return ctx.Err()
}

// tellUnfollowed reports paths that are broken because folders moved too often.
func (s *volumeScan) tellUnfollowed(v *correlate.Volume) {
	n := v.Folders.Unfollowed
	if v.Carved != nil {
		n += v.Carved.Unfollowed
	}
	if n > 0 {
		s.problems = append(s.problems, s.problem("volume", fmt.Errorf("%d paths through deep folders were not followed: the folders above were moved or renamed too often", n)))
	}
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
	candidates := s.survey.Candidates
	for _, hit := range s.names {
		if ref := hit.Reference(); !candidates[ref] {
			candidates[ref] = !s.otherwise[ref]
		}
	}
	for ref := range s.traces {
		candidates[ref] = true
	}
	for ref := range s.indexed {
		candidates[ref] = true
	}
	for ref, records := range s.carved.files {
		if anyWanted(records, want) {
			candidates[ref] = true
		}
	}
	s.keepLoggedOf(candidates)
	for _, err := range s.carved.problems() {
		s.problems = append(s.problems, s.problem(string(event.USNCarved), err))
	}
	s.history = usnjrnl.NewHistory(candidates)
	if err := runTasks(ctx, s.opts.Workers, s.historyTasks(), s.opts.Progress); err != nil {
		return err
	}
	for _, err := range s.history.Problems {
		s.problems = append(s.problems, s.journalProblem(-1, err))
	}
	if n := s.history.OmittedNames; n > 0 {
		s.problems = append(s.problems, s.journalProblem(-1, fmt.Errorf("%d records that tell of names of files are left out: a file had too many", n)))
	}
	if n := s.history.Omitted; n > 0 {
		p := s.journalProblem(-1, fmt.Errorf("%d records of changes to files are left out: a file had too many", n))
		p.Severity = report.SeverityWarning
		s.problems = append(s.problems, p)
	}
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
		t := event.Testimony{Reference: ref, Journal: s.history.Records[ref], Traces: s.traces[ref], Carved: s.carved.files[ref]}
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
	base, err := s.volume.NTFS.Record(ref.Record())
	if err != nil {
		s.problems = append(s.problems, s.recordProblem(ref.Record(), err))
		s.boundProblems()
		if names := s.indexed[ref]; len(names) > 0 {
			return mft.FromIndex(names), true
		}
		return mft.DescribeOrphan(s.volume.NTFS, ref, extensions), true
	}
	if base.Reference() != ref {
		return mft.DescribeOrphan(s.volume.NTFS, ref, extensions), false
	}
	f := s.volume.NTFS.FileOf(base, extensions...)
	s.fileProblems(f)
	s.noteLog(f)
	return mft.Describe(s.volume.NTFS, f), false
}

// release lets go of what only the scan of this volume needs.
func (s *volumeScan) release() {
	s.survey, s.history, s.paths, s.names = nil, nil, nil, nil
	s.folderNow, s.folderHistory, s.above = nil, nil, nil
	s.otherwise = nil
	s.traces, s.loose, s.carved, s.folderWas = nil, nil, carvedRecords{}, nil
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
	f := &correlate.Folders{History: s.folderHistory, First: u.FirstUSN, Gaps: u.Gaps > 0 || u.DamagedBytes > 0}
	if s.hasMFT() {
		f.Now, f.Settled, f.ByIndex = s.folderNow.Now, s.folderNow.Settled, s.folderByIndex
	}
	f.Sort()
	return f
}
