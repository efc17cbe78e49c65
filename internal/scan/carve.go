package scan

import (
	"context"
	"fmt"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/source/carve"
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
	offset int64
	job    *jobfile.Job
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
				Job: func(offset int64, job *jobfile.Job, _ int, inRecord bool) {
					if !inRecord && job.Complete {
						p.jobs = append(p.jobs, carvedJob{offset, job})
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

// reportBodies lists the carved job bodies that no file's content accounts for.
func (s *volumeScan) reportBodies() {
	known := make(map[jobfile.UUID]bool)
	for _, f := range s.findings {
		if c := f.Event.File.Content; c != nil && c.Job != nil {
			known[c.Job.UUID] = true
		}
	}
	for _, b := range s.bodies {
		if known[b.job.UUID] {
			continue
		}
		s.coverage.Artifacts = append(s.coverage.Artifacts,
			fmt.Sprintf("job body without a name at byte %#x: runs %s (UUID %s)", b.offset, b.job.CommandLine(), b.job.UUID))
	}
}
