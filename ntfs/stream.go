package ntfs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
)

// Extent is one stretch of a stream's bytes.
type Extent struct {
	Offset   int64 // in the stream
	Length   int64 // bytes
	Physical int64 // byte offset on the volume; -1: Lost, Resident, or a hole, which reads as zero
	Lost     bool  // no run maps these bytes, or they lie past the end of the evidence
	Resident bool  // the bytes stand in the FILE record
}

// Stream reads the bytes of one attribute of one file. It is immutable, safe
// for concurrent use, and has no position. Compressed attributes cannot be
// opened as streams; Volume.Contents decodes them.
type Stream struct {
	r           io.ReaderAt
	name        string // for errors
	size        int64
	initialized int64
	extents     []Extent // ascending, without gaps, covering [0, size)
	value       []byte   // of a resident attribute, whose extents are nil
	resident    bool
}

// Size is the data size in bytes: of a non-resident attribute what its header
// states, even where fewer bytes are mapped (the rest is a Lost extent).
func (s *Stream) Size() int64 { return s.size }

// InitializedSize is the number of bytes that were ever written; what follows
// reads as zero, whatever the clusters hold.
func (s *Stream) InitializedSize() int64 { return s.initialized }

// Resident reports that the bytes stood in the FILE record itself.
func (s *Stream) Resident() bool { return s.resident }

// Extents gives the stretches of the stream, ascending and without gaps.
func (s *Stream) Extents() []Extent {
	if s.resident {
		if s.size == 0 {
			return nil
		}
		return []Extent{{Length: s.size, Physical: -1, Resident: true}}
	}
	return slices.Clone(s.extents)
}

// ReadAt implements io.ReaderAt. Reading bytes of a Lost extent gives an error
// for which errors.Is(err, parse.ErrTruncated) holds; errors of the underlying
// reader keep their cause.
func (s *Stream) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, s.readError(off, parse.ErrRange)
	}
	if off >= s.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > s.size-off
	if short {
		p = p[:s.size-off]
	}
	n := 0
	var err error
	if s.resident {
		n = copy(p, s.value[off:])
	} else {
		written := min(max(s.initialized-off, 0), int64(len(p)))
		n, err = s.readMapped(p[:written], off)
		if err == nil {
			clear(p[written:])
			n = len(p)
		}
	}
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// readMapped reads through the extents, past the initialized size too.
func (s *Stream) readMapped(p []byte, off int64) (int, error) {
	n := 0
	for i := s.extentAt(off); n < len(p); i++ {
		if i >= len(s.extents) {
			return n, s.readError(off+int64(n), parse.ErrTruncated)
		}
		e := s.extents[i]
		skip := off + int64(n) - e.Offset
		part := p[n:min(int64(len(p)), int64(n)+e.Length-skip)]
		switch {
		case e.Lost:
			return n, s.readError(off+int64(n), parse.ErrTruncated)
		case e.Physical < 0:
			clear(part)
			n += len(part)
			continue
		}
		m, err := s.r.ReadAt(part, e.Physical+skip)
		n += m
		if m < len(part) {
			if err == nil || errors.Is(err, io.EOF) {
				err = parse.ErrTruncated
			}
			return n, s.readError(off+int64(n), err)
		}
	}
	return n, nil
}

// extentAt is the index of the extent that holds off.
func (s *Stream) extentAt(off int64) int {
	i, found := slices.BinarySearchFunc(s.extents, off, func(e Extent, off int64) int { return cmp.Compare(e.Offset, off) })
	if !found {
		i--
	}
	return max(i, 0)
}

func (s *Stream) readError(off int64, cause error) error {
	return &parse.Error{Structure: s.name, Field: "data", Offset: off, Err: cause}
}

// OpenStream opens an attribute of f by type and name ("" is the unnamed one;
// names are compared exactly). Parts of the attribute that lie in several FILE
// records are joined. The error satisfies errors.Is(err, fs.ErrNotExist) where
// f has no such attribute, and parse.ErrUnsupported where it is compressed or
// where it lies in clusters, which a loose $MFT does not have.
func (v *Volume) OpenStream(f *File, t AttributeType, name string) (*Stream, error) {
	parts := f.parts(t, name)
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s of FILE record %d: %w", streamName(t, name), f.Record.Number, fs.ErrNotExist)
	}
	if !parts[0].Resident && parts[0].Compressed() {
		return nil, attributeError(t, "flags", parts[0].Offset+0x0C, parse.ErrUnsupported, "compressed")
	}
	return v.openParts(parts)
}

// openParts opens the parts of one attribute, sorted by lowest VCN.
func (v *Volume) openParts(parts []*Attribute) (*Stream, error) {
	first := parts[0]
	name := streamName(first.Type, first.Name)
	if first.Resident {
		n := int64(len(first.Value))
		return &Stream{name: name, size: n, initialized: n, value: first.Value, resident: true}, nil
	}
	if !v.HasClusters() {
		return nil, attributeError(first.Type, "runs", first.Offset, parse.ErrUnsupported, "the content lies in clusters, and the evidence is a loose $MFT")
	}
	s := &Stream{r: v.r, name: name}
	mapped := int64(0)
	s.extents, mapped = v.mapRuns(parts)
	if first.LowestVCN == 0 {
		s.size = clampSize(first.DataSize)
		s.initialized = min(clampSize(first.InitializedSize), s.size)
	} else {
		// The part with the sizes is missing: all that is mapped is there.
		s.size, s.initialized = mapped, mapped
	}
	s.extents = fitExtents(s.extents, mapped, s.size)
	return s, nil
}

// mapRuns turns the runs of parts into extents without gaps and returns the
// number of bytes they span. Runs that overlap earlier ones are cut, missing
// ones and those past the end of the evidence become Lost extents.
func (v *Volume) mapRuns(parts []*Attribute) ([]Extent, int64) {
	cluster := int64(v.boot.ClusterSize)
	var out []Extent
	end := int64(0)
	add := func(length, physical int64, lost bool) {
		if length > 0 {
			out = append(out, Extent{Offset: end, Length: length, Physical: physical, Lost: lost})
			end += length
		}
	}
	for _, p := range parts {
		for _, run := range p.Runs {
			first, past := clusterBytes(run.VCN, cluster), clusterBytes(run.VCN+run.Length, cluster)
			if first > end {
				add(first-end, -1, true)
			}
			skip := end - first
			length := past - first - skip
			if length <= 0 {
				continue
			}
			if run.Sparse {
				add(length, -1, false)
				continue
			}
			physical := clusterBytes(uint64(run.LCN), cluster)
			if physical > math.MaxInt64-skip {
				add(length, -1, true)
				continue
			}
			physical += skip
			there := min(length, max(v.size-physical, 0))
			add(there, physical, false)
			add(length-there, -1, true)
		}
	}
	return out, end
}

// fitExtents cuts extents that span mapped bytes to size, or adds a Lost one.
func fitExtents(extents []Extent, mapped, size int64) []Extent {
	if mapped < size {
		return append(extents, Extent{Offset: mapped, Length: size - mapped, Physical: -1, Lost: true})
	}
	for i, e := range extents {
		if e.Offset+e.Length > size {
			extents[i].Length = size - e.Offset
			if extents[i].Length > 0 {
				i++
			}
			return extents[:i]
		}
	}
	return extents
}

// clusterBytes is n*cluster, at most the largest int64 that is a multiple of cluster.
func clusterBytes(n uint64, cluster int64) int64 {
	return int64(min(n, math.MaxInt64/uint64(cluster))) * cluster
}

func clampSize(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

func streamName(t AttributeType, name string) string {
	if name == "" {
		return t.String()
	}
	return t.String() + ":" + name
}
