package vmdk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

var le = binary.LittleEndian

// In an extent of package fixtures of up to 32 MiB with grains of 64 KiB: the
// redundant directory, its table, the directory, its table.
const (
	atRGD = 21 * sectorSize
	atRGT = 22 * sectorSize
	atGD  = 26 * sectorSize
	atGT  = 27 * sectorSize
	grain = 128 * sectorSize
)

// wantRead holds what an image gives, in pieces of a sector, against the right
// bytes; bad tells of sectors where an error is to be.
func wantRead(t *testing.T, m disk.Image, want []byte, bad func(at int) bool) {
	t.Helper()
	lost := map[int]disktest.Loss{}
	for _, l := range disktest.Lost(t, m, want, sectorSize) {
		lost[l.Piece*sectorSize] = l
	}
	for at := 0; at < len(want); at += sectorSize {
		if l, is := lost[at]; is != bad(at) || l.Read != 0 {
			t.Fatalf("at %#x: %d bytes before error %v, want an error: %v", at, l.Read, l.Err, bad(at))
		}
	}
}

// openPath opens a container that may be refused.
func openPath(t testing.TB, path string) (disk.Image, error) {
	t.Helper()
	o, err := disk.Open(path, []disk.Format{Format})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := o.Image.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return o.Image, nil
}

func nowhere(int) bool { return false }

func inGrain(g int) func(int) bool { return func(at int) bool { return at/grain == g } }

func TestSparseDamage(t *testing.T) {
	want := make([]byte, 20*grain+512)
	for g := range 20 {
		if g != 7 && g != 8 {
			copy(want[g*grain:], bytes.Repeat([]byte{byte(g + 1), 0x77}, grain/2))
		}
	}
	whole := fixtures.VMDK(want, fixtures.VMDKOptions{Subformat: "monolithicSparse"})
	for _, test := range []struct {
		name   string
		damage func(b []byte) []byte
		bad    func(at int) bool
		flaw   string // in the first flaw
		warn   bool   // of it
	}{
		{"none", func(b []byte) []byte { return b }, nowhere, "", false},
		{"unclean", func(b []byte) []byte { b[72] = 1; return b }, nowhere, "uncleanShutdown", true},
		{"directory beyond the file", func(b []byte) []byte { le.PutUint64(b[56:], 1<<30); return b }, nowhere, "the redundant one is used", true},
		{"directory beyond all files", func(b []byte) []byte { le.PutUint64(b[56:], 1<<63); return b }, nowhere, "the redundant one is used", true},
		{"redundant directory beyond the file", func(b []byte) []byte { le.PutUint64(b[48:], 1<<30); return b }, nowhere, "redundant grain directory", true},
		{"entry of the directory", func(b []byte) []byte { le.PutUint32(b[atGD:], 1<<30); return b }, nowhere, "of the first copy", true},
		{"entry of the redundant directory", func(b []byte) []byte { le.PutUint32(b[atRGD:], 1<<30); return b }, nowhere, "of the redundant copy", true},
		{"entry of the table", func(b []byte) []byte { le.PutUint32(b[atGT+12:], 1<<30); return b }, nowhere, "1 entries of the first copy", true},
		{"table of zeros", func(b []byte) []byte { clear(b[atGT : atGT+2048]); return b }, nowhere, "18 entries differ", false},
		{"directory of zeros", func(b []byte) []byte { clear(b[atGD : atGD+512]); return b }, nowhere, "18 entries differ", false},
		{"entry in the metadata, twice", func(b []byte) []byte { le.PutUint32(b[atGT+12:], 3); le.PutUint32(b[atRGT+12:], 5); return b }, inGrain(3), "1 entries that are none", false},
		{"entry beyond the file, twice", func(b []byte) []byte {
			le.PutUint32(b[atGT+16:], 1<<31)
			le.PutUint32(b[atRGT+16:], 1<<31)
			return b
		}, inGrain(4), "1 entries that are none", false},
		{"zeroed grain without its flag", func(b []byte) []byte { le.PutUint32(b[atGT+28:], 1); le.PutUint32(b[atRGT+28:], 1); return b }, inGrain(7), "1 entries that are none", false},
		{"both directories", func(b []byte) []byte { le.PutUint32(b[atGD:], 1<<30); le.PutUint32(b[atRGD:], 0xffffffff); return b },
			func(int) bool { return true }, "21 entries that are none", false},
		// The last three grains of the file: cut, gone, gone; the disk's last is a hole.
		{"cut within a grain", func(b []byte) []byte { return b[:len(b)-2*grain-1024] }, func(at int) bool { return at >= 18*grain-1024 && at < 20*grain }, "2 entries that are none", false},
		{"descriptor", func(b []byte) []byte { b[512+29] = ' '; return b }, nowhere, "not known", false},
		{"size in the descriptor", func(b []byte) []byte { return bytes.Replace(b, []byte("RW 2561 "), []byte("RW 2563 "), 1) }, nowhere, "expected an extent of the header's 2561", false},
		{"size in the descriptor, smaller", func(b []byte) []byte { return bytes.Replace(b, []byte("RW 2561 "), []byte("RW 2560 "), 1) }, nowhere, "expected an extent of the header's 2561", true},
		{"parentCID lost", func(b []byte) []byte { return bytes.Replace(b, []byte("parentCID"), []byte("parentXYZ"), 1) }, nowhere, "parentCID, found none", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := slices.Clone(whole)
			files[0].Data = test.damage(bytes.Clone(files[0].Data))
			m := mustOpen(t, laid(t, files))
			flaws := m.(disk.Flawed).Flaws()
			if test.flaw == "" && len(flaws) != 0 || test.flaw != "" && len(flaws) == 0 {
				t.Fatalf("flaws %v, want %q", flaws, test.flaw)
			}
			if len(flaws) > 0 && (!strings.Contains(flaws[0].Err.Error(), test.flaw) || flaws[0].Warning != test.warn) {
				t.Errorf("flaw %v (warning %v), want %q (warning %v)", flaws[0].Err, flaws[0].Warning, test.flaw, test.warn)
			}
			wantRead(t, m, want, test.bad)
		})
	}
}

func TestStreamDamage(t *testing.T) {
	want := make([]byte, 20*grain+512)
	for g := range 20 {
		if g != 7 && g != 8 {
			copy(want[g*grain:], bytes.Repeat([]byte{byte(g + 1), 0x77}, grain/2))
		}
	}
	// grainAt is where a grain's marker is, by its LBA.
	grainAt := func(b []byte, g int) int {
		for at := 128 * sectorSize; at < len(b); at += sectorSize {
			if le.Uint64(b[at:]) == uint64(g*128) && le.Uint32(b[at+8:]) != 0 {
				return at
			}
		}
		t.Fatal("no such grain")
		return 0
	}
	table := func(b []byte) []byte { // the only one: before marker and directory, marker, footer, and marker
		at := len(b) - (4+1+1+1+1+1)*sectorSize
		return b[at : at+4*sectorSize]
	}
	whole := fixtures.VMDK(want, fixtures.VMDKOptions{Subformat: "streamOptimized"})
	for _, test := range []struct {
		name   string
		damage func(b []byte) []byte
		bad    func(at int) bool
		word   string // of the error when it is opened, of a flaw, or when it is read
	}{
		{"none", func(b []byte) []byte { return b }, nowhere, ""},
		{"lba", func(b []byte) []byte { b[grainAt(b, 5)] ^= 1; return b }, inGrain(5), "lba"},
		{"size", func(b []byte) []byte { le.PutUint32(b[grainAt(b, 5)+8:], 1<<30); return b }, inGrain(5), "size"},
		{"no size", func(b []byte) []byte { at := grainAt(b, 5); le.PutUint32(b[at+8:], 0); return b }, inGrain(5), "size"},
		{"size too small", func(b []byte) []byte { at := grainAt(b, 5); b[at+8] -= 5; return b }, inGrain(5), "data"},
		{"data", func(b []byte) []byte { b[grainAt(b, 5)+40] ^= 0x10; return b }, inGrain(5), "data"},
		{"checksum", func(b []byte) []byte { at := grainAt(b, 5); b[at+12+int(le.Uint32(b[at+8:]))-1] ^= 1; return b }, inGrain(5), "checksum"},
		{"entry of another grain", func(b []byte) []byte { copy(table(b)[4*3:], table(b)[4*4:4*5]); return b }, inGrain(3), "lba"},
		{"entry lost", func(b []byte) []byte { clear(table(b)[4*3 : 4*4]); return b }, inGrain(3), "found a hole"},
		{"entry lost behind holes", func(b []byte) []byte { clear(table(b)[4*9 : 4*10]); return b }, func(at int) bool { return at/grain >= 7 && at/grain <= 9 }, "found a hole"},
		{"first entry lost", func(b []byte) []byte { clear(table(b)[:4]); return b }, inGrain(0), "found a hole"},
		{"entries lost", func(b []byte) []byte { clear(table(b)[4*3 : 4*21]); return b }, func(at int) bool { return at/grain >= 3 }, "found a hole"},
		{"marker of the table", func(b []byte) []byte { b[len(b)-10*sectorSize] = 9; return b }, nowhere, "markers"},
		{"footer differs", func(b []byte) []byte { b[len(b)-2*sectorSize+8] |= 4; return b }, nowhere, "footer"},
		{"footer's marker", func(b []byte) []byte { b[len(b)-3*sectorSize+12] = 2; return b }, nil, "not whole"},
		{"end of the stream", func(b []byte) []byte { b[len(b)-sectorSize+8] = 2; return b }, nil, "not whole"},
		{"cut", func(b []byte) []byte { return b[:len(b)-sectorSize] }, nil, "not whole"},
		{"cut in the header", func(b []byte) []byte { return b[:600] }, nil, "not whole"},
		{"bytes of a sector behind the end", func(b []byte) []byte { return append(b, 1, 2, 3) }, nowhere, ""},
		{"directory beyond the file", func(b []byte) []byte { le.PutUint64(b[len(b)-2*sectorSize+56:], 1<<40); return b }, nil, "grain directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := slices.Clone(whole)
			files[0].Data = test.damage(bytes.Clone(files[0].Data))
			m, err := openPath(t, laid(t, files))
			var texts []string
			if err != nil {
				texts = append(texts, err.Error())
			} else {
				for _, f := range m.(disk.Flawed).Flaws() {
					texts = append(texts, f.Err.Error())
				}
				_, err := m.ReadAt(make([]byte, len(want)), 0)
				if err != nil {
					texts = append(texts, err.Error())
				}
			}
			if all := strings.Join(texts, "\n"); (all == "") != (test.word == "") || !strings.Contains(all, test.word) {
				t.Errorf("error or flaw %q, want %q", all, test.word)
			}
			if (err != nil) != (test.bad == nil) {
				t.Fatalf("open: error %v", err)
			}
			if err == nil {
				wantRead(t, m, want, test.bad)
			}
		})
	}
}

func TestExtents(t *testing.T) {
	part := contents(1 << 20)
	flat := func(extents string) []fixtures.VMDKFile {
		return []fixtures.VMDKFile{{Name: "x.vmdk", Data: []byte(fixtures.VMDKDescriptor(fixtures.VMDKOptions{Subformat: "custom"}, extents))}, {Name: "a", Data: part}, {Name: "b", Data: part[512:]}}
	}
	zeros := make([]byte, 512)
	cat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	after := func(n int) func(int) bool { return func(at int) bool { return at >= n } }
	for _, test := range []struct {
		name    string
		extents string
		want    []byte
		bad     func(at int) bool
		flaw    string
	}{
		{"zeros between", "RW 2048 FLAT \"a\" 0\nRW 1 ZERO\nRDONLY 2047 VMFS \"b\"\n", cat(part, zeros, part[512:]), nowhere, ""},
		{"one file in parts", "RW 8 FLAT \"a\" 2040\nRW 2040 FLAT \"a\" 0\n", cat(part[2040*512:], part[:2040*512]), nowhere, ""},
		{"missing", "RW 2048 FLAT \"a\" 0\nRW 2047 FLAT \"c\" 0\n", cat(part, part[512:]), after(1 << 20), `"c"`},
		{"in another folder", "RW 2048 FLAT \"a\" 0\nRW 2047 FLAT \"../b\" 0\n", cat(part, part[512:]), after(1 << 20), "without a folder"},
		{"short", "RW 2050 FLAT \"a\" 0\nRW 2047 FLAT \"b\" 0\n", cat(part, zeros, zeros, part[512:]), func(at int) bool { return at >= 1<<20 && at < 1<<20+1024 }, "found 1048576"},
		{"longer", "RW 2047 FLAT \"a\" 0\n", part[:2047*512], nowhere, "512 bytes more"},
		{"begins beyond", "RW 2047 FLAT \"b\" 0\nRW 1 FLAT \"a\" 2048\n", cat(part[512:], zeros), after(2047 * 512), "found 0"},
		{"overlap", "RW 2047 FLAT \"b\" 0\nRW 1024 FLAT \"a\" 0\nRW 1025 FLAT \"a\" 1023\n", cat(part[512:], part, zeros), after(2047 * 512), "extent 3 has too"},
		{"no access", "RW 2047 FLAT \"b\" 0\nNOACCESS 9 FLAT \"a\" 0\n", cat(part[512:], make([]byte, 9*512)), after(2047 * 512), "NOACCESS"},
		{"not sparse", "RW 2047 FLAT \"b\" 0\nRW 9 SPARSE \"a\"\n", cat(part[512:], make([]byte, 9*512)), after(2047 * 512), "wrong signature"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mustOpen(t, laid(t, flat(test.extents)))
			if m.Size() != int64(len(test.want)) {
				t.Fatalf("size is %d, want %d", m.Size(), len(test.want))
			}
			var texts []string
			for _, f := range m.(disk.Flawed).Flaws() {
				if f.Warning {
					t.Errorf("%v is a warning", f.Err)
				}
				texts = append(texts, f.Err.Error())
			}
			if all := strings.Join(texts, "\n"); (all == "") != (test.flaw == "") || !strings.Contains(all, test.flaw) {
				t.Errorf("flaws %q, want %q", all, test.flaw)
			}
			wantRead(t, m, test.want, test.bad)
		})
	}
}

func TestSplitSparseDamage(t *testing.T) {
	want := contents(3<<20 + 512)
	o := fixtures.VMDKOptions{Subformat: "twoGbMaxExtentSparse"}
	second := func(at int) bool { return at>>20 == 1 }
	for _, test := range []struct {
		name   string
		damage func(files []fixtures.VMDKFile) []fixtures.VMDKFile
		bad    func(int) bool
		flaw   string
	}{
		{"missing", func(f []fixtures.VMDKFile) []fixtures.VMDKFile { return append(f[:2], f[3:]...) }, second, `"disk-s002.vmdk"`},
		{"empty", func(f []fixtures.VMDKFile) []fixtures.VMDKFile { f[2].Data = nil; return f }, second, "ends too early"},
		{"text mode", func(f []fixtures.VMDKFile) []fixtures.VMDKFile { f[2].Data[74] = 13; return f }, second, "text mode"},
		{"smaller than the descriptor says", func(f []fixtures.VMDKFile) []fixtures.VMDKFile {
			f[2].Data = fixtures.VMDK(want[1<<20:1<<20+512<<10], fixtures.VMDKOptions{Subformat: "monolithicSparse"})[0].Data
			return f
		}, func(at int) bool { return at >= 1<<20+512<<10 && at < 2<<20 }, "expected 2048 sectors"},
		{"named twice", func(f []fixtures.VMDKFile) []fixtures.VMDKFile {
			f[0].Data = bytes.Replace(f[0].Data, []byte("s003"), []byte("s002"), 1)
			return f
		}, func(at int) bool { return at>>20 == 1 || at>>20 == 2 }, "of its own"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mustOpen(t, laid(t, test.damage(fixtures.VMDK(want, o))))
			flaws := m.(disk.Flawed).Flaws()
			if len(flaws) == 0 || flaws[0].Warning || !strings.Contains(flaws[0].Err.Error(), test.flaw) {
				t.Errorf("flaws %v, want %q", flaws, test.flaw)
			}
			wantRead(t, m, want, test.bad)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	data := contents(1 << 20)
	sparse := fixtures.VMDKOptions{Subformat: "monolithicSparse"}
	pad := func(s string) []byte { return append([]byte(s), make([]byte, 4096)...) }
	one := func(name string, b []byte) []fixtures.VMDKFile { return []fixtures.VMDKFile{{Name: name, Data: b}} }
	snapshot := sparse
	snapshot.Parent = "/vms/base.vmdk"
	split := fixtures.VMDK(data, fixtures.VMDKOptions{Subformat: "twoGbMaxExtentSparse", ExtentBytes: 512 << 10})
	reserved := bytes.Clone(split[1].Data)
	le.PutUint64(reserved[28:], 1)
	le.PutUint64(reserved[36:], 20)
	for _, test := range []struct {
		name    string
		files   []fixtures.VMDKFile
		word    string
		refused bool
	}{
		{"snapshot", fixtures.VMDK(data, snapshot), `snapshot (it builds on "/vms/base.vmdk")`, true},
		{"COWD", one("x-delta.vmdk", pad("COWD\x01\x00\x00\x00")), "COWD", true},
		{"seSparse", one("x-sesparse.vmdk", pad(signatureSESparse)), "seSparse", true},
		{"one extent of a split disk", split[2:], `likely called "disk.vmdk"`, true},
		{"one extent of a split disk, as QEMU leaves room in it", one("disk-s001.vmdk", reserved), `likely called "disk.vmdk"`, true},
		{"all extents missing", split[:1], `"disk-s001.vmdk"`, false},
		{"no extents", one("x.vmdk", []byte(fixtures.VMDKDescriptor(sparse, ""))), "found none", false},
		{"text mode", one("x.vmdk", bytes.ReplaceAll(fixtures.VMDK(data, sparse)[0].Data, []byte("\n"), []byte("\r\n"))), "text mode", false},
		{"header cut", one("x.vmdk", header()[:511]), "ends too early", false},
		{"huge descriptor", one("x.vmdk", append([]byte(descriptorTitle+"\nversion=1\n"), bytes.Repeat([]byte("#\n"), 1<<20)...)), "at most", false},
		{"disk beyond 63 bits", one("x.vmdk", []byte("# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\n"+strings.Repeat("RW 4503599627370496 ZERO\n", 3))), "whole disk", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := openPath(t, laid(t, test.files))
			if err == nil || !strings.Contains(err.Error(), test.word) || disk.IsContainer(err) != test.refused {
				t.Errorf("error %v, want one with %q, a refusal %v", err, test.word, test.refused)
			}
		})
	}
}

// TestNameInWindows1252: the descriptor has the file's name in its own encoding.
func TestNameInWindows1252(t *testing.T) {
	want := contents(1 << 20)
	o := fixtures.VMDKOptions{Subformat: "monolithicFlat", Encoding: "windows-1252"}
	text := []byte(fixtures.VMDKDescriptor(o, "RW 2048 FLAT \"Gr\xfc\xdfe-flat.vmdk\" 0\n"))
	m := mustOpen(t, laid(t, []fixtures.VMDKFile{{Name: "x.vmdk", Data: text}, {Name: "Grüße-flat.vmdk", Data: want}}))
	disktest.NoFlaws(t, m)
	disktest.Same(t, m, want)
}

// TestDescriptorInAnExtent: a header without capacity has only the text of a disk
// whose extents are other files.
func TestDescriptorInAnExtent(t *testing.T) {
	want := contents(1 << 20)
	b := header()
	le.PutUint64(b[12:], 0)
	b = append(b, fixtures.VMDKDescriptor(fixtures.VMDKOptions{Subformat: "monolithicFlat"}, "RW 2048 FLAT \"a\" 0\n")...)
	b = append(b, make([]byte, 21*sectorSize-len(b))...)
	m := mustOpen(t, laid(t, []fixtures.VMDKFile{{Name: "x.vmdk", Data: b}, {Name: "a", Data: want}}))
	disktest.NoFlaws(t, m)
	disktest.Same(t, m, want)
}

// TestSiblingsAreClosed: files that were opened are closed where the container is
// refused after all.
func TestSiblingsAreClosed(t *testing.T) {
	if _, err := os.ReadDir("/proc/self/fd"); err != nil {
		t.Skip("open files cannot be counted here")
	}
	files := fixtures.VMDK(contents(1<<20), fixtures.VMDKOptions{Subformat: "twoGbMaxExtentSparse", ExtentBytes: 256 << 10})
	le.PutUint32(files[4].Data[4:], 9)
	path := laid(t, files)
	_, err := openPath(t, path)
	if !errors.Is(err, parse.ErrUnsupported) {
		t.Fatalf("error %v, want a refusal", err)
	}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if name, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasPrefix(name, filepath.Dir(path)) {
			t.Errorf("%s is open", name)
		}
	}
}
