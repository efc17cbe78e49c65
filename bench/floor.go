package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jobscan/jobscan/ntfs"
)

// floor does what no scan can do without: it reads $MFT and $J, from the first
// byte to the last, in pieces of 1 MiB, and looks at none of them. It gives their
// number. It runs within this program, so that no program's start counts.
func floor(image string) (total int64, err error) {
	f, err := os.Open(image)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	v, err := ntfs.Open(f, info.Size())
	if err != nil {
		return 0, err
	}
	mft, err := v.File(ntfs.RecordMFT)
	if err != nil {
		return 0, err
	}
	journal, err := v.FindJournal()
	if err != nil {
		return 0, err
	}
	for _, s := range []struct {
		file *ntfs.File
		name string
	}{{mft, ""}, {journal, "$J"}} {
		n, err := readThrough(f, v, s.file, s.name)
		if err != nil {
			return total, fmt.Errorf("FILE record %d: %w", s.file.Record.Number, err)
		}
		total += n
	}
	return total, nil
}

// readThrough reads the extents of a stream of file that hold data.
func readThrough(r io.ReaderAt, v *ntfs.Volume, file *ntfs.File, name string) (int64, error) {
	s, err := v.OpenStream(file, ntfs.TypeData, name)
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 1<<20)
	total := int64(0)
	for _, e := range s.Extents() {
		if e.Physical < 0 {
			continue
		}
		for at := int64(0); at < e.Length; {
			n, err := r.ReadAt(buf[:min(int64(len(buf)), e.Length-at)], e.Physical+at)
			if n == 0 && err != nil && !errors.Is(err, io.EOF) {
				return total, err
			}
			if n == 0 {
				return total, io.ErrUnexpectedEOF
			}
			at += int64(n)
			total += int64(n)
		}
	}
	return total, nil
}
