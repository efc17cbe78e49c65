package scan

import (
	"context"
	"maps"
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/source/mft"
	"github.com/jobscan/jobscan/internal/source/usnjrnl"
	"github.com/jobscan/jobscan/ntfs"
)

// maxAncestorPasses bounds the passes over the journal for ancestors alone: one
// finds where the folders above the names were, the next who was above those.
// Without $MFT each finds one level of folders. The last one takes all folders.
const maxAncestorPasses = 32

// ancestors are the folders above the names of candidates, at any moment, and
// what the journal says of them.
type ancestors struct {
	scan    *volumeScan
	now     *mft.Folders // nil without $MFT
	known   map[ntfs.FileReference]bool
	unread  map[ntfs.FileReference]bool // of known: the journal was not asked yet
	history map[ntfs.FileReference][]event.FolderRecord
	byIndex bool // a folder's own record could not tell
}

// readAncestors reads the history of all folders that a path of the files, or of
// a name without a file, can lead through.
func (s *volumeScan) readAncestors(ctx context.Context, files []event.Testimony) error {
	a := &ancestors{scan: s, known: make(map[ntfs.FileReference]bool), unread: make(map[ntfs.FileReference]bool),
		history: make(map[ntfs.FileReference][]event.FolderRecord)}
	if s.hasMFT() {
		s.folderNow = mft.NewFolders(s.volume.NTFS)
		a.now = s.folderNow
	}
	for i := range files {
		a.above(&files[i])
	}
	for i := range s.loose {
		a.add(s.loose[i].Name.Parent)
	}
	for pass := 1; len(a.unread) > 0; pass++ {
		if err := a.ask(ctx, pass == maxAncestorPasses); err != nil {
			return err
		}
	}
	s.folderHistory, s.above = a.history, a.known
	return nil
}

// above adds the folders in which a file had a name.
func (a *ancestors) above(t *event.Testimony) {
	if t.Record != nil {
		for i := range t.Record.Names {
			a.add(t.Record.Names[i].Parent)
		}
	}
	for i := range t.Journal {
		a.add(t.Journal[i].Parent)
	}
	for i := range t.Carved {
		a.add(t.Carved[i].Parent)
	}
	for i := range t.Traces {
		a.add(t.Traces[i].Name.Parent)
	}
}

// add adds a folder and those above it as far as that is known without the
// journal.
func (a *ancestors) add(ref ntfs.FileReference) {
	for queue := []ntfs.FileReference{ref}; len(queue) > 0; {
		ref, queue = queue[len(queue)-1], queue[:len(queue)-1]
		if ref.Record() == ntfs.RecordRoot || a.known[ref] {
			continue
		}
		a.known[ref], a.unread[ref] = true, true
		queue = append(queue, a.parents(ref)...)
	}
}

// parents are the folders in which a folder lies by $MFT, and lay by journal
// records found outside the journal.
func (a *ancestors) parents(ref ntfs.FileReference) (out []ntfs.FileReference) {
	for _, r := range a.scan.carved.folders[ref] {
		out = append(out, r.Parent)
	}
	if a.now == nil {
		return out
	}
	now, err := a.now.Now(ref)
	if err == nil {
		out = append(out, now.Parent)
	} else if !a.byIndex {
		a.byIndex = true
		for _, known := range slices.Sorted(maps.Keys(a.known)) {
			out = append(out, a.indexParent(known)...)
		}
	}
	if a.byIndex {
		out = append(out, a.indexParent(ref)...)
	}
	return out
}

// indexParent is the folder in whose index a folder lies, if one is known.
func (a *ancestors) indexParent(ref ntfs.FileReference) []ntfs.FileReference {
	if name, ok := a.scan.folderByIndex(ref); ok {
		return []ntfs.FileReference{name.Parent}
	}
	return nil
}

// ask reads what the journal says of the folders that it was not asked about, or
// of all folders.
func (a *ancestors) ask(ctx context.Context, all bool) error {
	of := a.unread
	if all {
		of = nil
	}
	found := usnjrnl.NewFolders(of)
	if err := runTasks(ctx, a.scan.opts.Workers, a.scan.folderTasks(found), a.scan.opts.Progress); err != nil {
		return err
	}
	a.learn(found.Records)
	for all && len(a.unread) > 0 {
		a.learn(found.Records)
	}
	return nil
}

// learn takes the answer for the folders that were asked about, and adds those
// that it names above them.
func (a *ancestors) learn(found map[ntfs.FileReference][]event.FolderRecord) {
	asked := slices.Sorted(maps.Keys(a.unread))
	clear(a.unread)
	for _, ref := range asked {
		if records := found[ref]; len(records) > 0 {
			a.history[ref] = records
			for i := range records {
				a.add(records[i].Parent)
			}
		}
	}
}
