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
	residentHeader  = 0x18
	endMarker       = 8 // it overwrites the beginning of what stood there
	valueLengthAt   = 0x10
	valueOffsetAt   = 0x14
	fileNameLength  = 0x40 // in $FILE_NAME: name length in UTF-16 units
	fileNameMinimum = 0x42
	endOfAttributes = 0xFFFFFFFF
)

// RecordSlack finds, behind the attributes of a FILE record of v, what earlier
// states of it left: entries of an $INDEX_ROOT that grew out of the record or
// shrank (event.IndexSlack), and $FILE_NAME attributes (event.MFTCarved), the
// first of which may have lost its header. A resident $DATA attribute that
// follows such names without a gap is given as their content. A job that has no
// name before it gives a trace with an empty name, whose content goes up to the
// end of the attribute that held it, padding to a multiple of 8 included.
//
// Whose the attributes were is not recorded: the file that the record describes,
// or any one that lived in it before. The Reference of these traces is that of
// the record where the name's creation time is that of a name the record has
// now, and else has the record's number and sequence number 0.
func RecordSlack(v *ntfs.Volume, rec *ntfs.Record) []event.Trace {
	at := rec.SlackStart()
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

// RecordSlackWorth gives a quick test of the slack of a FILE record, for
// ntfs.Volume.ScanSlack: whether it may hold a name that want accepts, or a job.
func RecordSlackWorth(want func(nameUTF16LE []byte) bool) func(slack []byte, at int) bool {
	return func(slack []byte, at int) bool {
		return ntfs.HasNameRemains(slack, at, want) || bytes.Contains(slack, jobStatus)
	}
}

// jobStatus are the upper bytes of the status of every job.
var jobStatus = []byte{0x13, 4, 0}

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
	off := (8 - s.at&7) & 7
	first := 0  // of the traces that a $DATA attribute would belong to: all names of one file
	chain := -1 // where the attribute after the last one taken stands
	if end := s.headless(); end > 0 {
		off, chain = end, end
	}
	for off+residentHeader <= len(s.slack) {
		value, n := residentAttribute(s.slack[off:])
		t := ntfs.AttributeType(binary.LittleEndian.Uint32(s.slack[off:]))
		linked := off == chain
		switch {
		case n > 0 && t == ntfs.TypeFileName && wholeName(value):
			if !linked {
				first = len(s.traces)
			}
			if !s.name(value, off, "$FILE_NAME in the ") {
				off += 8
				continue
			}
		case n > 0 && linked && t == ntfs.TypeData && s.slack[off+9] == 0:
			for ; first < len(s.traces) && len(value) > 0 && !s.torn(s.at+off, n); first++ {
				s.traces[first].Content = bytes.Clone(value)
			}
			first = len(s.traces)
		case n > 0 && linked && t > ntfs.TypeFileName && t < ntfs.TypeData:
		default:
			off += 8
			continue
		}
		s.spans = append(s.spans, span{off, off + n})
		off += n
		chain = off
	}
}

// headless takes the $FILE_NAME whose header the end marker, or what stands
// before it, has overwritten in part or in whole. It gives the place after it,
// or 0.
func (s *recordSlack) headless() int {
	for at := endMarker; at <= residentHeader && at <= len(s.slack); at += 8 {
		_, n := ntfs.NameRemainAt(s.slack[at:])
		if n == 0 {
			continue
		}
		if at > endMarker { // the second half of the header is left
			h := s.slack[at-8:]
			if int64(binary.LittleEndian.Uint32(h)) != int64(n) || binary.LittleEndian.Uint16(h[4:]) != residentHeader {
				continue
			}
		}
		if !s.name(s.slack[at:at+n], at, "$FILE_NAME, its header overwritten, in the ") {
			continue
		}
		end := min(at+(n+7)&^7, len(s.slack))
		s.spans = append(s.spans, span{0, end})
		return end
	}
	return 0
}

// name keeps the $FILE_NAME at a place of the slack, if it makes sense.
func (s *recordSlack) name(value []byte, at int, what string) bool {
	name, err := ntfs.ParseFileName(value)
	if err != nil || !plausible(name) {
		return false
	}
	s.traces = append(s.traces, event.Trace{Source: event.MFTCarved, Reference: s.owner(name), Name: name, Slack: true,
		Offset: onVolume(s.offset, s.at+at), Detail: what + s.where()})
	return true
}

// wholeName: the value of a $FILE_NAME attribute that is as long as its name asks.
func wholeName(value []byte) bool {
	return len(value) >= fileNameMinimum && len(value) == fileNameMinimum+2*int(value[fileNameLength])
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
		if s.taken(r.Offset+header) || r.Reference == 0 && !s.ownEntry(r) {
			continue
		}
		t := remainTrace(r, s.folder, "$I30 entry in the "+s.where(), onVolume(s.offset, s.at+r.Offset))
		t.Slack = true
		s.traces = append(s.traces, t)
	}
}

// ownEntry: an entry that has lost its file's reference names the folder that
// the record describes, or one that it described before.
func (s *recordSlack) ownEntry(r ntfs.IndexRemain) bool {
	if s.folder != 0 {
		return r.FileName.Parent == s.folder
	}
	return r.FileName.Parent.Record() == s.rec.Number
}

// looseJobs finds job files that no name precedes.
func (s *recordSlack) looseJobs() {
	if !bytes.Contains(s.slack, jobStatus) {
		return
	}
	b := bytes.Clone(s.slack)
	jobfile.NewScanner(bytes.NewReader(s.slack), int64(len(b))).Window(b, 0, 0, len(b), func(hit jobfile.Carved) {
		start := int(hit.Offset)
		if s.taken(start) || s.torn(s.at+start, hit.Length) {
			return
		}
		s.traces = append(s.traces, event.Trace{Source: event.MFTCarved, Reference: ntfs.NewFileReference(s.rec.Number, 0), Slack: true,
			Offset: onVolume(s.offset, s.at+start), Detail: "job in the " + s.where(),
			Content: bytes.Clone(s.slack[start:s.valueEnd(start, hit.Length)])})
	})
}

// valueEnd is where the value that begins with a job of n bytes ended, up to
// the padding to a multiple of 8: before the next attribute or the end marker.
// Where neither is left it is the end of the job.
func (s *recordSlack) valueEnd(start, n int) int {
	for at := start + (n+7)&^7; at+4 <= len(s.slack); at += 8 {
		if binary.LittleEndian.Uint32(s.slack[at:]) == endOfAttributes {
			return at
		}
		if at+residentHeader <= len(s.slack) && binary.LittleEndian.Uint32(s.slack[at:]) == uint32(ntfs.TypeData) {
			if _, n := residentAttribute(s.slack[at:]); n > 0 {
				return at
			}
		}
	}
	return min(start+n, len(s.slack))
}
