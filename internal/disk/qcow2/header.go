package qcow2

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

const magic = "QFI\xfb"

// Bits of incompatible_features.
const (
	featureDirty        = 1 << 0 // dirty bit
	featureCorrupt      = 1 << 1 // corrupt bit
	featureExternalData = 1 << 2 // external data file bit
	featureCompression  = 1 << 3 // compression type bit
	featureExtendedL2   = 1 << 4 // extended L2 entries bit
	featuresKnown       = featureDirty | featureCorrupt | featureExternalData | featureCompression | featureExtendedL2
)

// Values of compression_type.
const (
	compressionDeflate = 0 // "zlib" in the specification, but without zlib's header
	compressionZstd    = 1
)

const (
	headerSize2 = 72  // of version 2
	headerSize3 = 104 // the least of version 3; compression_type follows

	minClusterBits         = 9
	minExtendedClusterBits = 14
	maxClusterBits         = 21       // what QEMU writes and reads
	maxL1Bytes             = 32 << 20 // of the active L1 table, by QEMU
)

// header is what reading takes from the file header.
type header struct {
	version     uint32
	clusterBits uint
	size        int64 // of the disk, in bytes
	l1Entries   int64 // of the active L1 table
	l1Offset    int64 // in the file
	snapshots   uint32
	features    uint64 // incompatible_features, all of them known
	compression byte
}

func (h *header) clusterSize() int64 { return 1 << h.clusterBits }
func (h *header) extended() bool     { return h.features&featureExtendedL2 != 0 }

// l2EntrySize is the size of an L2 entry in bytes.
func (h *header) l2EntrySize() int64 {
	if h.extended() {
		return 16
	}
	return 8
}

// l2Entries is the number of clusters that one L2 table maps.
func (h *header) l2Entries() int64 { return h.clusterSize() / h.l2EntrySize() }

// l1Used is the number of L1 entries that the disk takes.
func (h *header) l1Used() int64 {
	each := h.clusterSize() * h.l2Entries()
	used := h.size / each
	if h.size%each != 0 {
		used++
	}
	return used
}

func failed(structure, field string, offset int64, cause error, format string, args ...any) error {
	return &parse.Error{Structure: structure, Field: field, Offset: offset, Err: cause, Detail: fmt.Sprintf(format, args...)}
}

func headerError(field string, offset int64, cause error, format string, args ...any) error {
	return failed("QCOW2 header", field, offset, cause, format, args...)
}

// parseHeader decodes the beginning of the file, big-endian. What needs another
// file, a key or an unknown feature is refused with a *disk.ContainerError.
// Source: QEMU, docs/interop/qcow2, "Header".
func parseHeader(b []byte) (header, error) {
	be := binary.BigEndian
	if len(b) < headerSize2 {
		return header{}, headerError("", 0, parse.ErrTruncated, "expected %d bytes, found %d", headerSize2, len(b))
	}
	if string(b[:4]) != magic {
		return header{}, headerError("magic", 0, parse.ErrSignature, "expected %q, found %q", magic, b[:4])
	}
	h := header{version: be.Uint32(b[4:])}
	if err := refuse(b, h.version); err != nil {
		return header{}, err
	}
	bits := be.Uint32(b[20:])
	if bits < minClusterBits || bits > maxClusterBits {
		return header{}, headerError("cluster_bits", 20, parse.ErrRange, "expected %d to %d, found %d", minClusterBits, maxClusterBits, bits)
	}
	h.clusterBits = uint(bits)
	h.size = int64(be.Uint64(b[24:]))
	if h.size < 0 {
		return header{}, headerError("size", 24, parse.ErrRange, "expected less than 2^63, found %#x", uint64(h.size))
	}
	h.l1Entries = int64(be.Uint32(b[36:]))
	h.l1Offset = int64(be.Uint64(b[40:]))
	h.snapshots = be.Uint32(b[60:])
	if h.version == 3 {
		if err := h.parseVersion3(b); err != nil {
			return header{}, err
		}
	}
	if err := h.checkL1(); err != nil {
		return header{}, err
	}
	return h, nil
}

// parseVersion3 decodes what version 3 added. len(b) is at least headerSize2.
func (h *header) parseVersion3(b []byte) error {
	be := binary.BigEndian
	if len(b) < headerSize3 {
		return headerError("", headerSize2, parse.ErrTruncated, "expected %d bytes, found %d", headerSize3, len(b))
	}
	h.features = be.Uint64(b[72:])
	length := int64(be.Uint32(b[100:]))
	if length < headerSize3 || length > h.clusterSize() {
		return headerError("header_length", 100, parse.ErrRange, "expected %d to %d, found %d", headerSize3, h.clusterSize(), length)
	}
	if length > headerSize3 {
		if len(b) <= headerSize3 {
			return headerError("compression_type", headerSize3, parse.ErrTruncated, "expected 1 byte, found none")
		}
		h.compression = b[headerSize3]
	}
	if (h.compression != compressionDeflate) != (h.features&featureCompression != 0) {
		return headerError("compression_type", headerSize3, parse.ErrRange,
			"expected what the compression type bit says, found type %d with incompatible_features %#x", h.compression, h.features)
	}
	if h.compression > compressionZstd {
		return &disk.ContainerError{Container: fmt.Sprintf("QCOW2 container with compression type %d", h.compression), Advice: adviceConvert}
	}
	if h.extended() && h.clusterBits < minExtendedClusterBits {
		return headerError("cluster_bits", 20, parse.ErrRange,
			"expected at least %d with extended L2 entries, found %d", minExtendedClusterBits, h.clusterBits)
	}
	return nil
}

// checkL1 bounds the active L1 table.
func (h *header) checkL1() error {
	if h.l1Entries*8 > maxL1Bytes {
		return headerError("l1_size", 36, parse.ErrRange, "expected at most %d entries, found %d", maxL1Bytes/8, h.l1Entries)
	}
	used := h.l1Used()
	if h.l1Entries < used {
		return headerError("l1_size", 36, parse.ErrRange, "expected at least %d entries for a disk of %d bytes, found %d", used, h.size, h.l1Entries)
	}
	if used > 0 && (h.l1Offset < h.clusterSize() || h.l1Offset%h.clusterSize() != 0) {
		return headerError("l1_table_offset", 40, parse.ErrRange,
			"expected a multiple of %d other than 0, found %#x", h.clusterSize(), uint64(h.l1Offset))
	}
	return nil
}

const adviceConvert = "convert it with 'qemu-img convert -O raw' first"

// refuse names what is known not to be read. b has at least headerSize2 bytes.
func refuse(b []byte, version uint32) error {
	be := binary.BigEndian
	switch {
	case version == 1:
		return &disk.ContainerError{Container: "QCOW container (version 1)", Advice: adviceConvert}
	case version != 2 && version != 3:
		return &disk.ContainerError{Container: fmt.Sprintf("QCOW2 container of version %d", version), Advice: adviceConvert}
	}
	if offset, length := be.Uint64(b[8:]), be.Uint32(b[16:]); offset != 0 || length != 0 {
		return &disk.ContainerError{
			Container: "QCOW2 container with a backing file" + backingName(b, offset, length),
			Advice:    "put it and its backing files into one folder and " + adviceConvert,
		}
	}
	switch method := be.Uint32(b[32:]); method {
	case 0:
	case 1:
		return &disk.ContainerError{Container: "QCOW2 container with AES encryption", Advice: "decrypt it with 'qemu-img convert -O raw' first"}
	case 2:
		return &disk.ContainerError{Container: "QCOW2 container with LUKS encryption", Advice: "decrypt it with 'qemu-img convert -O raw' first"}
	default:
		return &disk.ContainerError{Container: fmt.Sprintf("QCOW2 container with encryption method %d", method), Advice: "decrypt it first"}
	}
	if version == 2 || len(b) < headerSize2+8 {
		return nil
	}
	features := be.Uint64(b[72:])
	if features&featureExternalData != 0 {
		return &disk.ContainerError{Container: "QCOW2 container with an external data file", Advice: adviceConvert}
	}
	if unknown := features &^ featuresKnown; unknown != 0 {
		return &disk.ContainerError{Container: fmt.Sprintf("QCOW2 container with unknown incompatible features %#x", unknown), Advice: adviceConvert}
	}
	return nil
}

// backingName gives the backing file's name for a message, or nothing.
func backingName(b []byte, offset uint64, length uint32) string {
	if length == 0 || length > 1023 || offset > uint64(len(b)) || uint64(length) > uint64(len(b))-offset {
		return ""
	}
	return fmt.Sprintf(" (%q)", b[offset:offset+uint64(length)])
}
