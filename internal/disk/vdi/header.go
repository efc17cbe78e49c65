package vdi

import (
	"bytes"
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

const (
	signature       = "\x7f\x10\xda\xbe" // VDI_IMAGE_SIGNATURE 0xBEDA107F, little-endian
	signatureOffset = 0x40               // behind a line of text
	version         = 1<<16 | 1          // major and minor

	preHeaderSize = 0x48  // VDIPREHEADER: text, signature, version
	headerSize    = 0x180 // VDIHEADER1; later versions of VirtualBox write 0x190
)

// Values of enmType.
const (
	typeNormal = 1 // VDI_IMAGE_TYPE_NORMAL: blocks are added as they are written
	typeFixed  = 2 // VDI_IMAGE_TYPE_FIXED
	typeUndo   = 3 // VDI_IMAGE_TYPE_UNDO
	typeDiff   = 4 // VDI_IMAGE_TYPE_DIFF
)

const (
	minBlock = 512
	maxBlock = 1 << 28 // VirtualBox and QEMU write 1 MiB
)

// header is what reading takes from the file header.
type header struct {
	size      int64 // cbDisk: of the disk, in bytes
	mapOffset int64 // offBlocks: of the block map, in the file
	data      int64 // offData: of block 0, in the file
	block     int64 // cbBlock: bytes of the disk in a block, a power of two
	extra     int64 // cbBlockExtra: bytes before them in the file
	blocks    int64 // cBlocks: entries of the block map
}

// used is the number of blocks that the disk takes.
func (h *header) used() int64 {
	n := h.size / h.block
	if h.size%h.block != 0 {
		n++
	}
	return n
}

// parseHeader decodes the beginning of the file, little-endian. Images that need
// another one, and other versions, are refused with a *disk.ContainerError.
// Source: VirtualBox, src/VBox/Storage/VDICore.h, VDIPREHEADER and VDIHEADER1.
func parseHeader(b []byte) (header, error) {
	c := parse.NewCursor(b, "VDI header")
	c.Skip(signatureOffset, "szFileInfo")
	if s := c.Bytes(4, "u32Signature"); s != nil && string(s) != signature {
		c.Fail("u32Signature", signatureOffset, parse.ErrSignature, fmt.Sprintf("expected %q, found %q", signature, s))
	}
	if v := c.U32("u32Version"); c.Err() == nil && v != version {
		return header{}, &disk.ContainerError{Container: fmt.Sprintf("VDI container of version %d.%d", v>>16, v&0xffff), Advice: adviceClone}
	}
	if n := c.U32("cbHeader"); c.Err() == nil && n < headerSize {
		c.Fail("cbHeader", preHeaderSize, parse.ErrRange, fmt.Sprintf("expected at least %d, found %d", headerSize, n))
	}
	kind := c.U32("enmType")
	c.Skip(4, "fFlags")
	c.Skip(256, "szComment")
	h := header{mapOffset: int64(c.U32("offBlocks")), data: int64(c.U32("offData"))}
	c.Skip(16, "LegacyGeometry")
	c.Skip(4, "u32Dummy")
	h.size = int64(c.U64("cbDisk"))
	h.block = int64(c.U32("cbBlock"))
	h.extra = int64(c.U32("cbBlockExtra"))
	h.blocks = int64(c.U32("cBlocks"))
	c.Skip(4, "cBlocksAllocated")
	c.Skip(32, "uuidCreate, uuidModify")
	linkage := c.Bytes(16, "uuidLinkage")
	parent := c.Bytes(16, "uuidParentModify")
	if c.Err() != nil {
		return header{}, c.Err()
	}
	if err := refuse(kind, linkage, parent); err != nil {
		return header{}, err
	}
	h.check(c)
	if c.Err() != nil {
		return header{}, c.Err()
	}
	return h, nil
}

// check bounds the values against each other.
func (h *header) check(c *parse.Cursor) {
	wrong := func(field string, offset int, format string, args ...any) {
		c.Fail(field, offset, parse.ErrRange, fmt.Sprintf(format, args...))
	}
	if h.size < 0 {
		wrong("cbDisk", 0x170, "expected less than 2^63, found %#x", uint64(h.size))
		return
	}
	if h.block < minBlock || h.block > maxBlock || h.block&(h.block-1) != 0 {
		wrong("cbBlock", 0x178, "expected a power of two from %d to %d, found %d", minBlock, maxBlock, h.block)
		return
	}
	if h.extra > h.block {
		wrong("cbBlockExtra", 0x17c, "expected at most %d, found %d", h.block, h.extra)
	}
	if h.used() > h.blocks {
		wrong("cBlocks", 0x180, "expected at least %d for a disk of %d bytes, found %d", h.used(), h.size, h.blocks)
	}
	if h.mapOffset < preHeaderSize+headerSize || h.mapOffset%4 != 0 {
		wrong("offBlocks", 0x154, "expected a multiple of 4, at least %#x, found %#x", preHeaderSize+headerSize, h.mapOffset)
	}
	if h.data < h.mapOffset+h.blocks*4 || h.data%minBlock != 0 {
		wrong("offData", 0x158, "expected a multiple of %d behind the block map, which ends at %#x, found %#x", minBlock, h.mapOffset+h.blocks*4, h.data)
	}
}

const (
	adviceClone = "convert it with 'VBoxManage clonemedium disk IN OUT --format RAW' first"
	adviceMerge = "merge it with its parents: in VirtualBox, 'VBoxManage clonemedium disk UUID OUT --format RAW' gives the state of the snapshot"
)

// refuse names images that hold only what differs from another.
func refuse(kind uint32, linkage, parent []byte) error {
	none := make([]byte, 16)
	switch {
	case kind == typeUndo:
		return &disk.ContainerError{Container: "VDI undo image", Advice: adviceMerge}
	case kind == typeDiff:
		return &disk.ContainerError{Container: "VDI differencing image", Advice: adviceMerge}
	case kind != typeNormal && kind != typeFixed:
		return &disk.ContainerError{Container: fmt.Sprintf("VDI container of type %d", kind), Advice: adviceClone}
	case !bytes.Equal(linkage, none) || !bytes.Equal(parent, none):
		return &disk.ContainerError{Container: "VDI container that names a parent image", Advice: adviceMerge}
	}
	return nil
}
