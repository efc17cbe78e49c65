package scan

import (
	"cmp"
	"context"
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/source/carve"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// carvePart is the slot of one task over a part of the volume.
type carvePart struct {
	traces   []event.Trace
	records  carvedRecords
	bodies   bodies
	problems problemList
}

// carve goes over the whole volume once, with all signatures. other are bytes
// of $MFT in which no FILE record stands.
func (s *volumeScan) carve(ctx context.Context, want func([]byte) bool, other []carve.Range) error {
	size := s.volume.Size
	live := without(s.liveRanges(), other)
	ranges := carve.Parts(size)
	parts := make([]carvePart, len(ranges))
	joined := joiner{done: make([]bool, len(ranges)), join: func(i int) {
		s.joinCarved(&parts[i])
		parts[i] = carvePart{}
	}}
	var tasks []task
	for i, r := range ranges {
		if !s.volume.HasData(r.Start, r.End+jobfile.ScannerTail) {
			joined.finished(i) // zeros, in which no signature can be
			continue
		}
		tasks = append(tasks, task{r.End - r.Start, func(ctx context.Context) error {
			p := &parts[i]
			p.bodies.most = maxPartBodies
			p.records = newCarvedRecords(s.carved.clusterSize)
			f := carve.Finder{
				Want:   want,
				Record: func(t event.Trace) { p.traces = append(p.traces, t) },
				USN: func(r usn.Record, how carve.Plausibility) {
					if how != 0 && !s.covered(r.USN) {
						p.records.keep(r, true)
					}
				},
				Job: func(offset int64, job *jobfile.Job, length int, inRecord bool) {
					if !inRecord && job.Complete {
						s.carvedBody(&p.bodies, offset, int64(length), job)
					}
				},
				Problem: func(_ int64, err error) {
					p.problems.add(s.traceProblem(event.MFTCarved, err))
				},
				ClusterSize: s.volume.NTFS.ClusterSize(),
			}
			_, err := f.Part(ctx, s.volume.Reader, size, live, r)
			if err == nil {
				joined.finished(i)
			}
			return err
		}})
	}
	return runTasks(ctx, s.opts.Workers, tasks, s.opts.Progress)
}

func (s *volumeScan) joinCarved(p *carvePart) {
	for _, t := range p.traces {
		s.keep(t)
	}
	s.carved.join(&p.records)
	s.take(&p.problems)
	s.bodies.join(&p.bodies)
}

// liveRanges are the bytes that the other passes have read: $MFT, and $J as far
// as it was ever written, unless parts of it hold something else.
func (s *volumeScan) liveRanges() []carve.Range {
	var out []carve.Range
	add := func(extents []ntfs.Extent, limit int64) {
		for _, e := range extents {
			length := min(e.Length, limit-e.Offset)
			if e.Physical >= 0 && !e.Lost && length > 0 {
				out = append(out, carve.Range{Start: e.Physical, End: e.Physical + length})
			}
		}
	}
	v, size := s.volume.NTFS, int64(s.volume.NTFS.RecordSize())
	for n := range v.RecordCount() {
		at, last := v.RecordOffset(n), len(out)-1
		switch {
		case at < 0:
		case last >= 0 && out[last].End == at:
			out[last].End += size
		default:
			out = append(out, carve.Range{Start: at, End: at + size})
		}
	}
	if s.hasJournal() && s.coverage.USN.DamagedBytes == 0 {
		add(s.volume.Journal.Extents(), s.volume.Journal.InitializedSize())
	}
	return out
}

// without takes the second ranges out of the first.
func without(ranges, holes []carve.Range) []carve.Range {
	holes = slices.Clone(holes)
	slices.SortFunc(holes, func(a, b carve.Range) int { return cmp.Compare(a.Start, b.Start) })
	var out []carve.Range
	for _, r := range ranges {
		i, _ := slices.BinarySearchFunc(holes, r.Start, func(h carve.Range, at int64) int { return cmp.Compare(h.End, at) })
		for ; i < len(holes) && holes[i].Start < r.End; i++ {
			if holes[i].Start > r.Start {
				out = append(out, carve.Range{Start: r.Start, End: holes[i].Start})
			}
			r.Start = max(r.Start, holes[i].End)
		}
		if r.Start < r.End {
			out = append(out, r)
		}
	}
	return out
}
