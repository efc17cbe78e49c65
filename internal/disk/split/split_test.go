package split

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/disk/raw"
)

var formats = []disk.Format{Format, raw.Format}

// folder writes files of the given contents and gives where they are.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		disktest.Write(t, dir, name, []byte(content))
	}
	return dir
}

func TestRead(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		named string
		want  string
	}{
		{"three", map[string]string{"d.raw.001": "0123", "d.raw.002": "4567", "d.raw.003": "89"}, "d.raw.001", "0123456789"},
		{"another is named", map[string]string{"d.001": "0123", "d.002": "4567", "d.003": "89"}, "d.003", "0123456789"},
		{"from 0", map[string]string{"d.000": "01", "d.001": "23"}, "d.000", "0123"},
		{"four digits", map[string]string{"d.0001": "01", "d.0002": "23"}, "d.0001", "0123"},
		{"more than nine", map[string]string{"d.001": "0", "d.002": "1", "d.003": "2", "d.004": "3", "d.005": "4", "d.006": "5", "d.007": "6", "d.008": "7",
			"d.009": "8", "d.010": "9"}, "d.001", "0123456789"},
		{"others beside it", map[string]string{"d.001": "01", "d.002": "23", "e.003": "xx", "d.txt": "xx", "d.0003": "xx", "dd.003": "x"}, "d.002", "0123"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := folder(t, tt.files)
			o, err := disk.Open(filepath.Join(dir, tt.named), formats)
			if err != nil {
				t.Fatal(err)
			}
			disktest.Same(t, o.Image, []byte(tt.want))
			disktest.NoFlaws(t, o.Image)
			if o.Format.Name != "split" {
				t.Errorf("read as %s", o.Format.Name)
			}
			var parts []byte
			for _, p := range o.Image.(disk.Divided).Parts() {
				b, err := os.ReadFile(p.Path)
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, b...)
			}
			if string(parts) != tt.want {
				t.Errorf("its files hold %q", parts)
			}
			// Every piece of it, across the files' ends.
			for from := range tt.want {
				for to := from; to <= len(tt.want); to++ {
					b := make([]byte, to-from)
					if n, err := o.Image.ReadAt(b, int64(from)); n != len(b) || err != nil || string(b) != tt.want[from:to] {
						t.Errorf("%d to %d: got %q, %v", from, to, b[:n], err)
					}
				}
			}
			if err := o.Image.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNotSplit(t *testing.T) {
	for _, tt := range []struct {
		name, named string
		files       map[string]string
	}{
		{"alone", "d.001", map[string]string{"d.001": "01", "e.002": "x"}},
		{"no number", "d.raw", map[string]string{"d.raw": "01", "d.002": "x"}},
		{"one digit", "d.1", map[string]string{"d.1": "01", "d.2": "x"}},
		{"number alone", ".001", map[string]string{".001": "01", ".002": "x"}},
	} {
		o, err := disk.Open(filepath.Join(folder(t, tt.files), tt.named), formats)
		if err != nil || o.Format.Name != disk.Raw {
			t.Errorf("%s: got %+v, %v", tt.name, o, err)
			continue
		}
		o.Image.Close()
	}
	// A container in parts is told by its name, not taken as a disk.
	dir := folder(t, map[string]string{"d.7z.001": "7z\xbc\xaf\x27\x1c....", "d.7z.002": "x"})
	if _, err := disk.Open(filepath.Join(dir, "d.7z.001"), formats); !disk.IsContainer(err) {
		t.Errorf("7z in parts: got %v", err)
	}
}

func TestMissingFiles(t *testing.T) {
	dir := folder(t, map[string]string{"d.001": "0123", "d.004": "cdef", "d.006": "kl"})
	o, err := disk.Open(filepath.Join(dir, "d.001"), formats)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Image.Close()
	var told []string
	for _, f := range o.Image.(disk.Flawed).Flaws() {
		if f.Warning || !errors.Is(f.Err, fs.ErrNotExist) {
			t.Errorf("got %+v", f)
		}
		told = append(told, f.Err.Error())
	}
	if got := strings.Join(told, "\n"); len(told) != 2 || !strings.Contains(got, `"d.002 to 003"`) || !strings.Contains(got, `"d.005"`) {
		t.Errorf("told: %s", got)
	}
	if o.Image.Size() != 22 {
		t.Errorf("got %d bytes", o.Image.Size())
	}
	b := make([]byte, 8)
	if n, err := o.Image.ReadAt(b, 2); n != 2 || !errors.Is(err, fs.ErrNotExist) || string(b[:n]) != "23" {
		t.Errorf("into the gap: got %q, %v", b[:n], err)
	}
	if n, err := o.Image.ReadAt(b[:4], 12); n != 4 || err != nil || string(b[:4]) != "cdef" {
		t.Errorf("behind the gap: got %q, %v", b[:n], err)
	}
	if n, err := o.Image.ReadAt(b, 20); n != 2 || !errors.Is(err, io.EOF) || string(b[:n]) != "kl" {
		t.Errorf("at the end: got %q, %v", b[:n], err)
	}
}

func TestOtherSizeIsTold(t *testing.T) {
	dir := folder(t, map[string]string{"d.001": "0123", "d.002": "45", "d.003": "67"})
	o, err := disk.Open(filepath.Join(dir, "d.001"), formats)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Image.Close()
	disktest.Flaw(t, o.Image, "file 2 of 3: expected 4 bytes, as others have, found 2", false)
}

func TestOnlyTheLast(t *testing.T) {
	dir := folder(t, map[string]string{"d.003": "0123", "d.002": ""})
	if err := os.Remove(filepath.Join(dir, "d.002")); err != nil {
		t.Fatal(err)
	}
	o, err := disk.Open(filepath.Join(dir, "d.003"), formats)
	if err != nil || o.Format.Name != disk.Raw {
		t.Fatalf("got %+v, %v", o, err)
	}
	b := make([]byte, 4)
	if _, err := o.Image.ReadAt(b, 0); err != nil || !bytes.Equal(b, []byte("0123")) {
		t.Errorf("got %q, %v", b, err)
	}
	o.Image.Close()
}
