package ewf

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

// content makes a disk with holes, text and noise.
func content(size int) []byte { return disktest.Content(size, 32<<10, 7) }

// stored writes the segment files of a set into a folder of their own.
func stored(t *testing.T, segments []*fixtures.Image, names []string) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for i, s := range segments {
		paths = append(paths, disktest.Write(t, dir, names[i], s.Bytes()))
	}
	return paths
}

// mustOpen opens a segment file as the program does.
func mustOpen(t *testing.T, path string) *image {
	t.Helper()
	return disktest.OpenPath(t, Format, path).(*image)
}

func odd(i int) bool { return i%3 == 1 }

var variants = []struct {
	name string
	size int
	o    fixtures.EWFOptions
}{
	{"one chunk", 512, fixtures.EWFOptions{}},
	{"whole chunks", 64 << 10, fixtures.EWFOptions{}},
	{"last chunk shorter", 300 * 512, fixtures.EWFOptions{Plain: odd}},
	{"last chunk plain and shorter", 5 * 512, fixtures.EWFOptions{SectorsPerChunk: 4, Plain: odd}},
	{"last chunk filled up", 301 * 512, fixtures.EWFOptions{SectorsPerChunk: 16, WholeLast: true}},
	{"last plain chunk filled up", 5 * 512, fixtures.EWFOptions{SectorsPerChunk: 4, WholeLast: true, Plain: odd}},
	{"tables of two chunks", 300 * 512, fixtures.EWFOptions{ChunksPerTable: 2, Plain: odd}},
	{"base offset", 300 * 512, fixtures.EWFOptions{ChunksPerTable: 4, Plain: odd, Base: true}},
	{"segments", 999 * 512, fixtures.EWFOptions{SectorsPerChunk: 16, ChunksPerTable: 3, TablesPerSegment: 2, Plain: odd, Base: true, Set: [16]byte{1}}},
	{"EnCase 1", 300 * 512, fixtures.EWFOptions{Layout: fixtures.EWFEnCase1, ChunksPerTable: 4, TablesPerSegment: 2, Plain: odd}},
	{"SMART", 300 * 512, fixtures.EWFOptions{Layout: fixtures.EWFSMART, ChunksPerTable: 4, TablesPerSegment: 2, Plain: odd}},
	{"large sectors", 75 * 4096, fixtures.EWFOptions{SectorSize: 4096, SectorsPerChunk: 2, Plain: odd}},
	{"large chunks", 4100 * 512, fixtures.EWFOptions{SectorsPerChunk: 4096}},
	{"no sizes", 300 * 512, fixtures.EWFOptions{NoSizes: true}},
	{"no table2", 300 * 512, fixtures.EWFOptions{NoTable2: true}},
	{"gap before the chunks", 300 * 512, fixtures.EWFOptions{Gap: 70000}},
	{"digest", 300 * 512, fixtures.EWFOptions{SHA1: true}},
	{"more than 99 segments", 215 * 512, fixtures.EWFOptions{SectorsPerChunk: 1, ChunksPerTable: 1, TablesPerSegment: 1, Set: [16]byte{2}}},
}

func TestRoundTrip(t *testing.T) {
	for _, tt := range variants {
		t.Run(tt.name, func(t *testing.T) {
			want := content(tt.size)
			segments := fixtures.EWF(want, tt.o)
			paths := stored(t, segments, fixtures.EWFNames("x", len(segments), tt.o.Layout))
			// Whichever segment is named, the whole set is read.
			for i, path := range []string{paths[0], paths[len(paths)/2], paths[len(paths)-1]} {
				img := mustOpen(t, path)
				if i == 0 {
					disktest.Same(t, img, want)
				} else if !bytes.Equal(disktest.ReadAll(t, img), want) {
					t.Errorf("other bytes by %s", path)
				}
				disktest.NoFlaws(t, img)
				var got []string
				for _, p := range img.Parts() {
					got = append(got, p.Path)
				}
				if !reflect.DeepEqual(got, paths) {
					t.Errorf("parts %v, want %v", got, paths)
				}
				sum, sum1 := md5.Sum(want), sha1.Sum(want)
				hashes := []disk.StoredHash{{Name: "md5", Sum: sum[:]}}
				if tt.o.SHA1 {
					hashes = append(hashes, disk.StoredHash{Name: "sha1", Sum: sum1[:]})
				}
				if !reflect.DeepEqual(img.StoredHashes(), hashes) {
					t.Errorf("hashes %x, want %x", img.StoredHashes(), hashes)
				}
			}
		})
	}
}

// TestConcurrent reads one image on several goroutines.
func TestConcurrent(t *testing.T) {
	want := content(999 * 512)
	img, err := openBytes(fixtures.EWF(want, fixtures.EWFOptions{ChunksPerTable: 5, Plain: odd})[0].Bytes())
	if err != nil {
		t.Fatal(err)
	}
	disktest.Concurrent(t, img, want, 50000)
}

func TestNames(t *testing.T) {
	tests := []struct {
		name, extension string
		letter          byte
		want            int
	}{
		{"first", "E01", 'E', 1}, {"lower case", "e99", 'E', 99}, {"letters", "EAA", 'E', 100}, {"second letter", "EBA", 'E', 126},
		{"next first letter", "FAA", 'E', 776}, {"last", "ZZZ", 'E', lastNumber}, {"SMART", "s02", 'S', 2}, {"SMART letters", "saa", 'S', 100},
		{"other letter", "S01", 'E', 0}, {"before the first letter", "DAA", 'E', 0}, {"none", "", 'E', 0}, {"zero", "E00", 'E', 0},
		{"mixed", "E0A", 'E', 0}, {"longer", "E001", 'E', 0}, {"not ASCII", "Eé", 'E', 0},
	}
	for _, tt := range tests {
		if got := numberOf(tt.extension, tt.letter); got != tt.want {
			t.Errorf("%s: %q gives %d, want %d", tt.name, tt.extension, got, tt.want)
		}
	}
	for i, name := range fixtures.EWFNames("x", 1500, fixtures.EWFEnCase) {
		if got := numberOf(name[2:], 'E'); got != i+1 {
			t.Errorf("%s gives %d, want %d", name, got, i+1)
		}
	}
}

// TestCase finds segments whatever the case of their extensions, and prefers the
// case of the named one.
func TestCase(t *testing.T) {
	o := fixtures.EWFOptions{ChunksPerTable: 1, TablesPerSegment: 1, Set: [16]byte{9}}
	want := content(192 * 512)
	segments := fixtures.EWF(want, o)
	paths := stored(t, segments, []string{"x.e01", "x.E02", "x.e03"})
	disktest.Same(t, mustOpen(t, paths[1]), want)
	for _, stray := range []string{"x.e02", "y.E02", "x.E002", "x.e04", "x.E0x"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(paths[0]), stray), []byte("something else"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	img := mustOpen(t, paths[1])
	disktest.Same(t, img, want)
	disktest.NoFlaws(t, img)
	if img = mustOpen(t, paths[0]); len(img.Flaws()) == 0 {
		t.Error("a second segment that is none gave no flaw")
	}
}

func TestErrorSectors(t *testing.T) {
	o := fixtures.EWFOptions{Errors: [][2]uint32{{100, 64}, {3, 1}}}
	want := content(300 * 512)
	img := mustOpen(t, stored(t, fixtures.EWF(want, o), []string{"x.E01"})[0])
	disktest.Same(t, img, want)
	if f := img.Flaws(); len(f) != 1 || f[0].Warning || !strings.Contains(f[0].Err.Error(), "65 sectors could not be read") || !strings.Contains(f[0].Err.Error(), ": 3, 100-163") {
		t.Errorf("got %v", f)
	}
}

func TestRefused(t *testing.T) {
	logicalImage := fixtures.EWF(content(512), fixtures.EWFOptions{})[0].Bytes()
	at := find(t, logicalImage, "volume").body()
	logicalImage[at] = logical
	resum(logicalImage[at : at+volumeSize])
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"logical evidence", logicalImage, "logical evidence file"},
		{"encrypted", append([]byte("ADCRYPT\x00\x01\x00\x00\x00"), make([]byte, 500)...), "AD encryption"},
	}
	for _, tt := range tests {
		_, err := openBytes(tt.content)
		if !disk.IsContainer(err) || !errors.Is(err, parse.ErrUnsupported) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
	for _, magic := range []string{"EVF2\x0d\x0a\x81\x00", "LVF\x09\x0d\x0a\xff\x00", "LEF2\x0d\x0a\x81\x00"} {
		if s := source([]byte(magic)); Format.Match(s) {
			t.Errorf("%q matches", magic)
		}
	}
}

// source is a file that has no others beside it.
func source(b []byte) *disk.Source { return disktest.Source("", b) }

// openBytes opens a set of one segment that lies in memory.
func openBytes(b []byte) (*image, error) {
	s := source(b)
	if !Format.Match(s) {
		return nil, errors.New("no match")
	}
	img, err := open(s)
	if err != nil {
		return nil, err
	}
	return img.(*image), nil
}
