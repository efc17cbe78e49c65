package evidence

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

func TestNamedKind(t *testing.T) {
	for want, names := range map[kind][]string{
		kindMFT: {"$MFT", "$mft", "C_$MFT", "$MFT_C.bin", "%24MFT", "$MFT.gz", "MFT", "mft.bin", "$MFT(1)",
			"$MFT (2).bin", "$MFT.copy0", "C%3A%5C$MFT", "$MFT.7z", "mft.raw", "$MFT.bin.gz"},
		kindJournal: {"$J", "$UsnJrnl", "$UsnJrnl_$J", "$UsnJrnl%3A$J", "$UsnJrnl%3A%24J", "C_$J.bin", "$J.zip", "UsnJrnl.bin", "$Extend_$UsnJrnl-$J.raw",
			"$UsnJrnl$J", "$Extend$UsnJrnl$J", "C:$J", "0 $J", "$J.copy1"},
		kindImage: {"$MFTMirr", "$Max", "$UsnJrnl%3A$Max", "$UsnJrnl_$Max.bin", "$J.csv", "x_$MFT_Output.csv", "$MFT.FileSlack", "$MFT_$BITMAP",
			"$UsnJrnl%3A$J.idx", "$MFT.sha512", "$MFT-slack", "$MFT.plaso", "MFTECmd_$MFT_Output.csv.zip", "Foo$J.class", "$MFT.qcow2", "Foo$MFT",
			"$Job", "$Java", "soft", "mft.py", "USNJRNL.EXE-11223344.pf", "x.job", ""},
	} {
		for _, name := range names {
			if got := namedKind(name); got != want {
				t.Errorf("%q: got %s, want %s", name, got, want)
			}
		}
	}
}

// noise is what no record can be found in.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32()) | 1
	}
	return b
}

// TestRefusedNames: a $J or $MFT that is not taken is told with its reason, and
// what was taken beside it is still there.
func TestRefusedNames(t *testing.T) {
	mft := corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz")
	tests := []struct {
		name, file string
		content    []byte
		want       string // "": taken, or nothing to say
	}{
		{"damaged", "$J", noise(70_000), "named as a $J is, and not read: it holds neither"},
		{"empty", "$UsnJrnl_$J", nil, "it is empty"},
		{"too small", "$J", journal(0, 1)[:40], "its 40 bytes are too few"},
		{"zeros", "$J", make([]byte, 8192), "its 8192 bytes are all zero"},
		{"compressed", "$J.gz", append([]byte("\x1f\x8b\x08"), noise(100)...), "it is in a gzip file: unpack it first"},
		{"not the journal's", "$J.csv", []byte(strings.Repeat("Name,Update\n", 20)), ""},
		{"unnamed stream without its $J", "$UsnJrnl", nil, "it is empty"},
		{"a volume", "$J.raw", append([]byte("\xEB\x52\x90NTFS    "), make([]byte, 8000)...), "it is the image of a volume"},
		{"first page damaged", "$J", append(noise(4096), journal(0, 3000)...), ""},
		{"second $MFT damaged", "D_$MFT", noise(5000), "named as a $MFT is"},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "C/$MFT"), mft)
		path := write(t, filepath.Join(dir, "C/$Extend", tt.file), tt.content)
		h := open(t, dir)
		if tt.want == "" {
			if len(h.Problems) != 0 {
				t.Errorf("%s: got %v", tt.name, h.Problems)
			}
			if taken := h.Volumes[0].Journal != nil; taken != (tt.file == "$J") {
				t.Errorf("%s: journal taken: %v", tt.name, taken)
			}
			continue
		}
		if len(h.Volumes) != 1 || len(h.Problems) != 1 || h.Problems[0].Path != path || h.Problems[0].Warning || !strings.Contains(h.Problems[0].Err.Error(), tt.want) {
			t.Errorf("%s: got %d volumes, %v, want a problem of %q", tt.name, len(h.Volumes), h.Problems, tt.want)
		}
	}
}

// TestRefusedBeside: beside a stream of its kind, what is not taken is a warning;
// an image is one anywhere.
func TestRefusedBeside(t *testing.T) {
	image := append([]byte("\xEB\x52\x90NTFS    "), make([]byte, smallestDisk)...)
	for _, tt := range []struct {
		file    string
		content []byte
		want    string // "": nothing to say
	}{
		{"C/$MFT.gz", append([]byte("\x1f\x8b\x08"), noise(100)...), "it is in a gzip file"},
		{"C/$MFT.7z", append([]byte("7z\xbc\xaf\x27\x1c"), noise(100)...), "it is in a 7z archive"},
		{"C/$MFT (1)", noise(5000), "it holds neither"},
		{"C/$J.copy0", nil, "it is empty"},
		{"C/$UsnJrnl%3A$J.idx", noise(500), ""},
		{"C/MFTECmd_$MFT_Output.csv.zip", append([]byte("PK\x03\x04"), noise(100)...), ""},
		{"C/mft.raw", image, "images of disks in a folder are not read"},
		{"D/mft.raw", image, "images of disks in a folder are not read"},
		{"C/$MFT.qcow2", append([]byte("QFI\xfb"), noise(100)...), "images of disks in a folder are not read"},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "C/$MFT"), corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"))
		write(t, filepath.Join(dir, "C/$J"), journal(0, 30))
		write(t, filepath.Join(dir, tt.file), tt.content)
		h := open(t, dir)
		if len(h.Volumes) != 1 || h.Volumes[0].Journal == nil {
			t.Errorf("%s: got %+v", tt.file, h.Volumes)
		}
		if tt.want == "" && len(h.Problems) == 0 {
			continue
		}
		if tt.want == "" || len(h.Problems) != 1 || !h.Problems[0].Warning || !strings.Contains(h.Problems[0].Err.Error(), tt.want) {
			t.Errorf("%s: got %+v, want a warning of %q", tt.file, h.Problems, tt.want)
		}
	}
}

// TestRefusedOfAnotherDrive: what was taken of one drive says nothing of another's.
func TestRefusedOfAnotherDrive(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "C_$MFT"), corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"))
	write(t, filepath.Join(dir, "D_$MFT"), noise(5000))
	if h := open(t, dir); len(h.Problems) != 1 || h.Problems[0].Warning {
		t.Errorf("got %+v, want an error", h.Problems)
	}
}

// TestHintedName: a damaged first page does not hide a $J whose name goes on.
func TestHintedName(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "$J_WKS01.bin"), append(noise(4096), journal(0, 3000)...))
	if h := open(t, dir); len(h.Volumes) != 1 || h.Volumes[0].Journal == nil || len(h.Problems) != 0 {
		t.Errorf("got %+v, %v", h.Volumes, h.Problems)
	}
}

// TestLinkToTaken: a link to a file that is read leaves nothing out.
func TestLinkToTaken(t *testing.T) {
	dir := t.TempDir()
	mft := write(t, filepath.Join(dir, "C/first.bin"), corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"))
	if err := os.Symlink(mft, filepath.Join(dir, "$MFT")); err != nil {
		t.Skip(err)
	}
	if h := open(t, dir); len(h.Volumes) != 1 || len(h.Problems) != 0 {
		t.Errorf("got %d volumes, %v", len(h.Volumes), h.Problems)
	}
}

// TestLinkedJournal: links are not followed within a folder, which is told.
func TestLinkedJournal(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "$MFT"), corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"))
	if err := os.Symlink(write(t, filepath.Join(other, "j"), journal(0, 30)), filepath.Join(dir, "$J")); err != nil {
		t.Skip(err)
	}
	h := open(t, dir)
	if len(h.Problems) != 1 || !strings.Contains(h.Problems[0].Err.Error(), "it is a link, which is not followed") {
		t.Errorf("got %v", h.Problems)
	}
}

// TestEmptyUnnamedStream: $UsnJrnl itself is empty, and its $J lies beside it.
func TestEmptyUnnamedStream(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "$Extend/$UsnJrnl"), nil)
	write(t, filepath.Join(dir, "$Extend/$UsnJrnl_$J"), journal(0, 30))
	if h := open(t, dir); len(h.Problems) != 0 || len(h.Volumes) != 1 {
		t.Errorf("got %d volumes, %v", len(h.Volumes), h.Problems)
	}
}

// TestManyRefused: the problems of a folder are bounded, and the rest is counted.
func TestManyRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "$MFT"), corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"))
	for i := range maxRefused + 7 {
		write(t, filepath.Join(dir, fmt.Sprintf("$J (%d)", i)), nil)
	}
	h := open(t, dir)
	if n := len(h.Problems); n != maxRefused+1 || h.Problems[n-1].Warning || !strings.HasPrefix(h.Problems[n-1].Err.Error(), "7 further files") {
		t.Errorf("got %d problems, the last %v", n, h.Problems[n-1])
	}
	write(t, filepath.Join(dir, "$J"), journal(0, 30))
	h = open(t, dir)
	if n := len(h.Problems); n != maxRefused+1 || !h.Problems[0].Warning || !h.Problems[n-1].Warning {
		t.Errorf("beside a $J: got %d problems, the last %+v", n, h.Problems[n-1])
	}
}

// TestArtifactsByName: what is no evidence when it stands alone is named, with
// what to do.
func TestArtifactsByName(t *testing.T) {
	job := corpus.Bytes(t, "job/wine_At23.job")
	for _, tt := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"x.job", job, "a job file: decode it with 'jobscan job'"},
		{"cut.job", job[:100], "a job file"},
		{"x.evtx", append([]byte("ElfFile\x00"), noise(5000)...), "an event log (.evtx): it is read where it lies in a volume"},
		{"x.evt", append([]byte("\x30\x00\x00\x00LfLe"), noise(5000)...), "(.evt)"},
		{"SYSTEM", append([]byte("regf"), noise(5000)...), "a registry hive"},
		{"CMD.pf", append([]byte("\x17\x00\x00\x00SCCA"), noise(5000)...), "a Prefetch file"},
		{"W10.pf", append([]byte("MAM\x04"), noise(5000)...), "a compressed Prefetch file"},
		{"other", noise(5000), "not an NTFS volume"},
	} {
		path := write(t, filepath.Join(t.TempDir(), tt.name), tt.content)
		_, err := Open(context.Background(), []string{path}, Options{Formats: formats})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestOverwrittenHead: what can be read is read, whatever its first bytes are.
func TestOverwrittenHead(t *testing.T) {
	if testing.Short() {
		t.Skip("whole volumes take long, and no goroutine reads them")
	}
	job := corpus.Bytes(t, "job/wine_At23.job")
	for _, tt := range []struct {
		name    string
		content []byte
		head    string
		volumes int
	}{
		{"MBR disk", corpus.Bytes(t, "ntfs/built/b09_mbr.img.gz"), "regf", 2},
		{"GPT disk", corpus.Bytes(t, "ntfs/built/b10_gpt.img.gz"), "ElfFile\x00", 2},
		{"volume with its backup boot sector", corpus.Bytes(t, "ntfs/built/b02_cl4096.img.gz"), "regf\x00\x00\x00\x00\x00\x00\x00", 1},
		{"$MFT", corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"), "regf", 1},
		{"$J", journal(0, 3000), "regf", 1},
		{"volume as small as a job file", corpus.Bytes(t, "ntfs/real/cf-testfs1/testfs1.raw.gz"), string(job), 1},
	} {
		copy(tt.content, tt.head)
		path := write(t, filepath.Join(t.TempDir(), "x.img"), tt.content)
		h, err := Open(context.Background(), []string{path}, Options{Formats: formats})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if len(h.Volumes) != tt.volumes {
			t.Errorf("%s: got %d volumes, %v, want %d", tt.name, len(h.Volumes), h.Problems, tt.volumes)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}
