package vhdx

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

const (
	metadataTableSize = 64 << 10
	maxItems          = 1023
	maxDiskSize       = 64 << 40 // [MS-VHDX] 2.6.2.2
	minBlock          = 1 * mib
	maxBlock          = 256 * mib
)

// Item is an entry of the metadata table, [MS-VHDX] 2.6.1.2.
type Item struct {
	ID       guid.GUID
	Offset   uint32 // bytes from the region's beginning, behind the table
	Length   uint32 // bytes
	User     bool   // of another program's making
	Required bool   // who does not know it must not open the file
}

// ParseMetadataTable reads a metadata table of 64 KiB. It has no checksum. Errors
// are *parse.Error.
func ParseMetadataTable(b []byte) ([]Item, error) {
	const structure = "VHDX metadata table"
	c := parse.NewCursor(b, structure)
	whole := c.Bytes(metadataTableSize, "")
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := signed(whole, "metadata", structure); err != nil {
		return nil, err
	}
	c = parse.NewCursor(whole, structure)
	c.Skip(10, "signature and reserved")
	n := c.U16("entry count")
	c.Skip(20, "reserved")
	if n > maxItems {
		return nil, &parse.Error{Structure: structure, Field: "entry count", Offset: 10, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected at most %d, found %d", maxItems, n)}
	}
	out := make([]Item, n)
	for i := range out {
		out[i] = Item{ID: guid.GUID(c.Bytes(16, "item ID")), Offset: c.U32("offset"), Length: c.U32("length")}
		flags := c.U32("flags")
		c.Skip(4, "reserved")
		out[i].User, out[i].Required = flags&1 != 0, flags&4 != 0
	}
	return out, c.Err()
}

// metadata is what the known items say.
type metadata struct {
	blockSize  int64 // bytes
	hasParent  bool
	size       int64 // of the disk, in bytes
	sectorSize int64 // logical, in bytes
}

// itemLength gives the bytes of an item that is known. Nothing is read of a parent
// locator: whether there is a parent is said elsewhere.
func itemLength(id string) (length uint32, known bool) {
	switch id {
	case itemFileParameters, itemVirtualDiskSize:
		return 8, true
	case itemLogicalSectorSize, itemPhysicalSectorSize:
		return 4, true
	case itemVirtualDiskID:
		return 16, true
	}
	return 0, id == itemParentLocator
}

// readMetadata reads the items that say what the disk is like.
func (c *container) readMetadata() (metadata, error) {
	region := c.regions.metadata
	b, err := readWhole(c.content, int64(region.Offset), metadataTableSize, "VHDX metadata table")
	if err != nil {
		return metadata{}, err
	}
	items, err := ParseMetadataTable(b)
	if err != nil {
		return metadata{}, parse.At(err, int64(region.Offset))
	}
	found := map[string][]byte{}
	for i, item := range items {
		id := item.ID.String()
		length, known := itemLength(id)
		if item.User || !known {
			if item.Required {
				return metadata{}, &disk.ContainerError{Container: "VHDX container with the unknown metadata item " + id, Advice: "convert it with 'Convert-VHD' first"}
			}
			continue
		}
		bad := func(field, detail string, args ...any) error {
			return &parse.Error{Structure: "VHDX metadata table", Field: field, Offset: int64(region.Offset) + 32 + int64(i)*32, Err: parse.ErrRange, Detail: fmt.Sprintf(detail, args...)}
		}
		if _, twice := found[id]; twice {
			return metadata{}, bad("item ID", "expected each item once, found %s twice", id)
		}
		if item.Length < length || item.Offset < metadataTableSize || uint64(item.Offset)+uint64(length) > uint64(region.Length) {
			return metadata{}, bad("offset", "expected %d bytes between %#x and %#x, found %d at %#x", length, metadataTableSize, region.Length, item.Length, item.Offset)
		}
		if found[id], err = readWhole(c.content, int64(region.Offset)+int64(item.Offset), int(length), "VHDX metadata item "+id); err != nil {
			return metadata{}, err
		}
	}
	return c.understand(found)
}

// understand decodes the items and bounds them.
func (c *container) understand(found map[string][]byte) (metadata, error) {
	bad := func(what, detail string, args ...any) (metadata, error) {
		return metadata{}, &parse.Error{Structure: "VHDX metadata", Field: what, Offset: int64(c.regions.metadata.Offset), Err: parse.ErrRange, Detail: fmt.Sprintf(detail, args...)}
	}
	for _, need := range []struct{ id, name string }{{itemFileParameters, "file parameters"}, {itemVirtualDiskSize, "virtual disk size"}, {itemLogicalSectorSize, "logical sector size"}} {
		if found[need.id] == nil {
			return bad(need.name, "expected an item, found none")
		}
	}
	for _, want := range []struct{ id, name string }{{itemVirtualDiskID, "virtual disk ID"}, {itemPhysicalSectorSize, "physical sector size"}} {
		if found[want.id] == nil {
			_, err := bad(want.name, "expected an item, found none")
			c.flaw(true, err)
		}
	}
	p := parse.NewCursor(found[itemFileParameters], "VHDX file parameters")
	m := metadata{blockSize: int64(p.U32("block size"))}
	m.hasParent = p.U32("flags")&2 != 0
	if m.hasParent {
		return metadata{}, &disk.ContainerError{Container: "differencing VHDX container",
			Advice: "merge it with its parent, or convert it with 'Convert-VHD', first"}
	}
	if s := m.blockSize; s < minBlock || s > maxBlock || s&(s-1) != 0 {
		return bad("block size", "expected a power of two from %d to %d, found %d", minBlock, maxBlock, s)
	}
	m.sectorSize = int64(parse.NewCursor(found[itemLogicalSectorSize], "VHDX logical sector size").U32("size"))
	if m.sectorSize != 512 && m.sectorSize != 4096 {
		return bad("logical sector size", "expected 512 or 4096, found %d", m.sectorSize)
	}
	size := parse.NewCursor(found[itemVirtualDiskSize], "VHDX virtual disk size").U64("size")
	if size > maxDiskSize || size%uint64(m.sectorSize) != 0 {
		return bad("virtual disk size", "expected at most %d in sectors of %d, found %d", int64(maxDiskSize), m.sectorSize, size)
	}
	m.size = int64(size)
	return m, nil
}
