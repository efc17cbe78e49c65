package index

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
)

// Sizes and places in a FILE record and in a resident attribute, in bytes.
const (
	recordHeader    = 0x30
	residentHeader  = 0x18
	valueLengthAt   = 0x10
	valueOffsetAt   = 0x14
	fileNameLength  = 0x40 // in $FILE_NAME: name length in UTF-16 units
	fileNameMinimum = 0x42
)

// RecordSlack finds, behind the attributes of a FILE record of v, what earlier
// states of it left: entries of an $INDEX_ROOT that grew out of the record or
// shrank (event.IndexSlack), and $FILE_NAME attributes (event.MFTCarved). A
// resident $DATA attribute that follows such names is given as their content. A
// job that has no name before it gives a trace with an empty name.
//
// Whose the attributes were is not recorded: the file that the record describes,
// or any one that lived in it before. The Reference of these traces is that of
// the record where the name's creation time is that of a name the record has
// now, and else has the record's number and sequence number 0.
func RecordSlack(v *ntfs.Volume, rec *ntfs.Record) []event.Trace {
	at := slackStart(rec)
	if at >= len(rec.Data) {
		return nil
	}
	s := &recordSlack{v: v, rec: rec, offset: v.RecordOffset(rec.Number), at: at, slack: rec.Data[at:]}
	if rec.IsDirectory {
		s.folder = rec.Reference()
		if rec.IsExtension() {
			s.folder = rec.Base
		}
	}
	s.attributes()
	s.indexEntries()
	s.looseJobs()
	return s.traces
}

// slackStart is where the attributes of a record end.
func slackStart(rec *ntfs.Record) int {
	at := min(recordHeader, len(rec.Data))
	for i := range rec.Attributes {
		at = max(at, rec.Attributes[i].Offset+rec.Attributes[i].Length)
	}
	return at
}

// recordSlack is the search of one FILE record.
type recordSlack struct {
	v      *ntfs.Volume
	rec    *ntfs.Record
	folder ntfs.FileReference // 0 where the record is not that of a folder
	offset int64              // of the record on the volume; -1 where it is not known
	at     int                // where the slack begins in the record
	slack  []byte

	traces []event.Trace
	spans  []span // of what was taken
}

type span struct{ start, end int }

func (s *recordSlack) taken(at int) bool {
	for _, t := range s.spans {
		if t.start <= at && at < t.end {
			return true
		}
	}
	return false
}

func (s *recordSlack) where() string {
	return fmt.Sprintf("slack of FILE record %d", s.rec.Number)
}

// attributes finds $FILE_NAME attributes and the resident $DATA that follows.
func (s *recordSlack) attributes() {
	first := 0 // of the traces that a $DATA attribute would belong to: all names of one file
	for off := (8 - s.at&7) & 7; off+residentHeader <= len(s.slack); {
		value, n := residentAttribute(s.slack[off:])
		switch t := ntfs.AttributeType(binary.LittleEndian.Uint32(s.slack[off:])); {
		case n > 0 && t == ntfs.TypeFileName && len(value) >= fileNameMinimum && len(value) == fileNameMinimum+2*int(value[fileNameLength]):
			name, err := ntfs.ParseFileName(value)
			if err != nil || !plausible(name) {
				off += 8
				continue
			}
			s.traces = append(s.traces, event.Trace{Source: event.MFTCarved, Reference: s.owner(name), Name: name,
				Offset: onVolume(s.offset, s.at+off), Detail: "$FILE_NAME in the " + s.where()})
		case n > 0 && t == ntfs.TypeData && first < len(s.traces) && s.slack[off+9] == 0 && len(value) > 0 && !s.torn(s.at+off, n):
			for ; first < len(s.traces); first++ {
				s.traces[first].Content = bytes.Clone(value)
			}
		default:
			off += 8
			continue
		}
		s.spans = append(s.spans, span{off, off + n})
		off += n
	}
}

// residentAttribute gives the value of the resident attribute at the start of
// b and the attribute's length, or 0.
func residentAttribute(b []byte) (value []byte, n int) {
	le := binary.LittleEndian
	length, size, at := int64(le.Uint32(b[4:])), int64(le.Uint32(b[valueLengthAt:])), int64(le.Uint16(b[valueOffsetAt:]))
	if b[8] != 0 || length%8 != 0 || at < residentHeader || at%8 != 0 || length > int64(len(b)) || at+size > length || length-at-size >= 8 {
		return nil, 0
	}
	return b[at : at+size], int(length)
}

func plausible(n ntfs.FileName) bool {
	const from, to = 119_600_064_000_000_000, 189_025_920_000_000_000 // 1980-01-01, 2200-01-01 UTC
	for _, t := range []uint64{uint64(n.Created), uint64(n.Modified), uint64(n.Changed), uint64(n.Accessed)} {
		if t < from || t >= to {
			return false
		}
	}
	return n.Namespace <= ntfs.NamespaceWin32AndDOS
}

// torn reports that bytes of the record lie in a torn sector.
func (s *recordSlack) torn(at, n int) bool {
	const sector = 512
	for _, t := range s.rec.Torn {
		if at < (t+1)*sector && at+n > t*sector {
			return true
		}
	}
	return false
}

// owner tells whose a name in the slack was.
func (s *recordSlack) owner(n ntfs.FileName) ntfs.FileReference {
	if s.rec.IsExtension() {
		return ntfs.NewFileReference(s.rec.Base.Record(), 0)
	}
	for i := range s.rec.Attributes {
		a := &s.rec.Attributes[i]
		if a.Type != ntfs.TypeFileName || !a.Resident {
			continue
		}
		if now, err := ntfs.ParseFileName(a.Value); err == nil && now.Created == n.Created {
			return s.rec.Reference()
		}
	}
	return ntfs.NewFileReference(s.rec.Number, 0)
}

// indexEntries finds entries of an $INDEX_ROOT.
func (s *recordSlack) indexEntries() {
	for _, r := range ntfs.CarveIndexRemains(s.slack, s.at, s.folder, s.v.RecordCount()) {
		const header = 16 // of the entry
		if s.taken(r.Offset + header) {
			continue
		}
		s.traces = append(s.traces, remainTrace(r, s.folder, "$I30 entry in the "+s.where(), onVolume(s.offset, s.at+r.Offset)))
	}
}

// looseJobs finds job files that no name precedes.
func (s *recordSlack) looseJobs() {
	if !bytes.Contains(s.slack, []byte{0x13, 4, 0}) { // of the status of every job
		return
	}
	b := bytes.Clone(s.slack)
	jobfile.NewScanner(bytes.NewReader(s.slack), int64(len(b))).Window(b, 0, 0, len(b), func(hit jobfile.Carved) {
		start := int(hit.Offset)
		if s.taken(start) || s.torn(s.at+start, hit.Length) {
			return
		}
		s.traces = append(s.traces, event.Trace{Source: event.MFTCarved, Reference: ntfs.NewFileReference(s.rec.Number, 0),
			Offset: onVolume(s.offset, s.at+start), Detail: "job in the " + s.where(),
			Content: bytes.Clone(s.slack[start:min(start+hit.Length, len(s.slack))])})
	})
}
