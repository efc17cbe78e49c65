// Package qcow2 opens QCOW2 containers of versions 2 and 3, as QEMU writes them,
// and gives the active state of the disk in them. Backing files, encryption,
// external data files and unknown incompatible features are refused by name; no
// other file is ever opened. It knows nothing of what is on the disk.
//
// The format has no checksums except those that Zstandard frames may carry.
// What contradicts the format is an error for those bytes that it concerns.
// Reference counts do not matter for reading and are not looked at.
package qcow2

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
)

// Format reads QCOW2 containers.
var Format = disk.Format{
	Name:  "qcow2",
	Doc:   "QCOW2 container of QEMU, versions 2 and 3, without a backing file",
	Match: func(s *disk.Source) bool { return s.Image != nil && bytes.HasPrefix(s.Head, []byte(magic)) },
	Open:  open,
}

// image is the disk in a container.
type image struct {
	*disk.Mapped
	flaws []disk.Flaw
}

// Flaws tells of marks that the container bears of its own state.
func (m *image) Flaws() []disk.Flaw { return m.flaws }

func open(s *disk.Source) (disk.Image, error) {
	h, err := parseHeader(s.Head)
	if err != nil {
		return nil, err
	}
	t, err := newTables(h, s.Image)
	if err != nil {
		return nil, err
	}
	return &image{disk.NewMapped(h.size, t.locate, s.Image.Close), flaws(t)}, nil
}

func flaws(t *tables) []disk.Flaw {
	var out []disk.Flaw
	if err := t.l1Flaw(); err != nil {
		out = append(out, disk.Flaw{Err: err})
	}
	if t.features&featureCorrupt != 0 {
		out = append(out, disk.Flaw{Err: errors.New("QCOW2 header: corrupt bit is set: QEMU found the tables damaged; 'qemu-img check' says more")})
	}
	if t.features&featureDirty != 0 {
		out = append(out, disk.Flaw{Warning: true, Err: errors.New("QCOW2 header: dirty bit is set: the container was not closed, its reference counts may be wrong")})
	}
	if t.snapshots > 0 {
		out = append(out, disk.Flaw{Warning: true, Err: fmt.Errorf("QCOW2 header: internal snapshots that are not read: %d; only the active state of the disk is", t.snapshots)})
	}
	return out
}
