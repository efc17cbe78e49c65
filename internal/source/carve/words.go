package carve

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/ntfs"
)

// Everything of NTFS stands at multiples of 8 and shows itself by the first
// word: a signature, or the length and version of a USN record.
const (
	signatureFILE = 0x454C4946 // "FILE"
	signatureBAAD = 0x44414142 // "BAAD"
	signatureINDX = 0x58444E49 // "INDX"
	minUSNLength  = 60
	maxUSNLength  = 4096
)

// words looks at the words of the window from begin to limit.
func (p *pass) words(begin, limit int) {
	begin += int(-(p.base + int64(begin)) & 7)
	for at := telling(p.win, begin, limit); at < limit; at = telling(p.win, at+8, limit) {
		switch binary.LittleEndian.Uint32(p.win[at:]) {
		case signatureFILE, signatureBAAD:
			p.record(at)
		case signatureINDX:
			p.index(at)
		default:
			p.usn(at)
		}
	}
}

// telling gives the first place from at on, in steps of 8, whose word may begin
// a structure, or limit. Nearly all words of a volume fail here, so four are
// looked at in one round.
func telling(b []byte, at, limit int) int {
	limit = min(limit, len(b))
	for ; at <= limit-32; at += 32 {
		q := b[at : at+32 : at+32]
		if mayBegin(binary.LittleEndian.Uint64(q)) || mayBegin(binary.LittleEndian.Uint64(q[8:])) ||
			mayBegin(binary.LittleEndian.Uint64(q[16:])) || mayBegin(binary.LittleEndian.Uint64(q[24:])) {
			break
		}
	}
	for ; at <= limit-8; at += 8 {
		if mayBegin(binary.LittleEndian.Uint64(b[at:])) {
			return at
		}
	}
	return limit
}

func mayBegin(w uint64) bool {
	low, high := uint32(w), uint32(w>>32)
	return high-2 <= 2 && low-minUSNLength <= maxUSNLength-minUSNLength || low == signatureFILE || low == signatureINDX || low == signatureBAAD
}

// record takes the FILE record at a place of the window, if one is there.
func (p *pass) record(at int) {
	n := p.records.At(p.win[at:], 0)
	if n == 0 || p.quiet {
		return
	}
	p.stats.Records++
	if p.f.Record == nil || !p.records.HasName(p.wants) {
		return
	}
	r := p.records.Record()
	offset := p.base + int64(at)
	runs, size := dataRuns(&r)
	for i := range r.Attributes {
		a := &r.Attributes[i]
		if a.Type != ntfs.TypeFileName || !a.Resident {
			continue
		}
		name, err := ntfs.ParseFileName(a.Value)
		if err != nil {
			p.problem(offset, parse.At(err, offset+int64(a.ValueOffset)))
			continue
		}
		p.f.Record(event.Trace{Source: event.MFTCarved, Reference: referenceOf(&r), Name: name,
			Offset: offset, Detail: describe(&r), Content: content(&r), Runs: runs, DataSize: size})
	}
}

// referenceOf names the file that the record describes; 0 where the record is
// of a version that does not store its own number.
func referenceOf(r *ntfs.CarvedRecord) ntfs.FileReference {
	const withNumber = 0x30
	if r.IsExtension() {
		return r.Base
	}
	if binary.LittleEndian.Uint16(r.Data[4:]) < withNumber {
		return 0
	}
	return r.Reference()
}

// content gives the unnamed $DATA where it stands whole in the record.
func content(r *ntfs.CarvedRecord) []byte {
	const sector = 512
	for i := range r.Attributes {
		a := &r.Attributes[i]
		if a.Type != ntfs.TypeData || a.Name != "" {
			continue
		}
		if !a.Resident || int(a.ValueLength) != len(a.Value) {
			return nil
		}
		for _, torn := range r.Torn {
			if !r.Plain && a.ValueOffset < (torn+1)*sector && a.ValueOffset+len(a.Value) > torn*sector {
				return nil
			}
		}
		return append([]byte{}, a.Value...)
	}
	return nil
}

// dataRuns gives the clusters of the unnamed $DATA where it is one attribute of
// the record, plain and not resident, and its size in bytes.
func dataRuns(r *ntfs.CarvedRecord) ([]ntfs.Run, int64) {
	for i := range r.Attributes {
		a := &r.Attributes[i]
		if a.Type != ntfs.TypeData || a.Name != "" {
			continue
		}
		if a.Resident || a.LowestVCN != 0 || a.Compressed() || a.Encrypted() || len(a.Runs) == 0 || a.DataSize == 0 || a.DataSize > a.AllocatedSize {
			return nil, 0
		}
		return slices.Clone(a.Runs), int64(min(a.DataSize, math.MaxInt64))
	}
	return nil, 0
}

func describe(r *ntfs.CarvedRecord) string {
	s := "FILE record outside the $MFT, free"
	if r.InUse {
		s = "FILE record outside the $MFT, in use"
	}
	if r.IsExtension() {
		s += fmt.Sprintf(", extension of %s", r.Base)
	}
	switch {
	case r.Baad:
		s += ", marked BAAD"
	case r.Plain:
		s += ", as it stands in memory (no update sequence)"
	case len(r.Torn) > 0:
		s += fmt.Sprintf(", sectors %v torn", r.Torn)
	}
	return s
}

// index takes the INDX record at a place of the window, if one is there.
func (p *pass) index(at int) {
	n := ntfs.CarveIndexRecord(p.win[at:])
	if n == 0 || p.quiet {
		return
	}
	node, err := ntfs.ParseIndexRecord(p.win[at : at+n])
	offset := p.base + int64(at)
	if err != nil {
		p.problem(offset, parse.At(err, offset))
		return
	}
	p.stats.IndexRecords++
	if p.f.Record == nil {
		return
	}
	var folder ntfs.FileReference
	for _, e := range node.Entries {
		if e.FileName.Partial || e.Reference.Sequence() == 0 {
			continue
		}
		if folder == 0 {
			folder = e.FileName.Parent
		}
		p.indexName(e.Reference, e.FileName, offset+int64(e.Offset), fmt.Sprintf("entry of the INDX record at %#x", offset))
	}
	for _, e := range ntfs.CarveIndexRemains(node.Slack, node.SlackAt, folder, 0) {
		if e.Reference == 0 && e.FileName.Parent != folder {
			continue // neither the file nor the place speaks for it
		}
		detail := fmt.Sprintf("slack of the INDX record at %#x", offset)
		if e.Reference == 0 {
			detail += "; the file's reference is overwritten"
		}
		if e.ParentLost {
			detail += "; so is the folder's, which is taken from the record"
		}
		p.indexName(e.Reference, e.FileName, offset+int64(node.SlackAt+e.Offset), detail)
	}
}

func (p *pass) indexName(ref ntfs.FileReference, n ntfs.FileName, offset int64, detail string) {
	if p.wants(n.NameLE()) {
		p.f.Record(event.Trace{Source: event.IndexSlack, Reference: ref, Name: n, Offset: offset, Detail: detail})
	}
}
