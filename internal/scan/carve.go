package scan

import (
	"context"
	"fmt"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/carve"
	"github.com/jobscan/jobscan/internal/source/mft"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// carvePart is the slot of one task over a part of the volume.
type carvePart struct {
	traces   []event.Trace
	records  []usn.Record
	jobs     []carvedJob
	problems []report.Problem
}

type carvedJob struct {
	offset, length int64 // bytes
	job            *jobfile.Job
}

// carve goes over the whole volume once, with all signatures.
func (s *volumeScan) carve(ctx context.Context, want func([]byte) bool) error {
	size := s.volume.Size
	live := s.liveRanges()
	ranges := carve.Parts(size)
	parts := make([]carvePart, len(ranges))
	var tasks []task
	for i, r := range ranges {
		tasks = append(tasks, task{r.End - r.Start, func(ctx context.Context) error {
			p := &parts[i]
			f := carve.Finder{
				Want:   want,
				Record: func(t event.Trace) { p.traces = append(p.traces, t) },
				USN: func(r usn.Record, how carve.Plausibility) {
					if how != 0 {
						p.records = append(p.records, r)
					}
				},
				Job: func(offset int64, job *jobfile.Job, length int, inRecord bool) {
					if !inRecord && job.Complete {
						p.jobs = append(p.jobs, carvedJob{offset, int64(length), job})
					}
				},
				Problem: func(_ int64, err error) {
					p.problems = append(p.problems, s.traceProblem(event.MFTCarved, err))
				},
				ClusterSize: s.volume.NTFS.ClusterSize(),
			}
			_, err := f.Part(ctx, s.volume.Reader, size, live, r)
			return err
		}})
	}
	if err := runTasks(ctx, s.opts.Workers, tasks, s.opts.Progress); err != nil {
		return err
	}
	for i := range parts {
		s.joinCarved(&parts[i])
	}
	return nil
}

func (s *volumeScan) joinCarved(p *carvePart) {
	for _, t := range p.traces {
		s.keep(t)
	}
	for _, r := range p.records {
		s.keepCarved(r)
	}
	s.problems = append(s.problems, p.problems...)
	s.bodies = append(s.bodies, p.jobs...)
}

// keepCarved keeps a journal record found outside the journal, unless the live
// journal covers its place or the record was found before.
func (s *volumeScan) keepCarved(r usn.Record) {
	u := &s.coverage.USN
	if r.Major == 4 || u.Records > 0 && r.USN >= u.FirstUSN && r.USN <= u.LastUSN {
		return
	}
	key := carvedKey{r.USN, r.File, r.Reason}
	if s.carvedSeen[key] {
		return
	}
	s.carvedSeen[key] = true
	s.carved[r.File] = append(s.carved[r.File], r)
}

type carvedKey struct {
	usn    int64
	file   ntfs.FileReference
	reason usn.Reason
}

// liveRanges are the bytes that the other passes have read.
func (s *volumeScan) liveRanges() []carve.Range {
	var out []carve.Range
	add := func(extents []ntfs.Extent) {
		for _, e := range extents {
			if e.Physical >= 0 && !e.Lost {
				out = append(out, carve.Range{Start: e.Physical, End: e.Physical + e.Length})
			}
		}
	}
	v := s.volume.NTFS
	if f, err := v.File(ntfs.RecordMFT); err == nil {
		if m, err := v.OpenStream(f, ntfs.TypeData, ""); err == nil {
			add(m.Extents())
		}
	}
	if s.hasJournal() {
		add(s.volume.Journal.Extents())
	}
	return out
}

// joinBodies gives carved job bodies to the files that lost theirs, where size
// alone decides: one body of that size, and one file. Bodies that are left, and
// that no file's content accounts for, are listed as artifacts.
func (s *volumeScan) joinBodies() {
	held := make(map[jobfile.UUID]bool)
	bereft := make(map[int64][]*event.File)
	seen := make(map[*event.File]bool)
	for _, f := range s.findings {
		file := f.Event.File
		if seen[file] {
			continue
		}
		seen[file] = true
		if c := file.Content; c != nil && c.Job != nil {
			held[c.Job.UUID] = true
		} else if file.Size > 0 && mft.IsJob(f.Event.Path.Name()) {
			bereft[file.Size] = append(bereft[file.Size], file)
		}
	}
	bodies := make(map[int64][]carvedJob)
	for _, b := range s.bodies {
		if !held[b.job.UUID] {
			bodies[b.length] = append(bodies[b.length], b)
		}
	}
	for _, b := range s.bodies {
		switch files := bereft[b.length]; {
		case held[b.job.UUID]:
		case len(files) == 1 && len(bodies[b.length]) == 1:
			adopt(files[0], b)
		default:
			s.coverage.Artifacts = append(s.coverage.Artifacts,
				fmt.Sprintf("job body without a name at byte %#x: runs %s (UUID %s)", b.offset, b.job.CommandLine(), b.job.UUID))
		}
	}
}

func adopt(f *event.File, b carvedJob) {
	f.Content = &event.Content{RecoveredFrom: "unallocated", Job: b.job}
	f.Anomalies = append(f.Anomalies, event.Anomaly{Code: "content_joined_by_size",
		Detail: fmt.Sprintf("the content was carved at byte %#x of the volume; that it is this file's is concluded from its size of %d bytes alone", b.offset, b.length)})
}
