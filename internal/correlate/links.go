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
	mendLinks(steps)
}

// mendLinks looks from the front at a file whose creation the journal holds: a
// link that it never had cannot have been removed. It was added, and the CLOSE
// of that cycle is lost; what looks like that CLOSE is the removal.
func mendLinks(steps []step) {
	if len(steps) == 0 || steps[0].partial || steps[0].fresh&usn.ReasonFileCreate == 0 {
		return
	}
	present := map[event.Name]bool{}
	for i := range steps {
		s := &steps[i]
		switch {
		case s.link == linkRemoved && !present[s.name]:
			s.link = linkAdded
			present[s.name] = true
			removeLater(steps[i+1:], s.name)
		case s.link != noLinkChange:
			present[s.name] = s.link == linkAdded
		case s.departs:
			present[s.name] = false
		case s.arrives || s.fresh&usn.ReasonFileCreate != 0:
			present[s.name] = true
		}
	}
}

// removeLater finds the record that removed a link: the next one that is closed
// with its name, unless it is told otherwise.
func removeLater(steps []step, name event.Name) {
	const closing = usn.ReasonHardLinkChange | usn.ReasonClose
	for i := range steps {
		s := &steps[i]
		if s.name != name {
			continue
		}
		if s.link == noLinkChange && s.Reason&closing == closing {
			s.link = linkRemoved
		}
		return
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
