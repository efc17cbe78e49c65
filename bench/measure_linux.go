package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// peak gives the largest resident set of a process that has ended, in bytes, as
// wait4 tells it. Linux starts it from what this program takes at that moment, so
// that is the least that can be told, and the reason to keep this program small.
func peak(s *os.ProcessState) int64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10
	}
	return 0
}

// dropCache takes the file out of the page cache, and nothing else.
func dropCache(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
