package ewf

import (
	"errors"
	"fmt"
	"hash/adler32"

	"github.com/jobscan/jobscan/internal/parse"
)

// group is a table of chunks that follow one another on the disk.
type group struct {
	segment *segment
	sectors section // before the table; zero if the chunks lie in the table's own section
	first   section // "table"; zero if there is none
	second  section // "table2"; likewise

	start   int64 // number of its first chunk on the disk
	used    section
	base    int64 // that entries count from
	count   int
	entries []uint32 // nil: to be read again
	wide    int      // index of the first entry whose offset has 32 bits
}

// choose reads the tables. The copy stands in if the first cannot be used.
func (t *group) choose() piece {
	g := t.segment
	h1, sum1, err1 := t.load(t.first)
	h2, sum2, err2 := t.load(t.second)
	switch {
	case err1 == nil:
		if t.second.kind != "" && err2 != nil {
			g.flaw(err2, harmless)
		}
		if err2 == nil && (h1 != h2 || sum1 != sum2) {
			g.flaw(&parse.Error{Structure: t.second.String(), Offset: t.second.at, Err: errors.New("it is no copy of the table section, which is used")}, loss)
		}
		t.use(t.first, h1)
	case err2 == nil:
		g.flaw(fmt.Errorf("%w; its copy is used", err1), harmless)
		t.use(t.second, h2)
	default:
		for _, err := range []error{err1, err2} {
			if !errors.Is(err, errNoTable) {
				g.flaw(err, loss)
			}
		}
		if t.entries = nil; h1.Entries == 0 {
			h1 = h2
		}
		if h1.Entries == 0 {
			return piece{count: unknown}
		}
		return piece{count: int64(h1.Entries)}
	}
	return piece{table: t}
}

func (t *group) use(s section, h tableHeader) {
	t.used, t.base, t.count = s, h.Base, int(h.Entries)
	if len(t.entries) > 0 {
		t.wide = overflow(t.entries, t.base, t.segment.size)
	}
	if !t.segment.tables.keep(t.count) {
		t.entries = nil
	}
}

var errNoTable = errors.New("there is no table section")

// load reads a table and verifies it. With an error, the header is given if it
// could be read. The entries are left in the group if they are not there yet.
func (t *group) load(s section) (h tableHeader, sum uint32, err error) {
	g := t.segment
	if s.kind == "" {
		return h, 0, &parse.Error{Structure: "EWF table section", Offset: t.second.at, Err: errNoTable}
	}
	b, err := g.read(s.body(), tableHeaderSize, s.String())
	if err != nil {
		return h, 0, err
	}
	at := s.body() + tableHeaderSize
	if h, err = parseTableHeader(b, s.end-at); err != nil {
		return h, 0, parse.At(err, s.body())
	}
	b, err = t.raw(s, int(h.Entries))
	if err != nil {
		return h, 0, err
	}
	if t.entries == nil {
		t.entries = parseEntries(b)
	}
	return h, adler32.Checksum(b), nil
}

// raw reads the entries of a table section and verifies them.
func (t *group) raw(s section, n int) ([]byte, error) {
	at, size := s.body()+tableHeaderSize, n*entrySize
	room := s.end - at - int64(size)
	b, err := t.segment.read(at, size+int(max(min(room, 4), 0)), s.String())
	if err != nil {
		return nil, err
	}
	if t.sectors.kind == "" && !t.summed(b, size, at) {
		return b[:size], nil
	}
	if len(b) < size+4 {
		return nil, &parse.Error{Structure: s.String(), Field: "checksum", Offset: at + int64(size), Err: parse.ErrTruncated, Detail: "the section ends before it"}
	}
	if err := verify(s.String(), b); err != nil {
		return nil, parse.At(err, at)
	}
	return b[:size], nil
}

// summed reports that a checksum follows the entries of a table that has its chunks
// behind it, or no sectors section before it. In EWF-S01 there is none; EnCase 1
// has one, and chunks behind it.
func (t *group) summed(b []byte, size int, at int64) bool {
	if len(b) < size+4 || size == 0 {
		return false
	}
	first := int64(parseEntries(b[:entrySize])[0] &^ compressedFlag)
	return first == at+int64(size)+4 || verify("", b) == nil
}

// bounds says where chunks of the table can lie: in the sectors section before it,
// or behind its entries. entries are not empty.
func (t *group) bounds(entries []uint32) (first, end int64) {
	before := t.first.at
	if t.first.kind == "" {
		before = t.second.at
	}
	if t.sectors.kind != "" {
		return t.sectors.body(), before
	}
	if last := t.base + int64(entries[len(entries)-1]&^compressedFlag); last < before {
		return fileHeaderSize, before // the sectors section could not be read
	}
	return t.used.body() + tableHeaderSize + int64(t.count)*entrySize, t.used.end
}
