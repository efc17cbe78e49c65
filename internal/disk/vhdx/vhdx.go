// Package vhdx reads the disk inside a virtual hard disk of the second format
// ([MS-VHDX]): fixed and dynamic ones, with sectors of 512 or 4096 bytes.
// Differencing disks are refused. All numbers in the file are little-endian.
//
// Two headers say which log belongs to the file. Changes of its structures go
// through that log; if the file was not closed, they are only there. The log is
// then replayed in memory, over what the file holds: nothing is written.
//
// Blocks that are not in the file, or whose content is undefined or unmapped,
// read as zeros, which the specification allows and Windows and qemu-img do.
//
// The package knows nothing of partitions.
package vhdx

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// Format reads fixed and dynamic VHDX files.
var Format = disk.Format{
	Name:  "vhdx",
	Doc:   "virtual hard disk v2 (VHDX), fixed or dynamic",
	Match: func(s *disk.Source) bool { return s.Image != nil && bytes.HasPrefix(s.Head, []byte(fileSignature)) },
	Open:  open,
}

const (
	fileSignature = "vhdxfile"
	mib           = 1 << 20
	// headerSection is what the file type identifier, headers and region tables
	// take at the file's beginning. Nothing else lies there.
	headerSection = mib
)

// Image is the disk inside a VHDX file.
type Image struct {
	*disk.Mapped
	flaws []disk.Flaw
}

// Flaws tells what was found wrong at opening.
func (m *Image) Flaws() []disk.Flaw { return m.flaws }

// container is a VHDX file as it is opened.
type container struct {
	file    disk.Image
	content *overlay // the file after its log was replayed
	header  Header
	regions regions

	headerAt int64 // where the current header lies
	flaws    []disk.Flaw
}

func (c *container) flaw(warning bool, err error) {
	c.flaws = append(c.flaws, disk.Flaw{Err: err, Warning: warning})
}

func open(s *disk.Source) (disk.Image, error) {
	c := &container{file: s.Image, content: &overlay{file: s.Image, size: s.Image.Size(), held: s.Image.Size()}}
	if err := c.readHeaders(); err != nil {
		return nil, err
	}
	c.replay()
	if err := c.readRegions(); err != nil {
		return nil, err
	}
	meta, err := c.readMetadata()
	if err != nil {
		return nil, err
	}
	b, err := c.readBlocks(meta)
	if err != nil {
		return nil, err
	}
	return &Image{Mapped: disk.NewMapped(b.size, b.locate, c.file.Close), flaws: c.flaws}, nil
}

// readWhole reads n bytes, which the caller bounded, and names them in errors.
func readWhole(r io.ReaderAt, at int64, n int, structure string) ([]byte, error) {
	b := make([]byte, n)
	k, err := r.ReadAt(b, at)
	switch {
	case k == n:
		return b, nil
	case err == nil || errors.Is(err, io.EOF):
		return nil, &parse.Error{Structure: structure, Offset: at, Err: parse.ErrTruncated, Detail: fmt.Sprintf("expected %d bytes, found %d", n, k)}
	}
	return nil, fmt.Errorf("reading the %s at %#x: %w", structure, at, err)
}
