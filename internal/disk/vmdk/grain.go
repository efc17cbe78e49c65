package vmdk

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// How far locate looks for what follows without a gap.
const (
	maxGrainRun = 4 << 20 // bytes of grains
	maxHoleRun  = 1 << 30 // bytes of holes
)

// locate says where the bytes from off on are, which is within the capacity.
func (x *sparseExtent) locate(off int64) (disk.Piece, error) {
	g := off / x.grain
	in := off - g*x.grain
	sector, err := x.entry(g)
	if err != nil {
		return disk.Piece{}, err
	}
	switch {
	case sector == grainDamaged:
		return disk.Piece{}, x.damaged(g)
	case sector == grainHole:
		return x.hole(g, in)
	case x.header.Flags&flagCompressed != 0:
		return x.packed(g, sector, in), nil
	}
	at := int64(sector) * sectorSize
	length := x.run(g, maxGrainRun, func(i int64, next uint32) bool {
		return uint64(next) == uint64(sector)+uint64(i)*x.header.GrainSize
	})
	if length = min(length, x.size-at); in >= length {
		return disk.Piece{}, &parse.Error{Structure: "grain", Offset: at, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected %d bytes, found %d before the end of the file", x.length(g), x.size-at)}
	}
	return disk.Piece{Length: length - in, From: x.file, At: at + in}, nil
}

// entry is the table entry of a grain.
func (x *sparseExtent) entry(g int64) (uint32, error) {
	t, err := x.table(int(g / gtesPerGT))
	if err != nil {
		return 0, err
	}
	return t.at(int(g % gtesPerGT)), nil
}

// run gives the bytes from grain g to the end of those that follow it, up to
// most: holes after a hole, else what follows says of the i-th after it.
func (x *sparseExtent) run(g, most int64, follows func(i int64, sector uint32) bool) int64 {
	grains := (x.capacity + x.grain - 1) / x.grain
	end := min(grains, g+max(1, most/x.grain))
	hole := false
	n := g
	for n < end {
		t, err := x.table(int(n / gtesPerGT))
		if err != nil {
			break // told when it is read
		}
		stop := min(end, (n/gtesPerGT+1)*gtesPerGT)
		if t.entries == nil && (n == g || hole) {
			n, hole = stop, true
			continue
		}
		for ; n < stop; n++ {
			switch s := t.at(int(n % gtesPerGT)); {
			case n == g:
				hole = s == grainHole
			case hole && s != grainHole, !hole && !follows(n-g, s):
				stop = -1
			}
			if stop < 0 {
				break
			}
		}
		if stop < 0 {
			break
		}
	}
	return min(max(n, g+1)*x.grain, x.capacity) - g*x.grain
}

// damaged is the error of a grain that no table tells of.
func (x *sparseExtent) damaged(g int64) error {
	i, k := int(g/gtesPerGT), g%gtesPerGT
	sector := x.leading().tables[i]
	if sector != 0 && x.outsideMetadata(sector) && int64(sector)*sectorSize <= x.size-int64(4*x.entries(i)) {
		at, found := int64(sector)*sectorSize+4*k, make([]uint32, 1)
		if err := readUint32s(x.file, at, found); err != nil {
			return &parse.Error{Structure: "grain table", Offset: at, Err: err}
		}
		return &parse.Error{Structure: "grain table", Field: fmt.Sprintf("entry %d", k), Offset: at, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected a sector of the file's %d outside its metadata, found %d", x.size/sectorSize, found[0])}
	}
	return x.directoryError(i, fmt.Sprintf("expected a sector of the file's %d outside its metadata, found %d", x.size/sectorSize, sector))
}

// packed is the piece of a compressed grain from in on.
func (x *sparseExtent) packed(g int64, sector uint32, in int64) disk.Piece {
	size := x.length(g)
	return disk.Piece{Length: size - in, At: in, Packed: &disk.Packed{
		Key: x.base + g*x.grain, Size: int(size),
		Unpack: func(dst []byte) error { return x.unpack(g, sector, dst) },
	}}
}

// unpack fills dst with a compressed grain: the marker is that of the grain, the
// data are a whole zlib stream (RFC 1950) whose checksum is right, and as long as
// a grain. The last grain may end with the disk.
func (x *sparseExtent) unpack(g int64, sector uint32, dst []byte) error {
	at := int64(sector) * sectorSize
	bad := func(field string, offset int64, cause error, detail string, args ...any) error {
		return &parse.Error{Structure: "compressed grain", Field: field, Offset: at + offset, Err: cause, Detail: fmt.Sprintf(detail, args...)}
	}
	var head [grainMarkerSize]byte
	if n, err := x.file.ReadAt(head[:], at); n < len(head) {
		return bad("marker", 0, truncated(err), "expected %d bytes, found %d", len(head), n)
	}
	m, err := parseGrainMarker(head[:])
	if err != nil {
		return parse.At(err, at)
	}
	if lba := uint64(g) * x.header.GrainSize; m.LBA != lba {
		return bad("lba", 0, parse.ErrRange, "expected %d, found %d", lba, m.LBA)
	}
	most := min(2*x.grain+1024, x.size-at-grainMarkerSize)
	if m.Size == 0 || int64(m.Size) > most {
		return bad("size", 8, parse.ErrRange, "expected 1 to %d bytes, found %d", most, m.Size)
	}
	u := unpackers.Get().(*unpacker)
	defer unpackers.Put(u)
	if err := u.read(x.file, at+grainMarkerSize, int(m.Size)); err != nil {
		return bad("data", grainMarkerSize, err, "")
	}
	n, err := u.inflate(dst, int(x.grain)-len(dst))
	switch {
	case err == io.EOF: // of a whole stream without content; it is not the disk's end
		return bad("data", grainMarkerSize, io.ErrUnexpectedEOF, "expected %d bytes unpacked, found none", len(dst))
	case err == io.ErrUnexpectedEOF && n > 0:
		return bad("data", grainMarkerSize, parse.ErrTruncated, "expected %d bytes unpacked, found %d", len(dst), n)
	case err == errLong:
		return bad("data", grainMarkerSize, parse.ErrRange, "expected %d bytes unpacked, found more", x.grain)
	case err != nil:
		return bad("data", grainMarkerSize, err, "expected a zlib stream of %d bytes", m.Size)
	}
	return nil
}

func truncated(err error) error {
	if err == nil || err == io.EOF {
		return parse.ErrTruncated
	}
	return err
}

// unpacker is what inflating takes, for use again.
type unpacker struct {
	in     []byte
	src    bytes.Reader
	stream io.ReadCloser // with zlib.Resetter
	rest   []byte
}

var unpackers = sync.Pool{New: func() any { return new(unpacker) }}

// read gets n bytes of compressed data; n is bounded by the caller.
func (u *unpacker) read(file io.ReaderAt, at int64, n int) error {
	if cap(u.in) < n {
		u.in = make([]byte, n)
	}
	u.in = u.in[:n]
	if k, err := file.ReadAt(u.in, at); k < n {
		return truncated(err)
	}
	return nil
}
