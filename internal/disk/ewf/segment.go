package ewf

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// segment is one file of a set and what its sections say.
type segment struct {
	disk.Part
	number int
	size   int64 // of the file in bytes

	volume    *volume // of "volume" or "disk"
	noVolume  error   // why there is none, if there is such a section
	data      *volume // the copy in "data"
	pieces    []piece // in the order of the disk
	hash      digests
	digest    digests
	done      bool  // "done" was found: there is no further segment
	refused   error // it holds no disk
	flaws     *flaws
	tables    *tables
	walked    *int // sections of the whole set
	unpackers *unpackers
	sectors   section
	pending   *group // a table whose table2 may follow
}

// piece is a part of a segment's chunks in the order of the disk: a table, or
// chunks whose table is lost, as many as count says, or nobody knows how many.
type piece struct {
	table *group
	count int64
}

// unknown is the count of a piece that nobody knows.
const unknown = -1

func (p piece) chunks() int64 {
	if p.table != nil {
		return int64(p.table.count)
	}
	return p.count
}

// maxSections bounds the sections of a set.
const maxSections = 1 << 20

// flaw keeps what is wrong with the segment.
func (g *segment) flaw(err error, w weight) {
	g.flaws.add(fmt.Errorf("%s: %w", g, err), w)
}

// String says the segment's number and the name of its file, if that has one.
func (g *segment) String() string {
	if g.Path == "" {
		return fmt.Sprintf("segment %d", g.number)
	}
	return fmt.Sprintf("segment %d (%q)", g.number, filepath.Base(g.Path))
}

// read reads n bytes at an offset of the segment file.
func (g *segment) read(at int64, n int, structure string) ([]byte, error) {
	b := make([]byte, n)
	if err := readFull(g.Image, b, at); err != nil {
		return nil, &parse.Error{Structure: structure, Offset: at, Err: truncated(err),
			Detail: fmt.Sprintf("expected %d bytes, the file has %d", n, max(g.size-at, 0))}
	}
	return b, nil
}

func truncated(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return parse.ErrTruncated
	}
	return err
}

// readSections follows the chain of sections. Each has to lie behind the one
// before, so the chain ends.
func (g *segment) readSections() {
	err := g.follow()
	g.flush()
	if disk.IsContainer(err) {
		g.refused = err
	} else if err != nil {
		g.flaw(err, lossUnless)
		g.pieces = append(g.pieces, piece{count: unknown})
	}
}

func (g *segment) follow() error {
	for at := int64(fileHeaderSize); ; {
		if *g.walked++; *g.walked > maxSections {
			return &parse.Error{Structure: "EWF section descriptor", Offset: at, Err: parse.ErrRange, Detail: fmt.Sprintf("expected at most %d sections in a set", maxSections)}
		}
		d, damaged, err := g.descriptor(at)
		if err != nil {
			return err
		}
		if d.Type == "done" || d.Type == "next" {
			g.done = d.Type == "done"
			return nil
		}
		if d.Next < at+descriptorSize {
			return &parse.Error{Structure: "EWF section descriptor", Field: "next section offset", Offset: at + 16, Err: parse.ErrRange,
				Detail: fmt.Sprintf("expected at least %#x, found %#x", at+descriptorSize, d.Next)}
		}
		g.checkSize(at, d)
		if err := g.use(section{d.Type, at, min(d.Next, g.size), damaged}); err != nil {
			return err
		}
		at = d.Next
	}
}

// descriptor reads the section descriptor at an offset. A damaged one, whose
// checksum is wrong, is used if it leads to another that is whole.
func (g *segment) descriptor(at int64) (d descriptor, damaged bool, err error) {
	d, err = g.parseDescriptor(at)
	if err == nil || !errors.Is(err, errChecksum) {
		return d, false, err
	}
	if d.Next >= at+descriptorSize {
		if _, err2 := g.parseDescriptor(d.Next); err2 == nil {
			g.flaw(err, harmless)
			return d, true, nil
		}
	}
	return descriptor{}, false, err
}

func (g *segment) parseDescriptor(at int64) (descriptor, error) {
	b, err := g.read(at, descriptorSize, "EWF section descriptor")
	if err != nil {
		return descriptor{}, err
	}
	d, err := parseDescriptor(b)
	return d, parse.At(err, at)
}

// checkSize tells of a size that contradicts the offset of the next section: two
// images can be laid over one another so that a reader of sizes finds the one, a
// reader of offsets the other.
func (g *segment) checkSize(at int64, d descriptor) {
	end := at + min(d.Size, math.MaxInt64-at)
	if d.Size == 0 || end == d.Next {
		return
	}
	w := loss
	if end < d.Next {
		w = harmless // a gap
	}
	g.flaw(&parse.Error{Structure: "EWF section descriptor", Field: "section size", Offset: at + 24, Err: parse.ErrRange,
		Detail: fmt.Sprintf("expected %#x up to the next section, found %#x", d.Next-at, d.Size)}, w)
}

// use takes a section. It fails where there is no disk in the set.
func (g *segment) use(s section) error {
	if s.damaged {
		s.kind = g.guess(s)
	}
	if s.kind != "table2" {
		g.flush()
	}
	switch s.kind {
	case "volume", "disk":
		return g.readVolume(s)
	case "data":
		return g.readData(s)
	case "sectors":
		g.sectors = s
	case "table":
		g.pending = &group{segment: g, sectors: g.sectors, first: s}
	case "table2":
		if g.pending == nil {
			g.pending = &group{segment: g, sectors: g.sectors}
		}
		g.pending.second = s
		g.flush()
	case "hash", "digest":
		g.readHash(s)
	case "error2":
		g.readErrors(s)
	case "header", "header2", "xheader", "xhash":
		g.checkText(s)
	case "incomplete":
		g.flaw(&parse.Error{Structure: s.String(), Offset: s.at, Err: errors.New("the image was not finished")}, lossUnless)
	case "session":
	case "ltree", "ltypes":
		return noDisk()
	default:
		g.flaw(&parse.Error{Structure: "EWF section descriptor", Field: "type", Offset: s.at, Err: parse.ErrUnsupported, Detail: fmt.Sprintf("found %q", s.kind)}, harmless)
	}
	return nil
}

// guess tells what a section is whose descriptor is damaged. A table that is not
// taken for one would shift all chunks behind it.
func (g *segment) guess(s section) string {
	h, sum, err := (&group{segment: g, sectors: g.sectors}).load(s)
	if h == (tableHeader{}) {
		return s.kind
	}
	if g.pending == nil {
		return "table"
	}
	before, sumBefore, errBefore := (&group{segment: g, sectors: g.sectors}).load(g.pending.first)
	same := h == before && sum == sumBefore
	if err != nil || errBefore != nil {
		same = g.sectors.kind != "" // where there are sectors sections, there are copies of tables
	}
	if same {
		return "table2"
	}
	return "table"
}

func (g *segment) readVolume(s section) error {
	v, _, err := g.parseVolume(s, false)
	if disk.IsContainer(err) {
		return err
	}
	if err != nil {
		g.noVolume = fmt.Errorf("%s: %w", g, err)
		g.flaw(err, harmless) // without any volume section, the set is not opened
	} else if g.volume == nil {
		g.volume = &v
	}
	return nil
}

func (g *segment) readData(s section) error {
	v, unverified, err := g.parseVolume(s, true)
	if disk.IsContainer(err) {
		return err
	}
	if err != nil {
		g.flaw(err, harmless)
		return nil
	}
	if unverified {
		g.flaw(&parse.Error{Structure: s.String(), Field: "checksum", Offset: s.body() + volumeSize - 4, Err: errors.New("not set, as by some devices of Logicube")}, harmless)
	}
	if g.data == nil {
		g.data = &v
	}
	return nil
}

func (g *segment) parseVolume(s section, lax bool) (volume, bool, error) {
	b, err := g.read(s.body(), int(min(max(s.end-s.body(), 0), volumeSize)), s.String())
	if err != nil {
		return volume{}, false, err
	}
	v, unverified, err := parseVolume(b, lax)
	return v, unverified, parse.At(err, s.body())
}

func (g *segment) readHash(s section) {
	parseBody, size := parseHash, hashSize
	if s.kind == "digest" {
		parseBody, size = parseDigest, digestSize
	}
	b, err := g.read(s.body(), size, s.String())
	if err == nil {
		var d digests
		d, err = parseBody(b)
		err = parse.At(err, s.body())
		if s.kind == "digest" {
			g.digest = d
		} else {
			g.hash = d
		}
	}
	if err != nil {
		g.flaw(err, harmless)
	}
}

// readErrors reads the sectors that were not read when the image was made.
func (g *segment) readErrors(s section) {
	err := func() error {
		b, err := g.read(s.body(), error2HeaderSize, s.String())
		if err != nil {
			return err
		}
		entries := s.body() + error2HeaderSize
		n, err := parseError2Header(b, s.end-entries)
		if err != nil {
			return parse.At(err, s.body())
		}
		if b, err = g.read(entries, n*error2EntrySize+4, s.String()); err != nil {
			return err
		}
		ranges, err := parseErrors(b)
		if err != nil {
			return parse.At(err, entries)
		}
		if err := readErrors(ranges); err != nil {
			return &parse.Error{Structure: s.String(), Offset: s.at, Err: err}
		}
		return nil
	}()
	if err != nil {
		g.flaw(err, loss)
	}
}

// flush ends the table that is pending.
func (g *segment) flush() {
	if g.pending == nil {
		return
	}
	t := g.pending
	g.pending = nil
	g.pieces = append(g.pieces, t.choose())
}
