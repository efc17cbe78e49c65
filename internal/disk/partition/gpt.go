package partition

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// Layout of a GPT header and of its entries (UEFI specification, chapter 5).
const (
	gptMagic       = "EFI PART"
	gptHeaderSize  = 92
	gptEntrySize   = 128
	gptMaxEntry    = 4096
	gptMaxEntries  = 1024
	maxArray       = gptMaxEntry * gptMaxEntries
	offHeaderSize  = 12
	offHeaderCRC   = 16
	offMyLBA       = 24
	offOtherLBA    = 32
	offDiskGUID    = 56
	offEntriesLBA  = 72
	offEntryCount  = 80
	offEntrySize   = 84
	offEntriesCRC  = 88
	offTypeGUID    = 0
	offUniqueGUID  = 16
	offFirstLBA    = 32
	offLastLBA     = 40
	offName        = 56
	endName        = 128
	gptHeaderField = "header checksum"
)

// header is a GPT header whose checksum holds.
type header struct {
	sector      int64
	offset      int64 // of the header, in bytes
	guid        string
	otherLBA    uint64 // of the other copy of the header
	entriesLBA  uint64
	count, size uint32
	crc         uint32
}

// gpt reads the primary table, or where that is damaged its backup in the last
// sector; ok is false when neither header is there.
func (d *disk) gpt(sizes []int64) (Table, bool) {
	var fallback *Table
	for _, sector := range sizes {
		last := d.size/sector*sector - sector
		for _, off := range []int64{sector, last} {
			h, err := d.header(off, sector)
			if err != nil {
				d.problem(err)
				continue
			}
			if h == nil {
				continue
			}
			t, err := d.table(h)
			if err != nil {
				d.problem(err)
				if fallback == nil && len(t.Partitions) > 0 {
					fallback = &t
				}
				continue
			}
			if off != sector {
				d.problem(&parse.Error{Structure: "GPT header", Offset: off, Detail: "the backup is used instead of the primary table"})
			} else if sectors := uint64(d.size / sector); h.otherLBA >= sectors {
				d.problem(&parse.Error{Structure: "GPT header", Field: "position of the backup", Offset: off + offOtherLBA, Err: parse.ErrTruncated,
					Detail: fmt.Sprintf("sector %d, the image has %d: its end is missing", h.otherLBA, sectors)})
			}
			return t, true
		}
	}
	if fallback != nil {
		return *fallback, true
	}
	return Table{}, false
}

// header decodes the header at an offset; nil when there is none.
func (d *disk) header(off, sector int64) (*header, error) {
	b, err := d.read(off, sector, "GPT header")
	if errors.Is(err, parse.ErrTruncated) { // too small an image for a table has none
		return nil, nil
	}
	if err != nil || string(b[:len(gptMagic)]) != gptMagic {
		return nil, err
	}
	fail := func(field string, at int64, detail string) (*header, error) {
		return nil, &parse.Error{Structure: "GPT header", Field: field, Offset: off + at, Err: parse.ErrRange, Detail: detail}
	}
	n := int64(le.Uint32(b[offHeaderSize:]))
	if n < gptHeaderSize || n > sector {
		return fail("header size", offHeaderSize, fmt.Sprintf("expected %d to %d, found %d", gptHeaderSize, sector, n))
	}
	stored := le.Uint32(b[offHeaderCRC:])
	clear(b[offHeaderCRC : offHeaderCRC+4])
	if sum := crc32.ChecksumIEEE(b[:n]); sum != stored {
		return fail(gptHeaderField, offHeaderCRC, fmt.Sprintf("expected %#08x, found %#08x", sum, stored))
	}
	if my := le.Uint64(b[offMyLBA:]); my != uint64(off/sector) {
		return fail("own position", offMyLBA, fmt.Sprintf("expected sector %d, found %d", off/sector, my))
	}
	h := &header{sector: sector, offset: off, guid: guidAt(b[offDiskGUID:]),
		otherLBA: le.Uint64(b[offOtherLBA:]), entriesLBA: le.Uint64(b[offEntriesLBA:]), count: le.Uint32(b[offEntryCount:]),
		size: le.Uint32(b[offEntrySize:]), crc: le.Uint32(b[offEntriesCRC:])}
	if h.size < gptEntrySize || h.size > gptMaxEntry || h.size%8 != 0 {
		return fail("entry size", offEntrySize, fmt.Sprintf("expected a multiple of 8 from %d to %d, found %d", gptEntrySize, gptMaxEntry, h.size))
	}
	if h.count > gptMaxEntries {
		return fail("number of entries", offEntryCount, fmt.Sprintf("expected at most %d, found %d", gptMaxEntries, h.count))
	}
	if h.entriesLBA >= uint64(d.size/sector) {
		return fail("position of the entries", offEntriesLBA, fmt.Sprintf("sector %d, the image has %d", h.entriesLBA, d.size/sector))
	}
	return h, nil
}

// table decodes the entries. When their checksum fails, the error comes with
// what they say all the same.
func (d *disk) table(h *header) (Table, error) {
	t := Table{Scheme: SchemeGPT, SectorSize: h.sector, GUID: h.guid}
	base := int64(h.entriesLBA) * h.sector
	b, err := d.read(base, int64(h.count)*int64(h.size), "GPT entries")
	if err != nil {
		return t, err
	}
	broken := crc32.ChecksumIEEE(b) != h.crc
	before := d.problems
	for i := range int(h.count) {
		e := b[i*int(h.size):]
		kind := guidAt(e[offTypeGUID:])
		if kind == zeroGUID {
			continue
		}
		at := base + int64(i)*int64(h.size)
		first, last := le.Uint64(e[offFirstLBA:]), le.Uint64(e[offLastLBA:])
		if last < first || last-first == 1<<64-1 {
			d.problem(&parse.Error{Structure: "GPT entry", Field: "last sector", Offset: at + offLastLBA, Err: parse.ErrRange,
				Detail: fmt.Sprintf("partition %d goes from sector %d to %d", i+1, first, last)})
			continue
		}
		p := Partition{Index: i + 1, Type: kind, GUID: guidAt(e[offUniqueGUID:]), Name: name(e[offName:endName])}
		d.add(&t, p, first, last-first+1, "GPT entry", at)
	}
	if broken {
		d.problems = before
		return t, &parse.Error{Structure: "GPT entries", Field: "checksum", Offset: base, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected %#08x, found %#08x", crc32.ChecksumIEEE(b), h.crc)}
	}
	return t, nil
}

// name decodes UTF-16LE up to the first NUL.
func name(b []byte) string {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return wtf8.FromLE(b[:i])
		}
	}
	return wtf8.FromLE(b)
}

const zeroGUID = "00000000-0000-0000-0000-000000000000"

// guidAt renders the GUID at the start of b, upper case, as partitioning tools do.
func guidAt(b []byte) string { return strings.ToUpper(guid.GUID(b[:16]).String()) }
