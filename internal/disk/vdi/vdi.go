// Package vdi opens VDI containers of VirtualBox, version 1.1, dynamic and fixed,
// and gives the disk in them. Undo and differencing images are refused by name; no
// other file is ever opened. It knows nothing of what is on the disk.
//
// The format has no checksums. What contradicts it is an error for those bytes
// that it concerns.
package vdi

import (
	"bytes"

	"github.com/jobscan/jobscan/internal/disk"
)

// Format reads VDI containers.
var Format = disk.Format{
	Name:  "vdi",
	Doc:   "VDI container of VirtualBox, dynamic or fixed, without a parent",
	Match: match,
	Open:  open,
}

// match goes by the signature: the text before it has changed with the product's owners.
func match(s *disk.Source) bool {
	return s.Image != nil && len(s.Head) > signatureOffset && bytes.HasPrefix(s.Head[signatureOffset:], []byte(signature))
}

// image is the disk in a container.
type image struct {
	*disk.Mapped
	flaws []disk.Flaw
}

// Flaws tells what is wrong with the block map as a whole.
func (m *image) Flaws() []disk.Flaw { return m.flaws }

func open(s *disk.Source) (disk.Image, error) {
	h, err := parseHeader(s.Head)
	if err != nil {
		return nil, err
	}
	m, flaws, err := newBlockMap(h, s.Image)
	if err != nil {
		return nil, err
	}
	return &image{disk.NewMapped(h.size, m.locate, s.Image.Close), flaws}, nil
}
