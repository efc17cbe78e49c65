// Package ewf reads disks in the Expert Witness Compression Format, version 1:
// EWF-E01 of EnCase 1 to 7, FTK Imager, linen and libewf, and EWF-S01 of SMART,
// in one or many segment files.
//
// Every checksum is verified: those of the structures when a set is opened, those
// of the data when it is read. What cannot be read is an error at its place, never
// zeros. It knows nothing of what is on the disk, and nothing of EWF version 2
// (Ex01) or of logical evidence (L01).
//
// Structures are called as in the specification of libewf, "Expert Witness
// Compression Format (EWF)"; all numbers are little-endian.
package ewf

import (
	"bytes"
	"errors"
	"io"

	"github.com/jobscan/jobscan/internal/disk"
)

// Format reads EWF version 1. Any segment file may be named; the others are found
// beside it by their names.
var Format = disk.Format{
	Name: "ewf",
	Doc:  "Expert Witness image (E01, S01) in one or many segments; name any of them",
	Match: func(s *disk.Source) bool {
		return s.Image != nil && (bytes.HasPrefix(s.Head, signature) || bytes.HasPrefix(s.Head, encrypted))
	},
	Open: open,
}

// encrypted begins the first file of a set that FTK Imager has encrypted.
var encrypted = []byte("ADCRYPT\x00")

// image is the disk inside a set of segment files.
type image struct {
	*disk.Mapped
	parts  []disk.Part
	flaws  []disk.Flaw
	hashes []disk.StoredHash
}

// Data is the whole disk: every chunk is stored, those of zeros too.
func (i *image) Data() []disk.Range { return []disk.Range{{Length: i.Size()}} }

// Parts gives the segment files that are used, in order, and the one that was
// named.
func (i *image) Parts() []disk.Part { return i.parts }

// Flaws tells what of the set is missing, damaged or contradicts itself, and the
// sectors that could not be read when it was made.
func (i *image) Flaws() []disk.Flaw { return i.flaws }

// StoredHashes gives the hashes of the sections "hash" and "digest".
func (i *image) StoredHashes() []disk.StoredHash { return i.hashes }

func open(s *disk.Source) (disk.Image, error) {
	if bytes.HasPrefix(s.Head, encrypted) {
		return nil, &disk.ContainerError{Container: "encrypted Expert Witness container (AD encryption)", Advice: "decrypt it with FTK Imager first"}
	}
	set, err := readSet(s)
	if err == nil {
		err = set.chooseVolume()
	}
	if err != nil {
		return nil, errors.Join(err, set.closeSiblings())
	}
	set.checkSegments()
	set.place()
	hashes := set.hashes()
	return &image{
		Mapped: disk.NewMapped(set.volume.size(), set.locate, set.close),
		parts:  set.parts(),
		flaws:  set.allFlaws(),
		hashes: hashes,
	}, nil
}

// readFull reads len(b) bytes; an end before that is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
