package scan

import (
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/source/index"
	"github.com/jobscan/jobscan/ntfs"
)

// maxIndexed bounds how many folders are named by indexes.
const maxIndexed = 1 << 16

// folderIndex names folders as the live indexes of the root folder and of the
// folders in it do, for where their own FILE records cannot tell.
type folderIndex struct {
	read  bool
	names map[ntfs.FileReference]event.Name
}

// folderByIndex gives the name of a folder at most two below the root, or below
// a folder called Tasks there; ok is false where no index has it.
func (s *volumeScan) folderByIndex(ref ntfs.FileReference) (event.Name, bool) {
	x := &s.byIndex
	if !x.read {
		x.read, x.names = true, make(map[ntfs.FileReference]event.Name)
		s.readFolderIndexes()
	}
	name, ok := x.names[ref]
	return name, ok
}

// readFolderIndexes goes down from the root.
func (s *volumeScan) readFolderIndexes() {
	type place struct {
		folder  ntfs.FileReference // 0: the root, whatever its sequence number
		depth   int
		inTasks bool
	}
	queue, read := []place{{}}, make(map[uint64]bool)
	for ; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		if p.depth > 1 && !p.inTasks || read[p.folder.Record()] {
			continue
		}
		read[p.folder.Record()] = true
		for _, ref := range s.readFolderIndex(p.folder) {
			queue = append(queue, place{ref, p.depth + 1, p.inTasks || strings.EqualFold(s.byIndex.names[ref].Name, tasksFolderName)})
		}
	}
}

// readFolderIndex takes the folders in one folder, and gives those that are new.
func (s *volumeScan) readFolderIndex(of ntfs.FileReference) (found []ntfs.FileReference) {
	n := of.Record()
	if of == 0 {
		n = ntfs.RecordRoot
	}
	folder, err := s.volume.NTFS.File(n)
	if err != nil || !folder.InUse() || !folder.IsDirectory() || of != 0 && folder.Reference() != of {
		return nil
	}
	live, _, _ := index.Traces(s.volume.NTFS, folder, nil) // what is damaged in it is no news here
	for _, e := range live {
		name := e.FileName
		if name.Namespace == ntfs.NamespaceDOS || name.Partial || name.FileAttributes&ntfs.AttributeDirectory == 0 ||
			e.Reference.Sequence() == 0 || e.Reference.Record() == ntfs.RecordRoot || len(s.byIndex.names) >= maxIndexed {
			continue
		}
		if _, known := s.byIndex.names[e.Reference]; !known {
			s.byIndex.names[e.Reference] = event.Name{Parent: folder.Reference(), Name: name.Name}
			found = append(found, e.Reference)
		}
	}
	return found
}
