package evidence

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/raw"
)

// box is a container: four bytes, then the disk.
type box struct {
	disk.Image
	flaws  []disk.Flaw
	stored []disk.StoredHash
}

func (b *box) ReadAt(p []byte, off int64) (int, error) { return b.Image.ReadAt(p, off+4) }
func (b *box) Size() int64                             { return b.Image.Size() - 4 }
func (b *box) Flaws() []disk.Flaw                      { return b.flaws }
func (b *box) StoredHashes() []disk.StoredHash         { return b.stored }
func boxes(flaws []disk.Flaw, md5 []byte) []disk.Format {
	return []disk.Format{{
		Name:  "box",
		Match: func(s *disk.Source) bool { return bytes.HasPrefix(s.Head, []byte("box\n")) },
		Open: func(s *disk.Source) (disk.Image, error) {
			return &box{s.Image, flaws, []disk.StoredHash{{Name: "md5", Sum: md5}, {Name: "other", Sum: []byte{1}}}}, nil
		},
	}, raw.Format}
}

func TestContainer(t *testing.T) {
	content := journal(0, 12)
	path := write(t, filepath.Join(t.TempDir(), "x.box"), append([]byte("box\n"), content...))
	inside, outside := sha256.Sum256(content), sha256.Sum256(append([]byte("box\n"), content...))
	right := md5.Sum(content)
	for _, tt := range []struct {
		name    string
		md5     []byte
		problem string
	}{
		{"hash as stored", right[:], ""},
		{"other hash", make([]byte, 16), "expected MD5 " + strings.Repeat("00", 16) + ", as the container says, found " + hex.EncodeToString(right[:])},
	} {
		flaws := []disk.Flaw{{Err: errors.New("a part is missing")}, {Err: errors.New("the copy is used"), Warning: true}}
		h, err := Open(context.Background(), []string{path}, Options{Formats: boxes(flaws, tt.md5)})
		if err != nil {
			t.Fatal(err)
		}
		f := h.Files[0]
		if n := records(t, h.Volumes[0].Journal); n != 12 || f.Container != "box" || f.Size != int64(len(content)) {
			t.Errorf("%s: got %d records in %+v", tt.name, n, f)
		}
		if len(h.Problems) != 2 || h.Problems[0].Warning || !h.Problems[1].Warning || h.Problems[0].Path != path || h.Problems[1].Err.Error() != "the copy is used" {
			t.Errorf("%s: got the problems %+v", tt.name, h.Problems)
		}
		if d := f.Describe(); d.Disk.SHA256 != "" || d.Disk.Stored[0].Computed != "" || d.Files[0].SHA256 != "" || d.Files[0].Size != f.Size+4 {
			t.Errorf("%s: without reading: got %+v", tt.name, d)
		}
		d, err := h.Hash(context.Background(), f)
		if err != nil || len(d.Files) != 1 || d.Files[0] != (FileSum{path, int64(len(content)) + 4, hex.EncodeToString(outside[:])}) {
			t.Errorf("%s: got %+v, %v", tt.name, d, err)
		}
		if d.Disk.SHA256 != hex.EncodeToString(inside[:]) || d.Disk.Size != f.Size || d.Disk.Stored[0].Computed != hex.EncodeToString(right[:]) || d.Disk.Stored[1].Computed != "" {
			t.Errorf("%s: got the disk %+v", tt.name, d.Disk)
		}
		switch told := h.Problems[2:]; {
		case tt.problem == "" && len(told) != 0:
			t.Errorf("%s: got %+v", tt.name, told)
		case tt.problem != "" && (len(told) != 1 || told[0].Warning || !strings.Contains(told[0].Err.Error(), tt.problem)):
			t.Errorf("%s: got %+v, want %s", tt.name, told, tt.problem)
		}
		h.Close()
	}
}

// TestHashOfUnreadableDisk: what cannot be read is a problem, and no reason to end.
func TestHashOfUnreadableDisk(t *testing.T) {
	h := &Host{}
	bad := disk.NewMapped(64, func(int64) (disk.Piece, error) { return disk.Piece{}, errors.New("torn") }, nil)
	f := newFile("x", &disk.Opened{Image: bad, Format: disk.Format{Name: "box"}, Source: &disk.Source{Image: reader{bytes.NewReader([]byte("file")), 4}}})
	d, err := h.Hash(context.Background(), f)
	if err != nil || d.Disk.SHA256 != "" || d.Files[0].SHA256 == "" || len(h.Problems) != 1 || !strings.Contains(h.Problems[0].Err.Error(), "torn") {
		t.Errorf("got %+v, %v with %+v", d, err, h.Problems)
	}
}

// TestHoles: what a container does not store is known, wherever the volume begins.
func TestHoles(t *testing.T) {
	locate := func(off int64) (disk.Piece, error) { // 100 bytes of data, 100 of zeros, and so on
		p := disk.Piece{Length: 100 - off%100}
		if off/100%2 == 0 {
			p.From = strings.NewReader("")
		}
		return p, nil
	}
	f := newFile("x", &disk.Opened{Image: disk.NewMapped(1000, locate, nil), Source: &disk.Source{Image: reader{strings.NewReader(""), 0}}})
	for _, tt := range []struct {
		offset, start, end int64
		want               bool
	}{
		{0, 0, 1, true}, {0, 99, 150, true}, {0, 100, 200, false}, {0, 150, 200, false}, {0, 150, 201, true}, {0, 900, 2000, false},
		{100, 0, 100, false}, {100, 0, 101, true}, {150, 0, 50, false}, {150, 49, 51, true},
	} {
		v := Volume{Offset: tt.offset, file: f}
		if got := v.HasData(tt.start, tt.end); got != tt.want {
			t.Errorf("volume at %d: %d to %d: got %v", tt.offset, tt.start, tt.end, got)
		}
	}
	if shadow := (Volume{}); !shadow.HasData(0, 1) {
		t.Error("a shadow copy has no holes that are known")
	}
}

// TestContainersInFolders: a folder is a collection; disks in it are left alone.
func TestContainersInFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "x.box"), append([]byte("box\n"), journal(0, 12)...))
	write(t, filepath.Join(dir, "j"), journal(0, 3))
	h, err := Open(context.Background(), []string{dir}, Options{Formats: boxes(nil, nil)})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if len(h.Volumes) != 1 || records(t, h.Volumes[0].Journal) != 3 {
		t.Errorf("got %+v", h.Volumes)
	}
	if len(h.Problems) != 0 {
		t.Errorf("got %+v", h.Problems)
	}
	qcow2 := write(t, filepath.Join(dir, "d.qcow2"), append([]byte("QFI\xfb\x00\x00\x00\x03"), make([]byte, 100)...))
	volume := make([]byte, smallestDisk)
	copy(volume[3:], oemNTFS)
	raw := write(t, filepath.Join(dir, "e.raw"), volume)
	h2, err := Open(context.Background(), []string{dir}, Options{Formats: boxes(nil, nil)})
	if err != nil {
		t.Fatal(err)
	}
	defer h2.Close()
	if len(h2.Problems) != 1 || !h2.Problems[0].Warning || !strings.Contains(h2.Problems[0].Err.Error(), qcow2) || !strings.Contains(h2.Problems[0].Err.Error(), raw) {
		t.Errorf("got %+v", h2.Problems)
	}
	if err := os.Remove(filepath.Join(dir, "j")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), []string{dir}, Options{Formats: boxes(nil, nil)}); err == nil || !strings.Contains(err.Error(), qcow2) {
		t.Errorf("images alone: got %v", err)
	}
}

// TestTheSameEvidenceTwice: it is read once, and said so.
func TestTheSameEvidenceTwice(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "j"), journal(0, 12))
	h := open(t, path, path)
	if len(h.Volumes) != 1 || len(h.Problems) != 1 || !h.Problems[0].Warning || !strings.Contains(h.Problems[0].Err.Error(), "read already") {
		t.Errorf("got %d volumes, %+v", len(h.Volumes), h.Problems)
	}
}
