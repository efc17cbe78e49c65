package scan

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/jobfile"
)

// Bounds of what is kept of the bodies found on one volume: evidence can be full
// of them.
const (
	maxBodies     = 4096
	maxPartBodies = 1024 // of a part of the volume
	maxBodyPlaces = 16
	maxBodyBytes  = 1 << 20 // of a body by which it is compared
	maxCommand    = 256     // characters of a command line in a list
)

// body is a job found without a name. The same bytes at several places are one.
type body struct {
	sum    [sha256.Size]byte
	length int64 // bytes, as far as the job goes
	job    *jobfile.Job
	places []bodyPlace
	copies int // further places

	taken bool // given to a file, or a known file's own content
}

// bodyPlace is where a body lies.
type bodyPlace struct {
	scan   *volumeScan
	offset int64  // bytes from the start of the volume; -1 where it is not known
	slack  bool   // in the slack of a FILE record
	record uint64 // the number of that record
	value  []byte // in slack: the attribute's value, padded to a multiple of 8
	live   bool   // at the start of a cluster that is in use: what a file has now
}

// String tells the place for a person.
func (p bodyPlace) String() string {
	s := fmt.Sprintf("at byte %#x", p.offset)
	if p.slack {
		s = fmt.Sprintf("in the slack of FILE record %d", p.record)
	}
	if n := p.scan.volume.ShadowCopy; n > 0 {
		s += fmt.Sprintf(" of shadow copy %d", n)
	}
	return s
}

// where tells all places for a person.
func (b *body) where() string {
	list := make([]string, len(b.places))
	for i, p := range b.places {
		list[i] = p.String()
	}
	s := strings.Join(list, ", ")
	if b.copies > 0 {
		s += fmt.Sprintf(" and at %d further places", b.copies)
	}
	return s
}

// loose: some place of it is not what a file has now.
func (b *body) loose() bool {
	for _, p := range b.places {
		if !p.live {
			return true
		}
	}
	return false
}

// bodies are what was found, in the order of the search.
type bodies struct {
	most    int // of them that are kept; 0: maxBodies
	list    []*body
	bySum   map[[sha256.Size]byte]*body
	omitted int
}

func (s *bodies) add(b *body) {
	if known := s.bySum[b.sum]; known != nil {
		for _, p := range b.places {
			known.addPlace(p)
		}
		known.copies += b.copies
		return
	}
	if len(s.list) >= cmp.Or(s.most, maxBodies) {
		s.omitted++
		return
	}
	if s.bySum == nil {
		s.bySum = make(map[[sha256.Size]byte]*body)
	}
	s.bySum[b.sum] = b
	s.list = append(s.list, b)
}

func (b *body) addPlace(p bodyPlace) {
	for _, known := range b.places {
		if known.scan == p.scan && known.offset == p.offset {
			return
		}
	}
	if len(b.places) >= maxBodyPlaces {
		b.copies++
		return
	}
	b.places = append(b.places, p)
}

func (s *bodies) join(o *bodies) {
	for _, b := range o.list {
		s.add(b)
	}
	s.omitted += o.omitted
}

// carvedBody keeps a job found at a place of the volume.
func (s *volumeScan) carvedBody(to *bodies, offset, length int64, job *jobfile.Job) {
	data := make([]byte, min(length, maxBodyBytes))
	if n, _ := s.volume.Reader.ReadAt(data, offset); n < len(data) {
		return // reported by the pass that has just read it
	}
	place := bodyPlace{scan: s, offset: offset}
	if size := s.volume.NTFS.ClusterSize(); size > 0 && offset%size == 0 {
		place.live, _ = s.volume.NTFS.ClusterAllocated(uint64(offset / size))
	}
	to.add(&body{sum: sha256.Sum256(data), length: length, job: job, places: []bodyPlace{place}})
}

// slackBody keeps a job from the slack of a FILE record in which no name stands
// before it.
func (s *volumeScan) slackBody(t *event.Trace) {
	job, err := jobfile.ParsePrefix(t.Content)
	if err != nil {
		return
	}
	s.bodies.add(&body{sum: sha256.Sum256(t.Content[:job.DecodedBytes]), length: int64(job.DecodedBytes), job: job,
		places: []bodyPlace{{scan: s, offset: t.Offset, slack: true, record: t.Reference.Record(), value: t.Content}}})
}

// artifact is the line about a body that was given to no file.
func (b *body) artifact() string {
	command := []rune(b.job.CommandLine())
	if len(command) > maxCommand {
		command = append(command[:maxCommand], '…')
	}
	return fmt.Sprintf("job body without a name %s: runs %s (UUID %s)", b.where(), string(command), b.job.UUID)
}

// maxTail bounds what may follow a job within its file and is looked at.
const maxTail = 1 << 20

// sectorSize is the step, in bytes, up to which Windows fills the end of a file
// with zeros when it writes it.
const sectorSize = 512

// holds reports that a file of so many bytes can lie at the place: it is as long
// as the job, or something follows up to the file's end and nothing behind it.
func (b *body) holds(p bodyPlace, size int64) bool {
	if size <= b.length {
		return size == b.length
	}
	if p.slack {
		return (size+7)&^7 == int64(len(p.value))
	}
	if size-b.length > maxTail || size%sectorSize == 0 || p.offset%sectorSize != 0 {
		return false
	}
	data := b.read(p, (size+sectorSize-1)/sectorSize*sectorSize)
	const last = 8 // of them one at least is set where a file ends
	return data != nil && !allZero(data[max(b.length, size-last):size]) && allZero(data[size:])
}

// placeFor gives the first place that can hold a file of so many bytes, among
// those that own accepts; nil: any.
func (b *body) placeFor(size int64, own func(bodyPlace) bool) (bodyPlace, bool) {
	for _, p := range b.places {
		if (own == nil || own(p)) && b.holds(p, size) {
			return p, true
		}
	}
	return bodyPlace{}, false
}

// read reads so many bytes from a place of the body on; nil where they are not there.
func (b *body) read(p bodyPlace, n int64) []byte {
	switch {
	case n < 0 || p.offset < 0 && !p.slack || n > b.length+maxTail+sectorSize:
		return nil
	case p.slack:
		return p.value[:min(n, int64(len(p.value)))]
	}
	data := make([]byte, n)
	if k, _ := p.scan.volume.Reader.ReadAt(data, p.offset); k < len(data) {
		return nil
	}
	return data
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
