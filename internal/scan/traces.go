package scan

import (
	"context"
	"errors"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/index"
	"github.com/jobscan/jobscan/internal/source/logfile"
	"github.com/jobscan/jobscan/ntfs"
)

// tasksFolderName is the folder whose index slack is looked at besides those
// that hold files with a wanted name now.
const tasksFolderName = "Tasks"

// logFileRecord is the FILE record number of $LogFile.
const logFileRecord = 2

// maxSlackFolders bounds how many folders' indexes are searched.
const maxSlackFolders = 4096

// findTraces looks for wanted names where no live structure shows them: in the
// index slack of folders, in $LogFile, in the slack of FILE records and, if
// asked for, anywhere on the volume. What it finds makes further candidates.
func (s *volumeScan) findTraces(ctx context.Context, want func([]byte) bool, joinLog func()) error {
	s.traces = make(map[ntfs.FileReference][]event.Trace)
	if !s.hasMFT() {
		return nil
	}
	s.indexSlack(want)
	joinLog()
	other, err := s.recordSlack(ctx, want)
	if err != nil || !s.opts.Carve {
		return err
	}
	return s.carve(ctx, want, other)
}

// keep adds a trace: to those of the incarnation that it names, or to those that
// have lost whose name it is. A content without a name is a body.
func (s *volumeScan) keep(t event.Trace) {
	switch {
	case t.Name.Name == "":
		s.slackBody(&t)
	case t.Reference.Sequence() == 0:
		if plausible(&t.Name) {
			s.loose = append(s.loose, t)
		}
	case t.Reference.Record() != 0: // $MFT itself has no other name
		s.traces[t.Reference] = append(s.traces[t.Reference], t)
	}
}

// indexSlack searches the indexes of folders, and of the folders below those
// that are called Tasks.
func (s *volumeScan) indexSlack(want func([]byte) bool) {
	queue := newFolderQueue()
	s.slackFolders(queue, want)
	for n, deep, ok := queue.next(); ok; n, deep, ok = queue.next() {
		folder, err := s.volume.NTFS.File(n)
		if err != nil || !folder.IsDirectory() {
			continue // a name's parent that is no folder any more is no news here
		}
		live, traces, problems := index.Traces(s.volume.NTFS, folder, nil)
		for _, t := range traces {
			if t.Name.Name == "" || want(t.Name.NameLE()) {
				s.keep(t)
			}
		}
		if deep && s.twins.note(s.folderAbove(folder), live) {
			continue // the tasks of Windows Vista and later are no job files
		}
		s.noteIndexed(live, want)
		for _, e := range live {
			if deep && e.FileName.FileAttributes&ntfs.AttributeDirectory != 0 {
				queue.add(e.Reference.Record(), true)
			}
		}
		for _, err := range problems {
			p := s.recordProblem(n, err)
			p.Source, p.Severity = string(event.IndexSlack), report.SeverityWarning
			s.problems = append(s.problems, p)
		}
	}
}

// noteIndexed keeps the wanted names in a folder's live index whose FILE record
// cannot be read.
func (s *volumeScan) noteIndexed(live []ntfs.IndexEntry, want func([]byte) bool) {
	for _, e := range live {
		n := e.FileName
		if n.Namespace == ntfs.NamespaceDOS || n.Partial || n.FileAttributes&ntfs.AttributeDirectory != 0 || !want(n.NameLE()) {
			continue
		}
		if _, err := s.volume.NTFS.File(e.Reference.Record()); err != nil && e.Reference.Sequence() != 0 {
			s.indexed[e.Reference] = append(s.indexed[e.Reference], n)
		}
	}
}

// folderAbove is the name of the folder that holds a folder called Tasks; ""
// for any other and where it is not known.
func (s *volumeScan) folderAbove(folder *ntfs.File) string {
	for _, n := range folder.Names() {
		if !strings.EqualFold(n.Name, tasksFolderName) || !folder.InUse() {
			continue
		}
		if above, err := s.volume.NTFS.File(n.Parent.Record()); err == nil && above.Reference() == n.Parent {
			for _, m := range above.Names() {
				if m.Namespace != ntfs.NamespaceDOS {
					return m.Name
				}
			}
		}
	}
	return ""
}

// slackFolders queues folders called Tasks, and those that hold a file with a
// wanted name. It notes the files that have none: the scheduler's logs, whose
// history in the journal does not matter and can be long.
func (s *volumeScan) slackFolders(queue *folderQueue, want func([]byte) bool) {
	seen := make(map[uint64]bool)
	for _, hit := range s.names {
		n := hit.Reference().Record()
		if seen[n] {
			continue // further names of one file
		}
		seen[n] = true
		f, err := s.volume.NTFS.File(n)
		if err != nil {
			continue // the walk over the $MFT has reported it
		}
		wanted := f.Reference() != hit.Reference()
		for _, name := range f.Names() {
			wanted = wanted || want(name.NameLE())
			switch {
			case !f.IsDirectory():
				queue.add(name.Parent.Record(), false)
			case strings.EqualFold(name.Name, tasksFolderName):
				queue.add(f.Record.Number, true)
			}
		}
		if !wanted {
			s.otherwise[hit.Reference()] = true
		}
	}
	for _, hit := range s.names {
		if hit.Base != 0 { // a name that the base record may not lead to
			delete(s.otherwise, hit.Reference())
		}
	}
}

// folderQueue hands out FILE records of folders, each once, up to a bound.
type folderQueue struct {
	folders []uint64
	deep    map[uint64]bool // with the folders below
	at      int
}

func newFolderQueue() *folderQueue { return &folderQueue{deep: make(map[uint64]bool)} }

func (q *folderQueue) full() bool { return len(q.folders) >= maxSlackFolders }

func (q *folderQueue) add(n uint64, deep bool) {
	known, ok := q.deep[n]
	switch {
	case ok:
		q.deep[n] = known || deep
	case !q.full():
		q.deep[n] = deep
		q.folders = append(q.folders, n)
	}
}

func (q *folderQueue) next() (n uint64, deep, ok bool) {
	if q.at == len(q.folders) {
		return 0, false, false
	}
	n = q.folders[q.at]
	q.at++
	return n, q.deep[n], true
}

// logFileTask reads names and journal records out of $LogFile; join keeps them.
func (s *volumeScan) logFileTask(want func([]byte) bool) (tasks []task, join func()) {
	if !s.hasMFT() || !s.volume.NTFS.HasClusters() {
		return nil, func() {}
	}
	v := s.volume.NTFS
	f, err := v.File(logFileRecord)
	if err != nil {
		return nil, func() {} // record 2 is reported by the walk over the $MFT
	}
	log, err := v.OpenStream(f, ntfs.TypeData, "")
	if err != nil {
		return nil, func() { s.problems = append(s.problems, s.traceProblem(event.LogFile, err)) }
	}
	var traces []event.Trace
	var problems []error
	var stats logfile.Stats
	read := func(context.Context) error {
		traces, stats, problems = logfile.Traces(log, log.InitializedSize(), v.RecordSize(), int(v.ClusterSize()), want, s.journalInLog.add)
		return nil
	}
	return []task{{log.InitializedSize(), read}}, func() {
		for _, t := range traces {
			s.keep(t)
		}
		s.keepLogged(want)
		for _, err := range problems {
			if errors.Is(err, parse.ErrSignature) && len(problems) == 1 {
				continue // a log that was never written is no log
			}
			s.problems = append(s.problems, s.traceProblem(event.LogFile, err))
		}
		s.omit(omission{string(event.LogFile), report.SeverityWarning, stats.ProblemsOmitted})
	}
}

// traceProblem is damage of a structure that holds traces only.
func (s *volumeScan) traceProblem(source event.Source, err error) report.Problem {
	p := s.problem(string(source), err)
	p.Severity = report.SeverityWarning
	return p
}
