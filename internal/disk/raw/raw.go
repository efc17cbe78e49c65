// Package raw takes evidence as the bytes that it is: an image made with dd, or
// an extracted file. It matches every file, so it stands last in a list.
package raw

import "github.com/jobscan/jobscan/internal/disk"

// Format reads a file as it is.
var Format = disk.Format{
	Name:  disk.Raw,
	Doc:   "raw image of a volume or disk, or an extracted file",
	AsIs:  true,
	Match: func(s *disk.Source) bool { return s.Image != nil },
	Open:  func(s *disk.Source) (disk.Image, error) { return s.Image, nil },
}
