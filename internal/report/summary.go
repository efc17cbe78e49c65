package report

import (
	"fmt"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
)

// Summary closes a report: counts, and for each volume what could have been seen.
type Summary struct {
	Match, Undecided, Excluded int
	Events, Problems           int
	// Complete: no part of the evidence was unreadable.
	Complete bool
	Volumes  []VolumeSummary
}

// VolumeSummary is the coverage of one volume.
type VolumeSummary struct {
	Evidence    string
	Partition   int
	Volume      int
	Label       string
	Serial      uint64 // 0 where there is no boot sector
	DriveLetter byte
	ShadowCopy  int              // 1-based; 0 for the volume itself
	ShadowTime  wintime.Filetime // when the shadow copy was made
	ClusterSize uint32
	HasMFT      bool
	MFT         MFTCoverage
	USN         USNCoverage
	Artifacts   []string
}

// MFTCoverage counts FILE records.
type MFTCoverage struct{ Records, InUse, Deleted, Unreadable, Torn uint64 }

// USNCoverage says what the journal covers: a creation between FirstTime and
// LastTime would have been seen, except in what was damaged.
type USNCoverage struct {
	Present             bool
	JournalID           uint64
	FirstUSN, LastUSN   int64
	FirstTime, LastTime wintime.Filetime
	Records, Stale      uint64
	DamagedBytes        int64
	Gaps                uint64 // stretches inside the journal without records
	GapBytes            int64
	ClockBackwards      uint64 // how often time ran backwards
}

// SummaryDocument makes the document of a summary.
func SummaryDocument(s *Summary) Document {
	d := NewDocument(TypeSummary)
	d.Set("findings", ordereddict.NewDict().
		Set("match", s.Match).Set("undecided", s.Undecided).Set("excluded", s.Excluded))
	d.Set("events", s.Events)
	d.Set("problems", s.Problems)
	d.Set("complete", s.Complete)
	volumes := []*ordereddict.Dict{}
	for i := range s.Volumes {
		volumes = append(volumes, volumeDict(&s.Volumes[i]))
	}
	d.Set("volumes", volumes)
	return d
}

func volumeDict(v *VolumeSummary) *ordereddict.Dict {
	d := ordereddict.NewDict().Set("evidence", v.Evidence).Set("volume", v.Volume)
	if v.Partition > 0 {
		d.Set("partition", v.Partition)
	}
	if v.ShadowCopy > 0 {
		d.Set("shadow_copy", v.ShadowCopy).Set("shadow_time", v.ShadowTime.String())
	}
	d.Set("label", v.Label)
	if v.Serial != 0 {
		d.Set("serial", fmt.Sprintf("%016x", v.Serial))
	} else {
		d.Set("serial", nil)
	}
	if v.DriveLetter != 0 && v.DriveLetter != winpath.UnknownDrive {
		d.Set("drive_letter", string(rune(v.DriveLetter)))
	} else {
		d.Set("drive_letter", nil)
	}
	if v.ClusterSize > 0 {
		d.Set("cluster_size", v.ClusterSize)
	} else {
		d.Set("cluster_size", nil)
	}
	d.Set("mft", ordereddict.NewDict().Set("present", v.HasMFT).
		Set("records", v.MFT.Records).Set("in_use", v.MFT.InUse).Set("deleted", v.MFT.Deleted).
		Set("unreadable", v.MFT.Unreadable).Set("torn", v.MFT.Torn))
	d.Set("usn", usnDict(&v.USN))
	artifacts := v.Artifacts
	if artifacts == nil {
		artifacts = []string{}
	}
	return d.Set("artifacts", artifacts)
}

func usnDict(u *USNCoverage) *ordereddict.Dict {
	d := ordereddict.NewDict().Set("present", u.Present)
	if u.JournalID != 0 {
		d.Set("journal_id", fmt.Sprintf("%016x", u.JournalID))
	} else {
		d.Set("journal_id", nil)
	}
	if u.Records > 0 {
		d.Set("first_usn", u.FirstUSN).Set("last_usn", u.LastUSN).
			Set("first_time", u.FirstTime.String()).Set("last_time", u.LastTime.String())
	} else {
		d.Set("first_usn", nil).Set("last_usn", nil).Set("first_time", nil).Set("last_time", nil)
	}
	return d.Set("records", u.Records).Set("damaged_bytes", u.DamagedBytes).
		Set("stale_records", u.Stale).Set("gaps", u.Gaps).Set("gap_bytes", u.GapBytes).
		Set("clock_ran_backwards", u.ClockBackwards)
}
