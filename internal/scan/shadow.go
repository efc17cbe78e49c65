package scan

import (
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
)

// sighting makes what two states of one volume show the same: one file at one
// path, and in a timeline one event of it.
type sighting struct {
	site
	inode ntfs.FileReference // 0 where it is not known
	time  wintime.Filetime   // in a timeline, and where the inode is not known
}

// site is a path on a volume, as a rule sees it.
type site struct {
	volume int // Index of the volume itself
	rule   string
	path   string
	action event.Action // in a timeline
}

// sightings joins what a volume and its shadow copies show.
type sightings struct {
	timeline bool
	seen     map[sighting]*report.Finding
	at       map[site][]*report.Finding
}

func newSightings(timeline bool) *sightings {
	return &sightings{timeline: timeline, seen: make(map[sighting]*report.Finding), at: make(map[site][]*report.Finding)}
}

// add keeps what is news. A shadow copy's sighting of what is known already
// supports it, and gives it the content that is lost since.
func (s *sightings) add(base int, shadow bool, findings []*report.Finding) []*report.Finding {
	return slices.DeleteFunc(findings, func(f *report.Finding) bool {
		k := s.key(base, f)
		known := s.seen[k]
		if known == nil && shadow {
			known = s.sameName(k.site, f)
		}
		if known == nil || !shadow {
			s.seen[k] = f
			s.at[k.site] = append(s.at[k.site], f)
			if shadow {
				f.Event.File.State = event.Overwritten // as the volume is now
			}
			return false
		}
		merge(known, f)
		return true
	})
}

// maxSameSite bounds the files of one path that are looked at for it.
const maxSameSite = 4096

// sameName finds the finding of the same file where one of the two states knows
// the file by a name of unknown incarnation only: by the creation time.
func (s *sightings) sameName(at site, f *report.Finding) *report.Finding {
	for i, known := range s.at[at] {
		if i == maxSameSite {
			break
		}
		a, b := known.Event, f.Event
		if (a.File.Reference == 0) == (b.File.Reference == 0) || !a.Action.Arrives() || !b.Action.Arrives() {
			continue
		}
		if a.File.Reference == 0 && bornAt(b, a.Time) || b.File.Reference == 0 && bornAt(a, b.Time) {
			return known
		}
	}
	return nil
}

// bornAt: the file of the event was created at a time, as a name of it says.
func bornAt(e *event.Event, t wintime.Filetime) bool {
	if e.File.Times != nil && e.File.Times.Created == t {
		return true
	}
	return slices.ContainsFunc(e.Support, func(s event.Support) bool {
		return s.Time == t && s.Source != event.USN && s.Source != event.USNCarved
	})
}

// merge adds to a finding what a shadow copy shows of the same file.
func merge(known, f *report.Finding) {
	known.Event.Support = append(known.Event.Support, f.Event.Support...)
	to, from := known.Event.File, f.Event.File
	if to.Reference == 0 && from.Reference != 0 {
		to.Reference, to.Times = from.Reference, from.Times
		isUnknown := func(a event.Anomaly) bool { return a.Code == "incarnation_unknown" }
		known.Event.Anomalies = slices.DeleteFunc(known.Event.Anomalies, isUnknown)
	}
	if to.Size < 0 {
		to.Size = from.Size
	}
	if c := from.Content; c != nil && c.Job != nil && !hasJob(to) {
		to.Content = c
	}
}

func (s *sightings) key(base int, f *report.Finding) sighting {
	k := sighting{site: site{volume: base, path: f.Event.Path.WithDrive(f.Drive)}, inode: f.Event.File.Reference}
	if f.Rule != nil {
		k.rule = f.Rule.ID + f.Rule.Source
	}
	if s.timeline {
		k.action = f.Event.Action
	}
	if s.timeline || k.inode == 0 {
		k.time = f.Event.Time
	}
	return k
}

func hasJob(f *event.File) bool { return f.Content != nil && f.Content.Job != nil }
