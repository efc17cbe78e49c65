package correlate

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/ntfs"
)

const (
	// maxWalk bounds the folders that are looked up in one go, twice as many as a
	// path can have: so half of them know all that a path through them needs.
	maxWalk = 2 * maxDepth
	// maxKept bounds the ancestors that are kept to be found again, some 40 MB.
	maxKept = 1 << 18
	// maxTimes bounds those of one folder.
	maxTimes = 1024
	// maxMade bounds the ancestors that are made, some 100 MB with the names that
	// paths hold on to. Only moves of folders far above others come near.
	maxMade = 1 << 20
	// fewFolders is how many folders are followed up all the same when so many were
	// made: more than real paths have, so that no file spends what others need.
	fewFolders = 256
)

// ancestor is a folder in the chain of parents, as it is during a time in which
// neither it nor a folder above it changes. All names below share it.
type ancestor struct {
	folder *winpath.Folder // nil for a folder whose name is not known, the last of its chain
	ref    ntfs.FileReference
	above  *ancestor // nil for the last
	// jump is one further up, such that few jumps lead to any.
	jump     *ancestor
	height   int   // ancestors from the last one down to this
	units    int   // UTF-16 units of the names from there, each with its separator
	from, to int64 // the time, both included
	end      *ending
	// folders are those from here up to where the chain ends.
	folders int
	move    *event.FolderRecord // by which it moves next; nil if it does not
	mover   *ancestor           // of this one and those above the one that moves first
}

// ending is how a chain ends.
type ending struct {
	kind endingKind
	gap  ntfs.FileReference // for noName and inLoop
	why  string             // likewise
}

type endingKind uint8

const (
	atRoot  endingKind = iota
	noName             // the last folder's name is not known
	inLoop             // it comes back to a folder
	endless            // it goes on, further than any path
)

// chains finds ancestors, each made once.
type chains struct {
	folders *Folders
	at      func(ntfs.FileReference, int64) (event.Name, error)
	known   map[ntfs.FileReference][]*ancestor // in time order
	kept    int                                // in known
	full    bool                               // known is to be cleared
	made    int
	most    int // to be made
}

func newChains(f *Folders, at func(ntfs.FileReference, int64) (event.Name, error)) *chains {
	return &chains{folders: f, at: at, known: make(map[ntfs.FileReference][]*ancestor), most: maxMade}
}

// path resolves a name at a moment.
func (c *chains) path(n event.Name, moment int64) winpath.Path {
	if n.Parent.Record() == rootRecord {
		return winpath.Of(n.Name)
	}
	a := c.of(n.Parent, moment)
	if a == nil {
		c.folders.Unfollowed++
		return broken(winpath.Of(n.Name), n.Parent,
			fmt.Sprintf("the folders have more than %d states: of further ones no more than %d are followed up", c.most, fewFolders))
	}
	return a.path(n.Name)
}

// of gives a folder other than the root at a moment; nil where too many were made
// and it lies deep.
func (c *chains) of(ref ntfs.FileReference, moment int64) *ancestor {
	if a := c.find(ref, moment); a != nil {
		return a
	}
	most := maxWalk
	if c.made >= c.most {
		most = fewFolders
	}
	if c.full { // all goes, and never within a walk: what is above a known one has to be known
		clear(c.known)
		c.kept, c.full = 0, false
	}
	w := c.walk(ref, moment, most)
	if w.kind == endless && most == fewFolders {
		return nil
	}
	c.made += len(w.steps)
	return c.join(&w)
}

func (c *chains) find(ref ntfs.FileReference, moment int64) *ancestor {
	list := c.known[ref]
	i := sort.Search(len(list), func(i int) bool { return list[i].from > moment })
	if i > 0 && list[i-1].to >= moment {
		return list[i-1]
	}
	return nil
}

func (c *chains) keep(a *ancestor) {
	list := c.known[a.ref]
	i := sort.Search(len(list), func(i int) bool { return list[i].from > a.from })
	c.known[a.ref] = slices.Insert(list, i, a)
	c.kept++
	c.full = c.full || c.kept >= maxKept || len(list)+1 >= maxTimes
}

// walk is the way up from a folder.
type walk struct {
	steps []walkStep
	known *ancestor  // at which it ended; nil where it ended otherwise
	loop  int        // the step to which the last one leads back; -1: none
	kind  endingKind // of a chain that goes on from a folder with a name
}

type walkStep struct {
	ref      ntfs.FileReference
	name     event.Name
	err      error
	from, to int64
	move     *event.FolderRecord
}

func (c *chains) walk(ref ntfs.FileReference, moment int64, most int) walk {
	w := walk{loop: -1}
	visited := make(map[ntfs.FileReference]int)
	for ref.Record() != rootRecord {
		if i, again := visited[ref]; again {
			w.loop = i
			break
		}
		if w.known = c.find(ref, moment); w.known != nil {
			break
		}
		if len(w.steps) == most {
			w.kind = endless
			break
		}
		visited[ref] = len(w.steps)
		s := walkStep{ref: ref}
		s.from, s.to = c.folders.unchanged(ref, moment)
		s.move = c.folders.moveAfter(ref, moment)
		s.name, s.err = c.at(ref, moment)
		w.steps = append(w.steps, s)
		if s.err != nil {
			break
		}
		ref = s.name.Parent
	}
	return w
}

// join makes the ancestors of a walk, from its end down.
func (c *chains) join(w *walk) *ancestor {
	steps, above := w.steps, w.known
	if w.loop >= 0 {
		above = c.joinLoop(steps[w.loop:])
		steps = steps[:w.loop]
	}
	for _, s := range slices.Backward(steps) {
		above = newAncestor(&s, above)
		if above.end == nil {
			above.end = &ending{kind: w.kind}
		}
		if above.end.kind != endless || above.height >= maxDepth {
			c.keep(above)
		}
	}
	return above
}

// joinLoop makes the ancestors of folders that form a loop, each twice: from each of
// the first round all the others lie above. It gives that of the first step.
func (c *chains) joinLoop(steps []walkStep) *ancestor {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	for i := range steps {
		from, to = max(from, steps[i].from), min(to, steps[i].to)
	}
	var above *ancestor
	for range 2 {
		for _, s := range slices.Backward(steps) {
			above = newAncestor(&s, above)
			above.from, above.to, above.folders = from, to, len(steps)
			above.end = &ending{kind: inLoop, gap: s.ref, why: fmt.Sprintf("the parents of folder %s form a loop", s.ref)}
		}
	}
	first := above
	for range steps {
		c.keep(above)
		above = above.above
	}
	return first
}

// newAncestor sets a folder below another, or where that is nil at the end of its chain.
func newAncestor(s *walkStep, above *ancestor) *ancestor {
	a := &ancestor{ref: s.ref, above: above, height: 1, from: s.from, to: s.to, move: s.move}
	if s.err != nil {
		a.end = &ending{kind: noName, gap: s.ref, why: s.err.Error()}
	} else {
		a.folder, a.folders, a.units = &winpath.Folder{Name: s.name.Name}, 1, unitsOf(s.name.Name)+1
	}
	if a.move != nil {
		a.mover = a
	}
	if above == nil {
		a.jump = a
		return a
	}
	a.folder.Above = above.folder
	a.end = above.end
	a.height, a.units, a.folders = above.height+1, above.units+a.units, above.folders+1
	a.from, a.to = max(a.from, above.from), min(a.to, above.to)
	if m := above.mover; m != nil && (a.mover == nil || m.move.USN < a.move.USN) {
		a.mover = m
	}
	a.jump = above
	if far := above.jump; above.height-far.height == far.height-far.jump.height {
		a.jump = far.jump
	}
	return a
}

// highest gives the highest one for which a condition holds that holds for
// this one and for none above one for which it does not.
func (a *ancestor) highest(holds func(*ancestor) bool) *ancestor {
	for a.above != nil {
		switch {
		case holds(a.jump):
			a = a.jump
		case holds(a.above):
			a = a.above
		default:
			return a
		}
	}
	return a
}

// up gives the one so many folders above.
func (a *ancestor) up(folders int) *ancestor {
	height := a.height - folders
	return a.highest(func(o *ancestor) bool { return o.height >= height })
}

// maxFolders bounds those of a path, which has the file's own name beside.
const maxFolders = maxDepth - 1

// path gives that of a file in the folder. Where several things break it, the
// one that is met first on the way up counts.
func (a *ancestor) path(name string) winpath.Path {
	if at := a.tooLong(unitsOf(name)); at != nil {
		return broken(winpath.New(a.folder, a.height-at.height, name), at.ref, fmt.Sprintf("longer than %d UTF-16 units", maxUnits))
	}
	if a.tooDeep() {
		return broken(winpath.New(a.folder, maxFolders, name), a.up(maxFolders).ref, fmt.Sprintf("more than %d parents", maxDepth))
	}
	p := winpath.New(a.folder, a.folders, name)
	if a.end.why != "" {
		p = broken(p, a.end.gap, a.end.why)
	}
	return p
}

func broken(p winpath.Path, gap ntfs.FileReference, why string) winpath.Path {
	p.Broken, p.Gap = why, gap.String()
	return p
}

// tooLong gives the first folder on the way up with which a path is longer than
// Windows can express, nil if there is none. The file's own name has so many units.
func (a *ancestor) tooLong(units int) *ancestor {
	units += a.units
	total := units
	if most := min(a.folders, maxFolders); most < a.height {
		total -= a.up(most).units
	}
	if total <= maxUnits {
		return nil
	}
	return a.highest(func(o *ancestor) bool { return units-o.units <= maxUnits })
}

// tooDeep: there are more folders above a file than a path can have, the one
// without a name included.
func (a *ancestor) tooDeep() bool {
	switch a.end.kind {
	case endless:
		return true
	case noName:
		return a.folders >= maxFolders
	}
	return a.folders > maxFolders
}

// firstMove gives the one, of those that a file lies below, that moves first;
// nil if none does.
func (a *ancestor) firstMove() *ancestor {
	if a.mover == nil || a.height-a.mover.height < maxDepth {
		return a.mover
	}
	var first *ancestor
	for o, n := a, 0; n < maxDepth; o, n = o.above, n+1 {
		if o.move != nil && (first == nil || o.move.USN < first.move.USN) {
			first = o
		}
	}
	return first
}
