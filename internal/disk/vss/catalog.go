package vss

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

// catalogEntrySize is the size of each entry behind a catalog block's header.
const catalogEntrySize = 128

// Types of catalog entries. Those of type 1 are unused; others are not known.
const (
	entryCopy  = 2 // a shadow copy of this volume
	entryStore = 3 // a store on this volume, of a shadow copy of this or another one
)

// CatalogCopy is a catalog entry of type 2: there is a shadow copy.
type CatalogCopy struct {
	VolumeSize uint64 // bytes
	StoreID    guid.GUID
	Sequence   uint64
	Flags      uint64
	Created    wintime.Filetime
}

// CatalogStore is a catalog entry of type 3: where a store is. Offsets are in
// bytes from the start of the volume; 0 is none.
type CatalogStore struct {
	StoreID        guid.GUID
	BlockList      int64
	Header         int64
	RangeList      int64
	Bitmap         int64
	FileReference  uint64 // of the store's file
	Allocated      uint64 // bytes
	PreviousBitmap int64
}

// ParseCatalogEntry decodes one entry of 128 bytes: a CatalogCopy, a
// CatalogStore, or nil for any other type.
func ParseCatalogEntry(b []byte) (any, error) {
	c := parse.NewCursor(b[:min(len(b), catalogEntrySize)], "VSS catalog entry")
	var out any
	switch c.U64("type") {
	case entryCopy:
		var e CatalogCopy
		e.VolumeSize = c.U64("volume size")
		e.StoreID = readGUID(c, "store identifier")
		e.Sequence = c.U64("sequence number")
		e.Flags = c.U64("flags")
		e.Created = wintime.Filetime(c.U64("creation time"))
		c.Skip(72, "unknown")
		out = e
	case entryStore:
		var e CatalogStore
		e.BlockList = readOffset(c, "block list offset")
		e.StoreID = readGUID(c, "store identifier")
		e.Header = readOffset(c, "store header offset")
		e.RangeList = readOffset(c, "block range list offset")
		e.Bitmap = readOffset(c, "bitmap offset")
		e.FileReference = c.U64("file reference")
		e.Allocated = c.U64("allocated size")
		e.PreviousBitmap = readOffset(c, "previous bitmap offset")
		c.Skip(48, "unknown")
		out = e
	default:
		c.Skip(120, "unknown")
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// readCatalog reads all entries. The two of a shadow copy can stand anywhere,
// in any order; their identifier joins them.
func (s *Set) readCatalog() error {
	stores := map[guid.GUID]*store{}
	blocks := 0
	err := s.volume.chain(s.header.Catalog, recordCatalog, "VSS catalog block", func(body []byte, at int64) error {
		blocks++
		for off := 0; off+catalogEntrySize <= len(body); off += catalogEntrySize {
			if err := s.takeEntry(body[off:off+catalogEntrySize], stores); err != nil {
				s.problems = append(s.problems, parse.At(err, at+int64(off)))
			}
		}
		return nil
	})
	if err != nil && blocks == 0 {
		return err
	}
	if err != nil {
		s.problems = append(s.problems, err)
	}
	for _, c := range s.copies {
		c.store = stores[c.id]
		delete(stores, c.id)
	}
	s.orphans = stores
	return nil
}

// takeEntry adds what one entry says.
func (s *Set) takeEntry(b []byte, stores map[guid.GUID]*store) error {
	fail := func(field string, offset int64, cause error, detail string) error {
		return &parse.Error{Structure: "VSS catalog entry", Field: field, Offset: offset, Err: cause, Detail: detail}
	}
	entry, err := ParseCatalogEntry(b)
	switch e := entry.(type) {
	case CatalogCopy:
		for _, c := range s.copies {
			if c.id == e.StoreID {
				return fail("store identifier", 16, parse.ErrRange, "a second shadow copy "+e.StoreID.String())
			}
		}
		if len(s.copies) == maxSnapshots {
			return fail("", 0, parse.ErrRange, fmt.Sprintf("more than %d shadow copies", maxSnapshots))
		}
		c := &shadow{id: e.StoreID, sequence: e.Sequence}
		c.StoreID, c.Created, c.Size = e.StoreID.String(), e.Created, s.volume.size
		if e.VolumeSize <= uint64(s.volume.size) {
			c.Size = int64(e.VolumeSize)
		} else {
			err = fail("volume size", 8, parse.ErrRange, fmt.Sprintf("found %d, the volume has %d: the shadow copy is read up to there", e.VolumeSize, s.volume.size))
		}
		s.copies = append(s.copies, c)
	case CatalogStore:
		if stores[e.StoreID] != nil {
			return fail("store identifier", 16, parse.ErrRange, "a second store "+e.StoreID.String())
		}
		if len(stores) == 2*maxSnapshots {
			return fail("", 0, parse.ErrRange, fmt.Sprintf("more than %d stores", 2*maxSnapshots))
		}
		stores[e.StoreID] = &store{volume: s.volume, entry: e}
	}
	return err
}
