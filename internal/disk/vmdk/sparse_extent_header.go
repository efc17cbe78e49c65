package vmdk

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

const (
	sectorSize = 512

	signatureSparse = "KDMV" // SparseExtentHeader.magicNumber
	signatureCOWD   = "COWD" // COWDisk_Header.magicNumber
	// The header of a space-efficient sparse extent: its magic number and version,
	// eight bytes each.
	signatureSESparse = "\xbe\xba\xfe\xca\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00"

	// gdAtEnd in place of the grain directory's offset: the footer has it.
	gdAtEnd = math.MaxUint64 // GD_AT_END
)

// Flags of a sparse extent. A reader may pass over unknown ones among the lower
// sixteen, not among the upper.
const (
	flagNewlineTest    = 1 << 0  // the newline test bytes are valid
	flagRedundant      = 1 << 1  // there is a second grain directory with tables of its own
	flagZeroedGrain    = 1 << 2  // an entry of 1 in a grain table stands for zeros
	flagCompressed     = 1 << 16 // grains are compressed
	flagMarkers        = 1 << 17 // grains and tables have markers before them
	flagsIncompatible  = 0xffff0000
	compressionNone    = 0
	compressionDeflate = 1 // COMPRESSION_DEFLATE
)

// What keeps the tables of hostile headers small. VMware and QEMU write grains of
// 128 sectors.
const (
	gtesPerGT          = 512     // in all versions
	minGrainSize       = 8       // sectors
	maxGrainSize       = 1 << 21 // sectors
	maxPackedGrainSize = 1 << 13 // sectors: a grain that is compressed is held in memory
	maxTables          = 1 << 22 // grain tables of one disk
)

// newlineTest is what a transfer in text mode would change.
const newlineTest = "\n \r\n"

// sparseExtentHeader is the SparseExtentHeader of a hosted sparse extent ("Virtual
// Disk Format 5.0", Hosted Sparse Extent Header): 512 bytes, little-endian, with
// offsets and sizes in sectors of 512 bytes. The footer of a stream is one more.
type sparseExtentHeader struct {
	Version           uint32
	Flags             uint32
	Capacity          uint64 // of the extent
	GrainSize         uint64
	DescriptorOffset  uint64 // 0: there is no embedded descriptor
	DescriptorSize    uint64
	GTEsPerGT         uint32
	RGDOffset         uint64 // the redundant grain directory
	GDOffset          uint64 // gdAtEnd: see the footer
	OverHead          uint64 // metadata before the first grain
	UncleanShutdown   bool
	NewlineTest       [4]byte
	CompressAlgorithm uint16
}

// parseSparseExtentHeader decodes the fields. It checks the signature alone.
func parseSparseExtentHeader(b []byte) (sparseExtentHeader, error) {
	c := parse.NewCursor(b, "sparse extent header")
	if magic := c.Bytes(4, "magicNumber"); magic != nil && string(magic) != signatureSparse {
		c.Fail("magicNumber", 0, parse.ErrSignature, fmt.Sprintf("expected %q, found %q", signatureSparse, magic))
	}
	h := sparseExtentHeader{
		Version:          c.U32("version"),
		Flags:            c.U32("flags"),
		Capacity:         c.U64("capacity"),
		GrainSize:        c.U64("grainSize"),
		DescriptorOffset: c.U64("descriptorOffset"),
		DescriptorSize:   c.U64("descriptorSize"),
		GTEsPerGT:        c.U32("numGTEsPerGT"),
		RGDOffset:        c.U64("rgdOffset"),
		GDOffset:         c.U64("gdOffset"),
		OverHead:         c.U64("overHead"),
		UncleanShutdown:  c.U8("uncleanShutdown") != 0,
	}
	copy(h.NewlineTest[:], c.Bytes(4, "newline test bytes"))
	h.CompressAlgorithm = c.U16("compressAlgorithm")
	c.Skip(sectorSize-79, "pad")
	if err := c.Err(); err != nil {
		return sparseExtentHeader{}, err
	}
	return h, nil
}

// Offsets of fields, for errors.
const (
	offVersion     = 4
	offFlags       = 8
	offCapacity    = 12
	offGrainSize   = 20
	offGTEsPerGT   = 44
	offUnclean     = 72
	offNewlineTest = 73
	offCompress    = 77
)

// check refuses what is not decoded, and values that no writer gives. Whether
// tables lie within the file is not its matter.
func (h *sparseExtentHeader) check() error {
	bad := func(field string, offset int64, detail string, args ...any) error {
		return &parse.Error{Structure: "sparse extent header", Field: field, Offset: offset, Err: parse.ErrRange, Detail: fmt.Sprintf(detail, args...)}
	}
	if h.Flags&flagNewlineTest != 0 && string(h.NewlineTest[:]) != newlineTest {
		return bad("newline test bytes", offNewlineTest, "expected %x, found %x: the file was changed by a transfer in text mode; copy it again in binary mode",
			newlineTest, h.NewlineTest)
	}
	if h.Version < 1 || h.Version > 3 {
		return refuse(fmt.Sprintf("VMDK container of version %d", h.Version), adviceConvert)
	}
	if unknown := h.Flags & flagsIncompatible &^ (flagCompressed | flagMarkers); unknown != 0 {
		return refuse(fmt.Sprintf("VMDK container with unknown features (flags %#x)", unknown), adviceConvert)
	}
	maxGrain := uint64(maxGrainSize)
	packed := h.Flags&flagCompressed != 0
	switch {
	case packed && h.CompressAlgorithm != compressionDeflate:
		return refuse(fmt.Sprintf("VMDK container with compression algorithm %d", h.CompressAlgorithm), adviceConvert)
	case !packed && h.CompressAlgorithm != compressionNone:
		return bad("compressAlgorithm", offCompress, "expected 0 as the flags %#x tell of no compression, found %d", h.Flags, h.CompressAlgorithm)
	case packed != (h.Flags&flagMarkers != 0):
		return refuse("VMDK container that has compression without markers, or markers without compression", adviceConvert)
	case packed:
		maxGrain = maxPackedGrainSize
	}
	if bits.OnesCount64(h.GrainSize) != 1 || h.GrainSize < minGrainSize || h.GrainSize > maxGrain {
		return bad("grainSize", offGrainSize, "expected a power of two, %d to %d, found %d", minGrainSize, maxGrain, h.GrainSize)
	}
	if h.GTEsPerGT != gtesPerGT {
		return bad("numGTEsPerGT", offGTEsPerGT, "expected %d, found %d", gtesPerGT, h.GTEsPerGT)
	}
	if h.Capacity > math.MaxInt64/sectorSize {
		return bad("capacity", offCapacity, "expected at most %d sectors, found %d", int64(math.MaxInt64/sectorSize), h.Capacity)
	}
	if n := h.tables(); n > maxTables {
		return bad("capacity", offCapacity, "expected sectors for at most %d grain tables, found %d of them", maxTables, n)
	}
	return nil
}

// tables is how many grain tables the capacity takes, the last one in part.
func (h *sparseExtentHeader) tables() int64 {
	each := h.GrainSize * gtesPerGT
	n := h.Capacity / each
	if h.Capacity%each != 0 {
		n++
	}
	return int64(n)
}

const (
	adviceConvert = "convert it with 'qemu-img convert -O raw' first"
	adviceMerge   = "merge it with what it builds on first, with 'qemu-img convert -O raw' or 'vmware-vdiskmanager -r', all files of the chain in place"
)

func refuse(container, advice string) *disk.ContainerError {
	return &disk.ContainerError{Container: container, Advice: advice}
}
