package evidence

import (
	"sort"
	"sync"
	"time"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// File is one piece of evidence that was opened.
type File struct {
	Path      string
	Container string    // name of the format that reads it
	Size      int64     // bytes, of the disk where it is a container of one
	Modified  time.Time // of the file; zero for a device

	image  disk.Image
	parts  []disk.Part // the files that it lies in; one for a device
	stored []disk.StoredHash
	// contains: the bytes of the disk are not those of one file.
	contains bool
	// data is where the disk has data, found out when it is first asked for.
	data func() []disk.Range
}

// hasData reports that not all bytes from start to end are holes, which are zeros.
func (f *File) hasData(start, end int64) bool {
	data := f.data()
	i := sort.Search(len(data), func(i int) bool { return data[i].Offset+data[i].Length > start })
	return i < len(data) && data[i].Offset < end
}

// dataOf asks an image once.
func dataOf(img disk.Image) func() []disk.Range {
	return sync.OnceValue(func() []disk.Range {
		if s, ok := img.(disk.Sparse); ok {
			return s.Data()
		}
		return []disk.Range{{Length: img.Size()}}
	})
}

func newFile(path string, opened *disk.Opened) *File {
	f := &File{Path: path, Container: opened.Format.Name, Size: opened.Image.Size(), image: opened.Image, contains: !opened.Format.AsIs}
	if opened.Source.Info != nil {
		f.Modified = opened.Source.Info.ModTime()
	}
	if img, ok := opened.Image.(disk.Hashed); ok {
		f.stored = img.StoredHashes()
	}
	f.data = dataOf(opened.Image)
	img := opened.Source.Image
	if img == nil { // a device
		img = opened.Image
	}
	f.parts = []disk.Part{{Path: path, Image: img}}
	if d, ok := opened.Image.(disk.Divided); ok {
		f.parts, f.contains = d.Parts(), true
	}
	return f
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
