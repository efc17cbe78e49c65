package scan

import (
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
)

// sighting makes what two states of one volume show the same: one file at one
// path, and in a timeline one event of it.
type sighting struct {
	volume int // Index of the volume itself
	rule   string
	inode  string
	path   string
	action event.Action
	time   uint64
}

// sightings joins what a volume and its shadow copies show.
type sightings struct {
	timeline bool
	seen     map[sighting]*report.Finding
}

func newSightings(timeline bool) *sightings {
	return &sightings{timeline: timeline, seen: make(map[sighting]*report.Finding)}
}

// add keeps what is news. A shadow copy's sighting of what is known already
// supports it, and gives it the content that is lost since.
func (s *sightings) add(base int, shadow bool, findings []*report.Finding) []*report.Finding {
	return slices.DeleteFunc(findings, func(f *report.Finding) bool {
		k := s.key(base, f)
		known := s.seen[k]
		if known == nil || !shadow {
			s.seen[k] = f
			if shadow {
				f.Event.File.State = event.Overwritten // as the volume is now
			}
			return false
		}
		known.Event.Support = append(known.Event.Support, f.Event.Support...)
		if c := f.Event.File.Content; c != nil && c.Job != nil && !hasJob(known.Event.File) {
			known.Event.File.Content = c
		}
		return true
	})
}

func (s *sightings) key(base int, f *report.Finding) sighting {
	k := sighting{volume: base, inode: f.Event.File.Reference.String(), path: f.Event.Path.WithDrive(f.Drive)}
	if f.Rule != nil {
		k.rule = f.Rule.ID + f.Rule.Source
	}
	if s.timeline {
		k.action, k.time = f.Event.Action, uint64(f.Event.Time)
	}
	return k
}

func hasJob(f *event.File) bool { return f.Content != nil && f.Content.Job != nil }
