package evidence

import (
	"io/fs"
	"os"
	"path/filepath"
)

// taken is what was taken from a folder.
type taken struct {
	kinds  map[place]bool // whatever they are called
	copies map[place]bool
	files  []fs.FileInfo
}

// place is a folder that holds a stream.
type place struct {
	folder string
	kind   kind
	name   string // as streamName has it
}

func takenFrom(loose []*loose) *taken {
	t := &taken{kinds: map[place]bool{}, copies: map[place]bool{}}
	for _, l := range loose {
		folder, name := filepath.Split(l.file.Path)
		t.kinds[place{folder, l.kind, ""}] = true
		t.copies[place{folder, l.kind, streamName(name)}] = true
		if info, err := os.Stat(l.file.Path); err == nil {
			t.files = append(t.files, info)
		}
	}
	return t
}

// beside reports a stream of that kind from the very folder that a file is in.
func (t *taken) beside(path string, k kind) bool {
	folder, _ := filepath.Split(path)
	return t.kinds[place{folder, k, ""}]
}

// copyOf reports that a file is named as one beside it is that was taken, but for
// the mark of a copy or an archive: not as that of another drive.
func (t *taken) copyOf(path string, k kind) bool {
	folder, name := filepath.Split(path)
	return t.copies[place{folder, k, streamName(name)}]
}

// same reports that a path leads, as a link does, to a file that was taken.
func (t *taken) same(path string) bool {
	target, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, info := range t.files {
		if os.SameFile(info, target) {
			return true
		}
	}
	return false
}
