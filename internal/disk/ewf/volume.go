package ewf

import (
	"fmt"
	"math"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// Sizes of what follows the descriptor of a "volume", "disk" or "data" section.
const (
	volumeSize      = 1052 // EWF-E01
	smartVolumeSize = 94   // EWF-S01 and the first specification
)

// maxChunk bounds the size of a chunk in bytes, of which some are in memory at a
// time: the 32768 sectors that EnCase allows, of 512 bytes each.
const maxChunk = 16 << 20

var errLargeChunk = fmt.Errorf("%w: the chunks are too large to be read", parse.ErrRange)

// maxSector bounds the size of a sector in bytes.
const maxSector = 64 << 10

// logical is the media type of logical evidence, which has files and no disk.
const logical = 0x0e

// volume is the "volume", "disk" or "data" section: the shape of the disk.
type volume struct {
	MediaType       byte
	Chunks          uint32 // in all segments
	SectorsPerChunk uint32
	BytesPerSector  uint32
	Sectors         uint64
	Set             [16]byte // segment file set identifier; zero before EnCase 5
}

// parseVolume decodes the body of a section. lax takes a checksum of 0, which
// "data" sections of Logicube Talon and Forensic Dossier have.
func parseVolume(b []byte, lax bool) (v volume, unverified bool, err error) {
	const structure = "EWF volume section"
	smart := len(b) == smartVolumeSize
	if !smart {
		b = b[:min(len(b), volumeSize)]
	}
	c := parse.NewCursor(b, structure)
	v.MediaType = c.U8("media type")
	c.Skip(3, "unknown")
	v.Chunks = c.U32("chunk count")
	v.SectorsPerChunk = c.U32("sectors per chunk")
	v.BytesPerSector = c.U32("bytes per sector")
	if smart {
		v.Sectors = uint64(c.U32("sector count"))
		c.Skip(smartVolumeSize-20, "checksum")
	} else {
		v.Sectors = c.U64("sector count")
		c.Skip(40, "geometry and flags")
		copy(v.Set[:], c.Bytes(16, "set identifier"))
		c.Skip(volumeSize-80, "checksum")
	}
	if err := c.Err(); err != nil {
		return volume{}, false, err
	}
	if err := verify(structure, b); err != nil {
		if [4]byte(b[len(b)-4:]) != [4]byte{} || !lax {
			return volume{}, false, err
		}
		unverified = true
	}
	if err := v.check(structure); err != nil {
		return volume{}, false, err
	}
	return v, unverified, nil
}

func (v volume) check(structure string) error {
	fail := func(field string, offset int64, detail string, args ...any) error {
		return &parse.Error{Structure: structure, Field: field, Offset: offset, Err: parse.ErrRange, Detail: fmt.Sprintf(detail, args...)}
	}
	switch {
	case v.MediaType == logical:
		return noDisk()
	case v.SectorsPerChunk == 0:
		return fail("sectors per chunk", 8, "expected at least 1, found 0")
	case v.BytesPerSector == 0 || v.BytesPerSector > maxSector:
		return fail("bytes per sector", 12, "expected 1 to %d, found %d", maxSector, v.BytesPerSector)
	case uint64(v.SectorsPerChunk)*uint64(v.BytesPerSector) > maxChunk:
		return &parse.Error{Structure: structure, Field: "sectors per chunk", Offset: 8, Err: errLargeChunk,
			Detail: fmt.Sprintf("expected a chunk of at most %d bytes, found %d sectors of %d", maxChunk, v.SectorsPerChunk, v.BytesPerSector)}
	case v.Sectors == 0 || v.Sectors > math.MaxInt64/uint64(v.BytesPerSector):
		return fail("sector count", 16, "expected 1 to %d, found %d", math.MaxInt64/int64(v.BytesPerSector), v.Sectors)
	}
	return nil
}

// noDisk refuses logical evidence.
func noDisk() error {
	return &disk.ContainerError{Container: "logical evidence file", Advice: "export the files from it first"}
}

// size is that of the disk in bytes.
func (v volume) size() int64 { return int64(v.Sectors) * int64(v.BytesPerSector) }

// chunk is the size of a chunk in bytes.
func (v volume) chunk() int64 { return int64(v.SectorsPerChunk) * int64(v.BytesPerSector) }

// needed is how many chunks hold the disk.
func (v volume) needed() int64 { return (v.size()-1)/v.chunk() + 1 }

// sameDisk reports that a segment with the other volume can belong to this set:
// same identifier, or without one the same shape.
func (v volume) sameDisk(o volume) bool {
	if v.Set != [16]byte{} || o.Set != [16]byte{} {
		return v.Set == o.Set
	}
	return v.Sectors == o.Sectors && v.SectorsPerChunk == o.SectorsPerChunk && v.BytesPerSector == o.BytesPerSector
}

// identity tells the set apart from others, in words.
func (v volume) identity() string {
	if v.Set != [16]byte{} {
		return fmt.Sprintf("set identifier %x", v.Set)
	}
	return fmt.Sprintf("no set identifier and %d sectors of %d bytes, %d to a chunk", v.Sectors, v.BytesPerSector, v.SectorsPerChunk)
}
