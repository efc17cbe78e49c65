package scan

import (
	"errors"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/report"
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
			if !errors.Is(err, parse.ErrTruncated) { // worked around: nothing is lost
				p.Severity = report.SeverityWarning
			}
			s.problems = append(s.problems, p)
		}
	}
	if v.JournalErr != nil && !s.opts.NoUSN {
		s.problems = append(s.problems, s.problem("usn", v.JournalErr))
	}
}

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
