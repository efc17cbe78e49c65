// Package vhd reads the disk inside a virtual hard disk of the first format
// (Virtual Hard Disk Image Format Specification 1.0): fixed and dynamic ones.
// Differencing disks are refused. All numbers in the file are big-endian.
//
// A fixed disk is the disk's bytes with a footer behind them. A dynamic one has
// a footer and a copy of it at its beginning, a header, and a table that says
// where each block is. A block begins with a bitmap of its sectors.
//
// Where readers differ, the choice is this:
//   - Size: the footer's current size, as Windows takes it. Virtual PC, and for
//     disks made by it or by an old QEMU also qemu-img, show only what the
//     geometry can address, up to a cylinder less. Nothing is hidden from this
//     package by a small geometry; a larger one counts for those creators if the
//     container holds that much.
//   - A sector whose bit is clear was never written: zeros, as the specification
//     has it and Virtual PC, VirtualBox and Xen read it. qemu-img does not look at
//     the bitmap and shows what lies there, which writers keep zero.
//
// Whoever can write the last sector of a disk can put a footer there, so a footer
// at the end of a file does not prove that the file is a container. What it says
// hides nothing: before the footer of a fixed disk all bytes are the disk, however
// small its size; and a dynamic disk begins with the copy of its footer, so a file
// that begins like a raw disk is none.
//
// The package knows nothing of partitions.
package vhd

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// Format reads fixed and dynamic VHD files.
var Format = disk.Format{
	Name:  "vhd",
	Doc:   "virtual hard disk (VHD), fixed or dynamic",
	Match: match,
	Open:  open,
}

// Image is the disk inside a VHD file.
type Image struct {
	*disk.Mapped
	flaws []disk.Flaw
}

// Flaws tells what was found wrong at opening.
func (m *Image) Flaws() []disk.Flaw { return m.flaws }

// match wants a footer's cookie at the beginning, or at the end a footer whose
// checksum fits. A raw disk can have that one too: of a fixed disk it does no harm;
// another one, or one that would be refused, does not count where the file begins
// like a raw disk.
func match(s *disk.Source) bool {
	if s.Image == nil {
		return false
	}
	if bytes.HasPrefix(s.Head, []byte(footerCookie)) {
		return true
	}
	footer, at, err := footerAtEnd(s.Image)
	readable := footer.Type == Fixed && footer.Version>>16 == 1 && footer.CurrentSize <= uint64(max(maxSize, at))
	return err == nil && (readable || !raw(s.Head))
}

// raw reports that a file begins as a disk or volume does, which no dynamic disk
// does: with the signature of a boot record, a GPT header behind a sector of 512 or
// 4096 bytes, or a boot sector of NTFS.
func raw(head []byte) bool {
	for at, signature := range map[int]string{3: "NTFS    ", 510: "\x55\xaa", 512: "EFI PART", 4096: "EFI PART"} {
		if at < len(head) && bytes.HasPrefix(head[at:], []byte(signature)) {
			return true
		}
	}
	return false
}

// footerAtEnd gives the footer in the last 512 bytes, or the last 511, as Virtual
// PC wrote it before 2004, and where it begins.
func footerAtEnd(f disk.Image) (Footer, int64, error) {
	size := f.Size()
	if size < footerSize {
		return Footer{}, 0, &parse.Error{Structure: "VHD footer", Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected %d bytes, found %d", footerSize, size)}
	}
	at := size - footerSize
	b := make([]byte, footerSize)
	if n, err := f.ReadAt(b, at); n < len(b) {
		return Footer{}, 0, fmt.Errorf("reading the VHD footer: %w", err)
	}
	if old, err := ParseFooter(b[1:]); err == nil {
		return old, at + 1, nil
	}
	footer, err := ParseFooter(b)
	if err != nil {
		return Footer{}, 0, parse.At(err, at)
	}
	return footer, at, nil
}

func open(s *disk.Source) (disk.Image, error) {
	c, err := readContainer(s)
	if err != nil {
		return nil, err
	}
	if err := c.supported(); err != nil {
		return nil, err
	}
	if most := max(maxSize, c.end); c.footer.CurrentSize > uint64(most) {
		return nil, &parse.Error{Structure: "VHD footer", Field: "current size", Offset: c.end, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected at most %d bytes, found %d", most, c.footer.CurrentSize)}
	}
	if c.footer.Type == Fixed {
		return c.fixed(), nil
	}
	return c.dynamic()
}

// container is a VHD file whose footer is known.
type container struct {
	file   disk.Image
	footer Footer
	end    int64 // where the footer begins, or the file's end if it has none there
	flaws  []disk.Flaw
}

func (c *container) flaw(warning bool, err error) {
	c.flaws = append(c.flaws, disk.Flaw{Err: err, Warning: warning})
}

// readContainer decides between the footer and its copy. The footer at the end
// is the one that counts if both are sound.
func readContainer(s *disk.Source) (*container, error) {
	c := &container{file: s.Image, end: s.Image.Size()}
	begins := bytes.HasPrefix(s.Head, []byte(footerCookie))
	first, firstErr := ParseFooter(s.Head[:min(footerSize, len(s.Head))])
	last, at, lastErr := footerAtEnd(s.Image)
	switch {
	case lastErr == nil && last.Type == Fixed:
		if firstErr == nil && first.Type != Fixed {
			c.flaw(false, fmt.Errorf("the file begins with the footer of a %s disk and ends with that of a fixed one", first.Type))
		}
		c.footer, c.end = last, at
	case lastErr == nil && firstErr == nil:
		c.footer, c.end = last, at
		if !first.same(last) {
			c.flaw(false, fmt.Errorf("footer and copy of the footer contradict each other: the footer has %s, its copy %s", last, first))
		}
	case lastErr == nil && !begins && raw(s.Head):
		return nil, fmt.Errorf("the file begins like a raw disk, and ends with the footer of a %s one: %w", last.Type, firstErr)
	case lastErr == nil && !begins:
		c.footer, c.end = last, at
		c.flaw(false, fmt.Errorf("copy of the footer at the beginning is damaged: %w; a raw disk that ends with such a footer looks the same", firstErr))
	case lastErr == nil:
		c.footer, c.end = last, at
		c.flaw(true, fmt.Errorf("copy of the footer at the beginning is damaged: %w", firstErr))
	case firstErr == nil && first.Type != Fixed:
		c.footer = first
		c.flaw(true, fmt.Errorf("footer at the end is damaged or missing, its copy at the beginning is used: %w", lastErr))
	default:
		return nil, errors.Join(firstErr, lastErr)
	}
	return c, nil
}

// supported refuses what is not read, by name.
func (c *container) supported() error {
	f := c.footer
	switch {
	case f.Version>>16 != 1:
		return &disk.ContainerError{Container: fmt.Sprintf("VHD container of version %d.%d", f.Version>>16, f.Version&0xffff),
			Advice: "convert it with 'qemu-img convert -O raw' first"}
	case f.Type == Differencing:
		return &disk.ContainerError{Container: "differencing VHD container",
			Advice: "merge it with its parent, or convert it with 'Convert-VHD' or 'qemu-img convert -O raw', first"}
	case f.Type != Fixed && f.Type != Dynamic:
		return &disk.ContainerError{Container: "VHD container of " + f.Type.String(), Advice: "convert it to a fixed disk first"}
	}
	return nil
}

// fixed makes the image of a fixed disk, which is all that lies before its footer: a
// smaller size would hide the bytes between, of a raw disk nearly all of it.
func (c *container) fixed() *Image {
	size := c.footer.size(c.end)
	if size > c.end {
		c.flaw(false, &parse.Error{Structure: "VHD footer", Field: "current size", Offset: c.end, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected %d bytes before the footer, found %d", size, c.end)})
	} else if size < c.end {
		c.flaw(false, &parse.Error{Structure: "VHD footer", Field: "current size", Offset: c.end, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected the footer behind %d bytes, found it behind %d, which are all read as the disk", size, c.end)})
		size = c.end
	}
	locate := func(off int64) (disk.Piece, error) {
		if off >= c.end {
			return disk.Piece{}, &parse.Error{Structure: "fixed VHD disk", Offset: off, Err: io.ErrUnexpectedEOF,
				Detail: fmt.Sprintf("expected %d bytes, found %d", size, c.end)}
		}
		return disk.Piece{Length: min(size, c.end) - off, From: c.file, At: off}, nil
	}
	return &Image{Mapped: disk.NewMapped(size, locate, c.file.Close), flaws: c.flaws}
}
