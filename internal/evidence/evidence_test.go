package evidence

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/device"
	"github.com/jobscan/jobscan/internal/disk/raw"
	"github.com/jobscan/jobscan/usn"
)

var formats = []disk.Format{device.Format, raw.Format}

func write(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, paths ...string) *Host {
	t.Helper()
	h, err := Open(context.Background(), paths, Options{Formats: formats})
	if err != nil {
		t.Fatalf("%q: %v", paths, err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func records(t *testing.T, s usn.Source) int {
	t.Helper()
	st, err := usn.Walk(context.Background(), s, func(usn.Raw) {}, func(int64, error) {})
	if err != nil {
		t.Fatal(err)
	}
	return int(st.Records)
}

// journal makes a $J of n records behind a head of zeros.
func journal(head int64, n int) []byte {
	b := make([]byte, head)
	for i := range n {
		if len(b)%4096 > 4096-80 {
			b = append(b, make([]byte, 4096-len(b)%4096)...)
		}
		r := make([]byte, 80)
		r[0], r[4], r[8], r[14], r[16], r[22] = 80, 2, 40, 1, 5, 5
		binary.LittleEndian.PutUint64(r[24:], uint64(len(b)))
		binary.LittleEndian.PutUint64(r[32:], 133_000_000_000_000_000+uint64(i))
		r[41], r[56], r[58] = 1, 16, 60
		copy(r[60:], "a\x00b\x00c\x00d\x00.\x00j\x00o\x00b\x00")
		b = append(b, r...)
	}
	return b
}

// mft makes something that begins as $MFT does, far from readable.
func mft(n int) []byte {
	b := make([]byte, 1024*n)
	for i := range n {
		r := b[1024*i:]
		copy(r, "FILE\x30\x00\x03\x00")
		binary.LittleEndian.PutUint32(r[0x2C:], uint32(i))
	}
	return b
}

func TestImages(t *testing.T) {
	if testing.Short() {
		t.Skip("whole volumes take long, and no goroutine reads them")
	}
	tmp := t.TempDir()
	tests := []struct {
		file       string
		partitions []int
		journals   []int // records
		notes      bool  // the volume had to be opened in a roundabout way
	}{
		{"built/b02_cl4096.img.gz", []int{0}, []int{-1}, false},
		{"built/b04_sec4096.img.gz", []int{0}, []int{-1}, false},
		{"built/b09_mbr.img.gz", []int{1, 3}, []int{-1, -1}, false},
		{"built/b10_gpt.img.gz", []int{2, 3}, []int{-1, -1}, false},
		{"built/b12_usn.img.gz", []int{0}, []int{108}, false},
		{"built/b13_noboot.img.gz", []int{0}, []int{-1}, true},
		{"built/b15f_mft0_gone.img.gz", []int{0}, []int{-1}, true},
		{"built/b15i_spc0.img.gz", []int{0}, []int{-1}, true},
		{"real/cf-testfs1/testfs1.raw.gz", []int{0}, []int{-1}, false},
	}
	for _, tt := range tests {
		path := write(t, filepath.Join(tmp, "x.img"), corpus.Bytes(t, "ntfs", tt.file))
		h := open(t, path)
		var partitions, journals []int
		for i, v := range h.Volumes {
			partitions = append(partitions, v.Partition)
			n := -1
			if v.Journal != nil {
				n = records(t, v.Journal)
				if v.Max == nil || v.Max.JournalID == 0 {
					t.Errorf("%s: $Max is %+v", tt.file, v.Max)
				}
			}
			journals = append(journals, n)
			if v.Index != i+1 || v.EvidencePath != path || v.Container != "raw" || v.LooseMFT || v.OpenErr != nil || v.JournalErr != nil {
				t.Errorf("%s: got %+v", tt.file, v)
			}
			if (len(v.NTFS.Problems()) > 0) != tt.notes {
				t.Errorf("%s: got %v, want something said: %v", tt.file, v.NTFS.Problems(), tt.notes)
			}
		}
		if !slices.Equal(partitions, tt.partitions) || !slices.Equal(journals, tt.journals) || len(h.Problems) != 0 {
			t.Errorf("%s: got partitions %d, journals %d, %v, want %d, %d", tt.file, partitions, journals, h.Problems, tt.partitions, tt.journals)
		}
	}
}

func TestOneVolume(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "x.img"), corpus.Bytes(t, "ntfs/built/b09_mbr.img.gz"))
	h, err := Open(context.Background(), []string{path}, Options{Formats: formats, Volume: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if len(h.Volumes) != 1 || h.Volumes[0].Index != 2 || h.Volumes[0].Partition != 3 {
		t.Errorf("got %+v", h.Volumes)
	}
	if _, err := Open(context.Background(), []string{path}, Options{Formats: formats, Volume: 3}); err == nil || !strings.Contains(err.Error(), "no volume 3: the evidence has 2") {
		t.Errorf("volume 3 of 2: got %v", err)
	}
}

// TestLostPartitionTable: the volumes of a disk are found without its table.
func TestLostPartitionTable(t *testing.T) {
	dir := t.TempDir()
	b := corpus.Bytes(t, "ntfs/built/b09_mbr.img.gz")
	clear(b[:512])
	h := open(t, write(t, filepath.Join(dir, "lost.img"), b))
	if len(h.Volumes) != 2 || h.Volumes[0].Offset != 2048*512 || h.Volumes[1].Offset != 63488*512 || len(h.Problems) != 2 {
		t.Errorf("got %+v, %v, want the volumes at sectors 2048 and 63488", h.Volumes, h.Problems)
	}
	for _, v := range h.Volumes {
		if len(v.NTFS.Problems()) != 0 {
			t.Errorf("volume %d: %v", v.Index, v.NTFS.Problems())
		}
	}
}

// TestDamagedPartitionTable: volumes that a damaged table lost are found, each once.
func TestDamagedPartitionTable(t *testing.T) {
	dir := t.TempDir()
	gpt := corpus.Bytes(t, "ntfs/built/b10_gpt.img.gz")
	clear(gpt[512:1024])
	clear(gpt[len(gpt)-512:])
	mbr := corpus.Bytes(t, "ntfs/built/b09_mbr.img.gz")
	binary.LittleEndian.PutUint32(mbr[0x1BE+2*16+8:], 0xFFFFFF00) // the third partition starts behind the end
	for name, b := range map[string][]byte{"both GPT headers gone": gpt, "one MBR entry broken": mbr} {
		h := open(t, write(t, filepath.Join(dir, "damaged.img"), b))
		offsets := map[int64]bool{}
		for _, v := range h.Volumes {
			offsets[v.Offset] = true
		}
		if len(h.Volumes) != 2 || len(offsets) != 2 || len(h.Problems) == 0 {
			t.Errorf("%s: got %d volumes at %v, %v; want 2 and a problem", name, len(h.Volumes), offsets, h.Problems)
		}
	}
}

func TestTruncatedImage(t *testing.T) {
	dir := t.TempDir()
	b := corpus.Bytes(t, "ntfs/built/b02_cl4096.img.gz")
	h := open(t, write(t, filepath.Join(dir, "cut.img"), b[:len(b)/2]))
	if len(h.Volumes) != 1 || len(h.Volumes[0].NTFS.Problems()) == 0 {
		t.Errorf("got %+v, want a volume with a problem", h.Volumes)
	}
	disk := corpus.Bytes(t, "ntfs/built/b09_mbr.img.gz")
	h = open(t, write(t, filepath.Join(dir, "cutdisk.img"), disk[:40<<20]))
	if len(h.Volumes) != 2 || len(h.Problems) != 1 || h.Problems[0].Warning {
		t.Errorf("got %d volumes, %v, want 2 and a problem about the cut", len(h.Volumes), h.Problems)
	}
}

func TestLoose(t *testing.T) {
	tmp := t.TempDir()
	m := write(t, filepath.Join(tmp, "in/first.bin"), corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"))
	j := write(t, filepath.Join(tmp, "in/second.bin"), journal(0, 30))
	tests := []struct {
		name  string
		paths []string
		mft   bool
		usn   int
	}{
		{"$MFT alone", []string{m}, true, -1},
		{"$J alone", []string{j}, false, 30},
		{"both", []string{m, j}, true, 30},
		{"both, $J first", []string{j, m}, true, 30},
		{"folder", []string{filepath.Join(tmp, "in")}, true, 30},
		{"NIST $MFT", []string{corpus.Path(t, "ntfs/real/ez-dfr16/DFR-16.mft")}, true, -1},
		{"headless $J", []string{corpus.Path(t, "ntfs/real/gontfs-usn/sample.bin")}, false, 208},
		{"$J of six records", []string{corpus.Path(t, "ntfs/real/poorb-usn/usnjrnl.bin")}, false, 6},
		{"$J with V4", []string{corpus.Path(t, "ntfs/real/dn-usnjrnlj/usnjrnlj.bin")}, false, 271},
	}
	for _, tt := range tests {
		h := open(t, tt.paths...)
		if len(h.Volumes) != 1 || len(h.Problems) != 0 {
			t.Errorf("%s: got %+v, %v, want one volume", tt.name, h.Volumes, h.Problems)
			continue
		}
		v := h.Volumes[0]
		n := -1
		if v.Journal != nil {
			n = records(t, v.Journal)
		}
		if (v.NTFS != nil) != tt.mft || v.LooseMFT != tt.mft || n != tt.usn || v.OpenErr != nil {
			t.Errorf("%s: got %+v with %d records, want $MFT %v and %d", tt.name, v, n, tt.mft, tt.usn)
		}
	}
}

func TestFolderOfTwoDrives(t *testing.T) {
	tmp := t.TempDir()
	for _, drive := range []string{"D", "C"} {
		write(t, filepath.Join(tmp, "kape", drive, "$MFT"), corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"))
		write(t, filepath.Join(tmp, "kape", drive, "$Extend/$J"), journal(3<<20, int(drive[0])))
		write(t, filepath.Join(tmp, "kape", drive, "$Extend/$Max"), append(make([]byte, 16), bytes.Repeat([]byte{drive[0], 0, 0, 0}, 4)...))
		write(t, filepath.Join(tmp, "kape", drive, "$MFTMirr"), mft(4))
		write(t, filepath.Join(tmp, "kape", drive, "Windows/notepad.exe"), []byte(strings.Repeat("MZ", 4000)))
		write(t, filepath.Join(tmp, "kape", drive, "$Boot"), append([]byte("\xEB\x52\x90NTFS    "), make([]byte, 8000)...))
	}
	h := open(t, filepath.Join(tmp, "kape"))
	if len(h.Volumes) != 2 || len(h.Problems) != 0 || len(h.Files) != 4 {
		t.Fatalf("got %d volumes of %d files, %v", len(h.Volumes), len(h.Files), h.Problems)
	}
	for i, letter := range []byte{'C', 'D'} {
		v := h.Volumes[i]
		if v.DriveLetter != letter || v.NTFS == nil || records(t, v.Journal) != int(letter) || v.Max == nil || byte(v.Max.LowestValidUSN) != letter {
			t.Errorf("volume %d: got %+v, want drive %c", i+1, v, letter)
		}
	}
}

// TestRefusals holds the sentences that a user reads when nothing can be opened.
func TestRefusals(t *testing.T) {
	tmp := t.TempDir()
	sector := func(at int, magic string) []byte {
		b := make([]byte, 0x11000)
		b[510], b[511] = 0x55, 0xAA
		copy(b[at:], magic)
		return b
	}
	mbr := sector(mbrEntry, "\x00\x00\x00\x00\x0c\x00\x00\x00\x02\x00\x00\x00\x10\x00\x00\x00")
	copy(mbr[2*512+0x52:], "FAT32   ")
	tests := []struct {
		name    string
		content []byte
		want    []string
	}{
		{"empty", nil, []string{"empty file", "expected an NTFS volume"}},
		{"text", []byte(strings.Repeat("just text\n", 500)), []string{"not an NTFS volume", `"NTFS    " at 0x3`, `found "t text\nj"`}},
		{"tiny", []byte("ab"), []string{"not an NTFS volume", `found ""`}},
		{"zeros", make([]byte, 1<<20), []string{"not an NTFS volume", `found "\x00`}},
		{"exFAT", sector(3, "EXFAT   "), []string{"exFAT"}},
		{"FAT32", sector(0x52, "FAT32   "), []string{"FAT32"}},
		{"ext4", sector(0x438, "\x53\xef"), []string{"ext4", "expected NTFS"}},
		{"BitLocker", sector(3, "-FVE-FS-"), []string{"BitLocker", "unlock it first"}},
		{"ReFS", sector(3, "\x00\x00\x00\x00ReFS\x00"), []string{"ReFS"}},
		{"MBR without NTFS", mbr, []string{"MBR disk without an NTFS volume", "partition 1 (type 0x0C) has a FAT32 file system"}},
		{"E01", []byte("EVF\x09\x0d\x0a\xff\x00 and so on"), []string{"E01", "ewfexport"}},
		{"QCOW2", []byte("QFI\xfb and so on"), []string{"QCOW2", "qemu-img convert"}},
		{"gzip", []byte("\x1f\x8b\x08 and so on"), []string{"gzip", "unpack"}},
	}
	for _, tt := range tests {
		path := write(t, filepath.Join(tmp, tt.name+".img"), tt.content)
		_, err := Open(context.Background(), []string{path}, Options{Formats: formats})
		if err == nil {
			t.Errorf("%s: opened", tt.name)
			continue
		}
		for _, want := range append(tt.want, path) {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want %q in it", tt.name, err, want)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %q, want one line", tt.name, err)
		}
	}
	for name, want := range map[string]string{"absent": "no such file", "folder": "folder without evidence"} {
		if name == "folder" {
			write(t, filepath.Join(tmp, name, "readme.txt"), []byte("nothing"))
		}
		_, err := Open(context.Background(), []string{filepath.Join(tmp, name)}, Options{Formats: formats})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), filepath.Join(tmp, name)) != 1 {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	if _, err := Open(context.Background(), nil, Options{Formats: formats}); err == nil {
		t.Error("no paths at all: opened")
	}
}

const mbrEntry = 0x1BE

func TestNoPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	path := write(t, filepath.Join(t.TempDir(), "x.img"), []byte("x"))
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), []string{path}, Options{Formats: formats}); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("got %v", err)
	}
}

func TestOneOfTwoFails(t *testing.T) {
	tmp := t.TempDir()
	bad := write(t, filepath.Join(tmp, "bad.img"), []byte("text"))
	h := open(t, bad, write(t, filepath.Join(tmp, "j"), journal(0, 9)))
	if len(h.Volumes) != 1 || len(h.Problems) != 1 || h.Problems[0].Path != bad || h.Problems[0].Warning {
		t.Errorf("got %+v, %+v", h.Volumes, h.Problems)
	}
}

func TestOpenReader(t *testing.T) {
	b := journal(0, 12)
	h, err := OpenReader(context.Background(), "sample", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if len(h.Volumes) != 1 || records(t, h.Volumes[0].Journal) != 12 || len(h.Files) != 1 {
		t.Errorf("got %+v", h)
	}
	d, err := h.Hash(context.Background(), h.Files[0])
	if err != nil || len(d.Files) != 1 || len(d.Files[0].SHA256) != 64 || d.Files[0].Size != int64(len(b)) || d.Disk != nil {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, []string{"x"}, Options{Formats: formats}); err == nil {
		t.Error("opened")
	}
}

func TestSparseJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "$J")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	const head = 8 << 30
	b := journal(0, 50)
	for i := 0; i < len(b); {
		if b[i] != 0 {
			binary.LittleEndian.PutUint64(b[i+24:], uint64(head+i))
			i += 80
		} else {
			i += 8
		}
	}
	if _, err := f.WriteAt(b, head); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	h := open(t, path)
	if n := records(t, h.Volumes[0].Journal); n != 50 {
		t.Errorf("got %d records, want 50", n)
	}
}

func FuzzOpenReader(f *testing.F) {
	f.Add(journal(0, 4))
	f.Add(mft(3))
	f.Add([]byte("\xEB\x52\x90NTFS    "))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := OpenReader(context.Background(), "x", bytes.NewReader(b), int64(len(b)))
		if (h == nil) == (err == nil) {
			t.Fatalf("%v, %v", h, err)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than one line: %q", err)
			}
			return
		}
		for i, v := range h.Volumes {
			if v.Index != i+1 || v.Offset < 0 || v.Offset+v.Size > int64(len(b)) || v.NTFS == nil && v.Journal == nil && v.OpenErr == nil {
				t.Fatalf("%+v", v)
			}
		}
	})
}
