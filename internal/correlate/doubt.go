package correlate

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// doubt says why a folder above a name may have been called otherwise, or lain
// elsewhere, at a moment that is not known; "" where nothing speaks for that. It
// is asked of names whose path is complete at some moment.
func (f *Folders) doubt(n event.Name) string {
	return f.doubtful.above(f, n.Parent, f.settledAs)
}

// moved is doubt for what the folders' records tell alone.
func (f *Folders) moved(n event.Name) string {
	return f.wereMoved.above(f, n.Parent, func(ntfs.FileReference, event.Name) bool { return true })
}

// settledAs: the $MFT shows a folder to have had this name since it was made. A
// record that calls it otherwise is of another volume, or of another time.
func (f *Folders) settledAs(ref ntfs.FileReference, name event.Name) bool {
	if f.Settled == nil || f.Now == nil || !f.Settled(ref) {
		return false
	}
	now, err := f.Now(ref)
	return err == nil && now == name
}

// doubts are the folders that are known to be in doubt, or to lie below one.
type doubts map[ntfs.FileReference]folderDoubt

type folderDoubt struct {
	why     string // "" where nothing up to maxDepth is in doubt
	folders int    // on the way up to the one that is
}

// maxDoubts bounds the folders that are remembered.
const maxDoubts = 1 << 18

// above finds the first folder in doubt, from one up, and says why it is.
func (d *doubts) above(f *Folders, folder ntfs.FileReference, settled func(ntfs.FileReference, event.Name) bool) string {
	if *d == nil || len(*d) >= maxDoubts {
		*d = make(doubts)
	}
	var passed []ntfs.FileReference
	var found folderDoubt
	visited := make(map[ntfs.FileReference]bool)
	whole := true
	for parent := folder; parent.Record() != rootRecord && !visited[parent]; {
		known, ok := (*d)[parent]
		if ok {
			found = known
			break
		}
		if whole = len(passed) < maxWalk; !whole {
			break
		}
		visited[parent] = true
		passed = append(passed, parent)
		var above ntfs.FileReference
		if found.why, above = f.inDoubt(parent, settled); found.why != "" {
			found.folders = -1
			break
		}
		parent = above
	}
	for i := len(passed) - 1; i >= 0; i-- {
		found.folders++
		if whole || len(passed)-i >= maxDepth {
			(*d)[passed[i]] = found
		}
	}
	if found.folders >= maxDepth {
		return ""
	}
	return found.why
}

// inDoubt says why one folder is in doubt, or gives the one above it.
func (f *Folders) inDoubt(ref ntfs.FileReference, settled func(ntfs.FileReference, event.Name) bool) (why string, above ntfs.FileReference) {
	if move := f.moveAfter(ref, beforeJournal); move != nil {
		return fmt.Sprintf("the folder %s was renamed or moved to %q at %s, and when this name lay in it is not recorded", ref, move.Name.Name, move.Time), 0
	}
	state, err := f.at(ref, beforeJournal)
	if err != nil {
		return "at what path its folder was then is not recorded: " + err.Error(), 0
	}
	if !settled(ref, state) {
		return fmt.Sprintf("whether the folder %q (%s) has had this name and place since it was made is not recorded", state.Name, ref), 0
	}
	return "", state.Parent
}
