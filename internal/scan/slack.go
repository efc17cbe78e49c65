package scan

import (
	"context"
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/source/carve"
	"github.com/jobscan/jobscan/internal/source/index"
	"github.com/jobscan/jobscan/ntfs"
)

// recordRange is a range of FILE records, from (inclusive) to to (exclusive).
type recordRange struct{ from, to uint64 }

// slackPart is the slot of one task over ranges of FILE records.
type slackPart struct {
	traces []event.Trace
	other  []carve.Range // slots that hold something else than a FILE record
}

// recordSlack searches the slack of FILE records: of those that a file with a
// wanted name has or had, and when carving of all. It gives the bytes of the
// volume that $MFT has and that hold no FILE record, when carving.
func (s *volumeScan) recordSlack(ctx context.Context, want func([]byte) bool) ([]carve.Range, error) {
	v := s.volume.NTFS
	perTask := uint64(bytesPerTask / v.RecordSize())
	var ranges []recordRange
	if s.opts.Carve {
		ranges = []recordRange{{0, v.RecordCount()}}
	} else {
		ranges = s.suspectRecords(want)
	}
	cut := cutRanges(ranges, perTask)
	parts := make([]slackPart, len(cut))
	tasks := make([]task, 0, len(cut))
	worth := index.RecordSlackWorth(want)
	for i, rs := range cut {
		records := uint64(0)
		for _, r := range rs {
			records += r.to - r.from
		}
		tasks = append(tasks, task{int64(records) * int64(v.RecordSize()), func(ctx context.Context) error {
			return s.slackTask(ctx, rs, &parts[i], want, worth)
		}})
	}
	if err := runTasks(ctx, s.opts.Workers, tasks, s.opts.Progress); err != nil {
		return nil, err
	}
	var other []carve.Range
	for i := range parts {
		for _, t := range parts[i].traces {
			s.keep(t)
		}
		other = append(other, parts[i].other...)
	}
	return other, nil
}

func (s *volumeScan) slackTask(ctx context.Context, ranges []recordRange, p *slackPart, want func([]byte) bool, worth func([]byte, int) bool) error {
	v := s.volume.NTFS
	found := func(r *ntfs.Record) {
		for _, t := range index.RecordSlack(v, r) {
			if t.Name.Name == "" || want(t.Name.NameLE()) {
				p.traces = append(p.traces, t)
			}
		}
	}
	other := func(n uint64) {
		at, size := v.RecordOffset(n), int64(v.RecordSize())
		if last := len(p.other) - 1; last >= 0 && p.other[last].End == at {
			p.other[last].End += size
		} else if at >= 0 {
			p.other = append(p.other, carve.Range{Start: at, End: at + size})
		}
	}
	if !s.opts.Carve {
		other = nil
	}
	for _, r := range ranges {
		if err := v.ScanSlack(ctx, r.from, r.to, worth, found, other); err != nil {
			return err
		}
	}
	return nil
}

// suspectRecords are the FILE records that files with a wanted name have or had,
// as far as the passes before have seen, without gaps taken together.
func (s *volumeScan) suspectRecords(want func([]byte) bool) []recordRange {
	var numbers []uint64
	for _, hit := range s.names {
		numbers = append(numbers, hit.Record, hit.Reference().Record())
	}
	for ref := range s.survey.Candidates {
		numbers = append(numbers, ref.Record())
	}
	for ref := range s.traces {
		numbers = append(numbers, ref.Record())
	}
	for ref, records := range s.carved.files {
		if anyWanted(records, want) {
			numbers = append(numbers, ref.Record())
		}
	}
	slices.Sort(numbers)
	var out []recordRange
	for _, n := range slices.Compact(numbers) {
		if last := len(out) - 1; last >= 0 && out[last].to == n {
			out[last].to++
		} else if n < s.volume.NTFS.RecordCount() {
			out = append(out, recordRange{n, n + 1})
		}
	}
	return out
}

// cutRanges shares ranges out in parts of so many records.
func cutRanges(ranges []recordRange, records uint64) [][]recordRange {
	var out [][]recordRange
	var part []recordRange
	room := records
	for _, r := range ranges {
		for r.from < r.to {
			n := min(r.to-r.from, room)
			part = append(part, recordRange{r.from, r.from + n})
			r.from += n
			if room -= n; room == 0 {
				out = append(out, part)
				part, room = nil, records
			}
		}
	}
	if len(part) > 0 {
		out = append(out, part)
	}
	return out
}
