package ewf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

// find gives the first section of a kind in a segment file that is whole.
func find(t testing.TB, b []byte, kind string) section {
	t.Helper()
	for at := int64(fileHeaderSize); ; {
		d, err := parseDescriptor(b[at:])
		if err != nil {
			t.Fatal(err)
		}
		if d.Type == kind {
			return section{kind: kind, at: at, end: d.Next}
		}
		if d.Next <= at {
			t.Fatalf("no section %q", kind)
		}
		at = d.Next
	}
}

// resum makes the checksum at the end of a structure right.
func resum(b []byte) {
	binary.LittleEndian.PutUint32(b[len(b)-4:], adler32.Checksum(b[:len(b)-4]))
}

// lost gives the sectors of an image that are errors; others must be right.
func lost(t *testing.T, img *image, want []byte) (sectors []int) {
	t.Helper()
	for _, l := range disktest.Lost(t, img, want, 512) {
		sectors = append(sectors, l.Piece)
	}
	return sectors
}

// small has 12 chunks of one sector in two tables.
var small = fixtures.EWFOptions{SectorsPerChunk: 1, ChunksPerTable: 6, Plain: odd}

func TestDamage(t *testing.T) {
	const size = 12 * 512
	type damage struct {
		name    string
		do      func(b []byte) []byte
		flaw    string // of the first flaw
		lost    int    // sectors
		warning bool
	}
	at := func(kind string, offset int) func(b []byte) []byte {
		return func(b []byte) []byte {
			b[int(find(t, b, kind).at)+offset] ^= 0x55
			return b
		}
	}
	const entries = descriptorSize + tableHeaderSize
	tests := []damage{
		{"header text", at("header", descriptorSize+20), "zlib stream", 0, true},
		{"volume", at("volume", descriptorSize+30), "EWF volume section at 0x", 0, true},
		{"volume descriptor's padding", at("volume", 40), "checksum mismatch", 0, true},
		{"volume descriptor's type", at("volume", 0), "checksum mismatch", 0, true},
		{"sectors descriptor's type", at("sectors", 0), "checksum mismatch", 0, true},
		{"table header", at("table", descriptorSize+1), "its copy is used", 0, true},
		{"table entry", at("table", entries+5), "its copy is used", 0, true},
		{"table checksum", at("table", entries+6*4), "its copy is used", 0, true},
		{"table descriptor's type", at("table", 0), "checksum mismatch", 0, true},
		{"table2", at("table2", entries+5), "table2 section at", 0, true},
		{"both tables", func(b []byte) []byte { return at("table", entries)(at("table2", entries)(b)) }, "EWF table section at", 6, false},
		{"headers of both tables", func(b []byte) []byte { return at("table", 80)(at("table2", 80)(b)) }, "EWF table header at", 6, false},
		{"chain broken", at("table2", 17), "EWF section descriptor at", 6, false},
		{"data copy", at("data", descriptorSize+30), "EWF volume section at 0x", 0, true},
		{"hash", at("hash", descriptorSize+3), "EWF hash section at 0x", 0, true},
		{"end missing", func(b []byte) []byte { return b[:find(t, b, "done").at] }, "EWF section descriptor at", 0, true},
		{"set not ended", func(b []byte) []byte {
			d := b[find(t, b, "done").at:]
			copy(d, "next")
			resum(d[:descriptorSize])
			return b
		}, "segment 2 and all that follow are missing", 0, true},
		{"segment number", func(b []byte) []byte { b[9] = 3; return b }, "segments 1 to 2 are missing", 0, true},
		{"compressed chunk", func(b []byte) []byte { b[find(t, b, "sectors").body()+10] ^= 4; return b }, "", 1, false},
		{"tables differ", func(b []byte) []byte {
			s := find(t, b, "table2")
			b[s.body()+tableHeaderSize] ^= 1
			resum(b[s.body()+tableHeaderSize : s.end])
			return b
		}, "it is no copy", 0, false},
		{"Logicube", func(b []byte) []byte {
			s := find(t, b, "data")
			copy(b[s.end-4:], []byte{0, 0, 0, 0})
			return b
		}, "not set", 0, true},
		{"size contradicts", func(b []byte) []byte {
			s := find(t, b, "sectors")
			b[s.at+24]--
			resum(b[s.at : s.at+descriptorSize])
			return b
		}, "section size", 0, true},
		{"sizes overlap", func(b []byte) []byte {
			s := find(t, b, "sectors")
			b[s.at+24]++
			resum(b[s.at : s.at+descriptorSize])
			return b
		}, "section size", 0, false},
		{"unknown section", func(b []byte) []byte {
			s := find(t, b, "data")
			copy(b[s.at:], "what")
			resum(b[s.at : s.at+descriptorSize])
			return b
		}, `found "what"`, 0, true},
		{"fewer sectors than chunks", func(b []byte) []byte {
			s := find(t, b, "volume")
			b[s.body()+4]++
			resum(b[s.body():s.end])
			return b
		}, "chunk count", 0, true},
	}
	want := content(size)
	whole := fixtures.EWF(want, small)[0].Bytes()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			img, err := openBytes(tt.do(bytes.Clone(whole)))
			if err != nil {
				t.Fatal(err)
			}
			if got := lost(t, img, want); len(got) != tt.lost {
				t.Errorf("lost sectors %v, want %d", got, tt.lost)
			}
			f := img.Flaws()
			if tt.flaw == "" {
				if len(f) > 0 {
					t.Errorf("flaws: %v", f)
				}
				return
			}
			if len(f) == 0 || !strings.Contains(f[0].Err.Error(), tt.flaw) {
				t.Fatalf("flaws %v, want %q", f, tt.flaw)
			}
			heavy := false
			for _, f := range f {
				heavy = heavy || !f.Warning
			}
			if heavy == tt.warning {
				t.Errorf("flaws %v, want warnings alone: %v", f, tt.warning)
			}
		})
	}
}

// TestChunkErrors says what is wrong with a chunk, and where.
func TestChunkErrors(t *testing.T) {
	want := content(12 * 512)
	whole := fixtures.EWF(want, small)[0].Bytes()
	first := find(t, whole, "sectors").body()
	table := find(t, whole, "table")
	offset := func(i int) int64 {
		return int64(binary.LittleEndian.Uint32(whole[table.body()+tableHeaderSize+int64(i)*4:]) &^ compressedFlag)
	}
	tests := []struct {
		name  string
		chunk int
		at    int64 // of the damage
		cause error
		want  string
	}{
		{"plain content", 1, offset(1) + 100, errChecksum, "expected 0x"},
		{"plain checksum", 1, offset(1) + 512, errChecksum, "chunk 1 in segment 1: EWF chunk at "},
		{"compression method", 0, first, parse.ErrUnsupported, "expected 8 (deflate)"},
		{"stream's end", 0, offset(1) - 1, nil, "zlib stream"},
	}
	for _, tt := range tests {
		b := bytes.Clone(whole)
		b[tt.at] ^= 1
		img, err := openBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		n, err := img.ReadAt(make([]byte, 512), int64(tt.chunk)*512)
		var e *parse.Error
		if n != 0 || !errors.As(err, &e) || e.Offset != offset(tt.chunk) || tt.cause != nil && !errors.Is(err, tt.cause) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %d, %v", tt.name, n, err)
		}
	}
}

func TestMissingSegments(t *testing.T) {
	// Nine segments of three chunks of one sector.
	o := fixtures.EWFOptions{SectorsPerChunk: 1, ChunksPerTable: 3, TablesPerSegment: 1, Set: [16]byte{1}}
	want := content(27 * 512)
	set := fixtures.EWF(want, o)
	o2 := o
	o2.Set[0] = 2
	other := fixtures.EWF(want, o2)
	for _, tt := range []struct {
		name   string
		change func(paths []string)
		named  int
		flaw   string
		lost   []int
	}{
		{"one", func(p []string) { os.Remove(p[3]) }, 0, "segment 4 is missing", []int{9, 10, 11}},
		{"two", func(p []string) { os.Remove(p[3]); os.Remove(p[4]) }, 8, "segments 4 to 5 are missing", []int{9, 10, 11, 12, 13, 14}},
		{"the first", func(p []string) { os.Remove(p[0]) }, 1, "there is no volume section", []int{0, 1, 2}},
		{"the last", func(p []string) { os.Remove(p[8]) }, 0, "segment 9 and all that follow are missing", []int{24, 25, 26}},
		{"two apart", func(p []string) { os.Remove(p[1]); os.Remove(p[3]) }, 0, "segment 2 is missing", []int{3, 4, 5, 6, 7, 8, 9, 10, 11}},
		{"of another set", func(p []string) {
			os.WriteFile(p[4], other[4].Bytes(), 0o644)
		}, 0, "it is of another set", []int{12, 13, 14}},
		{"wrong number", func(p []string) {
			os.WriteFile(p[4], set[5].Bytes(), 0o644)
		}, 0, "expected 5, found 6", []int{12, 13, 14}},
		{"empty", func(p []string) { os.WriteFile(p[4], nil, 0o644) }, 0, "EWF file header", []int{12, 13, 14}},
		{"a folder", func(p []string) { os.Remove(p[4]); os.Mkdir(p[4], 0o755) }, 0, "segment 5", []int{12, 13, 14}},
		{"cut", func(p []string) { os.Truncate(p[4], 1200) }, 0, "segment 5", []int{12, 13, 14}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			paths := stored(t, set, fixtures.EWFNames("x", 9, o.Layout))
			tt.change(paths)
			img := mustOpen(t, paths[tt.named])
			got := lost(t, img, want)
			if len(got) != len(tt.lost) || got[0] != tt.lost[0] || got[len(got)-1] != tt.lost[len(tt.lost)-1] {
				t.Errorf("lost sectors %v, want %v", got, tt.lost)
			}
			found, heavy := false, false
			for _, f := range img.Flaws() {
				found = found || strings.Contains(f.Err.Error(), tt.flaw)
				heavy = heavy || !f.Warning
			}
			if !found || !heavy {
				t.Errorf("flaws %v, want %q", img.Flaws(), tt.flaw)
			}
		})
	}
	// Behind the end of the set.
	paths := stored(t, set, fixtures.EWFNames("x", 9, o.Layout))
	b := other[8].Bytes()
	b[9] = 10
	stray := filepath.Join(filepath.Dir(paths[0]), "x.E10")
	os.WriteFile(stray, b, 0o644)
	img := mustOpen(t, stray)
	if len(lost(t, img, want)) > 0 || len(img.Flaws()) != 1 || len(img.Parts()) != 10 {
		t.Errorf("flaws %v, parts %v", img.Flaws(), img.Parts())
	}
}

// TestSameSetWithoutIdentifier: before EnCase 5, another set shows by its shape.
func TestSameSetWithoutIdentifier(t *testing.T) {
	o := fixtures.EWFOptions{SectorsPerChunk: 1, ChunksPerTable: 3, TablesPerSegment: 1}
	want := content(9 * 512)
	paths := stored(t, fixtures.EWF(want, o), fixtures.EWFNames("x", 3, o.Layout))
	os.WriteFile(paths[1], fixtures.EWF(content(10*512), o)[1].Bytes(), 0o644)
	img := mustOpen(t, paths[0])
	if got := lost(t, img, want); len(got) != 3 || !strings.Contains(img.Flaws()[0].Err.Error(), "another set") {
		t.Errorf("lost %v, flaws %v", got, img.Flaws())
	}
}

// TestTablesAgain reads tables that are not kept in memory.
func TestTablesAgain(t *testing.T) {
	want := content(200 * 512)
	s := source(fixtures.EWF(want, fixtures.EWFOptions{SectorsPerChunk: 1, ChunksPerTable: 7, Plain: odd})[0].Bytes())
	e, err := readSet(s)
	if err != nil || e.chooseVolume() != nil {
		t.Fatal(err)
	}
	e.place()
	for _, g := range e.placed {
		if g.entries == nil {
			t.Fatal("a small table is not kept")
		}
		g.entries = nil
	}
	for off := int64(len(want)) - 512; off >= 0; off -= 512 {
		p, err := e.locate(off)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 512)
		if err := p.Packed.Unpack(b); err != nil || !bytes.Equal(b, want[off:off+512]) {
			t.Errorf("at %d: %v", off, err)
		}
	}
	free := tables{free: 10}
	if !free.keep(6) || free.keep(5) || !free.keep(4) {
		t.Error("tables are kept beyond the bound")
	}
}

func TestOverflow(t *testing.T) {
	const top = compressedFlag
	tests := []struct {
		name    string
		entries []uint32
		size    int64
		want    int
	}{
		{"none", []uint32{1, 2, 3}, 1 << 33, 3},
		{"all compressed", []uint32{top | 1, top | 2, top | 3}, 1 << 33, 3},
		{"EnCase 6.7.1", []uint32{0x7fff0000, 0x7fff8004, 0x80000008, 0x8000800c}, 1 << 33, 2},
		{"beyond the file", []uint32{0x7fff0000, 0x7fff8004, 0x80000008, 0x8000800c}, 1 << 31, 4},
	}
	for _, tt := range tests {
		if got := overflow(tt.entries, 0, tt.size); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}
