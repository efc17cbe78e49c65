//go:build !windows

package device

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
)

// TestOpen opens a file as if it were a device: both tell their size at the end.
func TestOpen(t *testing.T) {
	want := bytes.Repeat([]byte("sector, "), 1200)
	path := filepath.Join(t.TempDir(), "device")
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := Format.Open(&disk.Source{Path: path, Device: true})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(img, 0, img.Size()))
	if err != nil || !bytes.Equal(got, want) || img.Size() != int64(len(want)) {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
	}
	if err := img.Close(); err != nil {
		t.Error(err)
	}
	if _, err := img.ReadAt(got[:1], 0); err == nil {
		t.Error("closed device can be read")
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Format.Open(&disk.Source{Path: filepath.Join(t.TempDir(), "absent"), Device: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: got %v, want %v", err, os.ErrNotExist)
	}
	if Format.Match(&disk.Source{Path: "x.img"}) {
		t.Error("matches a file")
	}
}
