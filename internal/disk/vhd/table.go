package vhd

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/jobscan/jobscan/internal/parse"
)

// unused is the entry of a block that is not in the file.
const unused = 0xffffffff

const (
	// keptEntries bounds the table that is kept in memory: 64 MiB. Disks of 2 TiB
	// have a million entries; only absurd blocks make more.
	keptEntries = 16 << 20
	// comparedEntries bounds the search for blocks that lie in each other.
	comparedEntries = 4 << 20
)

// table is the block allocation table: the sector at which each block begins.
type table struct {
	file   io.ReaderAt
	offset int64
	kept   []uint32 // nil where the table is too large for that
}

// readTable reads the first n entries of the table at an offset.
func readTable(file io.ReaderAt, offset, n int64) (table, error) {
	t := table{file: file, offset: offset}
	if n > keptEntries {
		return t, nil
	}
	kept := make([]uint32, 0, n)
	buf := make([]byte, min(n*4, 64<<10))
	for int64(len(kept)) < n {
		b := buf[:min(int64(len(buf)), (n-int64(len(kept)))*4)]
		if k, err := file.ReadAt(b, offset+int64(len(kept))*4); k < len(b) {
			return table{}, t.failed(int64(len(kept)), err)
		}
		for ; len(b) > 0; b = b[4:] {
			kept = append(kept, binary.BigEndian.Uint32(b))
		}
	}
	t.kept = kept
	return t, nil
}

// entry gives the sector at which block n begins.
func (t *table) entry(n int64) (uint32, error) {
	if t.kept != nil {
		return t.kept[n], nil
	}
	b := make([]byte, 4)
	if k, err := t.file.ReadAt(b, t.offset+n*4); k < len(b) {
		return 0, t.failed(n, err)
	}
	return binary.BigEndian.Uint32(b), nil
}

func (t *table) failed(n int64, err error) error {
	return t.fail(n, fmt.Errorf("%w: %w", parse.ErrTruncated, err), "")
}

// fail makes the error of an entry.
func (t *table) fail(n int64, cause error, detail string) *parse.Error {
	return &parse.Error{Structure: "VHD block allocation table", Field: fmt.Sprintf("entry of block %d", n),
		Offset: t.offset + n*4, Err: cause, Detail: detail}
}

// shared gives a sector at which a block begins that lies in another one, where
// blocks have that many sectors, bitmap included.
func (t *table) shared(sectors int64) (uint32, bool) {
	if len(t.kept) > comparedEntries {
		return 0, false
	}
	sorted := slices.Clone(t.kept)
	slices.Sort(sorted)
	for i := 1; i < len(sorted) && sorted[i] != unused; i++ {
		if int64(sorted[i])-int64(sorted[i-1]) < sectors {
			return sorted[i], true
		}
	}
	return 0, false
}
