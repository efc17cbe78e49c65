package vmdk

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/jobscan/jobscan/internal/parse"
)

// span is a range of sectors in an extent file.
type span struct{ from, to uint64 }

// grainDirectory is one copy of the directory: for each grain table the sector at
// which it lies, 0 for a table of holes.
type grainDirectory struct {
	offset int64 // in the file, bytes
	tables []uint32
}

// readGrainDirectory reads n entries, four bytes each, from sector on.
func readGrainDirectory(file io.ReaderAt, size int64, structure string, sector uint64, n int64) (*grainDirectory, error) {
	bad := func(cause error, detail string, args ...any) error {
		offset := int64(-1)
		if sector <= maxSectors {
			offset = int64(sector) * sectorSize
		}
		return &parse.Error{Structure: structure, Offset: offset, Err: cause, Detail: fmt.Sprintf(detail, args...)}
	}
	if sector == 0 || sector > maxSectors || int64(sector)*sectorSize > size-n*4 {
		return nil, bad(parse.ErrRange, "expected %d bytes within the file's %d, found them at sector %d", n*4, size, sector)
	}
	d := &grainDirectory{offset: int64(sector) * sectorSize, tables: make([]uint32, n)}
	if err := readUint32s(file, d.offset, d.tables); err != nil {
		return nil, bad(err, "")
	}
	return d, nil
}

// readUint32s reads little-endian numbers of 32 bits.
func readUint32s(file io.ReaderAt, at int64, out []uint32) error {
	buf := make([]byte, min(len(out)*4, 64<<10))
	for len(out) > 0 {
		part := buf[:min(len(buf), len(out)*4)]
		if n, err := file.ReadAt(part, at); n < len(part) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		for i := range len(part) / 4 {
			out[i] = binary.LittleEndian.Uint32(part[4*i:])
		}
		out, at = out[len(part)/4:], at+int64(len(part))
	}
	return nil
}
