package vss

import (
	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

// store holds the blocks of one shadow copy that were overwritten before the
// next one was made.
type store struct {
	volume *volume // that the store is on
	entry  CatalogStore

	loaded  bool
	loadErr error
	blocks  blockList
	// free marks the blocks that were not in use when the shadow copy was made,
	// freeBefore those not in use by the shadow copy before.
	free, freeBefore bitmap
}

// Information is what follows a store's header.
type Information struct {
	CopyID     guid.GUID // of the shadow copy
	SetID      guid.GUID // of the set that it was made in
	Type       uint32
	Provider   uint32
	Attributes uint32 // VSS_VOLUME_SNAPSHOT_ATTRIBUTES
}

// ParseInformation decodes store information; offsets count from its start.
func ParseInformation(b []byte) (Information, error) {
	c := parse.NewCursor(b, "VSS store information")
	c.Skip(16, "unknown identifier")
	var i Information
	i.CopyID = readGUID(c, "shadow copy identifier")
	i.SetID = readGUID(c, "shadow copy set identifier")
	i.Type = c.U32("type")
	i.Provider = c.U32("provider")
	i.Attributes = c.U32("attribute flags")
	if err := c.Err(); err != nil {
		return Information{}, err
	}
	return i, nil
}

func (s *store) information() (Information, error) {
	b, _, err := s.volume.block(s.entry.Header, recordStoreHeader, "VSS store header")
	if err != nil {
		return Information{}, err
	}
	i, err := ParseInformation(b[blockHeaderSize:])
	return i, parse.At(err, s.entry.Header+blockHeaderSize)
}

// load reads the block list and the bitmaps, once. A list of which a part is
// lost is of no use: nobody could say which blocks are those of that time.
func (s *store) load() error {
	if !s.loaded {
		s.loaded = true
		if s.loadErr = s.loadAll(); s.loadErr != nil {
			s.blocks, s.free, s.freeBefore = blockList{}, nil, nil
		}
	}
	return s.loadErr
}

func (s *store) loadAll() error {
	if s.entry.BlockList == 0 {
		return &parse.Error{Structure: "VSS catalog entry", Field: "block list offset", Err: parse.ErrRange, Detail: "store " + s.entry.StoreID.String() + " has none"}
	}
	s.blocks = newBlockList()
	err := s.volume.chain(s.entry.BlockList, recordBlockList, "VSS block list", func(body []byte, at int64) error {
		return parse.At(s.blocks.addAll(body), at)
	})
	if err != nil {
		return err
	}
	if s.free, err = s.volume.readBitmap(s.entry.Bitmap, "VSS store bitmap"); err != nil {
		return err
	}
	s.freeBefore, err = s.volume.readBitmap(s.entry.PreviousBitmap, "VSS previous bitmap")
	return err
}

// wasFree reports that a block was in use neither then nor before.
func (s *store) wasFree(number int64) bool {
	return s.free.has(number) && (s.entry.PreviousBitmap == 0 || s.freeBefore.has(number))
}

// bitmap has a bit for each block of the volume, the lowest first.
type bitmap []byte

func (m bitmap) has(number int64) bool {
	return number/8 < int64(len(m)) && m[number/8]&(1<<(number%8)) != 0
}

// readBitmap reads a bitmap from its chain of blocks.
func (v *volume) readBitmap(first int64, structure string) (bitmap, error) {
	var m bitmap
	err := v.chain(first, recordBitmap, structure, func(body []byte, _ int64) error {
		m = append(m, body...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}
