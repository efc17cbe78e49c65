// Package vmdk reads the disks of VMware ("Virtual Disk Format" 1.1 and 5.0): one
// sparse file, a stream-optimized one as in OVA archives, and a text descriptor
// with flat, sparse or zero extents in files beside it.
//
// It refuses by name what it does not read: snapshots, COWD and seSparse extents,
// disks on devices, encryption. It opens no file but those that lie beside the
// named one, and knows nothing of what is on the disk.
package vmdk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// Format reads VMDK containers.
var Format = disk.Format{
	Name:  "vmdk",
	Doc:   "VMware virtual disk: sparse, stream-optimized, or a descriptor with its extents",
	Match: match,
	Open:  open,
}

func match(s *disk.Source) bool {
	if s.Image == nil {
		return false
	}
	for _, signature := range []string{signatureSparse, signatureCOWD, signatureSESparse} {
		if bytes.HasPrefix(s.Head, []byte(signature)) {
			return true
		}
	}
	return isDescriptor(s.Head)
}

// descriptorTitle begins the first comment of a descriptor.
const descriptorTitle = "# Disk DescriptorFile"

// isDescriptor recognises the title, in any case, or what QEMU does: comments and
// blank lines before "version=1", 2 or 3. With other comments a createType has to
// follow, as other files begin so too.
func isDescriptor(head []byte) bool {
	if len(head) >= len(descriptorTitle) && strings.EqualFold(string(head[:len(descriptorTitle)]), descriptorTitle) {
		return true
	}
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, " \r\n")
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		switch string(bytes.ToLower(line)) {
		case "version=1", "version=2", "version=3":
			return bytes.Contains(bytes.ToLower(head), []byte("\ncreatetype=\""))
		}
		return false
	}
	return false
}

// image is the disk in a container.
type image struct {
	*disk.Mapped
	parts []disk.Part
	flaws []disk.Flaw
}

// Flaws implements disk.Flawed.
func (m *image) Flaws() []disk.Flaw { return m.flaws }

// Parts implements disk.Divided: the named file, then the extents as the descriptor
// lists them, each file once.
func (m *image) Parts() []disk.Part { return m.parts }

func open(s *disk.Source) (disk.Image, error) {
	switch {
	case bytes.HasPrefix(s.Head, []byte(signatureCOWD)):
		return nil, refuseCOWD()
	case bytes.HasPrefix(s.Head, []byte(signatureSESparse)):
		return nil, refuseSESparse()
	case bytes.HasPrefix(s.Head, []byte(signatureSparse)):
		return openMonolithic(s)
	}
	size := s.Image.Size()
	if size > maxDescriptor {
		return nil, &parse.Error{Structure: "VMDK descriptor", Err: parse.ErrRange, Detail: fmt.Sprintf("expected at most %d bytes, found %d", maxDescriptor, size)}
	}
	text := make([]byte, size)
	if n, err := s.Image.ReadAt(text, 0); int64(n) < size {
		return nil, &parse.Error{Structure: "VMDK descriptor", Err: truncated(err)}
	}
	d, err := parseDescriptor(text)
	if err != nil {
		return nil, err
	}
	return openDivided(s, &d)
}

// openMonolithic opens a sparse extent that has the descriptor within.
func openMonolithic(s *disk.Source) (disk.Image, error) {
	size := s.Image.Size()
	h, inFooter, flaws, err := readHeader(s.Image, size)
	if err != nil {
		return nil, err
	}
	d, err := readEmbedded(s.Image, size, &h)
	if d == nil && err == nil {
		return nil, refuseExtent(s.Path)
	}
	if err == nil && h.Capacity == 0 && len(d.Extents) > 0 {
		return openDivided(s, d)
	}
	if h.Capacity == 0 {
		return nil, &parse.Error{Structure: "sparse extent header", Field: "capacity", Offset: offCapacity, Err: parse.ErrRange, Detail: "expected sectors, found 0"}
	}
	if err != nil {
		flaws = append(flaws, disk.Flaw{Err: fmt.Errorf("%w; whether the disk builds on another one is not known", err)})
	} else if err := d.refusal(); err != nil {
		return nil, err
	} else {
		flaws = append(flaws, d.checkEmbedded(&h)...)
	}
	tables := int64(maxTables)
	x, err := openSparse(s.Image, size, h, inFooter, newTableCache(), &tables)
	if err != nil {
		return nil, err
	}
	return &image{
		Mapped: disk.NewMapped(x.capacity, x.locate, s.Image.Close),
		parts:  []disk.Part{{Path: s.Path, Image: s.Image}},
		flaws:  append(flaws, x.flaws...),
	}, nil
}

// readEmbedded reads the descriptor within a sparse extent, or gives nil if there
// is none: QEMU keeps room for it in the extents of split disks, and leaves it empty.
func readEmbedded(file io.ReaderAt, size int64, h *sparseExtentHeader) (*descriptor, error) {
	at, n := h.DescriptorOffset, h.DescriptorSize
	if at == 0 {
		return nil, nil
	}
	if n == 0 || n > maxEmbeddedDescriptor/sectorSize || at > maxSectors || int64(at+n)*sectorSize > size {
		return nil, &parse.Error{Structure: "sparse extent header", Field: "descriptorOffset, descriptorSize", Offset: 28, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected 1 to %d sectors within the file, found %d at sector %d", maxEmbeddedDescriptor/sectorSize, n, at)}
	}
	b := make([]byte, n*sectorSize)
	if k, err := file.ReadAt(b, int64(at)*sectorSize); k < len(b) {
		return nil, &parse.Error{Structure: "embedded descriptor", Offset: int64(at) * sectorSize, Err: truncated(err)}
	}
	if len(bytes.Trim(b, "\x00")) == 0 {
		return nil, nil
	}
	text, _, _ := bytes.Cut(b, []byte{0}) // what is behind may be left of a longer one
	d, err := parseDescriptor(text)
	if err != nil {
		return nil, fmt.Errorf("embedded descriptor: %w", parse.At(err, int64(at)*sectorSize))
	}
	return &d, nil
}

// checkEmbedded holds an embedded descriptor against its header. The name of the
// file in it is not looked at: files are renamed.
func (d *descriptor) checkEmbedded(h *sparseExtentHeader) []disk.Flaw {
	var flaws []disk.Flaw
	flaw := func(warning bool, detail string, args ...any) {
		flaws = append(flaws, disk.Flaw{Warning: warning, Err: &parse.Error{Structure: "embedded descriptor", Offset: int64(h.DescriptorOffset) * sectorSize,
			Err: parse.ErrRange, Detail: fmt.Sprintf(detail, args...)}})
	}
	if !d.ParentKnown {
		flaw(false, "expected a parentCID, found none; whether the disk builds on another one is not known")
	}
	if len(d.Extents) != 1 {
		flaw(false, "expected one extent, found %d; what this file holds is read", len(d.Extents))
	} else if n := uint64(d.Extents[0].Sectors); n != h.Capacity {
		flaw(n < h.Capacity, "expected an extent of the header's %d sectors, found one of %d", h.Capacity, n)
	}
	return flaws
}

// openDivided opens a disk whose extents are files beside its descriptor.
func openDivided(s *disk.Source, d *descriptor) (disk.Image, error) {
	if err := d.refusal(); err != nil {
		return nil, err
	}
	if len(d.Extents) == 0 {
		return nil, &parse.Error{Structure: "VMDK descriptor", Field: "extent", Err: parse.ErrTruncated, Detail: "expected extents, found none"}
	}
	l := newLayout(s)
	if err := l.lay(d); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return &image{
		Mapped: disk.NewMapped(l.size, l.locate, func() error { return errors.Join(l.close(), s.Image.Close()) }),
		parts:  append([]disk.Part{{Path: s.Path, Image: s.Image}}, l.files...),
		flaws:  l.flaws,
	}, nil
}
