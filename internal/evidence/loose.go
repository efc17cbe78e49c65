package evidence

import (
	"path/filepath"
	"strings"

	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// loose is a $MFT or a $J that was taken out of its volume.
type loose struct {
	file   *File
	kind   kind
	letter byte
	max    *usn.Max // of a $J
	taken  bool
}

// joinLoose makes volumes of the loose files: each $MFT with the $J that is
// nearest to it in the tree of folders, each $J that is left alone.
func (o *opener) joinLoose() {
	for _, l := range o.loose {
		if l.kind != kindMFT {
			continue
		}
		v := &Volume{EvidencePath: l.file.Path, Container: l.file.Container, Reader: l.file.image, Size: l.file.Size,
			LooseMFT: true, DriveLetter: l.letter}
		v.NTFS, v.OpenErr = ntfs.OpenMFT(l.file.image, l.file.Size)
		if j := o.nearestJournal(l); j != nil && v.OpenErr == nil {
			j.taken = true
			j.give(v)
		}
		o.add(v)
	}
	for _, l := range o.loose {
		if l.kind == kindJournal && !l.taken {
			v := &Volume{EvidencePath: l.file.Path, Container: l.file.Container}
			l.give(v)
			o.add(v)
		}
	}
}

// give makes the $J the journal of a volume.
func (l *loose) give(v *Volume) {
	v.Journal, v.JournalPath, v.Max = l.file.journal(), l.file.Path, l.max
	if v.DriveLetter == 0 {
		v.DriveLetter = l.letter
	}
}

// nearestJournal gives the free $J that shares most folders with a $MFT, and
// no other $MFT shares more with; the first of equals.
func (o *opener) nearestJournal(mft *loose) *loose {
	var best *loose
	shared := -1
	for _, j := range o.loose {
		if j.kind != kindJournal || j.taken {
			continue
		}
		n := common(mft.file.Path, j.file.Path)
		if n > shared && !o.nearerElsewhere(mft, j, n) {
			best, shared = j, n
		}
	}
	return best
}

func (o *opener) nearerElsewhere(mft, j *loose, n int) bool {
	for _, other := range o.loose {
		if other.kind == kindMFT && other != mft && common(other.file.Path, j.file.Path) > n {
			return true
		}
	}
	return false
}

// common counts the folders that two paths have in common.
func common(a, b string) int {
	x, y := folders(a), folders(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return n
}

func folders(path string) []string {
	return strings.Split(filepath.ToSlash(filepath.Dir(filepath.Clean(path))), "/")
}
