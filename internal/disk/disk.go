// Package disk opens evidence as a sequence of bytes: a raw image, a block
// device, the disk in a container. Formats are struct values in a list; which
// list is the caller's choice.
//
// It opens for reading only, and no type here has a method that writes. It
// knows nothing of partitions or file systems.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Image is a disk or volume as bytes.
type Image interface {
	io.ReaderAt
	io.Closer
	Size() int64 // in bytes
}

// Range is a part of an image, in bytes.
type Range struct{ Offset, Length int64 }

// Sparse is an Image that knows where its data lies, in order. Everything else is
// zero.
type Sparse interface {
	Data() []Range
}

// Source is evidence before its format is known.
type Source struct {
	Path   string
	Device bool        // a block device or live volume: Image and Info are nil
	Image  Image       // the file's bytes as they are
	Info   fs.FileInfo // of the file
	Head   []byte      // the file's first bytes, at most 64 KiB
}

// Format is one way to read evidence.
type Format struct {
	Name string // one word for reports
	Doc  string // one line for help texts
	// AsIs says that the bytes of the evidence are those of the disk. Such a format
	// is not offered a file that begins as a container does.
	AsIs bool
	// Match recognises the format by content. It does not close the source.
	Match func(*Source) bool
	// Open gives the bytes inside. It may wrap Source.Image, which is then
	// closed with it; on error the caller closes what there is.
	Open func(*Source) (Image, error)
}

const headSize = 64 << 10

// Opened is evidence whose format is known.
type Opened struct {
	Image  Image
	Format Format
	Source *Source // its Image is closed with the one above
}

// Open opens the evidence at path by the first of formats that matches. A
// container that no format reads gives a *ContainerError.
func Open(path string, formats []Format) (*Opened, error) {
	src, err := open(path)
	if err != nil {
		return nil, err
	}
	opened, err := src.open(formats)
	if err != nil && src.Image != nil {
		err = errors.Join(err, src.Image.Close())
	}
	return opened, err
}

func open(path string) (*Source, error) {
	if DeviceName(path) {
		return &Source{Path: path, Device: true}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeDevice != 0 {
		return &Source{Path: path, Device: true}, nil
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("expected a file or a block device, found %s", kindOf(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	src := &Source{Path: path, Image: &file{f, info.Size()}, Info: info, Head: make([]byte, min(headSize, info.Size()))}
	if n, err := f.ReadAt(src.Head, 0); n < len(src.Head) {
		return nil, errors.Join(fmt.Errorf("reading the first %d bytes: %w", len(src.Head), err), f.Close())
	}
	return src, nil
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "something else"
}

func (s *Source) open(formats []Format) (*Opened, error) {
	container := recognise(s)
	for _, f := range formats {
		if f.AsIs && container != nil || !f.Match(s) {
			continue
		}
		img, err := f.Open(s)
		if err != nil {
			return nil, err
		}
		return &Opened{img, f, s}, nil
	}
	if container != nil {
		return nil, container
	}
	return nil, errors.New("no format reads this evidence")
}

// Raw is the name of the format that takes bytes as they are.
const Raw = "raw"
