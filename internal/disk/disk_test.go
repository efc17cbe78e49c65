package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/device"
	"github.com/jobscan/jobscan/internal/disk/raw"
	"github.com/jobscan/jobscan/internal/parse"
)

var formats = []disk.Format{device.Format, raw.Format}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRaw(t *testing.T) {
	opened, err := disk.Open(write(t, "x.img", "0123456789"), formats)
	if err != nil {
		t.Fatal(err)
	}
	img, format := opened.Image, opened.Format
	defer img.Close()
	b := make([]byte, 4)
	if n, err := img.ReadAt(b, 3); n != 4 || err != nil || string(b) != "3456" || img.Size() != 10 || format.Name != disk.Raw {
		t.Errorf("got %q, %v, %d bytes, %s", b, err, img.Size(), format.Name)
	}
}

func TestContainersAreRefused(t *testing.T) {
	tests := []struct{ name, content, container, advice string }{
		{"E01", "EVF\x09\x0d\x0a\xff\x00rest", "E01", "ewfexport"},
		{"QCOW2", "QFI\xfb\x00\x00\x00\x03", "QCOW2", "qemu-img"},
		{"VMDK", "KDMV\x01", "VMDK", "qemu-img"},
		{"VHDX", "vhdxfile", "VHDX", "qemu-img"},
		{"VHD", "conectix", "VHD", "qemu-img"},
		{"VDI", strings.Repeat("x", 0x40) + "\x7f\x10\xda\xbe", "VDI", "qemu-img"},
		{"ZIP", "PK\x03\x04", "ZIP", "unpack"},
		{"tar", strings.Repeat("x", 257) + "ustar", "tar", "unpack"},
	}
	for _, tt := range tests {
		_, err := disk.Open(write(t, "x", tt.content), formats)
		if !disk.IsContainer(err) || disk.IsDisk(err) == (tt.advice == "unpack") || !errors.Is(err, parse.ErrUnsupported) ||
			!strings.Contains(err.Error(), tt.container) || !strings.Contains(err.Error(), tt.advice) {
			t.Errorf("%s: got %v", tt.name, err)
		}
		// A format that reads the container comes before that refusal.
		reads := disk.Format{Name: "test", Match: func(s *disk.Source) bool { return true },
			Open: func(s *disk.Source) (disk.Image, error) { return s.Image, nil }}
		opened, err := disk.Open(write(t, "x", tt.content), append([]disk.Format{reads}, formats...))
		if err != nil || opened.Format.Name != "test" {
			t.Errorf("%s with a format of its own: got %+v, %v", tt.name, opened, err)
			continue
		}
		if err := opened.Image.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := disk.Open(filepath.Join(t.TempDir(), "absent"), formats); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: got %v", err)
	}
	if _, err := disk.Open(t.TempDir(), formats); err == nil || !strings.Contains(err.Error(), "found a folder") {
		t.Errorf("folder: got %v", err)
	}
	if _, err := disk.Open(write(t, "x", "y"), nil); err == nil {
		t.Error("no formats: opened")
	}
	if runtime.GOOS == "linux" {
		if _, err := disk.Open("/dev/null", formats); err == nil || !strings.Contains(err.Error(), "size") {
			t.Errorf("device without a size: got %v", err)
		}
	}
}

func TestSparseData(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{1 << 30, 3 << 30} {
		if _, err := f.WriteAt(make([]byte, 1<<16), off); err != nil {
			t.Skipf("no sparse files here: %v", err)
		}
	}
	size := int64(5) << 30
	if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
		t.Fatal(err)
	}
	opened, err := disk.Open(path, formats)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Image.Close()
	got := opened.Image.(disk.Sparse).Data()
	sparse := []disk.Range{{Offset: 1 << 30, Length: 1 << 16}, {Offset: 3 << 30, Length: 1 << 16}}
	all := []disk.Range{{Offset: 0, Length: size}} // where the file system keeps no holes
	if !reflect.DeepEqual(got, sparse) && !reflect.DeepEqual(got, all) {
		t.Errorf("got %v, want %v", got, sparse)
	}
	empty, err := disk.Open(write(t, "empty", ""), formats)
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Image.Close()
	if got := empty.Image.(disk.Sparse).Data(); len(got) != 0 {
		t.Errorf("empty file: got %v", got)
	}
}
