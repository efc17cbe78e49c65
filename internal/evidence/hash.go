package evidence

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/jobscan/jobscan/internal/disk"
)

// Description is what a report says of a piece of evidence. Sums are in lower-case
// hexadecimal.
type Description struct {
	Files []FileSum // the file or device itself; all files of a container that has several
	Disk  *DiskSum  // nil where the bytes of the disk are those of the file
}

// FileSum is one file as it lies there.
type FileSum struct {
	Path   string
	Size   int64
	SHA256 string // "" where it was not asked for
}

// DiskSum is the disk in a container.
type DiskSum struct {
	Size   int64
	SHA256 string // "" where it was not asked for
	Stored []StoredSum
}

// StoredSum is a hash of the disk that its container holds.
type StoredSum struct {
	Name     string // "md5" or "sha1"
	Stored   string
	Computed string // "" where it was not asked for
}

// Hash describes the evidence and reads all of it for its hashes. Files that
// cannot be read and stored hashes that differ become problems of the host; the
// error is that of ctx alone.
func (h *Host) Hash(ctx context.Context, f *File) (Description, error) {
	d := f.Describe()
	for i, part := range f.parts {
		sum := sha256.New()
		if err := readAll(ctx, part.Image, sum); err != nil {
			h.hashProblem(part.Path, err)
			continue
		}
		d.Files[i].SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	if d.Disk != nil {
		if err := f.hashDisk(ctx, d.Disk); err != nil {
			h.hashProblem(f.Path, err)
		}
		for _, s := range d.Disk.Stored {
			if s.Computed != "" && s.Computed != s.Stored {
				h.hashProblem(f.Path, fmt.Errorf("the disk is not what was acquired: expected %s %s, as the container says, found %s", strings.ToUpper(s.Name), s.Stored, s.Computed))
			}
		}
	}
	return d, ctx.Err()
}

func (h *Host) hashProblem(path string, err error) {
	h.Problems = append(h.Problems, Problem{Path: path, Err: plain(err)})
}

// Describe tells of the evidence without reading it: no sum is computed.
func (f *File) Describe() Description {
	var d Description
	for _, part := range f.parts {
		d.Files = append(d.Files, FileSum{Path: part.Path, Size: part.Image.Size()})
	}
	if f.contains {
		d.Disk = &DiskSum{Size: f.Size}
		for _, s := range f.stored {
			d.Disk.Stored = append(d.Disk.Stored, StoredSum{Name: s.Name, Stored: hex.EncodeToString(s.Sum)})
		}
	}
	return d
}

// hashDisk reads the disk once, for SHA-256 and the hashes that its container has.
func (f *File) hashDisk(ctx context.Context, d *DiskSum) error {
	sum := sha256.New()
	all := []io.Writer{sum}
	stored := make([]hash.Hash, len(d.Stored))
	for i, s := range d.Stored {
		switch s.Name {
		case "md5":
			stored[i] = md5.New()
		case "sha1":
			stored[i] = sha1.New()
		default:
			continue
		}
		all = append(all, stored[i])
	}
	if err := readAll(ctx, f.image, io.MultiWriter(all...)); err != nil {
		return err
	}
	d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	for i, s := range stored {
		if s != nil {
			d.Stored[i].Computed = hex.EncodeToString(s.Sum(nil))
		}
	}
	return nil
}

// readAll gives the bytes of img to w.
func readAll(ctx context.Context, img disk.Image, w io.Writer) error {
	buf := make([]byte, 1<<20)
	for off := int64(0); off < img.Size(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := img.ReadAt(buf[:min(int64(len(buf)), img.Size()-off)], off)
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		off += int64(n)
		if err != nil && (n == 0 || !errors.Is(err, io.EOF)) {
			return fmt.Errorf("hashing at %#x: %w", off, plain(err))
		}
	}
	return nil
}
