package vhdx

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
)

// State is the state of a payload block, [MS-VHDX] 2.5.1.1.
type State uint8

// The states. 4 and 5 are reserved.
const (
	NotPresent       State = 0
	Undefined        State = 1
	Zero             State = 2
	Unmapped         State = 3
	FullyPresent     State = 6
	PartiallyPresent State = 7 // in differencing disks alone
)

const (
	// keptEntries bounds the table that is kept in memory: 64 MiB, which is enough
	// for 16 TiB in blocks of 1 MiB. It is read in pieces beyond that.
	keptEntries = 16 << 20
	// comparedEntries bounds the search for blocks that lie in each other.
	comparedEntries = 4 << 20
)

// Kept entries are the MiB at which the block lies in the file, or these.
const (
	zeros   = 0 // the header section is there
	invalid = 0xffffffff
)

// bat is the block allocation table, [MS-VHDX] 2.5. Behind the entries of every
// chunk of payload blocks is one for a bitmap, which only differencing disks have.
type bat struct {
	content *overlay
	offset  int64 // in the file
	ratio   int64 // payload blocks in a chunk
	kept    []uint32
}

// position is where the entry of payload block n lies in the file.
func (t *bat) position(n int64) int64 { return t.offset + (n+n/t.ratio)*8 }

// decode gives what is kept of an entry.
func decode(entry uint64) uint32 {
	switch State(entry & 7) {
	case NotPresent, Undefined, Zero, Unmapped:
		return zeros
	case FullyPresent:
		if at := entry >> 20; at > 0 && at < invalid {
			return uint32(at)
		}
	}
	return invalid
}

// readBAT reads the entries of n payload blocks.
func readBAT(content *overlay, offset, ratio, n int64) (*bat, error) {
	t := &bat{content: content, offset: offset, ratio: ratio}
	if n > keptEntries {
		return t, nil
	}
	kept := make([]uint32, 0, n)
	var buf []byte
	for int64(len(kept)) < n {
		next := int64(len(kept))
		count := min(n-next, ratio-next%ratio, 8192) // up to the chunk's end
		var err error
		if buf, err = readWhole(content, t.position(next), int(count)*8, "VHDX block allocation table"); err != nil {
			return nil, err
		}
		for ; len(buf) > 0; buf = buf[8:] {
			kept = append(kept, decode(binary.LittleEndian.Uint64(buf)))
		}
	}
	t.kept = kept
	return t, nil
}

// entry gives what is kept of the entry of block n.
func (t *bat) entry(n int64) (uint32, error) {
	if t.kept != nil {
		return t.kept[n], nil
	}
	raw, err := t.raw(n)
	return decode(raw), err
}

func (t *bat) raw(n int64) (uint64, error) {
	b, err := readWhole(t.content, t.position(n), 8, "VHDX block allocation table")
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// fail makes the error of the entry of block n.
func (t *bat) fail(n int64, cause error, detail string, args ...any) error {
	return &parse.Error{Structure: "VHDX block allocation table", Field: fmt.Sprintf("entry of block %d", n),
		Offset: t.position(n), Err: cause, Detail: fmt.Sprintf(detail, args...)}
}

// shared gives the MiB at which a block begins that lies in another one. Blocks
// have that many MiB, and the last of the disk may have less: QEMU once wrote only
// what belongs to the disk.
func (t *bat) shared(size, last int64) (uint32, bool) {
	if len(t.kept) == 0 || len(t.kept) > comparedEntries {
		return 0, false
	}
	end := t.kept[len(t.kept)-1]
	sorted := slices.Clone(t.kept)
	slices.Sort(sorted)
	for i := 1; i < len(sorted) && sorted[i] != invalid; i++ {
		length := size
		if sorted[i-1] == end {
			length = last
		}
		if sorted[i-1] != zeros && int64(sorted[i])-int64(sorted[i-1]) < length {
			return sorted[i], true
		}
	}
	return 0, false
}
