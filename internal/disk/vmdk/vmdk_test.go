package vmdk

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// contents is a disk with data, holes, and zeros within grains.
func contents(size int) []byte {
	b := make([]byte, size)
	seed := uint32(7)
	for at := 0; at < size; at += 4096 {
		page := b[at:min(size, at+4096)]
		switch at / 4096 % 97 {
		case 0, 1, 40, 41, 42, 43, 60, 96:
			for i := range page {
				seed = seed*1664525 + 1013904223
				page[i] = byte(seed >> 24)
			}
		case 20:
			page[len(page)-1] = 1
		}
	}
	if size > 0 {
		b[size-1] = 0xee
	}
	return b
}

// laid writes the files of a container to a folder and names the first.
func laid(t testing.TB, files []fixtures.VMDKFile) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		disktest.Write(t, dir, f.Name, f.Data)
	}
	return filepath.Join(dir, files[0].Name)
}

func mustOpen(t testing.TB, path string) disk.Image {
	t.Helper()
	return disktest.OpenPath(t, Format, path)
}

func TestRoundTrip(t *testing.T) {
	for _, test := range []struct {
		name string
		o    fixtures.VMDKOptions
		size int
	}{
		{"monolithicSparse", fixtures.VMDKOptions{}, 5<<20 + 512},
		{"monolithicSparse one sector", fixtures.VMDKOptions{}, 512},
		{"monolithicSparse backwards", fixtures.VMDKOptions{Backwards: true}, 3<<20 + 1024},
		{"monolithicSparse small grains", fixtures.VMDKOptions{GrainSectors: 8}, 7<<20 + 512},
		{"monolithicSparse zeroed", fixtures.VMDKOptions{ZeroedGrains: true}, 4<<20 + 512},
		{"monolithicSparse version 3", fixtures.VMDKOptions{Version: 3}, 1 << 20},
		{"monolithicFlat", fixtures.VMDKOptions{}, 1<<20 + 512},
		{"twoGbMaxExtentFlat", fixtures.VMDKOptions{}, 3<<20 + 512},
		{"twoGbMaxExtentSparse", fixtures.VMDKOptions{}, 3<<20 + 512},
		{"twoGbMaxExtentSparse odd", fixtures.VMDKOptions{ExtentBytes: 333 * 512}, 3<<20 + 512},
		{"streamOptimized", fixtures.VMDKOptions{}, 5<<20 + 512},
		{"streamOptimized one sector", fixtures.VMDKOptions{}, 512},
		{"streamOptimized version 1", fixtures.VMDKOptions{Version: 1, GrainSectors: 16}, 9<<20 + 512},
		{"streamOptimized zeroed", fixtures.VMDKOptions{ZeroedGrains: true}, 2 << 20},
		{"streamOptimized at the begin", fixtures.VMDKOptions{AtBegin: true}, 5<<20 + 512},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Subformat, _, _ = strings.Cut(test.name, " ")
			want := contents(test.size)
			files := fixtures.VMDK(want, test.o)
			m := mustOpen(t, laid(t, files))
			disktest.NoFlaws(t, m)
			disktest.Same(t, m, want)
			if got := len(m.(disk.Divided).Parts()); got != len(files) {
				t.Errorf("%d parts, want %d", got, len(files))
			}
		})
	}
}

// TestFewTablesKept reads on several goroutines where the cache holds two of the
// tables.
func TestFewTablesKept(t *testing.T) {
	want := contents(17<<20 + 512)
	b := fixtures.VMDK(want, fixtures.VMDKOptions{Subformat: "monolithicSparse", GrainSectors: 8})[0].Data
	r := bytes.NewReader(b)
	h, _, _, err := readHeader(r, r.Size())
	if err != nil {
		t.Fatal(err)
	}
	tables, cache := int64(maxTables), &tableCache{most: 2 * gtesPerGT}
	x, err := openSparse(r, r.Size(), h, false, cache, &tables)
	if err != nil || tables != maxTables-9 {
		t.Fatalf("error %v, %d tables left of %d", err, tables, maxTables)
	}
	m := disk.NewMapped(x.capacity, x.locate, nil)
	disktest.Concurrent(t, m, want, 100<<10)
	if cache.entries > cache.most || len(cache.kept) > 2 {
		t.Errorf("%d entries in %d tables are kept, want at most %d", cache.entries, len(cache.kept), cache.most)
	}
}

// TestPieces: what follows without a gap is one piece.
func TestPieces(t *testing.T) {
	const grain = 64 << 10
	data := bytes.Repeat([]byte{1}, 100*grain+512)
	clear(data[10*grain : 40*grain])
	b := fixtures.VMDK(data, fixtures.VMDKOptions{Subformat: "monolithicSparse"})[0].Data
	r := bytes.NewReader(b)
	h, _, _, err := readHeader(r, r.Size())
	if err != nil {
		t.Fatal(err)
	}
	tables := int64(maxTables)
	x, err := openSparse(r, r.Size(), h, false, newTableCache(), &tables)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		at      int64
		length  int64
		inAFile bool
	}{
		{"begin", 0, 10 * grain, true}, {"within a grain", grain + 100, 9*grain - 100, true}, {"hole", 10 * grain, 30 * grain, false}, {"end of the hole", 40*grain - 1, 1, false},
		{"to the end", 50 * grain, 50*grain + 512, true}, {"the last", 100 * grain, 512, true},
	} {
		p, err := x.locate(test.at)
		if err != nil || p.Length != test.length || (p.From != nil) != test.inAFile {
			t.Errorf("%s: %+v, error %v; want length %d, in a file %v", test.name, p, err, test.length, test.inAFile)
		}
	}
}

func TestCorpus(t *testing.T) {
	for _, test := range []struct{ name, source string }{
		{"b17_vol.vmdk", "b02_cl4096.img.gz"},
		{"b17_mbr.vmdk", "b09_mbr.img.gz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mustOpen(t, corpus.Path(t, "ntfs", "built", test.name))
			disktest.NoFlaws(t, m)
			disktest.SameStream(t, m, corpus.Open(t, "ntfs", "built", test.source))
		})
	}
}
