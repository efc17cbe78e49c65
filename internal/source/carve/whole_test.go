package carve

import (
	"context"
	"io"
)

// run searches a whole volume, part after part.
func (f *Finder) run(ctx context.Context, r io.ReaderAt, size int64, live []Range) (Stats, error) {
	var all Stats
	for _, part := range Parts(size) {
		s, err := f.Part(ctx, r, size, live, part)
		all = all.add(s)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// add sums the counts of two parts.
func (s Stats) add(o Stats) Stats {
	return Stats{
		Bytes: s.Bytes + o.Bytes, Live: s.Live + o.Live, Unreadable: s.Unreadable + o.Unreadable,
		Records: s.Records + o.Records, IndexRecords: s.IndexRecords + o.IndexRecords, USN: s.USN + o.USN, Jobs: s.Jobs + o.Jobs,
	}
}

// String names the signs in the lists that tests compare.
func (p Plausibility) String() string {
	switch p & (InPlace | InSequence) {
	case InPlace | InSequence:
		return "in place and in sequence"
	case InPlace:
		return "in place, alone"
	case InSequence:
		return "copied elsewhere, in sequence"
	}
	return "copied elsewhere, alone"
}
