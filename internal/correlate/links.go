package correlate

import (
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/usn"
)

// linkChange is what a record with HARD_LINK_CHANGE says of the link that it names.
type linkChange uint8

const (
	noLinkChange linkChange = iota
	linkAdded
	linkRemoved
)

// decideLinks decides for each record that tells of a change of links whether
// the link that it names was added or removed. The record does not say; what
// follows does: the name's next departure or arrival, and at the end the $MFT.
func decideLinks(steps []step, final []event.Name, known bool) {
	markers := linkMarkers(steps)
	if len(markers) == 0 {
		return
	}
	present := map[event.Name]bool{}
	decided := map[event.Name]bool{}
	for _, name := range final {
		present[name] = true
	}
	for i := len(steps) - 1; i >= 0; i-- {
		s := &steps[i]
		marker, isMarker := markers[i]
		switch {
		case s.Reason&usn.ReasonFileDelete != 0:
			known = true // it was the last name: the others had gone before
			present[s.name], decided[s.name] = true, true
		case s.departs:
			present[s.name], decided[s.name] = true, true
		case isMarker:
			s.link = marker.decide(present[s.name], known || decided[s.name])
			if s.link != noLinkChange {
				present[s.name], decided[s.name] = s.link == linkRemoved, true
			}
		case s.arrives || s.fresh&usn.ReasonFileCreate != 0:
			present[s.name], decided[s.name] = false, true
		}
	}
}

// linkMarker is how much a record with HARD_LINK_CHANGE can mean.
type linkMarker uint8

const (
	addedOrRemoved linkMarker = iota
	removedIfGone             // a removal, or a CLOSE that says nothing of links
	addedIfThere              // an addition, or a change that says nothing of links
)

func (m linkMarker) decide(presentAfter, sure bool) linkChange {
	switch {
	case m == removedIfGone && (presentAfter || !sure):
		return noLinkChange
	case m == addedIfThere && !presentAfter && sure:
		return noLinkChange
	case presentAfter || !sure:
		return linkAdded
	}
	return linkRemoved
}

// linkMarkers finds the records that tell of a change of links, by index.
func linkMarkers(steps []step) map[int]linkMarker {
	markers := map[int]linkMarker{}
	told := map[event.Name]bool{} // links that the cycle has told of
	for i := range steps {
		s := &steps[i]
		if s.begins {
			clear(told)
		}
		if m, ok := markerOf(s); ok && !told[s.name] {
			markers[i] = m
			told[s.name] = true
		}
	}
	return markers
}

// markerOf reads one record. A removed link is told with CLOSE in one record;
// an added one is told before the CLOSE that ends its cycle. A record that has
// HARD_LINK_CHANGE from before and another reason new tells of that one.
func markerOf(s *step) (linkMarker, bool) {
	const others = usn.ReasonRenameOldName | usn.ReasonFileDelete
	if s.Reason&usn.ReasonHardLinkChange == 0 || s.Reason&others != 0 || s.arrives {
		return 0, false
	}
	closing := s.Reason&usn.ReasonClose != 0
	alone := s.fresh&^(usn.ReasonHardLinkChange|usn.ReasonClose) == 0
	switch {
	case s.fresh&usn.ReasonHardLinkChange != 0 && !s.first:
		return addedOrRemoved, true
	case linkInMidCycle(s) && !closing:
		return addedIfThere, true
	case alone && !closing:
		return addedOrRemoved, true
	case closing && (alone || s.first):
		return removedIfGone, true
	}
	return 0, false
}
