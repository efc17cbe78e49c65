package logfile

import (
	"encoding/binary"
	"fmt"

	format "github.com/jobscan/jobscan/internal/format/logfile"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/ntfs"
)

// segment is what is known, at one point of the log, of one FILE record.
type segment struct {
	reference ntfs.FileReference // of the incarnation; 0 while not known
	waiting   []waitingName      // names of this incarnation, for when it is known

	// image is the record as of now, where the log had all of it since the
	// incarnation began; nil otherwise. It is true of the structure alone: what
	// programs write into resident values reaches the record without the log.
	image []byte

	names   []ntfs.FileName // wanted ones, to which content is tied
	content []byte          // the last that the log carried whole
	from    origin          // of content
}

type waitingName struct {
	origin origin
	name   ntfs.FileName
}

// segment is nil for a FILE record that is not followed.
func (c *collector) segment(number uint64) *segment {
	if !c.followed[number] {
		return nil
	}
	s := c.segments[number]
	if s == nil {
		s = &segment{}
		c.segments[number] = s
	}
	return s
}

// learn takes note that a FILE record holds an incarnation at this point.
func (c *collector) learn(ref ntfs.FileReference) {
	s := c.segment(ref.Record())
	if s == nil || s.reference == ref {
		return
	}
	if s.reference != 0 {
		c.end(s)
	}
	s.reference = ref
	for _, w := range s.waiting {
		c.trace(w.origin, ref, w.name)
	}
	s.waiting = nil
}

// nameOf takes a name of the file that FILE record number describes at this point.
func (c *collector) nameOf(o origin, number uint64, name ntfs.FileName) {
	c.followed[number] = true
	s := c.segment(number)
	if s.reference != 0 {
		c.trace(o, s.reference, name)
		return
	}
	s.waiting = append(s.waiting, waitingName{o, name})
}

// end closes an incarnation: what is not tied to it by now never will be.
func (c *collector) end(s *segment) {
	for _, w := range s.waiting {
		c.unattributed(w.origin, w.name.Name)
	}
	if s.reference != 0 && len(s.content) > 0 {
		for _, n := range s.names {
			c.traces = append(c.traces, event.Trace{
				Source: event.LogFile, Reference: s.reference, Name: n, Offset: s.from.offset,
				Detail: "content, " + s.from.String(), Content: s.content,
			})
			c.stats.Contents++
		}
	}
	*s = segment{}
}

// finish closes all incarnations that the log does not end.
func (c *collector) finish() {
	for _, number := range sortedNumbers(c.segments) {
		c.end(c.segments[number])
	}
}

// unattributed tells of a wanted name whose file the log does not identify.
func (c *collector) unattributed(o origin, name string) {
	c.stats.WithoutSequence++
	c.problem(&parse.Error{
		Structure: "log record", Field: "target", Offset: o.offset, Err: parse.ErrUnsupported,
		Detail: fmt.Sprintf("the name %q is of a file that the log does not identify (%s)", name, o),
	})
}

// replay brings the image of a FILE record up to date with an operation on it.
func (c *collector) replay(r *format.Record, number uint64, o origin) {
	s := c.segment(number)
	if s == nil {
		return
	}
	switch r.Redo {
	case format.DeallocateFileRecordSegment:
		c.end(s)
		return
	case format.InitializeFileRecordSegment:
		c.begin(s, r)
		return
	}
	if s.image == nil || !onFileRecord(r.Redo) {
		return
	}
	if r.Missing > 0 || r.Torn {
		s.image = nil
		return
	}
	if r.Redo == format.UpdateResidentValue {
		c.value(s, r, o)
	}
	done := redo(s.image, r)
	if !done && len(s.image) < c.recordSize {
		s.image = append(s.image, make([]byte, c.recordSize-len(s.image))...)
		done = redo(s.image, r)
	}
	if !done || !attributes(s.image, func([]byte) {}) {
		s.image = nil
	}
}

// begin starts over with the image that a record is initialised with.
func (c *collector) begin(s *segment, r *format.Record) {
	s.image = nil
	if r.Missing > 0 || r.Torn || len(r.RedoData) < 0x30 || len(r.RedoData) > c.recordSize || string(r.RedoData[:4]) != "FILE" {
		return
	}
	// There are many and few grow: room for the rest of the record comes later.
	s.image = make([]byte, min(len(r.RedoData)+64, c.recordSize))
	copy(s.image, r.RedoData)
	if !attributes(s.image, func([]byte) {}) {
		s.image = nil
	}
}

// value takes content out of an update of the unnamed $DATA that covers all of
// it, before or after.
func (c *collector) value(s *segment, r *format.Record, o origin) {
	at, inside := int(r.RecordOffset), int(r.AttributeOffset)
	n := attributeLength(s.image, at)
	if n == 0 || !isContent(s.image[at:at+n]) || inside != int(binary.LittleEndian.Uint16(s.image[at+valueOffsetAt:])) {
		return
	}
	was := int64(binary.LittleEndian.Uint32(s.image[at+valueLengthAt:]))
	if len(r.UndoData) == r.UndoLength && int64(r.UndoLength) == was {
		o.operation, o.undo, o.redo = r.Undo, true, r.Redo
		s.keep(o, r.UndoData)
	}
	if len(r.RedoData) == r.RedoLength && (r.RedoLength != r.UndoLength || int64(r.RedoLength) == was) {
		o.operation, o.undo = r.Redo, false
		s.keep(o, r.RedoData)
	}
}

// keep takes whole content. When a file grows, NTFS logs zeros, and the data
// comes into the record without the log: zeros say nothing.
func (s *segment) keep(o origin, content []byte) {
	for _, b := range content {
		if b != 0 {
			s.content, s.from = append(make([]byte, 0, len(content)), content...), o
			return
		}
	}
}

// isContent: the attribute is a resident, unnamed, plain $DATA.
func isContent(a []byte) bool {
	return ntfs.AttributeType(binary.LittleEndian.Uint32(a)) == ntfs.TypeData && a[8] == 0 && a[9] == 0 && a[12] == 0 && a[13] == 0
}

// named notes that a file bore a wanted name, for content that comes or came.
func (c *collector) named(ref ntfs.FileReference, name ntfs.FileName) {
	c.followed[ref.Record()] = true
	s := c.segments[ref.Record()]
	if s == nil || s.reference != ref {
		return
	}
	for _, n := range s.names {
		if n.Name == name.Name && n.Parent == name.Parent {
			return
		}
	}
	if len(s.names) < maxNames {
		s.names = append(s.names, name)
	}
}

// maxNames of one incarnation to which its content is tied.
const maxNames = 16
