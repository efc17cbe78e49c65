package ewf

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
)

// maxFlaws bounds the flaws that are kept of a set.
const maxFlaws = 500

// weight says what a flaw costs.
type weight int

const (
	harmless   weight = iota
	loss              // of bytes of the disk, or of their certainty
	lossUnless        // of bytes, unless all chunks were found all the same
)

// flaw is a disk.Flaw before it is known whether chunks are missing.
type flaw struct {
	err    error
	weight weight
}

// flaws gathers the flaws of a set in order.
type flaws struct {
	list []flaw
	more int
}

func (f *flaws) add(err error, w weight) {
	if len(f.list) < maxFlaws {
		f.list = append(f.list, flaw{err, w})
	} else {
		f.more++
	}
}

func (f *flaws) all(complete bool) []disk.Flaw {
	var out []disk.Flaw
	for _, w := range f.list {
		out = append(out, disk.Flaw{Err: w.err, Warning: w.weight == harmless || w.weight == lossUnless && complete})
	}
	if f.more > 0 {
		out = append(out, disk.Flaw{Err: fmt.Errorf("%d more flaws", f.more)})
	}
	return out
}
