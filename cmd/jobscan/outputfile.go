package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jobscan/jobscan/internal/disk"
)

// isPartOf reports that an output file is one of the files at the paths, or that
// it is, or would be made, in a folder among them or below it.
func isPartOf(name string, paths []string) bool {
	self, selfErr := os.Stat(name)
	for _, path := range paths {
		if disk.DeviceName(path) { // "C:" is also a folder, the current one of that drive
			continue
		}
		other, err := os.Stat(path)
		if err != nil {
			continue
		}
		if selfErr == nil && os.SameFile(self, other) || other.IsDir() && inFolder(name, other) {
			return true
		}
	}
	return false
}

// inFolder reports that a file, which need not be there, is in a folder or below
// it. It asks the system for the folder above, and again, so that links and other
// ways to write the same path do not matter.
func inFolder(name string, folder fs.FileInfo) bool {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	dir, _ := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for below := fs.FileInfo(nil); ; {
		info, err := os.Stat(dir)
		switch {
		case err != nil: // also of a path that has grown too long
			return false
		case os.SameFile(info, folder):
			return true
		case below != nil && os.SameFile(info, below): // the root is above itself
			return false
		}
		below = info
		dir += string(filepath.Separator) + ".."
	}
}

// createOutput never overwrites without force, never follows a race to do so, and
// never makes a file at the end of a link.
func createOutput(name string, force bool) (*os.File, error) {
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(name); err == nil {
			return nil, fmt.Errorf("%s is a link that leads nowhere: name the file itself", name)
		}
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(name, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists: use --force to overwrite it", name)
	}
	return file, err
}
