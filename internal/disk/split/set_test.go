package split

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
)

// opened opens a set and gives what it holds and what is told of it.
func opened(t *testing.T, dir, name string) (o *disk.Opened, flaws string) {
	t.Helper()
	o, err := disk.Open(filepath.Join(dir, name), formats)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Image.Close() })
	if f, ok := o.Image.(disk.Flawed); ok {
		for _, flaw := range f.Flaws() {
			if flaw.Warning {
				t.Errorf("a mere warning: %v", flaw.Err)
			}
			flaws += flaw.Err.Error() + "\n"
		}
	}
	return o, flaws
}

func TestOtherNumbers(t *testing.T) {
	long := map[string]string{}
	for n := 1; n <= 1002; n++ {
		long[fmt.Sprintf("d.%03d", n)] = fmt.Sprintf("%04d", n)
	}
	var want strings.Builder
	for n := 1; n <= 1002; n++ {
		fmt.Fprintf(&want, "%04d", n)
	}
	for _, tt := range []struct {
		name, named string
		files       map[string]string
		want        string
	}{
		{"beyond 999", "d.001", long, want.String()},
		{"beyond 999, a late one named", "d.1001", long, want.String()},
		{"letters", "d.dd.aa", map[string]string{"d.dd.aa": "01", "d.dd.ab": "23", "d.dd.ac": "4"}, "01234"},
		{"letters beside other endings", "d.aab", map[string]string{"d.aaa": "01", "d.aab": "2", "d.raw": "x", "d.txt": "x"}, "012"},
		{"two digits", "d.01", map[string]string{"d.01": "01", "d.02": "2"}, "012"},
		{"far numbers", "d.001", map[string]string{"d.001": "01", "d.002": "2", "d.417": "x"}, "012"},
	} {
		o, flaws := opened(t, folder(t, tt.files), tt.named)
		got, err := io.ReadAll(io.NewSectionReader(o.Image, 0, o.Image.Size()))
		if err != nil || string(got) != tt.want || o.Format.Name != "split" || flaws != "" {
			t.Errorf("%s: got %q, %v by %s, %s", tt.name, got, err, o.Format.Name, flaws)
		}
	}
}

// TestCutFileMovesNoOther: what is behind a file that is cut stays in its place.
func TestCutFileMovesNoOther(t *testing.T) {
	for name, cut := range map[string]string{"cut": "45", "empty": ""} {
		dir := folder(t, map[string]string{"d.001": "0123", "d.002": cut, "d.003": "89ab", "d.004": "c"})
		o, flaws := opened(t, dir, "d.001")
		if strings.Count(flaws, "\n") != 1 || !strings.Contains(flaws, "file 2 of 4") {
			t.Errorf("%s: told: %s", name, flaws)
		}
		b := make([]byte, 9)
		if n, err := o.Image.ReadAt(b, 0); n != 4+len(cut) || err == nil || errors.Is(err, io.EOF) || string(b[:n]) != "0123"+cut {
			t.Errorf("%s: got %q, %v", name, b[:n], err)
		}
		if n, err := o.Image.ReadAt(b[:5], 8); n != 5 || err != nil || string(b[:5]) != "89abc" {
			t.Errorf("%s: behind it: got %q, %v", name, b[:n], err)
		}
	}
	// The first may be the odd one.
	o, flaws := opened(t, folder(t, map[string]string{"d.001": "", "d.002": "4567", "d.003": "89ab", "d.004": "c"}), "d.002")
	b := make([]byte, 4)
	if n, err := o.Image.ReadAt(b, 4); n != 4 || err != nil || string(b) != "4567" || !strings.Contains(flaws, "file 1 of 4") {
		t.Errorf("first empty: got %q, %v, told: %s", b[:n], err, flaws)
	}
}

// TestFileThatCannotBeOpened: the others are read.
func TestFileThatCannotBeOpened(t *testing.T) {
	dir := folder(t, map[string]string{"d.001": "0123", "d.003": "89ab", "d.004": "c"})
	if err := os.Mkdir(filepath.Join(dir, "d.002"), 0o700); err != nil {
		t.Fatal(err)
	}
	o, flaws := opened(t, dir, "d.001")
	b := make([]byte, 4)
	if n, err := o.Image.ReadAt(b, 8); n != 4 || err != nil || string(b) != "89ab" || !strings.Contains(flaws, `"d.002": `) || !strings.Contains(flaws, "found a folder") {
		t.Errorf("got %q, %v, told: %s", b[:n], err, flaws)
	}
}

// TestImagesOfTheirOwn: numbered files need not be parts of one image.
func TestImagesOfTheirOwn(t *testing.T) {
	volume := make([]byte, 4096)
	copy(volume[3:], "NTFS    ")
	copy(volume[510:], "\x55\xaa")
	dir := folder(t, map[string]string{"case.001": "0123", "case.002": string(volume)})
	if o, _ := opened(t, dir, "case.002"); o.Format.Name != disk.Raw || o.Image.Size() != 4096 {
		t.Errorf("got %s of %d bytes", o.Format.Name, o.Image.Size())
	}
	if _, flaws := opened(t, dir, "case.001"); !strings.Contains(flaws, "file 2 of 2: expected 4 bytes, as others have, found 4096") {
		t.Errorf("a last file that is larger: told: %s", flaws)
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name   string
		want   scheme
		number int
	}{
		{"a.001", scheme{"a.", false, 3}, 1}, {"a.b.10000", scheme{"a.b.", false, 5}, 10000}, {"a.zz", scheme{"a.", true, 2}, 675},
	} {
		s, n, ok := numbered(tt.name)
		if !ok || s != tt.want || n != tt.number || s.name(n) != tt.name {
			t.Errorf("%s: got %+v, %d, %v, and back %s", tt.name, s, n, ok, s.name(n))
		}
	}
	for _, name := range []string{"a", "a.", ".001", "a.1", "a.000001", "a.0x1", "a.abcd", "a.aB", "a.é1", ""} {
		if s, n, ok := numbered(name); ok {
			t.Errorf("%q: got %+v, %d", name, s, n)
		}
	}
	s := scheme{"a.", false, 3}
	var got []string
	for _, name := range []string{"a.999", "a.1000", "a.0999", "b.001", "a.abc"} {
		if _, ok := s.member(name); ok {
			got = append(got, name)
		}
	}
	if !slices.Equal(got, []string{"a.999", "a.1000"}) {
		t.Errorf("got %q", got)
	}
}
