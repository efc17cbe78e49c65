package ewf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

// TestChunkSize takes chunks of 16 MiB and refuses larger ones.
func TestChunkSize(t *testing.T) {
	for _, tt := range []struct {
		name    string
		sectors uint32
		refused bool
	}{
		{"16 MiB", 32768, false},
		{"a sector more", 32769, true},
		{"128 MiB", 8 * 32768, true},
	} {
		b := fixtures.EWF(content(512), fixtures.EWFOptions{})[0].Bytes()
		header := find(t, b, "header")
		b[header.body()+3] ^= 0xff // a flaw before it is not the reason
		v := find(t, b, "volume")
		binary.LittleEndian.PutUint32(b[v.body()+8:], tt.sectors)
		resum(b[v.body():v.end])
		_, err := openBytes(b)
		if tt.refused != (err != nil) || tt.refused && (!errors.Is(err, parse.ErrRange) || !strings.Contains(err.Error(), "expected a chunk of at most 16777216 bytes")) {
			t.Errorf("%s: got %v, want refused %v", tt.name, err, tt.refused)
		}
	}
}

// TestErrorsInOrder: sectors that lie more than 2^31 apart are told in order.
func TestErrorsInOrder(t *testing.T) {
	err := readErrors([]sectors{{1<<32 - 1, 1}, {5, 1}, {1 << 31, 1}, {0, 1}})
	if want := ": 0, 5, 2147483648, 4294967295"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestEmptyChunk: a whole zlib stream of nothing is no end of the disk.
func TestEmptyChunk(t *testing.T) {
	want := content(64 << 10)
	disktest.Noise(want, 5)
	b := fixtures.EWF(want, fixtures.EWFOptions{})[0].Bytes()
	at := find(t, b, "sectors").body()
	copy(b[at:], []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 1})
	path := disktest.Write(t, t.TempDir(), "t.E01", b)
	n, err := mustOpen(t, path).ReadAt(make([]byte, 1000), 0)
	var e *parse.Error
	if n != 0 || errors.Is(err, io.EOF) || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &e) ||
		e.Structure != "EWF chunk" || e.Offset != at || e.Detail != "expected 32768 bytes, found none" {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if !strings.Contains(fmt.Sprint(err), `chunk 0 in segment 1 ("t.E01"): `) {
		t.Errorf("the file has no name in %v", err)
	}
}

// TestTableLost: a table that cannot be read again is an error with its segment.
func TestTableLost(t *testing.T) {
	b := fixtures.EWF(content(64<<10), fixtures.EWFOptions{})[0].Bytes()
	e, err := readSet(source(b))
	if err != nil || e.chooseVolume() != nil {
		t.Fatal(err)
	}
	e.place()
	e.placed[0].entries = nil
	b[e.placed[0].used.body()+tableHeaderSize] ^= 1
	if _, err := e.locate(0); !errors.Is(err, errChecksum) || !strings.Contains(err.Error(), "chunk 0 in segment 1") {
		t.Errorf("got %v", err)
	}
}

// TestSegmentNames: what is told of a segment names its file.
func TestSegmentNames(t *testing.T) {
	o := fixtures.EWFOptions{SectorsPerChunk: 1, ChunksPerTable: 3, TablesPerSegment: 1, Set: [16]byte{1}}
	want := content(27 * 512)
	folder := func(p string) {
		os.Remove(p)
		os.Mkdir(p, 0o755)
	}
	tests := []struct {
		name   string
		lower  bool
		change func(p []string)
		flaw   string // the first
		not    string
	}{
		{"missing", false, func(p []string) { os.Remove(p[4]) }, `segment 5 is missing: expected "t.E05"`, ""},
		{"missing, lower case", true, func(p []string) { os.Remove(p[4]) }, `segment 5 is missing: expected "t.e05"`, ""},
		{"several", false, func(p []string) { os.Remove(p[4]); os.Remove(p[5]) }, `segments 5 to 6 are missing: expected "t.E05" to "t.E06"`, ""},
		{"the last", false, func(p []string) { os.Remove(p[8]) }, `segment 9 and all that follow are missing: expected "t.E09"`, ""},
		{"folder", false, func(p []string) { folder(p[4]) }, `segment 5: file "t.E05": expected a file, found a folder`, "missing"},
		{"folder at the end", false, func(p []string) { folder(p[8]) }, `segment 9: file "t.E09": expected a file, found a folder`, "missing"},
		{"folder beside a missing one", false, func(p []string) { folder(p[4]); os.Remove(p[5]) }, `segment 5: file "t.E05": expected a file`, "segment 5 is missing"},
		{"empty", false, func(p []string) { os.Truncate(p[4], 0) }, `segment 5 ("t.E05"): EWF file header`, "missing"},
		{"cut", false, func(p []string) { os.Truncate(p[4], 1200) }, `segment 5 ("t.E05"): EWF `, "missing"},
		{"of another number", false, func(p []string) { os.WriteFile(p[4], fixtures.EWF(want, o)[5].Bytes(), 0o600) }, `segment 5 ("t.E05"): EWF file header`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			names := fixtures.EWFNames("t", 9, o.Layout)
			for i := range names {
				if tt.lower {
					names[i] = strings.ToLower(names[i])
				}
			}
			paths := stored(t, fixtures.EWF(want, o), names)
			tt.change(paths)
			f := mustOpen(t, paths[0]).Flaws()
			if len(f) == 0 || f[0].Warning || !strings.HasPrefix(f[0].Err.Error(), tt.flaw) {
				t.Errorf("flaws %v, want %q", f, tt.flaw)
			}
			for _, f := range f {
				if tt.not != "" && strings.Contains(f.Err.Error(), tt.not) {
					t.Errorf("%v, of a segment that is there", f.Err)
				}
			}
		})
	}
	// Behind the end of the set.
	paths := stored(t, fixtures.EWF(want, o), fixtures.EWFNames("t", 9, o.Layout))
	b := fixtures.EWF(want, o)[8].Bytes()
	b[9] = 10
	stray := disktest.Write(t, filepath.Dir(paths[0]), "t.E10", b)
	if f := mustOpen(t, stray).Flaws(); len(f) != 1 || !strings.HasPrefix(f[0].Err.Error(), `segment 10 ("t.E10"): the set ends with segment 9 ("t.E09")`) {
		t.Errorf("flaws %v", f)
	}
}

// TestExtensions: the name of a number has that number.
func TestExtensions(t *testing.T) {
	for _, letter := range []byte(letters) {
		n := 1
		for ; extensionOf(n, letter) != ""; n++ {
			if e := extensionOf(n, letter); numberOf(e, letter) != n {
				t.Fatalf("%d gives %q, which is %d", n, e, numberOf(e, letter))
			}
		}
		if last := 99 + int('Z'-letter+1)*26*26; n != last+1 {
			t.Errorf("%c: the last is %d, want %d", letter, n-1, last)
		}
	}
}
