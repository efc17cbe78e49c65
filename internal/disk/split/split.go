// Package split reads a raw image that lies in files named x.001, x.002 and so on,
// or x.aa, x.ab, as imaging programs and split make them. Names and sizes are all
// that tells such a file, so this is the one format that goes by names.
package split

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jobscan/jobscan/internal/disk"
)

// Format reads a split raw image.
var Format = disk.Format{
	Name:  "split",
	Doc:   "raw image in numbered files: x.001, x.002 ... or x.aa, x.ab ...; name any of them",
	AsIs:  true,
	Match: func(s *disk.Source) bool { return s.Image != nil && among(s) },
	Open:  open,
}

// part is a file of the set and its place on the disk; one that cannot be opened
// has an err in place of an Image.
type part struct {
	disk.Part
	start, size int64
	err         error
}

type image struct {
	*disk.Mapped
	parts []part
	flaws []disk.Flaw
}

func (i *image) Flaws() []disk.Flaw { return i.flaws }

func (i *image) Parts() (out []disk.Part) {
	for _, p := range i.parts {
		if p.Image != nil {
			out = append(out, p.Part)
		}
	}
	return out
}

// among reports that the source is one of several. One that begins as a disk or
// volume does, and is not the first, is an image of its own.
func among(s *disk.Source) bool {
	by, numbers, _ := set(s) // open tells of an error
	if len(numbers) < 2 {
		return false
	}
	own, _ := by.member(s.Name())
	return own == numbers[0] || !beginsDisk(s.Head)
}

// beginsDisk recognises the boot sector of NTFS and a table of partitions.
func beginsDisk(head []byte) bool {
	at := func(offset int, magic string) bool {
		return len(head) >= offset && bytes.HasPrefix(head[offset:], []byte(magic))
	}
	return at(510, "\x55\xaa") && (at(3, "NTFS    ") || at(446, "\x80") || at(446, "\x00")) || at(512, "EFI PART")
}

func open(s *disk.Source) (disk.Image, error) {
	by, numbers, listing := set(s)
	if len(numbers) < 2 {
		return nil, errors.Join(errors.New("split image: expected several files"), listing)
	}
	first := min(numbers[0], 1)
	if by.letters {
		first = 0
	}
	last := numbers[len(numbers)-1]
	if last-first >= maxParts {
		return nil, fmt.Errorf("split image of more than %d files", maxParts)
	}
	i := &image{}
	if listing != nil {
		i.flaws = append(i.flaws, disk.Flaw{Err: fmt.Errorf("split image: %w", listing)})
	}
	for n := first; n <= last; n++ {
		i.parts = append(i.parts, file(s, by.name(n)))
	}
	i.tellLost(by, first)
	size, err := i.layOut()
	if err != nil {
		return nil, errors.Join(err, i.close(s))
	}
	i.Mapped = disk.NewMapped(size, i.locate, func() error { return errors.Join(i.close(s), s.Image.Close()) })
	return i, nil
}

// file opens one file of the set, or takes the source itself.
func file(s *disk.Source, name string) part {
	if disk.SameName(name, s.Name()) {
		return part{Part: disk.Part{Path: s.Path, Image: s.Image}}
	}
	p, err := s.Sibling(name)
	return part{Part: p, err: err}
}

// tellLost makes one flaw of each row of files that cannot be opened for the same
// reason.
func (i *image) tellLost(by scheme, first int) {
	for k := 0; k < len(i.parts); {
		begin := k
		for k < len(i.parts) && i.parts[k].Image == nil && cause(i.parts[k].err) == cause(i.parts[begin].err) {
			k++
		}
		if k == begin {
			k++
			continue
		}
		name := by.name(first + begin)
		if k > begin+1 {
			name += " to " + by.text(first+k-1)
		}
		i.flaws = append(i.flaws, disk.Flaw{Err: fmt.Errorf("split image: file %q: %w", name, innermost(i.parts[begin].err))})
	}
}

func cause(err error) string {
	if err == nil {
		return ""
	}
	return innermost(err).Error()
}

// innermost drops what names the file.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// layOut places the files one behind the other, all but the last at the size that
// most of them have: then a file that is lost, or cut, moves no other.
func (i *image) layOut() (size int64, err error) {
	usual := i.usual()
	if usual == 0 {
		return 0, errors.New("split image: all files but the last are empty or cannot be opened: expected the others beside it")
	}
	for k := range i.parts {
		p := &i.parts[k]
		p.start, p.size = size, usual
		last := k == len(i.parts)-1
		if last && p.Image != nil {
			p.size = p.Image.Size()
		}
		if size += p.size; size < 0 {
			return 0, errors.New("split image: its files are together larger than can be")
		}
		if p.Image == nil {
			continue
		}
		if found := p.Image.Size(); !last && found != usual || found > usual {
			i.flaws = append(i.flaws, disk.Flaw{Err: fmt.Errorf("split image: file %d of %d: expected %d bytes, as others have, found %d: is it one of them, and whole?", k+1, len(i.parts), usual, found)})
		}
	}
	return size, nil
}

// usual is the size that most files but the last have, the largest of equals.
func (i *image) usual() (size int64) {
	count := map[int64]int{}
	for _, p := range i.parts[:len(i.parts)-1] {
		if p.Image != nil && p.Image.Size() > 0 {
			count[p.Image.Size()]++
		}
	}
	for s, n := range count {
		if n > count[size] || n == count[size] && s > size {
			size = s
		}
	}
	return size
}

func (i *image) locate(off int64) (disk.Piece, error) {
	k, _ := slices.BinarySearchFunc(i.parts, off, func(p part, off int64) int {
		switch {
		case p.start+p.size <= off:
			return -1
		case p.start > off:
			return 1
		}
		return 0
	})
	p := &i.parts[k]
	if p.Image == nil {
		return disk.Piece{}, fmt.Errorf("split image: file %d of %d: %w", k+1, len(i.parts), innermost(p.err))
	}
	within := off - p.start
	stored := min(p.size, p.Image.Size())
	if within >= stored {
		return disk.Piece{}, fmt.Errorf("split image: file %d of %d ends after %d bytes: expected %d: %w", k+1, len(i.parts), stored, p.size, fs.ErrNotExist)
	}
	return disk.Piece{Length: stored - within, From: p.Image, At: within}, nil
}

// close closes the files other than the source.
func (i *image) close(s *disk.Source) error {
	var errs []error
	for _, p := range i.parts {
		if p.Image != nil && p.Image != s.Image {
			errs = append(errs, p.Image.Close())
		}
	}
	return errors.Join(errs...)
}
