// Package disktest holds formats to what all of them promise: the right bytes at
// any offset and on any number of goroutines, and of a damaged container an error
// or a flaw in place of other bytes. It knows no format; what a disk holds is the
// caller's word. It is imported by tests alone.
package disktest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
)

// Memory is a file that lies in memory.
type Memory struct {
	*bytes.Reader
	Closed bool
}

// NewMemory makes a file of these bytes, which are not copied.
func NewMemory(b []byte) *Memory { return &Memory{Reader: bytes.NewReader(b)} }

// Close notes that it was called.
func (m *Memory) Close() error {
	m.Closed = true
	return nil
}

// Source is a file of these bytes, of which a format sees as much as it would of
// one on a disk. path is only a name; "" where a format is to look for no others.
func Source(path string, b []byte) *disk.Source {
	return &disk.Source{Path: path, Image: NewMemory(b), Head: b[:min(len(b), 64<<10)]}
}

// Write stores a file in a folder and gives its path.
func Write(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// OpenPath opens a container as the program does. It is closed at the end of the
// test.
func OpenPath(t testing.TB, f disk.Format, path string) disk.Image {
	t.Helper()
	o, err := disk.Open(path, []disk.Format{f})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Image.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return o.Image
}

// Open opens a source of this package that the format has to recognise.
func Open(t testing.TB, f disk.Format, s *disk.Source) disk.Image {
	t.Helper()
	if !f.Match(s) {
		t.Fatal("not recognised")
	}
	img, err := Try(t, f, s)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Try opens a source of this package, recognised or not: that gives an image or an
// error, and on an error the source is left open.
func Try(t testing.TB, f disk.Format, s *disk.Source) (disk.Image, error) {
	t.Helper()
	img, err := f.Open(s)
	if (img == nil) == (err == nil) {
		t.Fatalf("image %v beside error %v", img, err)
	}
	if err != nil && s.Image.(*Memory).Closed {
		t.Fatalf("the source was closed beside error %v", err)
	}
	return img, err
}

// Closes closes an image, which closes the source of this package that it is of.
func Closes(t testing.TB, img disk.Image, s *disk.Source) {
	t.Helper()
	if err := img.Close(); err != nil || !s.Image.(*Memory).Closed {
		t.Errorf("closing: %v, container closed: %v", err, s.Image.(*Memory).Closed)
	}
}

// Refused wants a source of this package to be recognised and refused by name, with
// these words in the refusal.
func Refused(t testing.TB, f disk.Format, s *disk.Source, words string) {
	t.Helper()
	if !f.Match(s) {
		t.Fatal("not recognised")
	}
	if _, err := Try(t, f, s); !disk.IsContainer(err) || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want a refusal with %q", err, words)
	}
}

// Flaw wants an image to have one flaw, with these words, or none where there are
// no words.
func Flaw(t testing.TB, img disk.Image, words string, warning bool) {
	t.Helper()
	f := img.(disk.Flawed).Flaws()
	if words == "" && len(f) == 0 {
		return
	}
	if words == "" || len(f) != 1 || f[0].Warning != warning || !strings.Contains(f[0].Err.Error(), words) {
		t.Errorf("flaws %v, want one with %q, warning %v", f, words, warning)
	}
}

// NoFlaws wants an image to have none.
func NoFlaws(t testing.TB, img disk.Image) {
	t.Helper()
	Flaw(t, img, "", false)
}

// Ranges wants the ranges of data to be in order, apart and within the disk.
func Ranges(t testing.TB, img disk.Image) {
	t.Helper()
	end := int64(0)
	for _, r := range img.(disk.Sparse).Data() {
		if r.Offset < end || r.Length < 1 || r.Length > img.Size()-r.Offset {
			t.Fatalf("range %v behind %d, in %d bytes", r, end, img.Size())
		}
		end = r.Offset + r.Length
	}
}

// Data wants the disk to be zero outside the ranges of data.
func Data(t testing.TB, img disk.Image) {
	t.Helper()
	Ranges(t, img)
	at, buf := int64(0), make([]byte, 256<<10)
	ranges := img.(disk.Sparse).Data()
	for _, r := range append(ranges[:len(ranges):len(ranges)], disk.Range{Offset: img.Size()}) {
		for at < r.Offset {
			p := buf[:min(int64(len(buf)), r.Offset-at)]
			if n, err := img.ReadAt(p, at); n < len(p) {
				t.Fatalf("%d of %d bytes at %#x: %v", n, len(p), at, err)
			}
			if len(bytes.TrimLeft(p, "\x00")) > 0 {
				t.Fatalf("data in %d bytes at %#x, outside of %v", len(p), at, ranges)
			}
			at += int64(len(p))
		}
		at = r.Offset + r.Length
	}
}
