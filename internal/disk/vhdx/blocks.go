package vhdx

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// sectorsPerChunk is what one bitmap block of 1 MiB has bits for.
const sectorsPerChunk = 8 * mib

// joined is how far pieces reach beyond a block if the next ones follow it in the
// file too, in bytes.
const joined = 4 * mib

// blocks is the disk as its payload blocks.
type blocks struct {
	*container
	metadata
	bat *bat
}

// readBlocks reads the block allocation table and tells what is wrong with it.
func (c *container) readBlocks(m metadata) (*blocks, error) {
	b := &blocks{container: c, metadata: m}
	region := c.regions.bat
	ratio := sectorsPerChunk * m.sectorSize / m.blockSize
	if n := b.count(); n > 0 {
		if need := (n + (n-1)/ratio) * 8; need > int64(region.Length) {
			return nil, &parse.Error{Structure: "VHDX region table", Field: "length", Offset: regionTableOffsets[0], Err: parse.ErrRange,
				Detail: fmt.Sprintf("expected a block allocation table of %d bytes, found %d", need, region.Length)}
		}
	}
	var err error
	if b.bat, err = readBAT(c.content, int64(region.Offset), ratio, b.count()); err != nil {
		return nil, err
	}
	b.inspect()
	return b, nil
}

// count is the number of payload blocks.
func (b *blocks) count() int64 { return (b.size + b.blockSize - 1) / b.blockSize }

// used is how many bytes of block n belong to the disk.
func (b *blocks) used(n int64) int64 { return min(b.blockSize, b.size-n*b.blockSize) }

// inspect tells of blocks that the file does not hold and of space that is used
// twice.
func (b *blocks) inspect() {
	missing, first := 0, error(nil)
	for i, entry := range b.bat.kept {
		if entry == zeros {
			continue
		}
		if err := b.misplaced(int64(i), entry); err != nil {
			if missing == 0 {
				first = err
			}
			missing++
		}
	}
	if missing > 0 {
		b.flaw(false, fmt.Errorf("%d of %d blocks are not in the file, or not whole: %w", missing, b.count(), first))
	}
	if at, ok := b.bat.shared(b.blockSize/mib, (b.used(b.count()-1)+mib-1)/mib); ok {
		b.flaw(false, &parse.Error{Structure: "VHDX block allocation table", Offset: b.bat.offset, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected blocks apart from each other, found one in another at %#x", int64(at)*mib)})
	}
}

// misplaced gives the error of a block that is not in the file with all its bytes
// of the disk, or lies where something else does.
func (b *blocks) misplaced(n int64, entry uint32) error {
	if entry == invalid {
		raw, err := b.bat.raw(n)
		if err != nil {
			return err
		}
		return b.bat.fail(n, parse.ErrRange, "expected a state that a disk without a parent has and an offset in the file, found state %d and %#x", raw&7, raw&^(mib-1))
	}
	at := int64(entry) * mib
	if !b.regions.free(at, b.used(n)) {
		return b.bat.fail(n, parse.ErrRange, "expected payload, found the block at %#x in a region or the log", at)
	}
	if end := at + b.used(n); end > b.content.size {
		return b.bat.fail(n, parse.ErrTruncated, "expected the block at %#x before %#x, found its end at %#x", at, b.content.size, end)
	}
	return nil
}

// locate finds the piece that begins at an offset of the disk.
func (b *blocks) locate(off int64) (disk.Piece, error) {
	n, in := off/b.blockSize, off%b.blockSize
	entry, err := b.bat.entry(n)
	if err != nil {
		return disk.Piece{}, err
	}
	length := b.used(n) - in
	if entry != zeros {
		if err := b.misplaced(n, entry); err != nil {
			// The beginning of a block that was cut off is there.
			at := int64(entry) * mib
			if entry == invalid || at+in >= b.content.size || !b.regions.free(at, b.used(n)) {
				return disk.Piece{}, err
			}
			return b.content.piece(at+in, length), nil
		}
	}
	for next := n + 1; length < joined && next < b.count(); next++ {
		e, err := b.bat.entry(next)
		if err != nil || e == invalid || entry == zeros && e != zeros ||
			entry != zeros && (int64(e) != int64(entry)+(next-n)*(b.blockSize/mib) || b.misplaced(next, e) != nil) {
			break
		}
		length += b.used(next)
	}
	if entry == zeros {
		return disk.Piece{Length: length}, nil
	}
	return b.content.piece(int64(entry)*mib+in, length), nil
}
