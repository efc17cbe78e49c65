package carve

import (
	"github.com/jobscan/jobscan/usn"
)

// Plausibility says what speaks for a carved USN record beside its shape. None
// of it proves that the record belongs to the volume's own journal.
type Plausibility uint8

// The signs of Plausibility.
const (
	// InPlace: the USN and the record's offset agree modulo the cluster size, as
	// for a record in a cluster that a journal left. Without it the record is
	// a copy: of a page of $LogFile or of memory, or in another file.
	InPlace Plausibility = 1 << iota
	// InSequence: a record before or after it lies as far away as its USN does.
	InSequence
)

const journalPage = 4096 // records do not cross a multiple of it

// usn takes the USN record at a place of the window, if one is there.
func (p *pass) usn(at int) {
	offset := p.base + int64(at)
	if offset < p.usnEnd {
		return
	}
	raw, ok := usn.CarveAt(p.win[at:], offset)
	if !ok {
		return
	}
	before, lastEnd := p.usnShift, p.usnEnd
	n := len(raw.Bytes())
	p.usnEnd, p.usnShift = offset+int64(n), raw.USN()-offset
	if p.quiet {
		return
	}
	p.stats.USN++
	if p.f.AnyUSN != nil {
		p.f.AnyUSN(raw)
	}
	if p.f.USN == nil || raw.Major() == 4 || !raw.Attributes().IsDirectory() && !p.wants(raw.NameBytes()) {
		return
	}
	var signs Plausibility
	if raw.USN()%max(p.f.ClusterSize, 512) == offset%max(p.f.ClusterSize, 512) {
		signs |= InPlace
	}
	if (lastEnd > 0 && before == p.usnShift && offset-lastEnd < 2*journalPage) || p.followed(at, n, raw.USN()) {
		signs |= InSequence
	}
	rec, err := raw.Decode()
	if err != nil {
		p.problem(offset, err)
		return
	}
	rec.Stale = true
	p.f.USN(rec, signs)
}

// followed reports that the record of n bytes at a place of the window is
// followed by one whose USN continues its own: directly, or on the next page.
func (p *pass) followed(at, n int, first int64) bool {
	rest := int(journalPage - (first+int64(n))%journalPage)
	for _, skip := range []int{n, n + rest} {
		if at+skip >= len(p.win) {
			continue
		}
		if next, ok := usn.CarveAt(p.win[at+skip:], 0); ok && next.USN() == first+int64(skip) {
			return true
		}
	}
	return false
}
