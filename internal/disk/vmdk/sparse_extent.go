package vmdk

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// sparseExtent is a file of grains with tables that say where they are.
type sparseExtent struct {
	file     io.ReaderAt
	size     int64 // of the file
	header   sparseExtentHeader
	capacity int64 // bytes
	grain    int64 // bytes
	base     int64 // offset of the extent on the disk: tells its packed grains from others
	inFooter bool  // the directory is at the end of the file, behind markers

	directory *grainDirectory // nil where it cannot be read and there is a redundant one
	redundant *grainDirectory // or nil
	metadata  []span          // where no grain can lie
	slots     []atomic.Pointer[grainTable]
	cache     *tableCache

	flaws []disk.Flaw
}

// readHeader reads the header, and the footer in its place where it says so.
func readHeader(file io.ReaderAt, size int64) (h sparseExtentHeader, inFooter bool, flaws []disk.Flaw, err error) {
	b := make([]byte, sectorSize)
	if n, err := file.ReadAt(b, 0); n < len(b) && err != nil && !errors.Is(err, io.EOF) {
		return h, false, nil, &parse.Error{Structure: "sparse extent header", Err: err}
	} else if h, err = parseSparseExtentHeader(b[:n]); err != nil {
		return h, false, nil, err
	}
	if err := h.check(); err != nil {
		return h, false, nil, err
	}
	if h.UncleanShutdown {
		flaws = append(flaws, disk.Flaw{Warning: true, Err: &parse.Error{Structure: "sparse extent header", Field: "uncleanShutdown", Offset: offUnclean,
			Err: errUnclean, Detail: "expected 0"}})
	}
	if h.GDOffset != gdAtEnd {
		return h, false, flaws, nil
	}
	f, at, err := readFooter(file, size)
	if err != nil {
		return sparseExtentHeader{}, false, nil, err
	}
	if f.Capacity != h.Capacity || f.GrainSize != h.GrainSize || f.Flags != h.Flags {
		flaws = append(flaws, disk.Flaw{Err: &parse.Error{Structure: "footer", Offset: at, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected the header's capacity %d, grains of %d sectors, flags %#x; found %d, %d, %#x; the footer's are used",
				h.Capacity, h.GrainSize, h.Flags, f.Capacity, f.GrainSize, f.Flags)}})
	}
	return f, true, flaws, nil
}

var errUnclean = errors.New("the disk was not closed")

// readFooter reads the header at the end of a stream, between its marker and that
// of the stream's end. What is after the last whole sector does not count.
func readFooter(file io.ReaderAt, size int64) (sparseExtentHeader, int64, error) {
	const advice = "; the stream is not whole, so export or download it again"
	at := size/sectorSize*sectorSize - 3*sectorSize
	if at < sectorSize {
		return sparseExtentHeader{}, 0, &parse.Error{Structure: "footer", Offset: max(at, 0), Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected it before the end of the file, which has %d bytes%s", size, advice)}
	}
	b := make([]byte, 3*sectorSize)
	if n, err := file.ReadAt(b, at); n < len(b) {
		return sparseExtentHeader{}, 0, &parse.Error{Structure: "footer", Offset: at, Err: err}
	}
	for i, want := range map[int64]marker{0: {Value: 1, Type: markerFooter}, 2: {Type: markerEOS}} {
		m, err := parseMarker(b[i*sectorSize:])
		if err != nil || m != want {
			return sparseExtentHeader{}, 0, &parse.Error{Structure: "footer", Field: "marker", Offset: at + i*sectorSize, Err: parse.ErrSignature,
				Detail: fmt.Sprintf("expected value %d, size 0, type %d, found %d, %d, %d%s", want.Value, want.Type, m.Value, m.Size, m.Type, advice)}
		}
	}
	at += sectorSize
	h, err := parseSparseExtentHeader(b[sectorSize : 2*sectorSize])
	if err == nil {
		err = h.check()
	}
	if err == nil && h.GDOffset == gdAtEnd {
		err = &parse.Error{Structure: "footer", Field: "gdOffset", Offset: 56, Err: parse.ErrRange, Detail: "expected an offset, found GD_AT_END"}
	}
	if err != nil {
		return sparseExtentHeader{}, 0, parse.At(err, at)
	}
	return h, at, nil
}

// openSparse reads the directories of an extent whose header is known. tables is
// what is left of the number of tables that a disk may have.
func openSparse(file io.ReaderAt, size int64, h sparseExtentHeader, inFooter bool, cache *tableCache, tables *int64) (*sparseExtent, error) {
	n := h.tables()
	if *tables -= n; *tables < 0 {
		return nil, &parse.Error{Structure: "sparse extent header", Field: "capacity", Offset: offCapacity, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected at most %d grain tables for the whole disk, found more", maxTables)}
	}
	x := &sparseExtent{file: file, size: size, header: h, inFooter: inFooter, cache: cache,
		capacity: int64(h.Capacity) * sectorSize, grain: int64(h.GrainSize) * sectorSize}
	sectors := uint64(n*4+sectorSize-1) / sectorSize
	x.metadata = []span{{0, 1}, {h.GDOffset, h.GDOffset + sectors}}
	if h.DescriptorOffset != 0 && h.DescriptorSize <= maxEmbeddedDescriptor/sectorSize {
		x.metadata = append(x.metadata, span{h.DescriptorOffset, h.DescriptorOffset + h.DescriptorSize})
	}
	var err, second error
	if h.Flags&flagRedundant != 0 && !(inFooter && h.RGDOffset == 0) {
		x.metadata = append(x.metadata, span{h.RGDOffset, h.RGDOffset + sectors})
		if x.redundant, second = readGrainDirectory(file, size, "redundant grain directory", h.RGDOffset, n); second != nil {
			x.flaws = append(x.flaws, disk.Flaw{Err: second, Warning: true})
		}
	}
	if x.directory, err = readGrainDirectory(file, size, "grain directory", h.GDOffset, n); err != nil {
		if x.redundant == nil {
			return nil, err
		}
		x.flaws = append(x.flaws, disk.Flaw{Err: fmt.Errorf("%w; the redundant one is used", err), Warning: true})
	}
	if err := x.plausible(); err != nil {
		return nil, err
	}
	x.slots = make([]atomic.Pointer[grainTable], n)
	x.checkMarkers()
	x.checkTables()
	return x, nil
}

// plausible refuses a directory with more tables than the file can hold, which a
// hostile one has so that they take long.
func (x *sparseExtent) plausible() error {
	for _, d := range []*grainDirectory{x.directory, x.redundant} {
		if d == nil {
			continue
		}
		n := int64(0)
		for _, s := range d.tables {
			if s != 0 {
				n++
			}
		}
		if room := x.size / int64(4*gtesPerGT); n > room {
			return &parse.Error{Structure: "grain directory", Offset: d.offset, Err: parse.ErrRange,
				Detail: fmt.Sprintf("expected at most %d tables, which the file can hold, found %d", room, n)}
		}
	}
	return nil
}

// checkTables reads all grain tables as long as they can be kept, and makes flaws of
// what they contradict.
func (x *sparseExtent) checkTables() {
	var sum tableCheck
	at := -1 // the first table with a fault
	for i := range x.slots {
		if x.cache.full() {
			break
		}
		t, c, err := x.readTable(i)
		if err != nil {
			x.flaws = append(x.flaws, disk.Flaw{Err: err})
			break
		}
		if at < 0 && c != (tableCheck{}) {
			at = i
		}
		sum.add(c)
		x.cache.put(&x.slots[i], t)
	}
	flaw := func(n int, warning bool, format string) {
		if n > 0 {
			x.flaws = append(x.flaws, disk.Flaw{Warning: warning, Err: x.directoryError(at, fmt.Sprintf(format, n))})
		}
	}
	flaw(sum.damaged, false, "from this table on, expected grains within the file, found %d entries that are none")
	flaw(sum.first, true, "from this table on, %d entries of the first copy are none; the redundant copy is used")
	flaw(sum.redundant, true, "from this table on, %d entries of the redundant copy are none; the first copy is used")
	flaw(sum.disagree, false, "from this table on, %d entries differ between the two copies; a grain is taken before a hole, and the first copy before the redundant one")
	flaw(sum.cut, false, "from this table on, expected grains within the file, found %d that reach beyond its end")
}

// leading is the directory, or the redundant one where it stands in for the other.
func (x *sparseExtent) leading() *grainDirectory {
	if x.directory == nil {
		return x.redundant
	}
	return x.directory
}

// directoryError is about table i.
func (x *sparseExtent) directoryError(i int, detail string) error {
	return &parse.Error{Structure: "grain directory", Field: fmt.Sprintf("grain table %d", i), Offset: x.leading().offset + int64(4*i), Err: parse.ErrRange, Detail: detail}
}

// checkMarkers holds the markers before the directory and its tables against
// them. Tables that are not where their markers are could show holes where data are.
func (x *sparseExtent) checkMarkers() {
	if !x.inFooter || x.header.Flags&flagMarkers == 0 {
		return
	}
	wrong, first := 0, error(nil)
	check := func(at int64, kind uint32, bytes int64) {
		b := make([]byte, sectorSize)
		at -= sectorSize
		if at < 0 || at > x.size-sectorSize {
			return // told with the table itself
		}
		_, err := x.file.ReadAt(b, at)
		m, _ := parseMarker(b)
		want := marker{Value: uint64(bytes+sectorSize-1) / sectorSize, Type: kind}
		if err == nil && m == want {
			return
		}
		if wrong++; first == nil {
			first = &parse.Error{Structure: "marker", Offset: at, Err: parse.ErrSignature,
				Detail: fmt.Sprintf("expected value %d, size 0, type %d, found %d, %d, %d", want.Value, want.Type, m.Value, m.Size, m.Type)}
		}
	}
	d := x.leading()
	check(d.offset, markerGD, int64(4*len(d.tables)))
	for _, s := range d.tables {
		if s != 0 {
			check(int64(s)*sectorSize, markerGT, int64(4*gtesPerGT))
		}
	}
	if wrong > 0 {
		x.flaws = append(x.flaws, disk.Flaw{Err: fmt.Errorf("%d markers of tables are not there, so that what the tables say is in doubt: %w", wrong, first)})
	}
}

// table gives grain table i.
func (x *sparseExtent) table(i int) (*grainTable, error) {
	if t := x.slots[i].Load(); t != nil {
		return t, nil
	}
	t, _, err := x.readTable(i)
	if err != nil {
		return nil, err
	}
	x.cache.put(&x.slots[i], t)
	return t, nil
}

// readTable reads the copies of table i. Damage is in the table's entries; the
// error is one of reading.
func (x *sparseExtent) readTable(i int) (*grainTable, tableCheck, error) {
	first, err := x.readCopy(x.directory, i)
	if err != nil {
		return nil, tableCheck{}, err
	}
	second, err := x.readCopy(x.redundant, i)
	if err != nil {
		return nil, tableCheck{}, err
	}
	if x.directory == nil {
		first, second = second, nil
	}
	if first == nil && second == nil {
		first = make([]uint32, x.entries(i))
		for i := range first {
			first[i] = grainDamaged
		}
	}
	single := x.directory == nil || x.redundant == nil
	entries, c := mergeTables(first, second, single, x.valid)
	holes := true
	for k, s := range entries {
		if s == grainHole || s == grainDamaged {
			holes = holes && s == grainHole
			continue
		}
		holes = false
		if x.header.Flags&flagCompressed == 0 && x.size-int64(s)*sectorSize < x.length(int64(i)*gtesPerGT+int64(k)) {
			c.cut++
		}
	}
	if holes {
		entries = nil
	}
	return &grainTable{entries}, c, nil
}

// entries is how many entries of table i stand for grains of the disk.
func (x *sparseExtent) entries(i int) int {
	left := (x.capacity+x.grain-1)/x.grain - int64(i)*gtesPerGT
	return int(min(left, gtesPerGT))
}

// length is how many bytes of a grain are of the disk: all but for the last.
func (x *sparseExtent) length(grain int64) int64 {
	return min(x.grain, x.capacity-grain*x.grain)
}

// readCopy reads one copy of table i, nil where there is none or where it cannot be.
func (x *sparseExtent) readCopy(d *grainDirectory, i int) ([]uint32, error) {
	if d == nil {
		return nil, nil
	}
	out := make([]uint32, x.entries(i))
	sector := d.tables[i]
	if sector == 0 {
		return out, nil
	}
	at := int64(sector) * sectorSize
	if !x.outsideMetadata(sector) || at > x.size-int64(4*len(out)) {
		return nil, nil
	}
	if err := readUint32s(x.file, at, out); err != nil {
		return nil, &parse.Error{Structure: "grain table", Offset: at, Err: err}
	}
	if x.header.Flags&flagZeroedGrain != 0 {
		for i, s := range out {
			if s == grainZeroed {
				out[i] = grainHole
			}
		}
	}
	return out, nil
}

// valid says whether a grain can begin at a sector, or is a hole.
func (x *sparseExtent) valid(sector uint32) bool {
	if sector == grainHole {
		return true
	}
	return sector != grainDamaged && int64(sector)*sectorSize < x.size && x.outsideMetadata(sector)
}

func (x *sparseExtent) outsideMetadata(sector uint32) bool {
	for _, m := range x.metadata {
		if uint64(sector) >= m.from && uint64(sector) < m.to {
			return false
		}
	}
	return true
}
