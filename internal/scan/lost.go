package scan

import (
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/mft"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
)

// jobFile is a file that had a job's name, as far as the joining of bodies is
// concerned.
type jobFile struct {
	file    *event.File
	scan    *volumeScan
	path    winpath.Path // the first at which it had such a name
	names   []string
	records []uint64 // FILE records in the slack of which a name of it lies
	created wintime.Filetime
	// reported: it has a finding; others are looked at only because a body could
	// be theirs.
	reported bool
	joined   bool // a body was given to it
}

// noteFiles keeps the files that had a job's name.
func (s *volumeScan) noteFiles(events []*event.Event) {
	known := make(map[*event.File]*jobFile)
	for _, e := range events {
		name := e.Path.Name()
		if !mft.IsJob(name) {
			continue
		}
		f := known[e.File]
		if f == nil {
			f = &jobFile{file: e.File, scan: s, path: e.Path, created: e.Time}
			known[e.File] = f
			s.files = append(s.files, f)
		}
		if !slices.Contains(f.names, name) {
			f.names = append(f.names, name)
		}
		for _, support := range e.Support {
			if r := support.Reference; support.Source == event.MFTCarved && r != 0 && r.Sequence() == 0 {
				f.records = append(f.records, r.Record())
			}
		}
	}
}

// lost: the file's content is gone or is not all there, and it is known that it
// is. Of a file that was not reported only the trace is asked.
func (f *jobFile) lost() bool {
	if f.joined {
		return false
	}
	c := f.file.Content
	if c == nil {
		return f.file.State != event.Allocated && f.file.State != event.Deleted && !f.hasTraceData() || f.reported && f.file.Size > 0
	}
	return c.Job == nil || !c.Complete || !c.Job.Complete && f.file.State != event.Allocated
}

func (f *jobFile) hasTraceData() bool { return f.file.Trace != nil && f.file.Trace.Data != nil }

// hadRecords are the FILE records that were the file's, as far as is known.
func (f *jobFile) hadRecords() []uint64 {
	out := slices.Clone(f.records)
	if f.file.Reference != 0 {
		out = append(out, f.file.Reference.Record())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// owns: the place is the slack of a FILE record that the file had, or where a
// trace of it says that its content begins.
func (f *jobFile) owns(p bodyPlace) bool {
	if p.scan != f.scan {
		return false
	}
	if p.slack {
		return slices.Contains(f.hadRecords(), p.record)
	}
	start, ok := f.firstByte()
	return ok && p.offset >= 0 && uint64(p.offset) == start
}

// firstByte is where the file's content begins on the volume, if a trace names
// its clusters.
func (f *jobFile) firstByte() (uint64, bool) {
	if f.file.Trace == nil || len(f.file.Trace.Runs) == 0 || f.file.Trace.Runs[0].Sparse {
		return 0, false
	}
	size := f.scan.volume.NTFS.ClusterSize()
	return uint64(f.file.Trace.Runs[0].LCN) * uint64(size), size > 0
}

// uuid gives that of the job of which the file's content holds a part.
func (f *jobFile) uuid() (jobfile.UUID, bool) {
	const head = 20 // bytes, up to the UUID's end
	c := f.file.Content
	if c == nil || c.Job == nil || c.Job.DecodedBytes < head || c.Job.UUID == (jobfile.UUID{}) {
		return jobfile.UUID{}, false
	}
	return c.Job.UUID, true
}

// earlier: the content is that of an earlier time, and not as long as the file
// was at last.
func (f *jobFile) earlier() bool {
	c := f.file.Content
	return !f.joined && c != nil && c.Job != nil && c.RecoveredFrom == "shadow_copy" && f.file.State == event.Overwritten &&
		f.file.Size > 0 && int64(c.Job.Size) != f.file.Size
}

// incarnation makes the same file in two states of a volume one.
type incarnation struct {
	reference ntfs.FileReference
	name      string           // where there is no reference
	created   wintime.Filetime // likewise
}

func (f *jobFile) incarnation() incarnation {
	if f.file.Reference != 0 {
		return incarnation{reference: f.file.Reference}
	}
	return incarnation{name: f.names[0], created: f.created}
}

// jobFilesOf gives the files of a volume and its shadow copies, each
// incarnation once: the one that is reported, or else the first.
func jobFilesOf(scans []*volumeScan, findings []*report.Finding) []*jobFile {
	reported := make(map[*event.File]bool)
	for _, f := range findings {
		reported[f.Event.File] = true
	}
	at := make(map[incarnation]int)
	var out []*jobFile
	for _, s := range scans {
		for _, f := range s.files {
			f.reported = reported[f.file]
			i, seen := at[f.incarnation()]
			switch {
			case !seen:
				at[f.incarnation()] = len(out)
				out = append(out, f)
			case f.reported && !out[i].reported:
				out[i] = f
			}
		}
	}
	return out
}
