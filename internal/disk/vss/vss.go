// Package vss reads the shadow copies that Windows (Vista and later) keeps on
// an NTFS volume: earlier states of the whole volume, stored as the 16 KiB
// blocks that were overwritten since.
//
// It knows blocks, not files: what a shadow copy holds is for package ntfs to
// say. It opens nothing and writes nothing.
//
// Layout after the libyal project's description of the format ("Volume Shadow
// Snapshot (VSS) format"); numbers are little-endian, times UTC.
package vss

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

// BlockSize is the unit of copying, and the size of each structure but the
// volume header, in bytes.
const BlockSize = 16 << 10

// maxSnapshots is what Windows keeps on one volume at most.
const maxSnapshots = 512

var (
	// ErrNone: the volume never had shadow copies of this kind.
	ErrNone = errors.New("no shadow copies on this volume")
	// ErrElsewhere: the blocks of a shadow copy are stored on another volume.
	ErrElsewhere = errors.New("its store lies on another volume, which is not at hand")
)

// Snapshot is one shadow copy: the volume as it was at a moment.
type Snapshot struct {
	Index   int    // from 1, the oldest, as tools number them
	StoreID string // GUID in the name of the store's file, lower case
	ID      string // GUID of the shadow copy, as vssadmin shows it; "" when the store cannot be read
	SetID   string // GUID of the set that it was made in; "" when the store cannot be read
	Created wintime.Filetime
	Size    int64 // bytes that can be read: the volume's size then, at most its size now
	// Attributes are VSS_VOLUME_SNAPSHOT_ATTRIBUTES.
	Attributes uint32
	// Err is ErrElsewhere where there is no store to read from. Other damage
	// shows when Reader reads the block list.
	Err error
}

// Set is all shadow copies of one volume. It is not safe for concurrent use;
// the readers that it gives are.
type Set struct {
	volume   *volume
	header   VolumeHeader
	copies   []*shadow            // by time
	orphans  map[guid.GUID]*store // stores of shadow copies of other volumes
	problems []error              // what of the catalog was lost
}

// shadow is a shadow copy and the store that holds its blocks; nil when that
// lies elsewhere.
type shadow struct {
	Snapshot
	id       guid.GUID
	sequence uint64
	store    *store
}

// Open reads the catalog of shadow copies on the volume of size bytes at r.
// errors.Is(err, ErrNone) where there are none and never were; any other error
// is a *parse.Error whose offset counts from the start of the volume.
func Open(r io.ReaderAt, size int64) (*Set, error) {
	v := &volume{r: r, size: size, seen: map[int64]bool{}}
	h, err := v.header()
	if err != nil {
		return nil, err
	}
	s := &Set{volume: v, header: h, orphans: map[guid.GUID]*store{}}
	if h.Catalog == 0 {
		return s, nil
	}
	if err := s.readCatalog(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.copies, func(a, b *shadow) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.sequence, b.sequence))
	})
	for i, c := range s.copies {
		c.Index = i + 1
		s.describe(c)
	}
	return s, nil
}

// describe completes what is known of a shadow copy from its store's header.
func (s *Set) describe(c *shadow) {
	if c.store == nil {
		c.Err = ErrElsewhere
		return
	}
	c.Err = nil
	info, err := c.store.information()
	if err != nil { // it names the shadow copy, no more
		s.problems = append(s.problems, err)
		return
	}
	c.ID, c.SetID, c.Attributes = info.CopyID.String(), info.SetID.String(), info.Attributes
}

// Snapshots lists the shadow copies, the oldest first.
func (s *Set) Snapshots() []Snapshot {
	out := make([]Snapshot, len(s.copies))
	for i, c := range s.copies {
		out[i] = c.Snapshot
	}
	return out
}

// Problems lists what of the catalog and of the stores' headers could not be
// read. Shadow copies may be missing for it. Offsets count from the start of
// the volume that the structure is on.
func (s *Set) Problems() []error { return slices.Clone(s.problems) }

// Adopt looks on another volume for the stores that s misses there, and
// reports whether it found any.
func (s *Set) Adopt(other *Set) bool {
	found := false
	for _, c := range s.copies {
		if st := other.orphans[c.id]; c.store == nil && st != nil {
			c.store, found = st, true
			s.describe(c)
		}
	}
	return found
}

// Reader gives the volume as it was at shadow copy number index, from 1. What
// was not overwritten since is read from the volume itself, so each shadow copy
// also needs all later ones. Blocks that were free at that time may show what
// was written there later; in the latest shadow copy they read as zero.
//
// The reader is safe for concurrent use. It ends at the snapshot's Size; bytes
// that the evidence has lost give a *parse.Error.
func (s *Set) Reader(index int) (io.ReaderAt, error) {
	if index < 1 || index > len(s.copies) {
		return nil, fmt.Errorf("there is no shadow copy %d: the volume has %d", index, len(s.copies))
	}
	r := &reader{base: s.volume, size: s.copies[index-1].Size}
	for _, c := range s.copies[index-1:] {
		err := c.Err
		if err == nil {
			err = c.store.load()
		}
		if err != nil {
			if c.Index != index {
				err = fmt.Errorf("it needs the store of the later shadow copy %d: %w", c.Index, err)
			}
			return nil, err
		}
		r.stores = append(r.stores, c.store)
	}
	return r, nil
}

// volume is where structures and blocks are stored.
type volume struct {
	r    io.ReaderAt
	size int64
	// seen holds the numbers of the blocks of lists and bitmaps read so far.
	// None is read twice, which bounds time and memory by the volume's size.
	seen map[int64]bool
}

// read reads n bytes of a structure at a byte offset.
func (v *volume) read(at int64, n int64, structure string) ([]byte, error) {
	if at < 0 || at > v.size-n {
		return nil, &parse.Error{Structure: structure, Offset: at, Err: parse.ErrRange,
			Detail: fmt.Sprintf("the volume has %d bytes", v.size)}
	}
	b := make([]byte, n)
	if k, err := v.r.ReadAt(b, at); int64(k) < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = parse.ErrTruncated
		}
		return nil, &parse.Error{Structure: structure, Offset: at + int64(k), Err: err}
	}
	return b, nil
}
