package ntfs

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

// File is one incarnation of a file: its base FILE record and the attributes of
// the base and of the extension records that belong to it.
type File struct {
	Record     *Record     // the base record
	Attributes []Attribute // of all records; Holder says of which
	Damage     []error     // of all records, and of joining them; offsets from the start of $MFT

	names []FileName
}

// Bounds of joining: NTFS allows 256 KiB of attribute list. An extension record
// belongs to one base, so that lists of many files which name the same records
// do so in vain; few of a file's own are ever lost.
const (
	maxAttributeList    = 256 << 10
	maxExtensionRecords = 1 << 13
	maxFailedJoins      = 64 // more listed records that are not the file's than that are
)

// File reads base record n and joins its extension records: those that its
// $ATTRIBUTE_LIST names, and the candidates given, which a scan saw claiming n
// as their base (a list may be lost, damaged, or lie in clusters that are not
// there). An extension is taken only when its base reference names the
// incarnation that the base record describes: the stored sequence number of a
// record in use, one less for a free one, since NTFS counts up the base record
// but leaves the reference in its extensions as it was. A free extension of a
// base in use is what a list named earlier, and is left out.
//
// The error is that of Record. However much is wrong with the lists, Damage
// has one entry for each list and one for all the records that they name in vain.
// After 64 more of them than of the file's own the rest of the lists is not
// followed, which is told there too; the candidates given still are.
func (v *Volume) File(n uint64, extensions ...uint64) (*File, error) {
	base, err := v.Record(n)
	if err != nil {
		return nil, err
	}
	return v.FileOf(base, extensions...), nil
}

// FileOf is File for a base record that was read before.
func (v *Volume) FileOf(base *Record, extensions ...uint64) *File {
	f := &File{Record: base, Attributes: slices.Clone(base.Attributes), Damage: slices.Clone(base.Damage)}
	listed := v.listedExtensions(f)
	visited := map[uint64]bool{base.Number: true}
	var failed failedJoins
	joined := 0
	for i, m := range slices.Concat(listed, extensions) {
		isListed := i < len(listed)
		if visited[m] {
			continue
		}
		if isListed && failed.read-joined == maxFailedJoins {
			failed.left++
			continue
		}
		if joined == maxExtensionRecords {
			f.Damage = append(f.Damage, v.joinError(base.Number, parse.ErrRange, fmt.Sprintf("more than %d extension records", maxExtensionRecords)))
			break
		}
		visited[m] = true
		if isListed {
			failed.tried++
		}
		ok, err := v.join(f, m, isListed && failed.first == nil)
		if ok {
			joined++
		} else if isListed {
			failed.add(err, v.holdsRecord(m))
		}
	}
	if failed.count > 0 {
		f.Damage = append(f.Damage, v.joinError(base.Number, failed.first, failed.String()))
	}
	f.decodeNames(int64(v.recordSize))
	return f
}

// failedJoins counts the listed extension records that did not belong.
type failedJoins struct {
	count int
	read  int // of those, where $MFT holds the record
	tried int // all listed records that were looked at
	left  int // entries of the lists that were not followed
	first error
}

func (j *failedJoins) add(err error, read bool) {
	j.count++
	if read {
		j.read++
	}
	if j.first == nil {
		j.first = err
	}
}

func (j *failedJoins) String() string {
	s := fmt.Sprintf("the first of %d, among %d listed, that cannot be joined", j.count, j.tried)
	if j.left > 0 {
		s += fmt.Sprintf("; %d entries after them were not followed", j.left)
	}
	return s
}

// listedExtensions gives the records other than the base that the attribute
// lists of f name, in their order. NTFS makes one list; all that are there
// together are read up to its limit.
func (v *Volume) listedExtensions(f *File) []uint64 {
	var out []uint64
	left := int64(maxAttributeList)
	for i := range f.Attributes {
		a := &f.Attributes[i]
		if a.Type != TypeAttributeList {
			continue
		}
		content, err := v.listContent(a, left)
		left -= int64(len(content))
		entries, damage := ParseAttributeList(content)
		if err == nil {
			err = listDamage(damage)
		}
		if err != nil {
			f.Damage = append(f.Damage, err)
		}
		out = slices.Grow(out, len(entries))
		for _, e := range entries {
			if n := e.Reference.Record(); n != f.Record.Number {
				out = append(out, n)
			}
		}
	}
	return out
}

// listDamage makes one error of those of one attribute list.
func listDamage(damage []error) error {
	if len(damage) < 2 {
		return errors.Join(damage...)
	}
	return fmt.Errorf("%w; and %d more errors in the list", damage[0], len(damage)-1)
}

// listContent reads at most limit bytes of an $ATTRIBUTE_LIST; on an error as
// far as it can be read.
func (v *Volume) listContent(a *Attribute, limit int64) ([]byte, error) {
	size, b := int64(len(a.Value)), a.Value
	var err error
	if !a.Resident {
		var s *Stream
		if s, err = v.openParts([]*Attribute{a}); err != nil {
			return nil, err
		}
		size = s.Size()
		b = make([]byte, min(size, limit, v.size))
		var n int
		if n, err = s.ReadAt(b, 0); n == len(b) {
			err = nil
		}
		b = b[:n]
	}
	if size > limit {
		b = b[:min(int64(len(b)), limit)]
		err = attributeError(a.Type, "size", a.Offset+0x30, parse.ErrRange, fmt.Sprintf("expected at most %d bytes, found %d", limit, size))
	}
	return b, err
}

// join adds the attributes of record m if it is an extension of f, which can be
// seen in its header, before anything is decoded. With explain it says why not.
func (v *Volume) join(f *File, m uint64, explain bool) (joined bool, why error) {
	if !v.holdsRecord(m) && !explain {
		return false, nil
	}
	b, err := v.rawRecord(m)
	if err != nil {
		return false, err
	}
	if hasRecordSignature(b) {
		base := FileReference(binary.LittleEndian.Uint64(b[0x20:]))
		free := binary.LittleEndian.Uint16(b[0x16:])&recordFlagInUse == 0
		if base != f.Reference() || (f.Record.InUse && free) {
			if explain {
				why = v.joinError(f.Record.Number, parse.ErrRange,
					fmt.Sprintf("record %d is listed, but its base is %s and not %s, or it was freed", m, base, f.Reference()))
			}
			return false, why
		}
	}
	r, err := v.decodeRecord(m, b)
	if err != nil {
		return false, err
	}
	f.Attributes = append(f.Attributes, r.Attributes...)
	f.Damage = append(f.Damage, r.Damage...)
	return true, nil
}

// holdsRecord reports that $MFT, as far as the evidence goes, has record n. That
// is known without reading it.
func (v *Volume) holdsRecord(n uint64) bool { return n < v.RecordCount() && v.lostUntil(n) == n }

func (v *Volume) joinError(n uint64, cause error, detail string) error {
	return &parse.Error{Structure: "FILE record", Field: "extension records", Offset: int64(n) * int64(v.recordSize), Err: cause, Detail: detail}
}

// decodeNames decodes every $FILE_NAME once; the same name twice (a list that
// was written again elsewhere) is kept once.
func (f *File) decodeNames(recordSize int64) {
	type same struct {
		parent    FileReference
		name      string
		namespace Namespace
		created   wintime.Filetime
	}
	seen := map[same]bool{}
	for i := range f.Attributes {
		a := &f.Attributes[i]
		if a.Type != TypeFileName || !a.Resident {
			continue
		}
		n, err := decodeFileName(a.Value)
		if err != nil {
			f.Damage = append(f.Damage, parse.At(err, int64(a.Holder)*recordSize+int64(a.ValueOffset)))
		}
		key := same{n.Parent, n.Name, n.Namespace, n.Created}
		if n.Name == "" || seen[key] {
			continue
		}
		seen[key] = true
		n.Holder, n.AttributeID = a.Holder, a.ID
		f.names = append(f.names, n)
	}
}

// Reference names the incarnation; see Record.Reference.
func (f *File) Reference() FileReference { return f.Record.Reference() }

// IsDirectory reports that the file has a file name index.
func (f *File) IsDirectory() bool { return f.Record.IsDirectory }

// InUse is false for a file that was deleted.
func (f *File) InUse() bool { return f.Record.InUse }

// Names gives every name of the file, hard links and DOS names included, in
// the order of the attributes.
func (f *File) Names() []FileName { return slices.Clone(f.names) }

// StandardInformation decodes the file's $STANDARD_INFORMATION; the second
// result is false where there is none or it is too short.
func (f *File) StandardInformation() (StandardInformation, bool) {
	for i := range f.Attributes {
		if a := &f.Attributes[i]; a.Type == TypeStandardInformation && a.Resident {
			if s, err := ParseStandardInformation(a.Value); err == nil {
				return s, true
			}
		}
	}
	return StandardInformation{}, false
}

// StreamInfo describes one $DATA attribute of a file.
type StreamInfo struct {
	Name            string // "" is the file's content, others are alternate data streams
	Resident        bool
	Size            uint64 // bytes
	InitializedSize uint64
	AllocatedSize   uint64
	Flags           uint16 // of the attribute: compressed, sparse, encrypted
}

// Streams lists the $DATA attributes, the parts of a split one as one.
func (f *File) Streams() []StreamInfo {
	var out []StreamInfo
	for i := range f.Attributes {
		a := &f.Attributes[i]
		if a.Type != TypeData || (!a.Resident && a.LowestVCN != 0) {
			continue
		}
		s := StreamInfo{Name: a.Name, Resident: a.Resident, Flags: a.Flags,
			Size: a.DataSize, InitializedSize: a.InitializedSize, AllocatedSize: a.AllocatedSize}
		if a.Resident {
			n := uint64(a.ValueLength)
			s.Size, s.InitializedSize, s.AllocatedSize = n, n, (n+7)&^7
		}
		out = append(out, s)
	}
	return out
}

// parts gives the parts of one attribute by ascending VCN. A resident one
// stands alone; of several attributes with one type and name the first counts.
func (f *File) parts(t AttributeType, name string) []*Attribute {
	var out []*Attribute
	for i := range f.Attributes {
		a := &f.Attributes[i]
		if a.Type != t || a.Name != name {
			continue
		}
		if a.Resident {
			if len(out) == 0 {
				return []*Attribute{a}
			}
			continue
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b *Attribute) int { return cmp.Compare(a.LowestVCN, b.LowestVCN) })
	return out
}

// Size is the size of the unnamed $DATA in bytes; false where there is none.
func (f *File) Size() (int64, bool) {
	for _, s := range f.Streams() {
		if s.Name == "" {
			return int64(min(s.Size, math.MaxInt64)), true
		}
	}
	return 0, false
}
