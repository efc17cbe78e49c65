package ntfs

import (
	"context"
	"fmt"
	"io/fs"
	"math"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// FindJournal gives the file $UsnJrnl, whose stream $J is the change journal.
// It asks the index of $Extend first, believes it only after looking at the
// record, and goes over $MFT where that fails: a damaged index must not cost
// the journal. fs.ErrNotExist: the volume has none.
func (v *Volume) FindJournal() (*File, error) { return v.FindChild(RecordExtend, "$UsnJrnl") }

// FindChild gives the file that has a name in the folder with record number
// parent, names being compared as NTFS does. A file in use is preferred to a
// deleted one. It may read all of $MFT. fs.ErrNotExist: there is none.
func (v *Volume) FindChild(parent uint64, name string) (*File, error) {
	if f := v.childByIndex(parent, name); f != nil {
		return f, nil
	}
	best := v.childByScan(parent, name)
	if best == nil {
		return nil, fmt.Errorf("%q in folder %d: %w", name, parent, fs.ErrNotExist)
	}
	return best, nil
}

// childByIndex looks into the folder's $INDEX_ROOT; nil where it is not there.
func (v *Volume) childByIndex(parent uint64, name string) *File {
	folder, err := v.File(parent)
	if err != nil {
		return nil
	}
	for _, a := range folder.parts(TypeIndexRoot, "$I30") {
		root, err := ParseIndexRoot(a.Value)
		if err != nil {
			return nil
		}
		for _, e := range root.Entries {
			if e.FileName.Namespace == NamespaceDOS || !v.EqualFold(e.FileName.Name, name) {
				continue
			}
			r, err := v.Record(e.Reference.Record())
			if err != nil || !r.InUse || r.Reference() != e.Reference {
				continue
			}
			if f := v.FileOf(r); v.hasName(f, parent, name) {
				return f
			}
		}
	}
	return nil
}

// childByScan goes over $MFT and stops at the first that is in use.
func (v *Volume) childByScan(parent uint64, name string) *File {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	units := len(wtf8.ToUnits(name))
	var best *File
	want := func(b []byte) bool { return len(b) == 2*units && v.EqualFold(wtf8.FromLE(b), name) }
	hit := func(h NameHit) {
		if best != nil && best.Record.InUse {
			return
		}
		if f := v.fileOfHit(h, parent, name, best != nil); f != nil {
			best = f
		}
		if best != nil && best.Record.InUse {
			stop()
		}
	}
	_, _ = v.ScanNames(ctx, 0, math.MaxUint64, want, hit, func(uint64, error) {}) // the end of ctx is success
	return best
}

// fileOfHit gives the file of a FILE record that holds the name, nil where it
// does not or is no record of that file's; with onlyInUse nil for a deleted
// file too. All that is decided before the file's records are joined: thousands
// of them may hold the name.
func (v *Volume) fileOfHit(h NameHit, parent uint64, name string, onlyInUse bool) *File {
	r, err := v.Record(h.Record)
	if err != nil {
		return nil
	}
	alone := &File{Record: r, Attributes: r.Attributes}
	alone.decodeNames(int64(v.recordSize))
	if !v.hasName(alone, parent, name) {
		return nil
	}
	if h.Base != 0 {
		if r, err = v.Record(h.Base.Record()); err != nil || r.Reference() != h.Base || (r.InUse && !h.InUse) {
			return nil
		}
	}
	if onlyInUse && !r.InUse {
		return nil
	}
	return v.FileOf(r, h.Record)
}

func (v *Volume) hasName(f *File, parent uint64, name string) bool {
	for _, n := range f.names {
		if n.Parent.Record() == parent && v.EqualFold(n.Name, name) {
			return true
		}
	}
	return false
}
