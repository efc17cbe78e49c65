package ntfs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/wintime"
)

// sparseImage holds an unpacked image without its blocks of zeros.
type sparseImage struct {
	blocks map[int64][]byte
	size   int64
}

const sparseBlock = 64 << 10

func unpack(t testing.TB, r io.Reader) *sparseImage {
	t.Helper()
	s := &sparseImage{blocks: map[int64][]byte{}}
	buf, zero := make([]byte, sparseBlock), make([]byte, sparseBlock)
	for {
		n, err := io.ReadFull(r, buf)
		if !bytes.Equal(buf[:n], zero[:n]) {
			s.blocks[s.size/sparseBlock] = bytes.Clone(buf)
		}
		clear(buf)
		s.size += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (s *sparseImage) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < s.size {
		in := off % sparseBlock
		part := p[n:min(int64(len(p)), int64(n)+sparseBlock-in, int64(n)+s.size-off)]
		if b := s.blocks[off/sparseBlock]; b != nil {
			copy(part, b[in:])
		} else {
			clear(part)
		}
		n += len(part)
		off += int64(len(part))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// openImage unpacks a file of the corpus and gives the part from offset on.
func openImage(t testing.TB, name string, offset int64) *io.SectionReader {
	t.Helper()
	image := unpack(t, bufio.NewReader(corpus.Open(t, "ntfs", name)))
	return io.NewSectionReader(image, offset, image.size-offset)
}

// answer is one line of expected.merged.jsonl: what several tools say.
type answer struct {
	Entry    uint64              `json:"entry"`
	Seq      uint16              `json:"seq"`
	InUse    bool                `json:"inuse"`
	Dir      bool                `json:"dir"`
	Disagree []string            `json:"disagree"`
	Paths    map[string][]string `json:"paths"`
	SI       []string            `json:"si_libfsntfs"` // created, modified, accessed, changed
	FNCr     []string            `json:"fn_cr_libfsntfs"`
	Size     map[string]int64    `json:"size"`
}

func answers(t *testing.T, dir string) []answer {
	t.Helper()
	name := filepath.Join("ntfs", dir, "expected.merged.jsonl")
	if _, err := os.Stat(filepath.Join(corpus.Root(), name)); errors.Is(err, fs.ErrNotExist) {
		name += ".gz"
	}
	r := corpus.Open(t, name)
	var out []answer
	for d := json.NewDecoder(r); ; {
		var a answer
		if err := d.Decode(&a); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
}

func TestCorpusAgainstOtherTools(t *testing.T) {
	if testing.Short() {
		t.Skip("whole volumes take long, and no goroutine reads them")
	}
	tests := []struct {
		dir, image string
		offset     int64
	}{
		{"built/expected/b01_cl512", "built/b01_cl512.img.gz", 0},
		{"built/expected/b02_cl4096", "built/b02_cl4096.img.gz", 0},
		{"built/expected/b04_sec4096", "built/b04_sec4096.img.gz", 0},
		{"built/expected/b05_reuse", "built/b05_reuse.img.gz", 0},
		{"built/expected/b07_comp_sparse", "built/b07_comp_sparse.img.gz", 0},
		{"built/expected/b08_junction", "built/b08_junction.img.gz", 0},
		{"built/expected/b12_usn", "built/b12_usn.img.gz", 0},
		{"built/expected/b20_attrlist", "built/b20_attrlist.img.gz", 0},
		{"real/cf-testfs1", "real/cf-testfs1/testfs1.raw.gz", 0},
		{"real/charlie", "real/charlie/charlie.dd.bz2", 0},
		{"real/dn-ntfs3", "real/dn-ntfs3/ntfs3.raw.gz", 0},
		{"real/recuperabit", "real/recuperabit/reference_ntfs.img.gz", 0},
		{"real/ms-lastaccess", "real/ms-lastaccess/ntfs-lastaccess.raw.gz", 65536},
		{"real/ms-ramslack", "real/ms-ramslack/ntfs-ramslack.raw.gz", 65536},
		{"real/ms-si-vs-fn", "real/ms-si-vs-fn/ntfs-si-vs-fn.raw.gz", 65536},
		{"real/ez-dfr16", "real/ez-dfr16/DFR-16.mft", -1},
		{"real/dissect-mft", "real/dissect-mft/mft.raw.gz", -1},
	}
	for _, tt := range tests {
		t.Run(path.Base(tt.dir), func(t *testing.T) {
			open := Open
			if tt.offset < 0 {
				open, tt.offset = OpenMFT, 0
			}
			r := openImage(t, tt.image, tt.offset)
			v, err := open(r, r.Size())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range v.Problems() {
				t.Log(p)
			}
			names := 0
			for _, a := range answers(t, tt.dir) {
				names += compareAnswer(t, v, a)
			}
			if names == 0 {
				t.Error("no name was compared")
			}
		})
	}
}

// compareAnswer holds one FILE record against what two or more tools say of
// it, and returns the number of names compared.
func compareAnswer(t *testing.T, v *Volume, a answer) (names int) {
	t.Helper()
	f, err := v.File(a.Entry)
	if err != nil {
		if a.InUse {
			t.Errorf("entry %d: %v", a.Entry, err)
		}
		return 0
	}
	disagree := strings.Join(a.Disagree, "; ")
	r := f.Record
	if a.Entry != 0 && a.Seq != r.Sequence && !strings.Contains(disagree, "seq") && !strings.Contains(disagree, "only") {
		t.Errorf("entry %d: sequence: got %d, want %d", a.Entry, r.Sequence, a.Seq)
	}
	if !strings.Contains(disagree, "alloc") && !strings.Contains(disagree, "only") && a.InUse != r.InUse {
		t.Errorf("entry %d: in use: got %v, want %v", a.Entry, r.InUse, a.InUse)
	}
	if si, ok := f.StandardInformation(); ok && len(a.SI) == 4 && !strings.Contains(disagree, "si_created") {
		got := []string{si.Created.String(), si.Modified.String(), si.Accessed.String(), si.Changed.String()}
		if want := slices.Clone(a.SI); !sameTimes(got, want) {
			t.Errorf("entry %d: $SI times: got %v, want %v", a.Entry, got, want)
		}
	}
	for p, tools := range a.Paths {
		if len(tools) < 2 {
			continue
		}
		base := path.Base(p)
		if p == "/" || a.Entry == RecordRoot {
			base = "."
		}
		if stream := strings.LastIndex(base, ":"); stream > 0 {
			base = base[:stream]
		}
		names++
		if !slices.ContainsFunc(f.Names(), func(n FileName) bool { return n.Name == base }) {
			t.Errorf("entry %d: no name %q (from %q) in %+v", a.Entry, base, p, f.Names())
		}
	}
	for _, want := range a.FNCr {
		if strings.Contains(disagree, "fn_cr") || strings.Contains(disagree, "only") {
			break
		}
		if !slices.ContainsFunc(f.Names(), func(n FileName) bool { return n.Created.String() == want }) {
			t.Errorf("entry %d: no $FILE_NAME created %s in %+v", a.Entry, want, f.Names())
		}
	}
	if size, ok := f.Size(); ok && agreed(a.Size) && !f.IsDirectory() && !strings.Contains(disagree, "size") && len(a.Size) > 1 {
		for tool, want := range a.Size {
			if size != want {
				t.Errorf("entry %d: size: got %d, %s has %d", a.Entry, size, tool, want)
			}
		}
	}
	return names
}

func agreed(sizes map[string]int64) bool {
	first, n := int64(0), 0
	for _, s := range sizes {
		if n > 0 && s != first {
			return false
		}
		first, n = s, n+1
	}
	return n > 0
}

// sameTimes compares without the order of the middle two, which tools differ on.
func sameTimes(got, want []string) bool {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	return slices.Equal(got, want)
}

func TestCorpusNoFalseProblems(t *testing.T) {
	// Sound volumes written by Windows and by three other drivers: nothing is
	// to be reported about their records.
	for _, name := range []string{"built/b02_cl4096.img.gz", "built/b20_attrlist.img.gz", "real/cf-testfs1/testfs1.raw.gz", "real/charlie/charlie.dd.bz2", "real/dn-ntfs3/ntfs3.raw.gz", "real/recuperabit/reference_ntfs.img.gz"} {
		r := openImage(t, name, 0)
		v, err := Open(r, r.Size())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p := v.Problems(); len(p) != 0 {
			t.Errorf("%s: problems %v", name, p)
		}
		full := 0
		for r, err := range v.Records(context.Background()) {
			if err != nil || len(r.Damage) > 0 {
				t.Errorf("%s: %v %v", name, err, r)
			}
			full++
		}
		stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, func([]byte) bool { return false }, nil,
			func(n uint64, err error) { t.Errorf("%s: record %d: %v", name, n, err) })
		if err != nil || stats.InUse+stats.Deleted != uint64(full) {
			t.Errorf("%s: scan %+v, walk %d records, %v", name, stats, full, err)
		}
	}
}

// TestCorpusWorkarounds: a volume with a second copy of what is damaged loses
// nothing; without record 0 of $MFT nobody can tell whether the copy is current.
func TestCorpusWorkarounds(t *testing.T) {
	for name, want := range map[string]bool{"b13_noboot": true, "b15i_spc0": true, "b15j_mftlcn": true, "b15f_mft0_gone": false} {
		r := openImage(t, "built/"+name+".img.gz", 0)
		v, err := Open(r, r.Size())
		if err != nil || v.RecordCount() != 113 || len(v.Problems()) == 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range v.Problems() {
			if IsWorkaround(p) != want {
				t.Errorf("%s: %v: workaround: got %v, want %v", name, p, !want, want)
			}
		}
	}
}

func TestCorpusLooseMFT(t *testing.T) {
	for _, name := range []string{"real/dn-compressed_sparse/compressed_sparse.mft.gz", "real/dn-deleted/deleted.mft.gz", "real/dn-mapping_pairs_1/mapping_pairs_1.mft.gz", "real/dn-slack/slack.mft.gz", "real/dn-slack-2/slack-2.mft.gz", "real/dn-unicode/unicode.mft.gz"} {
		r := openImage(t, name, 0)
		v, err := OpenMFT(r, r.Size())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		compareRaw(t, v, path.Dir(name)+"/expected.mft.merged.jsonl")
	}
}

// compareRaw compares with the answers made for loose $MFT extracts.
func compareRaw(t *testing.T, v *Volume, name string) {
	t.Helper()
	for d := json.NewDecoder(corpus.Open(t, "ntfs", name)); ; {
		var a struct {
			Entry uint64
			Paths map[string][]string
			Raw   struct {
				Base  uint64
				Flags uint16
				Seq   uint16
			}
			Lib *struct {
				SI []string
			}
		}
		if err := d.Decode(&a); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		r, err := v.Record(a.Entry)
		if err != nil {
			t.Errorf("%s: entry %d: %v", name, a.Entry, err)
			continue
		}
		if r.Sequence != a.Raw.Seq || r.InUse != (a.Raw.Flags&1 != 0) || r.Base.Record() != a.Raw.Base {
			t.Errorf("%s: entry %d: got sequence %d, in use %v, base %s; want %+v", name, a.Entry, r.Sequence, r.InUse, r.Base, a.Raw)
		}
		f, err := v.File(a.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if si, ok := f.StandardInformation(); ok && a.Lib != nil && len(a.Lib.SI) == 4 {
			got := []string{si.Created.String(), si.Modified.String(), si.Changed.String(), si.Accessed.String()}
			zero := wintime.Filetime(0).String()
			if !sameTimes(got, a.Lib.SI) && !slices.Contains(a.Lib.SI, zero) {
				t.Errorf("%s: entry %d: got %v, want %v", name, a.Entry, got, a.Lib.SI)
			}
		}
	}
}
