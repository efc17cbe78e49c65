package vmdk

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// layout is a disk whose extents follow each other in the order of its descriptor.
type layout struct {
	source *disk.Source
	size   int64
	starts []int64 // of the extents on the disk, bytes
	locs   []func(off int64) (disk.Piece, error)

	files  []disk.Part
	byName map[string]*opened
	cache  *tableCache
	tables int64 // that the disk may have yet
	flaws  []disk.Flaw
}

// opened is a file that an extent names, or why there is none.
type opened struct {
	part disk.Part
	err  error
}

func newLayout(s *disk.Source) *layout {
	return &layout{source: s, byName: map[string]*opened{}, cache: newTableCache(), tables: maxTables}
}

func (l *layout) close() error {
	var errs []error
	for _, f := range l.files {
		errs = append(errs, f.Image.Close())
	}
	return errors.Join(errs...)
}

// lay opens the extents. One that cannot be is a flaw, and an error where it is
// read; if none can, that is the error.
func (l *layout) lay(d *descriptor) error {
	if !d.ParentKnown {
		l.flaws = append(l.flaws, disk.Flaw{Err: &parse.Error{Structure: "VMDK descriptor", Field: "parentCID", Err: parse.ErrTruncated,
			Detail: "expected the key, found none; whether the disk builds on another one is not known"}})
	}
	overlaps := overlapping(d.Extents)
	readable := false
	var first error
	for i, e := range d.Extents {
		length := e.Sectors * sectorSize
		if length > maxDisk-l.size {
			return &parse.Error{Structure: "extent description", Field: "size in sectors", Offset: e.Offset, Err: parse.ErrRange,
				Detail: fmt.Sprintf("expected at most %d bytes for the whole disk, found more", int64(maxDisk))}
		}
		loc, err := l.extent(e, d.Encoding, overlaps[i])
		if refused := (*disk.ContainerError)(nil); errors.As(err, &refused) {
			return refused
		}
		if err != nil {
			err = fmt.Errorf("extent %d: %w", i+1, err)
			l.flaws = append(l.flaws, disk.Flaw{Err: err})
			first = cmp.Or(first, err)
			loc = func(int64) (disk.Piece, error) { return disk.Piece{}, err }
		} else {
			readable = true
		}
		l.starts, l.locs = append(l.starts, l.size), append(l.locs, loc)
		l.size += length
	}
	if !readable {
		return first
	}
	l.checkRests(d.Extents)
	return nil
}

// checkRests makes flaws of what flat files have behind their last extent: VMware
// makes them as long as their extents, so that one of the two is wrong.
func (l *layout) checkRests(extents []extentLine) {
	ends := map[string]int64{}
	for _, e := range extents {
		if e.Type == "FLAT" || e.Type == "VMFS" {
			ends[e.File] = max(ends[e.File], (e.Start+e.Sectors)*sectorSize)
		}
	}
	for _, e := range extents {
		f, end := l.byName[e.File], ends[e.File]
		if f == nil || f.err != nil || end == 0 || f.part.Image.Size() <= end {
			continue
		}
		l.flaws = append(l.flaws, disk.Flaw{Err: fmt.Errorf("file %q: %w", e.File, &parse.Error{Structure: "flat extent", Offset: end, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected the file to end with its extent, found %d bytes more, which are not of the disk", f.part.Image.Size()-end)})})
		delete(ends, e.File)
	}
}

// maxDisk keeps sums of offsets within 63 bits.
const maxDisk = 1 << 62

// locate finds the extent of an offset, and the offset in it.
func (l *layout) locate(off int64) (disk.Piece, error) {
	i := sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > off }) - 1
	end := l.size
	if i+1 < len(l.starts) {
		end = l.starts[i+1]
	}
	p, err := l.locs[i](off - l.starts[i])
	p.Length = min(p.Length, end-off)
	return p, err
}

// extent gives the place of an extent's bytes.
func (l *layout) extent(e extentLine, encoding string, overlap error) (func(int64) (disk.Piece, error), error) {
	length := e.Sectors * sectorSize
	switch {
	case e.Access == "NOACCESS":
		return nil, &parse.Error{Structure: "extent description", Field: "access", Offset: e.Offset, Err: parse.ErrRange, Detail: "expected RW or RDONLY, found NOACCESS"}
	case e.Type == "ZERO":
		return func(off int64) (disk.Piece, error) { return disk.Piece{Length: length - off}, nil }, nil
	case overlap != nil:
		return nil, overlap
	}
	file, err := l.file(e.File, encoding)
	if err != nil {
		return nil, err
	}
	if e.Type == "SPARSE" {
		return l.sparse(e, file)
	}
	return l.flat(e, file)
}

// file opens a file that an extent names, once.
func (l *layout) file(name, encoding string) (disk.Part, error) {
	if f := l.byName[name]; f != nil {
		return f.part, f.err
	}
	part, err := l.source.Sibling(name)
	if errors.Is(err, fs.ErrNotExist) {
		if other, ok := decodeName(name, encoding); ok {
			if p, e := l.source.Sibling(other); e == nil {
				part, err = p, nil
			}
		}
	}
	l.byName[name] = &opened{part, err}
	if err == nil {
		l.files = append(l.files, part)
	}
	return part, err
}

// flat is an extent whose bytes lie in a file as they are.
func (l *layout) flat(e extentLine, file disk.Part) (func(int64) (disk.Piece, error), error) {
	at, length := e.Start*sectorSize, e.Sectors*sectorSize
	there := max(0, min(length, file.Image.Size()-at))
	short := func() error {
		return fmt.Errorf("file %q: %w", e.File, &parse.Error{Structure: "flat extent", Offset: at, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected %d bytes, found %d", length, there)})
	}
	if there == 0 {
		return nil, short()
	}
	if there < length {
		l.flaws = append(l.flaws, disk.Flaw{Err: short()})
	}
	return func(off int64) (disk.Piece, error) {
		if off >= there {
			return disk.Piece{}, short()
		}
		return disk.Piece{Length: there - off, From: file.Image, At: at + off}, nil
	}, nil
}

// sparse is an extent of grains.
func (l *layout) sparse(e extentLine, file disk.Part) (func(int64) (disk.Piece, error), error) {
	named := func(err error) error { return fmt.Errorf("file %q: %w", e.File, err) }
	size, length := file.Image.Size(), e.Sectors*sectorSize
	h, inFooter, flaws, err := readHeader(file.Image, size)
	if refused := (*disk.ContainerError)(nil); errors.As(err, &refused) {
		return nil, refused
	}
	if err != nil {
		return nil, named(err)
	}
	if d, err := readEmbedded(file.Image, size, &h); err != nil {
		flaws = append(flaws, disk.Flaw{Err: err})
	} else if d != nil {
		if err := d.refusal(); err != nil {
			return nil, err
		}
	}
	x, err := openSparse(file.Image, size, h, inFooter, l.cache, &l.tables)
	if err != nil {
		return nil, named(err)
	}
	x.base = l.size
	for _, f := range append(flaws, x.flaws...) {
		l.flaws = append(l.flaws, disk.Flaw{Err: named(f.Err), Warning: f.Warning})
	}
	differ := named(&parse.Error{Structure: "sparse extent header", Field: "capacity", Offset: offCapacity, Err: parse.ErrRange,
		Detail: fmt.Sprintf("expected %d sectors as the descriptor says, found %d", e.Sectors, h.Capacity)})
	if x.capacity != length {
		l.flaws = append(l.flaws, disk.Flaw{Err: differ})
	}
	return func(off int64) (disk.Piece, error) {
		if off >= x.capacity {
			return disk.Piece{}, differ
		}
		return x.locate(off)
	}, nil
}

// overlapping gives for each extent nil, or what it has in common with another.
func overlapping(extents []extentLine) []error {
	type use struct {
		i        int
		from, to int64 // sectors of the file
	}
	uses := map[string][]use{}
	for i, e := range extents {
		if e.Type == "ZERO" || e.Access == "NOACCESS" {
			continue
		}
		u := use{i, e.Start, e.Start + e.Sectors}
		if e.Type == "SPARSE" {
			u.from, u.to = 0, 2*maxSectors // takes the whole file
		}
		uses[e.File] = append(uses[e.File], u)
	}
	out := make([]error, len(extents))
	for name, list := range uses {
		slices.SortFunc(list, func(a, b use) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.i, b.i)) })
		widest := 0 // of those before, the one that ends last
		for k := 1; k < len(list); k++ {
			a, b := list[widest], list[k]
			if b.from < a.to {
				for _, pair := range [][2]use{{a, b}, {b, a}} {
					e := extents[pair[0].i]
					out[pair[0].i] = cmp.Or(out[pair[0].i], error(&parse.Error{Structure: "extent description", Field: "offset in sectors", Offset: e.Offset, Err: parse.ErrRange,
						Detail: fmt.Sprintf("expected a part of file %q of its own, found one that extent %d has too", name, pair[1].i+1)}))
				}
			}
			if b.to > a.to {
				widest = k
			}
		}
	}
	return out
}
