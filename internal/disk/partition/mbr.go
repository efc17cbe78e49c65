package partition

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// Layout of a master boot record and of an extended one.
const (
	mbrSignature  = 0x1B8 // of the disk
	mbrEntries    = 0x1BE
	mbrEntrySize  = 16
	mbrMagic      = 0x1FE
	typeExtended  = 0x05
	typeExtLBA    = 0x0F
	typeExtLinux  = 0x85
	typeGPT       = 0xEE
	maxLogical    = 128 // extended boot records in one chain
	firstLogical  = 5
	bootFlagClear = 0x00
	bootFlagSet   = 0x80
)

// entry is one of the four of a boot record.
type entry struct {
	flag, kind   byte
	start, count uint32 // sectors
}

func (e entry) used() bool { return e.kind != 0 && e.count != 0 }
func (e entry) extended() bool {
	return e.kind == typeExtended || e.kind == typeExtLBA || e.kind == typeExtLinux
}

// entries decodes a boot record; ok is false when it has no signature or what
// stands in place of entries cannot be such.
func entries(b []byte) (out [4]entry, ok bool) {
	if b[mbrMagic] != 0x55 || b[mbrMagic+1] != 0xAA {
		return out, false
	}
	ok = true
	for i := range out {
		e := b[mbrEntries+i*mbrEntrySize:]
		out[i] = entry{e[0], e[4], le.Uint32(e[8:]), le.Uint32(e[12:])}
		if out[i].flag != bootFlagClear && out[i].flag != bootFlagSet {
			ok = false
		}
	}
	return out, ok
}

func isProtective(b []byte) bool {
	es, ok := entries(b)
	if !ok {
		return false
	}
	for _, e := range es {
		if e.kind == typeGPT {
			return true
		}
	}
	return false
}

// mbr reads the table in sector 0; ok is false when there is none.
func (d *disk) mbr(b []byte, sizes []int64) (Table, bool) {
	es, ok := entries(b)
	if !ok {
		return Table{}, false
	}
	used := false
	for _, e := range es {
		used = used || e.used()
	}
	if !used {
		return Table{}, false
	}
	t := Table{Scheme: SchemeMBR, SectorSize: d.sectorOf(es, sizes), Signature: le.Uint32(b[mbrSignature:])}
	next := firstLogical
	for i, e := range es {
		switch {
		case !e.used() || e.kind == typeGPT:
		case e.extended():
			next = d.logical(&t, uint64(e.start), uint64(e.count), next)
		default:
			d.add(&t, Partition{Index: i + 1, Type: typeName(e.kind)}, uint64(e.start), uint64(e.count), "MBR", mbrEntries+int64(i)*mbrEntrySize)
		}
	}
	return t, true
}

func typeName(kind byte) string { return fmt.Sprintf("0x%02X", kind) }

// sectorOf tells the sector size, which an MBR does not state: the one with
// which more entries point at something that ends like a boot record.
func (d *disk) sectorOf(es [4]entry, sizes []int64) int64 {
	best, most := sizes[0], 0
	for _, size := range sizes {
		n := 0
		for _, e := range es {
			if !e.used() {
				continue
			}
			b, err := d.read(int64(e.start)*size, mbrSize, "boot sector")
			if err == nil && b[mbrMagic] == 0x55 && b[mbrMagic+1] == 0xAA {
				n++
			}
		}
		if n > most {
			best, most = size, n
		}
	}
	return best
}

// logical follows the chain of extended boot records within the extended
// partition [base, base+length), in sectors. Each describes one partition and
// where the next record is. It returns the next free index.
func (d *disk) logical(t *Table, base, length uint64, index int) int {
	visited := map[uint64]bool{}
	for at, n := base, 0; ; n++ {
		off := int64(at) * t.SectorSize
		if visited[at] || n == maxLogical {
			d.problem(&parse.Error{Structure: "EBR", Offset: off, Err: parse.ErrRange, Detail: "the chain of extended boot records does not end"})
			return index
		}
		visited[at] = true
		b, err := d.read(off, mbrSize, "EBR")
		if err != nil {
			d.problem(err)
			return index
		}
		es, ok := entries(b)
		if !ok {
			d.problem(&parse.Error{Structure: "EBR", Offset: off, Err: parse.ErrSignature})
			return index
		}
		if e := es[0]; e.used() && !e.extended() {
			d.add(t, Partition{Index: index, Type: typeName(e.kind)}, at+uint64(e.start), uint64(e.count), "EBR", off+mbrEntries)
			index++
		}
		e := es[1]
		if !e.used() {
			return index
		}
		if !e.extended() || uint64(e.start) >= length {
			d.problem(&parse.Error{Structure: "EBR", Field: "next record", Offset: off + mbrEntries + mbrEntrySize, Err: parse.ErrRange,
				Detail: fmt.Sprintf("type %s at sector %d of an extended partition of %d", typeName(e.kind), e.start, length)})
			return index
		}
		at = base + uint64(e.start)
	}
}
