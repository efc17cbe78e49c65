package main

import (
	"fmt"
	"os"

	"github.com/jobscan/jobscan/ntfs"
)

// floorRanges are the bytes of $MFT and $J in an image, as the command floor takes
// them.
func floorRanges(image string) ([]string, error) {
	f, err := os.Open(image)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	v, err := ntfs.Open(f, info.Size())
	if err != nil {
		return nil, err
	}
	mft, err := v.File(ntfs.RecordMFT)
	if err != nil {
		return nil, err
	}
	journal, err := v.FindJournal()
	if err != nil {
		return nil, err
	}
	out, err := dataRanges(nil, v, mft, "")
	if err != nil {
		return nil, err
	}
	return dataRanges(out, v, journal, "$J")
}

// dataRanges appends the extents of a stream of file that hold data.
func dataRanges(out []string, v *ntfs.Volume, file *ntfs.File, name string) ([]string, error) {
	s, err := v.OpenStream(file, ntfs.TypeData, name)
	if err != nil {
		return nil, fmt.Errorf("FILE record %d: %w", file.Record.Number, err)
	}
	for _, e := range s.Extents() {
		if e.Physical >= 0 {
			out = append(out, fmt.Sprintf("%d:%d", e.Physical, e.Length))
		}
	}
	return out, nil
}
