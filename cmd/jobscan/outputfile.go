package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/jobscan/jobscan/internal/disk"
)

// isPartOf reports that an output file is one of the files at the paths, or that
// it is, or would be made, in a folder among them or below it.
func isPartOf(name string, paths []string) bool {
	return isOneOf(name, paths) || slices.ContainsFunc(paths, func(path string) bool {
		folder := statPath(path)
		return folder != nil && folder.IsDir() && inFolder(name, folder)
	})
}

// isOneOf reports that an output file is one of the files at the paths.
func isOneOf(name string, paths []string) bool {
	self, err := os.Stat(name)
	return err == nil && slices.ContainsFunc(paths, func(path string) bool {
		other := statPath(path)
		return other != nil && os.SameFile(self, other)
	})
}

// isJobIn reports that an output file is named as a job file is, directly in one
// of the folders among the paths: another run would read it.
func isJobIn(name string, paths []string) bool {
	if !isJobName(name) {
		return false
	}
	self, err := os.Stat(filepath.Dir(name))
	return err == nil && slices.ContainsFunc(paths, func(path string) bool {
		folder := statPath(path)
		return folder != nil && os.SameFile(self, folder)
	})
}

// statPath asks for an input; nil if it is a device or not there. "C:" is a device,
// and also a folder, the current one of that drive.
func statPath(path string) fs.FileInfo {
	if disk.DeviceName(path) {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
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
