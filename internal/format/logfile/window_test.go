package logfile

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// counted counts what is read.
type counted struct {
	*bytes.Reader
	reads int
	bytes int64
}

func (c *counted) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(b, at)
	c.reads++
	c.bytes += int64(n)
	return n, err
}

// Pages in order are read in large pieces; pages in any other order cost little
// more reading than there are pages.
func TestWindowReads(t *testing.T) {
	const pages = 8 << 20 / testPage
	log := make([]byte, pages*testPage)
	for n := range pages {
		log[n*testPage], log[n*testPage+1] = byte(n), byte(n>>8)
	}
	inOrder := make([]int, pages)
	for n := range inOrder {
		inOrder[n] = n
	}
	shuffled := rand.New(rand.NewPCG(1, 2)).Perm(pages)
	backwards := slices.Clone(inOrder)
	slices.Reverse(backwards)
	// Runs that make the pieces grow as far as they go, and then leave them.
	var runs []int
	for first := range 256 {
		for n := 1; first*32+n < pages; n *= 2 {
			runs = append(runs, first*32+n-1)
		}
	}
	for _, test := range []struct {
		name  string
		order []int
		reads int
		bytes int64
	}{
		{"in order", inOrder, 48, pages * testPage},
		{"shuffled", shuffled, pages, 2 * pages * testPage},
		{"backwards", backwards, pages, pages * testPage},
		{"runs", runs, len(runs), 4 * int64(len(runs)) * testPage},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &counted{Reader: bytes.NewReader(log)}
			w := newWindow(r, int64(len(log)), testPage)
			for _, n := range test.order {
				b, err := w.page(int64(n) * testPage)
				if err != nil || len(b) != testPage || b[0] != byte(n) || b[1] != byte(n>>8) {
					t.Fatalf("page %d: %v", n, err)
				}
			}
			if r.reads > test.reads || r.bytes > test.bytes {
				t.Errorf("%d reads of %d bytes, want at most %d of %d", r.reads, r.bytes, test.reads, test.bytes)
			}
		})
	}
}

// The pieces of a log end where it ends, and a page beyond is an error.
func TestWindowEnds(t *testing.T) {
	w := newWindow(bytes.NewReader(make([]byte, 5*testPage+100)), 5*testPage+100, testPage)
	for n := range int64(5) {
		if _, err := w.page(n * testPage); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := w.page(5 * testPage); err == nil || b != nil {
		t.Errorf("got %d bytes, %v", len(b), err)
	}
	if _, err := w.page(4 * testPage); err != nil {
		t.Error(err)
	}
}
