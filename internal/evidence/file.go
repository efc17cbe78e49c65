package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// File is one piece of evidence that was opened.
type File struct {
	Path      string
	Container string    // name of the format that reads it
	Size      int64     // bytes, of what is inside the container
	Modified  time.Time // of the file; zero for a device

	image disk.Image
}

// SHA256 reads all of it and gives the hash in lower-case hexadecimal.
func (f *File) SHA256(ctx context.Context) (string, error) {
	sum := sha256.New()
	buf := make([]byte, 1<<20)
	for off := int64(0); off < f.Size; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.image.ReadAt(buf[:min(int64(len(buf)), f.Size-off)], off)
		sum.Write(buf[:n])
		off += int64(n)
		if err != nil && (n == 0 || !errors.Is(err, io.EOF)) {
			return "", fmt.Errorf("%q: hashing at %#x: %w", f.Path, off, plain(err))
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// journal takes the file as a $J.
func (f *File) journal() usn.Source {
	s, ok := f.image.(disk.Sparse)
	if !ok {
		return usn.NewFileSource(f.image, f.Size)
	}
	var extents []ntfs.Extent
	for _, d := range s.Data() {
		extents = append(extents, ntfs.Extent{Offset: d.Offset, Length: d.Length, Physical: d.Offset})
	}
	return usn.NewSparseSource(f.image, f.Size, extents)
}
