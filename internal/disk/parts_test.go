package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestSibling(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.001", "a.002"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	src := &Source{Path: filepath.Join(dir, "a.001")}
	p, err := src.Sibling("a.002")
	if err != nil || p.Image.Size() != 5 || p.Path != filepath.Join(dir, "a.002") {
		t.Fatalf("got %+v, %v", p, err)
	}
	if err := p.Image.Close(); err != nil {
		t.Error(err)
	}
	if _, err := src.Sibling("a.003"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that is not there: got %v", err)
	}
	for _, name := range []string{"", ".", "..", "../a.002", `..\a.002`, "/etc/passwd", `C:a.002`, "a.002:stream", "sub", "sub/x", "a\x00"} {
		if p, err := src.Sibling(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: got %+v, %v", name, p, err)
		}
	}
	names, err := src.Siblings()
	slices.Sort(names)
	if err != nil || !slices.Equal(names, []string{"a.001", "a.002"}) {
		t.Errorf("got %q, %v", names, err)
	}
}
