package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Part is one file of a container that has several.
type Part struct {
	Path  string
	Image Image // the file's bytes as they are
}

// Divided is an Image that lies in more files than the one that was named.
type Divided interface {
	Parts() []Part // in order, the named file among them
}

// Flawed is an Image that could be opened, and of which something is missing or
// contradicts its format.
type Flawed interface {
	Flaws() []Flaw
}

// Flaw is a defect of a container. Err is one sentence without the path.
type Flaw struct {
	Err     error
	Warning bool // no byte of the disk is lost by it
}

// StoredHash is what a container says of the disk that it was made from.
type StoredHash struct {
	Name string // "md5" or "sha1"
	Sum  []byte
}

// Hashed is an Image whose container holds hashes of the whole disk.
type Hashed interface {
	StoredHashes() []StoredHash
}

// Name is that of the source's file, without its folder.
func (s *Source) Name() string { return filepath.Base(s.Path) }

// maxSiblings bounds the names that Siblings gives.
const maxSiblings = 100_000

// Siblings lists the names of the ordinary files in the folder of the source, its
// own among them. With an error there may be more.
func (s *Source) Siblings() ([]string, error) {
	d, err := os.Open(filepath.Dir(s.Path))
	if err != nil {
		return nil, withoutPath(err)
	}
	entries, err := d.ReadDir(maxSiblings)
	if errors.Is(err, io.EOF) {
		err = nil
	} else if len(entries) == maxSiblings {
		err = errors.Join(err, fmt.Errorf("only the first %d names of the folder were looked at", maxSiblings))
	}
	var names []string
	for _, e := range entries {
		// Links are told by what they lead to, when they are opened.
		if e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0 {
			names = append(names, e.Name())
		}
	}
	return names, errors.Join(withoutPath(err), d.Close())
}

// SameName compares names as the usual file systems of the running system do.
func SameName(a, b string) bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return strings.EqualFold(a, b)
	}
	return a == b
}

// Sibling opens a file that lies in the folder of the source, read-only. name
// comes from the container, so it can only be a name: whatever has a separator, a
// drive or a stream in it, what Windows takes for a device, and what is no ordinary
// file, is refused. The caller
// closes it. A file that is not there gives fs.ErrNotExist.
func (s *Source) Sibling(name string) (Part, error) {
	if name == "" || name == "." || strings.ContainsAny(name, "/\\:\x00") || !filepath.IsLocal(name) || strings.TrimRight(name, ". ") != name {
		return Part{}, fmt.Errorf("file %q: expected a name without a folder", name)
	}
	path := filepath.Join(filepath.Dir(s.Path), name)
	info, err := os.Stat(path)
	if err != nil {
		return Part{}, fmt.Errorf("file %q: %w", name, withoutPath(err))
	}
	if !info.Mode().IsRegular() {
		return Part{}, fmt.Errorf("file %q: expected a file, found %s", name, kindOf(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return Part{}, fmt.Errorf("file %q: %w", name, withoutPath(err))
	}
	return Part{Path: path, Image: &file{f, info.Size()}}, nil
}

// withoutPath drops the path from an error of the system.
func withoutPath(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
