// Package corpus gives tests the real evidence that is kept beside the project:
// disk images, journals, logs and job files that others made, with the answers
// of other tools. The environment variable JOBSCAN_CORPUS names its folder; where
// it is not set, tests that need it are skipped. Only tests import this package.
package corpus

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Variable is the environment variable that names the folder.
const Variable = "JOBSCAN_CORPUS"

// Root is the folder of evidence; "" where there is none.
func Root() string { return os.Getenv(Variable) }

// Path names a file or folder of the evidence. The test is skipped where there
// is no evidence, and fails where the evidence lacks that file.
func Path(t testing.TB, parts ...string) string {
	t.Helper()
	root := Root()
	if root == "" {
		t.Skip(Variable + " does not name a folder with real evidence")
	}
	name := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(name); err != nil {
		t.Fatal(err)
	}
	return name
}

// Open opens a file of the evidence, unpacked if its name ends in gz or bz2.
// It is closed at the end of the test.
func Open(t testing.TB, parts ...string) io.Reader {
	t.Helper()
	f, err := os.Open(Path(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	switch filepath.Ext(f.Name()) {
	case ".gz":
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		return z
	case ".bz2":
		return bzip2.NewReader(f)
	}
	return f
}

// Bytes is the content of a file of the evidence, unpacked as Open does it.
func Bytes(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	b.Grow(unpackedSize(Path(t, parts...)) + bytes.MinRead)
	if _, err := b.ReadFrom(Open(t, parts...)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpackedSize is what the end of a gzip file says of its size, which is right
// up to 4 GiB; 0 where it is not known.
func unpackedSize(name string) int {
	packed, err := os.ReadFile(name)
	if err != nil || filepath.Ext(name) != ".gz" || len(packed) < 4 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
}

// ZipMember is the content of the first member of a ZIP file whose name ends in
// suffix.
func ZipMember(t testing.TB, suffix string, parts ...string) []byte {
	t.Helper()
	z, err := zip.OpenReader(Path(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, member := range z.File {
		if !strings.HasSuffix(member.Name, suffix) {
			continue
		}
		r, err := member.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Fatalf("%s has no member %s", filepath.Join(parts...), suffix)
	return nil
}
