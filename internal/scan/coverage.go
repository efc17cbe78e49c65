package scan

import (
	"errors"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// describeVolume fills in what is known before any pass, and reports what had
// to be worked around when the volume was opened.
func (s *volumeScan) describeVolume() {
	v := s.volume
	if v.NTFS != nil {
		s.coverage.HasMFT = !s.opts.NoMFT
		s.coverage.Label = v.NTFS.Label()
		if boot, ok := v.NTFS.Boot(); ok {
			s.coverage.Serial = boot.Serial
			s.coverage.ClusterSize = uint32(boot.ClusterSize)
		}
		for _, err := range v.NTFS.Problems() {
			p := s.problem("volume", err)
			if ntfs.IsWorkaround(err) { // nothing is lost
				p.Severity = report.SeverityWarning
			}
			s.problems = append(s.problems, p)
		}
	}
	s.coverage.USN.Present = v.Journal != nil || s.opts.NoUSN && v.JournalErr != nil
	if v.JournalErr != nil && !s.opts.NoUSN {
		s.problems = append(s.problems, s.problem("usn", v.JournalErr))
	}
	if v.JournalDeleted && s.hasJournal() {
		p := s.problem("usn", errJournalDeleted)
		p.Severity = report.SeverityWarning
		s.problems = append(s.problems, p)
	}
	if !s.hasMFT() && !s.hasJournal() {
		s.problems = append(s.problems, s.problem("volume", errNothingRead))
	}
}

var (
	errJournalDeleted = errors.New("the change journal was deleted: the FILE record of $UsnJrnl is free, and nothing was recorded after the last of its records that are left")
	errNothingRead    = errors.New("nothing of this volume was read: the options leave out what it has, of $MFT and change journal")
)

func (s *volumeScan) describeJournal(stats *usn.Stats) {
	if !s.hasJournal() {
		return
	}
	s.coverage.USN = report.USNCoverage{
		Present:  true,
		FirstUSN: stats.FirstUSN, LastUSN: stats.LastUSN,
		FirstTime: stats.FirstTime, LastTime: stats.LastTime,
		Records: stats.Records, Stale: stats.Stale, DamagedBytes: stats.DamagedBytes,
		ClockBackwards: stats.BackwardSteps.Count,
	}
	s.lostJournal()
	s.journalGaps(stats)
	if n := stats.StaleWithin; n > 0 {
		s.problems = append(s.problems, s.journalProblem(-1, fmt.Errorf("%d records of an older journal stand in $J between its own: what stood in their place is lost", n)))
	}
	if s.volume.Max != nil {
		s.coverage.USN.JournalID = s.volume.Max.JournalID
	}
}

// lostJournal reports the parts of $J that are not in the evidence: clusters
// past the end of a truncated image, or pieces of its run list.
func (s *volumeScan) lostJournal() {
	limit := s.volume.Journal.InitializedSize()
	for _, e := range s.volume.Journal.Extents() {
		length := min(e.Length, limit-e.Offset)
		if !e.Lost || length <= 0 {
			continue
		}
		s.coverage.USN.DamagedBytes += length
		s.problems = append(s.problems, s.journalProblem(e.Offset, &parse.Error{Structure: "$J", Field: "extent",
			Offset: e.Offset, Err: parse.ErrTruncated, Detail: fmt.Sprintf("%d bytes are not in the evidence", length)}))
	}
}

// journalGaps reports stretches inside the journal that hold no records: what
// happened between the records on either side was not seen. The hole at the
// head of the journal is no gap.
func (s *volumeScan) journalGaps(stats *usn.Stats) {
	u := &s.coverage.USN
	u.Gaps = uint64(len(stats.Gaps)) + stats.GapsOmitted
	for _, g := range stats.Gaps {
		u.GapBytes += g.Length
		s.problems = append(s.problems, s.journalProblem(g.Offset, &parse.Error{Structure: "$J", Offset: g.Offset, Err: errNoRecords,
			Detail: fmt.Sprintf("%d bytes hold none; nothing was seen between %s and %s", g.Length, g.Before, g.After)}))
	}
	if stats.GapsOmitted > 0 {
		s.problems = append(s.problems, s.journalProblem(-1, fmt.Errorf("%d further gaps in $J", stats.GapsOmitted)))
	}
}

var errNoRecords = errors.New("a gap between records")
