package pages

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// counted counts reads; short lets it know fewer bytes than it says.
type counted struct {
	*disktest.Memory
	reads []int64
	short bool
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.reads = append(c.reads, off)
	if c.short {
		return 0, io.EOF
	}
	return c.Memory.ReadAt(p, off)
}

func numbered(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

func TestGet(t *testing.T) {
	b := numbered(100)
	for _, c := range []struct {
		name          string
		count, budget int64
		ask           []int64 // numbers of pages of 16 bytes
		want          []int64 // offsets that are read
	}{
		{"each once", 7, 1000, []int64{0, 1, 2, 0, 1, 2, 1}, []int64{0, 16, 32}},
		{"two slots", 7, 32, []int64{0, 1, 2, 1, 0, 0, 2}, []int64{0, 16, 32, 0, 32}},
		{"one slot in any case", 7, 0, []int64{0, 0, 1, 0}, []int64{0, 16, 0}},
		{"no pages", 0, 1000, []int64{3}, []int64{48}},
		{"cut at the end", 7, 1000, []int64{6, 6}, []int64{96}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := &counted{Memory: disktest.NewMemory(b)}
			cache := New(file, 16, c.count, c.budget)
			for _, n := range c.ask {
				got, err := cache.Get(n, n*16)
				want := b[n*16 : min(n*16+16, 100)]
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("page %d: %v, %v; want %v", n, got, err, want)
				}
			}
			if !slices.Equal(file.reads, c.want) {
				t.Errorf("reads at %v, want %v", file.reads, c.want)
			}
		})
	}
}

// TestElsewhere: the same number at another offset is another page.
func TestElsewhere(t *testing.T) {
	b := numbered(64)
	cache := New(&counted{Memory: disktest.NewMemory(b)}, 16, 1, 1000)
	for _, at := range []int64{0, 16, 0, 48} {
		if got, err := cache.Get(0, at); err != nil || !bytes.Equal(got, b[at:at+16]) {
			t.Errorf("page at %d: %v, %v", at, got, err)
		}
	}
}

func TestBehindTheEnd(t *testing.T) {
	cache := New(&counted{Memory: disktest.NewMemory(numbered(64))}, 16, 4, 1000)
	for _, at := range []int64{64, 65, 1 << 62} {
		if got, err := cache.Get(1, at); err != nil || len(got) != 0 {
			t.Errorf("page at %d: %d bytes, %v; want none", at, len(got), err)
		}
	}
}

// TestFailedRead is not kept.
func TestFailedRead(t *testing.T) {
	file := &counted{Memory: disktest.NewMemory(numbered(64)), short: true}
	cache := New(file, 16, 4, 1000)
	if got, err := cache.Get(0, 0); got != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, %v; want an unexpected end", got, err)
	}
	file.short = false
	if got, err := cache.Get(0, 0); len(got) != 16 || err != nil {
		t.Errorf("read again: %v, %v", got, err)
	}
}

// TestConcurrent: readers that push out each other's pages get their own.
func TestConcurrent(t *testing.T) {
	b := numbered(1 << 10)
	cache := New(disktest.NewMemory(b), 16, 64, 48)
	var wg sync.WaitGroup
	for g := range int64(4) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range int64(2000) {
				n := (i*13 + g*5) % 64
				if got, err := cache.Get(n, n*16); err != nil || !bytes.Equal(got, b[n*16:n*16+16]) {
					t.Errorf("page %d: %v, %v", n, got, err)
					return
				}
			}
		}()
	}
	wg.Wait()
}
