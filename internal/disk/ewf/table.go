package ewf

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/jobscan/jobscan/internal/parse"
)

const (
	tableHeaderSize = 24
	entrySize       = 4

	// maxEntries bounds one table; EnCase writes up to 65534, libewf's EWF-X more.
	maxEntries = 16 << 20

	// compressedFlag in an entry says that the chunk is a zlib stream.
	compressedFlag = 1 << 31
)

// tableHeader begins a "table" or "table2" section.
type tableHeader struct {
	Entries uint32
	Base    int64 // that entries count from; since EnCase 6, before 0
}

// parseTableHeader decodes the body's first bytes; room is what the section has
// for entries, in bytes.
func parseTableHeader(b []byte, room int64) (tableHeader, error) {
	const structure = "EWF table header"
	b = b[:min(len(b), tableHeaderSize)]
	c := parse.NewCursor(b, structure)
	h := tableHeader{Entries: c.U32("number of entries")}
	c.Skip(4, "padding")
	base := c.U64("base offset")
	c.Skip(4, "padding")
	c.Skip(4, "checksum")
	if err := c.Err(); err != nil {
		return tableHeader{}, err
	}
	if err := verify(structure, b); err != nil {
		return tableHeader{}, err
	}
	if most := min(room/entrySize, maxEntries); int64(h.Entries) > most {
		c.Fail("number of entries", 0, parse.ErrRange, fmt.Sprintf("expected at most %d, found %d", most, h.Entries))
	}
	if base > math.MaxInt64/2 {
		c.Fail("base offset", 8, parse.ErrRange, fmt.Sprintf("found %#x", base))
	}
	h.Base = int64(base)
	if err := c.Err(); err != nil {
		return tableHeader{}, err
	}
	return h, nil
}

func parseEntries(b []byte) []uint32 {
	out := make([]uint32, len(b)/entrySize)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[i*entrySize:])
	}
	return out
}

// overflow gives the index of the first entry whose flag is the 32nd bit of its
// offset. EnCase 6.7.1 lets offsets grow past 31 bits; chunks from there on are not
// compressed, as libewf reads them. size is that of the segment file; without such
// an entry the number of entries is given.
func overflow(entries []uint32, base, size int64) int {
	for i := 1; i < len(entries); i++ {
		e := entries[i]
		if e&compressedFlag != 0 && e&^compressedFlag < entries[i-1]&^compressedFlag && base+int64(e) < size {
			return i
		}
	}
	return len(entries)
}
