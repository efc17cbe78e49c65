package padded

import (
	"bytes"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

// Format is the entry for the list of formats.
var Format = disk.Format{
	Name:  "padded",
	Doc:   "disk behind a page of padding",
	Match: func(s *disk.Source) bool { return bytes.HasPrefix(s.Head, []byte("padded\n")) },
	Open: func(s *disk.Source) (disk.Image, error) {
		const page = 4096
		size := s.Image.Size() - page
		if size < 0 {
			return nil, &parse.Error{Structure: "padded disk", Err: parse.ErrTruncated}
		}
		locate := func(off int64) (disk.Piece, error) {
			return disk.Piece{Length: size - off, From: s.Image, At: page + off}, nil
		}
		return disk.NewMapped(size, locate, s.Image.Close), nil
	},
}

func TestPadded(t *testing.T) {
	want := disktest.Content(100_000, 10_000, 1)
	b := append(append([]byte("padded\n"), make([]byte, 4096-7)...), want...)
	disktest.Same(t, disktest.Open(t, Format, disktest.Source("x.padded", b)), want)
	disktest.Hostile(t, Format, disktest.Source("x.padded", b[:4000]), 100)
}
