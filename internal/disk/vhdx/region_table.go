package vhdx

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

const (
	regionTableSize = 64 << 10
	maxRegions      = 2047
)

// regionTableOffsets are where the two copies of the region table lie, in bytes.
var regionTableOffsets = [2]int64{192 << 10, 256 << 10}

// Region is an entry of the region table, [MS-VHDX] 2.2.3.2.
type Region struct {
	GUID     guid.GUID
	Offset   uint64 // bytes from the file's beginning
	Length   uint32 // bytes
	Required bool   // who does not know it must not open the file
}

// ParseRegionTable reads a region table of 64 KiB, whose checksum has to fit.
// Errors are *parse.Error.
func ParseRegionTable(b []byte) ([]Region, error) {
	const structure = "VHDX region table"
	c := parse.NewCursor(b, structure)
	whole := c.Bytes(regionTableSize, "")
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := signed(whole, "regi", structure); err != nil {
		return nil, err
	}
	if err := verify(whole, structure); err != nil {
		return nil, err
	}
	c = parse.NewCursor(whole, structure)
	c.Skip(8, "signature and checksum")
	n := c.U32("entry count")
	c.Skip(4, "reserved")
	if n > maxRegions {
		return nil, &parse.Error{Structure: structure, Field: "entry count", Offset: 8, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected at most %d, found %d", maxRegions, n)}
	}
	out := make([]Region, n)
	for i := range out {
		out[i] = Region{
			GUID:     guid.GUID(c.Bytes(16, "GUID")),
			Offset:   c.U64("file offset"),
			Length:   c.U32("length"),
			Required: c.U32("required")&1 != 0,
		}
	}
	return out, c.Err()
}

// regions are the places in the file that have a meaning.
type regions struct {
	bat, metadata Region
	taken         []Region // all of them, and the log, by offset; they do not overlap
}

// readRegions reads the region table, or its copy. Both are changed through the
// log, so what the log says goes first.
func (c *container) readRegions() error {
	var tables [2][]Region
	var errs [2]error
	for i, at := range regionTableOffsets {
		b, err := readWhole(c.content, at, regionTableSize, "VHDX region table")
		if err == nil {
			tables[i], err = ParseRegionTable(b)
			err = parse.At(err, at)
		}
		errs[i] = err
	}
	table := tables[0]
	switch {
	case errs[0] != nil && errs[1] != nil:
		return errors.Join(errs[0], errs[1])
	case errs[0] != nil:
		table = tables[1]
		c.flaw(true, fmt.Errorf("first region table is damaged, the second is used: %w", errs[0]))
	case errs[1] != nil:
		c.flaw(true, fmt.Errorf("second region table is damaged, the first is used: %w", errs[1]))
	case !slices.Equal(tables[0], tables[1]):
		c.flaw(false, errors.New("the two region tables contradict each other, the first is used"))
	}
	return c.know(table)
}

// know finds the regions that are needed, and refuses those that are needed and
// not known.
func (c *container) know(table []Region) error {
	bad := func(field string, err error, detail string, args ...any) error {
		return &parse.Error{Structure: "VHDX region table", Field: field, Offset: regionTableOffsets[0], Err: err, Detail: fmt.Sprintf(detail, args...)}
	}
	found := map[string]bool{}
	for _, r := range table {
		id := r.GUID.String()
		switch {
		case found[id]:
			return bad("GUID", parse.ErrRange, "expected each region once, found %s twice", id)
		case r.Offset < headerSection || r.Offset%mib != 0 || r.Length == 0 || r.Length%mib != 0 || r.Offset > uint64(c.content.size):
			return bad("file offset", parse.ErrRange, "expected whole MiB up to %#x, found region %s of %#x bytes at %#x", c.content.size, id, r.Length, r.Offset)
		case id == regionBAT:
			c.regions.bat = r
		case id == regionMetadata:
			c.regions.metadata = r
		case r.Required:
			return &disk.ContainerError{Container: "VHDX container with the unknown region " + id, Advice: "convert it with 'Convert-VHD' first"}
		}
		found[id] = true
	}
	if !found[regionBAT] || !found[regionMetadata] {
		return bad("GUID", parse.ErrRange, "expected regions for BAT and metadata, found %d regions", len(table))
	}
	taken := slices.Clone(table)
	if c.header.LogLength > 0 && c.header.LogOffset < uint64(c.content.size) {
		taken = append(taken, Region{Offset: c.header.LogOffset, Length: c.header.LogLength})
	}
	slices.SortFunc(taken, func(a, b Region) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := 1; i < len(taken); i++ {
		if before := taken[i-1]; taken[i].Offset < before.Offset+uint64(before.Length) {
			return bad("file offset", parse.ErrRange, "expected regions and log apart from each other, found %#x bytes at %#x and more at %#x",
				before.Length, before.Offset, taken[i].Offset)
		}
	}
	c.regions.taken = taken
	return nil
}

// free reports that nothing but payload can lie in a part of the file.
func (r *regions) free(at, length int64) bool {
	i := sort.Search(len(r.taken), func(i int) bool { return int64(r.taken[i].Offset)+int64(r.taken[i].Length) > at })
	return at >= headerSection && (i == len(r.taken) || int64(r.taken[i].Offset) >= at+length)
}
