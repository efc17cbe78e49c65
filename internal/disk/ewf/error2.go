package ewf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jobscan/jobscan/internal/parse"
)

const (
	error2HeaderSize = 520
	error2EntrySize  = 8

	// maxErrors bounds the entries of one section.
	maxErrors = 1 << 20
	// maxNamed bounds the ranges that an error names.
	maxNamed = 64
)

// sectors is a range of the disk in sectors.
type sectors struct{ first, count uint32 }

// parseError2Header gives the number of entries from the header of an "error2"
// section; room is what the section has for entries and their checksum, in bytes.
func parseError2Header(b []byte, room int64) (int, error) {
	const structure = "EWF error2 section"
	b = b[:min(len(b), error2HeaderSize)]
	c := parse.NewCursor(b, structure)
	n := c.U32("number of entries")
	c.Skip(error2HeaderSize-4, "checksum")
	if err := c.Err(); err != nil {
		return 0, err
	}
	if err := verify(structure, b); err != nil {
		return 0, err
	}
	if most := min(max(room-4, 0)/error2EntrySize, maxErrors); int64(n) > most {
		return 0, &parse.Error{Structure: structure, Field: "number of entries", Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected at most %d, found %d", most, n)}
	}
	return int(n), nil
}

// parseErrors decodes the entries of an "error2" section and their checksum.
func parseErrors(b []byte) ([]sectors, error) {
	c := parse.NewCursor(b, "EWF error2 entries")
	if len(b) < 4 {
		c.Skip(4, "checksum")
		return nil, c.Err()
	}
	if err := verify("EWF error2 entries", b); err != nil {
		return nil, err
	}
	var out []sectors
	for c.Len() >= error2EntrySize+4 {
		out = append(out, sectors{c.U32("first sector"), c.U32("number of sectors")})
	}
	return out, nil
}

// readErrors says which sectors could not be read when the image was made. Zeros
// stand in their place. It gives nil for none.
func readErrors(ranges []sectors) error {
	slices.SortFunc(ranges, func(a, b sectors) int {
		return cmp.Compare(a.first, b.first)
	})
	var names []string
	var all uint64
	for _, r := range ranges {
		all += uint64(r.count)
		switch {
		case r.count == 0 || len(names) >= maxNamed:
		case r.count == 1:
			names = append(names, fmt.Sprint(r.first))
		default:
			names = append(names, fmt.Sprintf("%d-%d", r.first, uint64(r.first)+uint64(r.count)-1))
		}
	}
	if all == 0 {
		return nil
	}
	more := ""
	if n := len(ranges) - len(names); n > 0 && len(names) == maxNamed {
		more = fmt.Sprintf(" and %d more ranges", n)
	}
	return fmt.Errorf("%d sectors could not be read when the image was made, other bytes stand in their place: %s%s", all, strings.Join(names, ", "), more)
}
