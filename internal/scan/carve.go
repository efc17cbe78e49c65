package scan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jobscan/jobscan/internal/correlate"
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
	bodies   bodies
	problems []report.Problem
}

// carve goes over the whole volume once, with all signatures. other are bytes
// of $MFT in which no FILE record stands.
func (s *volumeScan) carve(ctx context.Context, want func([]byte) bool, other []carve.Range) error {
	size := s.volume.Size
	live := without(s.liveRanges(), other)
	ranges := carve.Parts(size)
	parts := make([]carvePart, len(ranges))
	var tasks []task
	for i, r := range ranges {
		if !s.volume.HasData(r.Start, r.End+jobfile.ScannerTail) {
			continue // zeros, in which no signature can be
		}
		tasks = append(tasks, task{r.End - r.Start, func(ctx context.Context) error {
			p := &parts[i]
			p.bodies.most = maxPartBodies
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
						s.carvedBody(&p.bodies, offset, int64(length), job)
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
	s.bodies.join(&p.bodies)
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
	if len(s.carvedSeen) >= maxCarvedRecords {
		s.carvedOmitted++
		return
	}
	s.carvedSeen[key] = true
	s.carved[r.File] = append(s.carved[r.File], r)
}

// carvedFolders adds what records found outside the journal say of folders to
// what the journal says of them; nil where there are none.
func (s *volumeScan) carvedFolders() *correlate.Folders {
	if len(s.carved) == 0 {
		return nil
	}
	history := maps.Clone(s.paths.History)
	for ref, records := range s.carved {
		of := slices.Clip(history[ref])
		for _, r := range records {
			if r.FileAttributes.IsDirectory() {
				of = append(of, event.FolderRecord{USN: r.USN, Offset: r.Offset, Time: r.Time,
					Reason: r.Reason, Name: event.Name{Parent: r.Parent, Name: r.Name}})
			}
		}
		if len(of) > 0 {
			history[ref] = of
		}
	}
	f := *s.paths
	f.History, f.Gaps = history, true
	f.Sort()
	return &f
}

// maxCarvedRecords bounds the journal records found outside the journal of one
// volume: as many as a journal of some 100 MiB holds.
const maxCarvedRecords = 1 << 20

// tellCarvedOmitted reports records beyond the bound.
func (s *volumeScan) tellCarvedOmitted() {
	if s.carvedOmitted > 0 {
		s.problems = append(s.problems, s.problem(string(event.USNCarved),
			fmt.Errorf("%d further journal records found outside the journal are left out", s.carvedOmitted)))
	}
}

type carvedKey struct {
	usn    int64
	file   ntfs.FileReference
	reason usn.Reason
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
