// Package pages keeps in memory those pages of a container's tables that were
// asked for last. What a page holds is the container's business; this package
// knows only where a page lies and how large it is.
package pages

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/jobscan/jobscan/internal/disk"
)

// Cache reads pages of one size when they are first asked for. A page that is
// there is found without a lock. It is safe for concurrent use.
type Cache struct {
	file  disk.Image
	size  int64
	slots []atomic.Pointer[page]
}

type page struct {
	at    int64
	bytes []byte
}

// New makes a cache of pages of size bytes in file. count says how many pages
// there are to ask for, budget how many bytes of them to keep; one page is kept
// in any case.
func New(file disk.Image, size, count, budget int64) *Cache {
	return &Cache{file: file, size: size, slots: make([]atomic.Pointer[page], max(1, min(count, budget/size)))}
}

// Get gives the page that begins at offset at of the file; number, not negative,
// is its place among the pages. It is shorter where the file ends within it, and
// empty behind the end. The bytes must not be changed.
func (c *Cache) Get(number, at int64) ([]byte, error) {
	slot := &c.slots[number%int64(len(c.slots))]
	if p := slot.Load(); p != nil && p.at == at {
		return p.bytes, nil
	}
	b := make([]byte, max(0, min(c.size, c.file.Size()-at)))
	if n, err := c.file.ReadAt(b, at); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the file's size says that there is more
		}
		return nil, err
	}
	slot.Store(&page{at, b})
	return b, nil
}
