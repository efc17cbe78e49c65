// Package split reads a raw image that lies in files named x.001, x.002 and so on
// (or from x.000), as imaging programs and split make them. The numbers are all
// that tells such a file, so this is the one format that goes by names.
package split

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/disk"
)

// Format reads a split raw image.
var Format = disk.Format{
	Name:  "split",
	Doc:   "raw image in numbered files: x.001, x.002 ...; name any of them",
	AsIs:  true,
	Match: func(s *disk.Source) bool { return s.Image != nil && among(s) },
	Open:  open,
}

// maxParts bounds the files of one image.
const maxParts = 9999

// digits is how many a number has at least.
const digits = 3

// part is a file of the set and where it begins; a missing one has no Image.
type part struct {
	disk.Part
	start, size int64
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

// numbered takes a name apart: "disk.raw.", 1, 3 digits.
func numbered(name string) (base string, number, width int, ok bool) {
	dot := strings.LastIndexByte(name, '.')
	text := name[dot+1:]
	if dot < 1 || len(text) < digits || len(text) > 4 || strings.Trim(text, "0123456789") != "" {
		return "", 0, 0, false
	}
	number, err := strconv.Atoi(text)
	return name[:dot+1], number, len(text), err == nil
}

// set lists the numbers of the source's set that there are, in order.
func set(s *disk.Source) (base string, width int, numbers []int, err error) {
	base, _, width, ok := numbered(s.Name())
	if !ok {
		return "", 0, nil, nil
	}
	names, err := s.Siblings()
	for _, name := range names {
		if b, n, w, ok := numbered(name); ok && b == base && w == width {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return base, width, numbers, err
}

// among reports that the source is one of several.
func among(s *disk.Source) bool {
	_, _, numbers, err := set(s)
	return err == nil && len(numbers) > 1
}

func open(s *disk.Source) (disk.Image, error) {
	base, width, numbers, err := set(s)
	if err != nil {
		return nil, err
	}
	first := 1
	if numbers[0] == 0 {
		first = 0
	}
	last := numbers[len(numbers)-1]
	if last-first >= maxParts {
		return nil, fmt.Errorf("split image of more than %d files", maxParts)
	}
	i := &image{}
	for n := first; n <= last; n++ {
		p, err := i.file(s, fmt.Sprintf("%s%0*d", base, width, n))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(err, i.close(s))
		}
		i.parts = append(i.parts, part{Part: p})
	}
	i.tellMissing(base, width, first)
	size, err := i.layOut()
	if err != nil {
		return nil, errors.Join(err, i.close(s))
	}
	i.Mapped = disk.NewMapped(size, i.locate, func() error { return errors.Join(i.close(s), s.Image.Close()) })
	return i, nil
}

// tellMissing makes one flaw of each row of files that are not there.
func (i *image) tellMissing(base string, width, first int) {
	for k := 0; k < len(i.parts); k++ {
		begin := k
		for k < len(i.parts) && i.parts[k].Image == nil {
			k++
		}
		if k > begin {
			name := fmt.Sprintf("%s%0*d", base, width, first+begin)
			if k > begin+1 {
				name += fmt.Sprintf(" to %0*d", width, first+k-1)
			}
			i.flaws = append(i.flaws, disk.Flaw{Err: fmt.Errorf("split image: file %q: %w", name, fs.ErrNotExist)})
		}
	}
}

// file opens one file of the set, or takes the source itself.
func (i *image) file(s *disk.Source, name string) (disk.Part, error) {
	if name == s.Name() {
		return disk.Part{Path: s.Path, Image: s.Image}, nil
	}
	return s.Sibling(name)
}

// layOut places the files one behind the other. A missing one is as large as the
// first that is there and is not the last: such images have parts of one size.
func (i *image) layOut() (size int64, err error) {
	usual := int64(0)
	for _, p := range i.parts[:len(i.parts)-1] {
		if p.Image != nil {
			usual = p.Image.Size()
			break
		}
	}
	for k := range i.parts {
		p := &i.parts[k]
		p.start = size
		switch {
		case p.Image != nil:
			p.size = p.Image.Size()
		case usual == 0:
			return 0, errors.New("split image of which all files but the last are missing: expected the others beside it")
		default:
			p.size = usual
		}
		if size += p.size; size < 0 {
			return 0, errors.New("split image: its files are together larger than can be")
		}
		if k < len(i.parts)-1 && p.size != usual {
			i.flaws = append(i.flaws, disk.Flaw{Err: fmt.Errorf("split image: file %d of %d: expected %d bytes, as another has, found %d: what follows may be in the wrong place", k+1, len(i.parts), usual, p.size)})
		}
	}
	return size, nil
}

func (i *image) locate(off int64) (disk.Piece, error) {
	k, found := slices.BinarySearchFunc(i.parts, off, func(p part, off int64) int {
		switch {
		case p.start+p.size <= off:
			return -1
		case p.start > off:
			return 1
		}
		return 0
	})
	if !found {
		return disk.Piece{}, fmt.Errorf("split image: no file for %#x", off)
	}
	p := &i.parts[k]
	if p.Image == nil {
		return disk.Piece{}, fmt.Errorf("split image: file %d of %d: %w", k+1, len(i.parts), fs.ErrNotExist)
	}
	return disk.Piece{Length: p.start + p.size - off, From: p.Image, At: off - p.start}, nil
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
