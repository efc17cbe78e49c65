package vhd

import (
	"fmt"
	"io"
	"math/bits"
	"sync/atomic"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// windowSectors is the part of a block whose bits are looked at together: one
// sector of bitmap, which is the bitmap of the usual block of 2 MiB.
const windowSectors = 8 * sectorSize

// maxWindows bounds what is remembered of bitmaps: 2 MiB. It is enough for disks
// of 2 TiB with blocks of 128 KiB.
const maxWindows = 16 << 20

// blocks is a dynamic disk.
type blocks struct {
	container
	header  DynamicHeader
	table   table
	size    int64
	first   int64 // where blocks can begin, behind header and table
	windows int64 // per block
	full    []atomic.Uint32
}

func (c *container) dynamic() (disk.Image, error) {
	b, err := c.blocks()
	if err != nil {
		return nil, err
	}
	b.inspect()
	return &Image{Mapped: disk.NewMapped(b.size, b.locate, c.file.Close), flaws: b.flaws}, nil
}

// blocks reads header and table of a dynamic disk.
func (c *container) blocks() (*blocks, error) {
	at := c.footer.DataOffset
	if at > uint64(c.file.Size()) {
		return nil, &parse.Error{Structure: "VHD footer", Field: "data offset", Offset: 16, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected at most %#x, found %#x", c.file.Size(), at)}
	}
	raw := make([]byte, headerSize)
	n, err := c.file.ReadAt(raw, int64(at))
	if n < len(raw) && err != io.EOF {
		return nil, fmt.Errorf("reading the VHD dynamic disk header: %w", err)
	}
	h, err := ParseDynamicHeader(raw[:n])
	if err != nil {
		return nil, parse.At(err, int64(at))
	}
	b := &blocks{container: *c, header: h}
	room := int64(h.Entries) * int64(h.BlockSize)
	b.size = c.footer.size(room)
	if b.size > room {
		return nil, &parse.Error{Structure: "VHD dynamic disk header", Field: "max table entries", Offset: int64(at) + 28, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected entries for %d bytes, found %d of %d bytes each", b.size, h.Entries, h.BlockSize)}
	}
	entries := b.count()
	if h.TableOffset > uint64(c.end) || entries*4 > c.end-int64(h.TableOffset) {
		return nil, &parse.Error{Structure: "VHD dynamic disk header", Field: "table offset", Offset: int64(at) + 16, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected %d bytes of table before %#x, found it at %#x", entries*4, c.end, h.TableOffset)}
	}
	if b.table, err = readTable(c.file, int64(h.TableOffset), entries); err != nil {
		return nil, err
	}
	b.first = max(int64(at)+headerSize, int64(h.TableOffset)+entries*4)
	b.windows = (h.sectors() + windowSectors - 1) / windowSectors
	if entries <= maxWindows/b.windows {
		b.full = make([]atomic.Uint32, (entries*b.windows+31)/32)
	}
	return b, nil
}

// count is the number of blocks that the disk's size needs.
func (b *blocks) count() int64 {
	return (b.size + int64(b.header.BlockSize) - 1) / int64(b.header.BlockSize)
}

// span gives where in the file the block's part of the disk is: behind its
// bitmap, and shorter than a block at the disk's end.
func (b *blocks) span(n int64, entry uint32) (data, length int64) {
	return int64(entry)*sectorSize + b.header.bitmapSize(),
		min(int64(b.header.BlockSize), b.size-n*int64(b.header.BlockSize))
}

// inspect tells of blocks that the file does not hold and of space that is used
// twice, as far as that can be told without reading blocks.
func (b *blocks) inspect() {
	missing, firstMissing := 0, int64(0)
	for n, entry := range b.table.kept {
		if entry == unused {
			continue
		}
		if data, length := b.span(int64(n), entry); int64(entry)*sectorSize < b.first || data+length > b.end {
			if missing == 0 {
				firstMissing = int64(n)
			}
			missing++
		}
	}
	if missing > 0 {
		b.flaw(false, fmt.Errorf("%d of %d blocks are not in the file, or not whole: %w", missing, b.count(), b.outside(firstMissing)))
	}
	if at, ok := b.table.shared((b.header.bitmapSize() + int64(b.header.BlockSize)) / sectorSize); ok {
		b.flaw(false, &parse.Error{Structure: "VHD block allocation table", Offset: b.table.offset, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected blocks apart from each other, found one in another at sector %d", at)})
	}
}

// outside is the error of a block that is not where it can be.
func (b *blocks) outside(n int64) error {
	entry, err := b.table.entry(n)
	if err != nil {
		return err
	}
	data, length := b.span(n, entry)
	return b.table.fail(n, parse.ErrRange, fmt.Sprintf("expected a block from %#x to %#x, found it from %#x to %#x",
		b.first, b.end, int64(entry)*sectorSize, data+length))
}

// locate finds the piece that begins at an offset of the disk.
func (b *blocks) locate(off int64) (disk.Piece, error) {
	size := int64(b.header.BlockSize)
	n, in := off/size, off%size
	entry, err := b.table.entry(n)
	if err != nil {
		return disk.Piece{}, err
	}
	if entry == unused {
		return disk.Piece{Length: b.unusedUntil(n) - off}, nil
	}
	data, length := b.span(n, entry)
	held := min(length, b.end-data)
	if int64(entry)*sectorSize < b.first || in >= held {
		return disk.Piece{}, b.outside(n)
	}
	set, run, err := b.run(n, entry, in/sectorSize)
	if err != nil {
		return disk.Piece{}, err
	}
	p := disk.Piece{Length: min(run*sectorSize, held) - in}
	if set {
		p.From, p.At = b.file, data+in
	}
	return p, nil
}

// unusedUntil gives the offset of the disk up to which block n and the next ones
// are not in the file. It looks at a few of them.
func (b *blocks) unusedUntil(n int64) int64 {
	const few = 16
	end := n + 1
	for last := min(b.count(), n+few); end < last; end++ {
		if entry, err := b.table.entry(end); err != nil || entry != unused {
			break
		}
	}
	return min(end*int64(b.header.BlockSize), b.size)
}

// run gives the bit of a sector in block n, and the sector of the block up to
// which bits are the same as far as they were looked at.
func (b *blocks) run(n int64, entry uint32, sector int64) (set bool, end int64, err error) {
	window := sector / windowSectors
	first := window * windowSectors
	last := min(first+windowSectors, b.header.sectors())
	known := n*b.windows + window
	if b.full != nil && b.full[known/32].Load()&(1<<(known%32)) != 0 {
		return true, last, nil
	}
	bitmap := make([]byte, (last-first+7)/8)
	at := int64(entry)*sectorSize + first/8
	if k, err := b.file.ReadAt(bitmap, at); k < len(bitmap) {
		return false, 0, &parse.Error{Structure: "VHD sector bitmap", Field: fmt.Sprintf("bitmap of block %d", n), Offset: at,
			Err: fmt.Errorf("%w: %w", parse.ErrTruncated, err)}
	}
	set, end = sameBits(bitmap, sector-first)
	end = min(first+end, last)
	if b.full != nil && set && b.allSet(bitmap, n, first, last) {
		b.full[known/32].Or(1 << (known % 32))
		end = last
	}
	return set, end, nil
}

// allSet reports that the bits of all sectors of the disk are set in a window of
// block n.
func (b *blocks) allSet(bitmap []byte, n, first, last int64) bool {
	_, length := b.span(n, 0)
	last = min(last, (length+sectorSize-1)/sectorSize)
	set, end := sameBits(bitmap, 0)
	return set && end >= last-first
}

// sameBits gives bit n of a bitmap, whose first bit is the highest of its first
// byte, and the number of the next bit that differs, or its end.
func sameBits(bitmap []byte, n int64) (set bool, end int64) {
	same := byte(0)
	if set = bitmap[n/8]&(0x80>>(n%8)) != 0; set {
		same = 0xff
	}
	i := n / 8
	if differ := (bitmap[i] ^ same) << (n % 8); differ != 0 {
		return set, n + int64(bits.LeadingZeros8(differ))
	}
	for i++; i < int64(len(bitmap)); i++ {
		if bitmap[i] != same {
			return set, i*8 + int64(bits.LeadingZeros8(bitmap[i]^same))
		}
	}
	return set, i * 8
}
