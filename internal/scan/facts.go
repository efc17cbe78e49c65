package scan

import (
	"slices"

	"github.com/jobscan/jobscan/internal/ecs"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/source/mft"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/usn"
)

// since finds for each file since when its size and times are what its FILE
// record says now.
func since(events []*event.Event) {
	for _, e := range events {
		f := e.File
		if f.Times == nil {
			continue
		}
		f.SizeSince = max(f.SizeSince, contentSince(f))
		if f.Times.Changed > e.Time+contentSlack {
			f.TimesSince = max(f.TimesSince, f.Times.Changed)
		}
		if e.Reason&sizeReasons != 0 {
			f.SizeSince = max(f.SizeSince, e.Time)
		}
		f.TimesSince = max(f.TimesSince, e.Time)
	}
}

// facts reads the content of the files, if a rule asks for a field that needs it.
func (s *volumeScan) facts(events []*event.Event) {
	if !s.hasMFT() || !slices.ContainsFunc(s.ruleFields(), isContent) {
		return
	}
	hash := slices.Contains(s.ruleFields(), "file.hash.sha256")
	for _, e := range events {
		f := e.File
		if f.State != event.Allocated && f.State != event.Deleted {
			continue
		}
		if f.Facts == nil {
			file, err := s.volume.NTFS.File(f.Reference.Record())
			if err != nil {
				continue // reported when the file was described
			}
			f.Facts = mft.Facts(s.volume.NTFS, file, hash)
			f.Facts.Changed = contentSince(f)
		}
		if e.Reason&contentReasons != 0 {
			f.Facts.Changed = max(f.Facts.Changed, e.Time)
		}
		if e.Reason&streamReasons != 0 {
			f.Facts.StreamsChanged = max(f.Facts.StreamsChanged, e.Time)
		}
	}
}

// The reasons by which the journal tells of changes of content.
const (
	sizeReasons    = usn.ReasonDataExtend | usn.ReasonDataTruncation
	contentReasons = usn.ReasonDataOverwrite | usn.ReasonDataExtend | usn.ReasonDataTruncation
	streamReasons  = usn.ReasonNamedDataOverwrite | usn.ReasonNamedDataExtend | usn.ReasonNamedDataTruncation | usn.ReasonStreamChange
)

// contentSince bounds from below since when a file has its present content: not
// before it was written last, unless that is no later than its creation.
func contentSince(f *event.File) wintime.Filetime {
	if f.Times == nil || f.Times.Modified <= f.Times.Created+contentSlack {
		return 0
	}
	return f.Times.Modified
}

// contentSlack is how long after its creation a file is still being written, in
// ticks: one minute.
const contentSlack = wintime.Filetime(60 * 10_000_000)

func (s *volumeScan) ruleFields() []string {
	var out []string
	for _, r := range s.opts.Rules {
		out = append(out, r.Query.Fields()...)
	}
	return out
}

func isContent(field string) bool {
	f, ok := ecs.Lookup(field)
	return ok && f.From == ecs.Content
}
