package ntfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

func TestOpenFallbacks(t *testing.T) {
	le := binary.LittleEndian
	const mft, mirror = 4 * 4096, 2 * 4096
	tests := []struct {
		name    string
		change  func(b []byte) []byte
		count   uint64
		boot    bool
		problem string
	}{
		{"sound", func(b []byte) []byte { return b }, 64, true, ""},
		{"boot sector gone", func(b []byte) []byte { clear(b[:512]); return b }, 64, true, "backup"},
		{"boot sector gone, image a little longer", func(b []byte) []byte { clear(b[:512]); return append(b, 1, 2, 3) }, 64, true, "backup"},
		{"boot sector impossible", func(b []byte) []byte { b[0x0D] = 0; return b }, 64, true, "backup"},
		{"$MFT cluster wrong, but on the volume", func(b []byte) []byte { b[0x30] = 50; return b }, 64, true, "$MFTMirr"},
		{"record 0 gone", func(b []byte) []byte { clear(b[mft : mft+1024]); return b }, 64, true, "$MFTMirr"},
		{"record 0 torn", func(b []byte) []byte { b[mft+510]++; return b }, 64, true, "$MFTMirr"},
		{"record 0 torn, mirror gone", func(b []byte) []byte { b[mft+510]++; clear(b[mirror : mirror+1024]); return b }, 64, true, "torn"},
		{"both boot sectors gone", func(b []byte) []byte { clear(b[:512]); clear(b[len(b)-512:]); return b }, 64, false, "derived"},
		{"both boot sectors and record 0 gone", func(b []byte) []byte {
			clear(b[:512])
			clear(b[len(b)-512:])
			clear(b[mft : mft+1024])
			return b
		}, 64, false, "derived"},
		{"image cut in $MFT", func(b []byte) []byte { return b[:mft+20*1024+100] }, 20, true, "44 of 64 FILE records"},
		{"image cut behind $MFT", func(b []byte) []byte { return b[:90*4096] }, 64, true, "the evidence 368640"},
		{"$MFT size 2^60", func(b []byte) []byte {
			for _, at := range []int{mft, mirror} {
				i := bytes.Index(b[at:at+1024], []byte{0x80, 0, 0, 0})
				le.PutUint64(b[at+i+0x30:], 1<<60)
			}
			return b
		}, 64, true, "data size"},
	}
	for _, tt := range tests {
		tv := newTestVolume(64, 100)
		tv.add(plainFile(40, "x.job", []byte("content")))
		tv.add(plainFile(12, "y.job", []byte("content")))
		b := tt.change(tv.bytes())
		v, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if _, boot := v.Boot(); boot != tt.boot || v.RecordCount() != tt.count || v.RecordSize() != 1024 || v.ClusterSize() != 4096 {
			t.Errorf("%s: got %d records, boot %v; want %d, %v (problems %v)", tt.name, v.RecordCount(), boot, tt.count, tt.boot, v.Problems())
		}
		text := errors.Join(v.Problems()...)
		if (tt.problem == "") != (text == nil) || (text != nil && !strings.Contains(text.Error(), tt.problem)) {
			t.Errorf("%s: problems: got %v, want %q", tt.name, text, tt.problem)
		}
		for _, n := range []uint64{12, 40} {
			if n >= tt.count {
				continue
			}
			if f, err := v.File(n); err != nil || len(f.Names()) != 1 {
				t.Errorf("%s: record %d: %v", tt.name, n, err)
			}
		}
	}
}

func TestHugeMFTRun(t *testing.T) {
	tv := newTestVolume(64, 100)
	tv.mftRuns = []byte{0x18, 0, 0, 0, 0, 0, 0, 0, 0x40, 4, 0} // 2^62 clusters
	tv.add(plainFile(40, "x.job", nil))
	v, _, err := tv.open()
	if err != nil || v.RecordCount() != 64 || len(v.Problems()) != 0 {
		t.Fatalf("honest size: got %v, %v", v, err)
	}
	b := tv.bytes()
	for _, at := range []int{4 * 4096, 2 * 4096} {
		i := bytes.Index(b[at:at+1024], []byte{0x80, 0, 0, 0})
		binary.LittleEndian.PutUint64(b[at+i+0x30:], 1<<62)
	}
	v, err = Open(bytes.NewReader(b), int64(len(b)))
	if err != nil || v.RecordCount() != 96*4 || len(v.Problems()) == 0 {
		t.Fatalf("size 2^62: got %d records, %v, %v", v.RecordCount(), v.Problems(), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	exfat := newTestVolume(64, 100).bytes()
	copy(exfat[3:], "EXFAT   ")
	tests := []struct {
		name string
		b    []byte
		want error
		text string
	}{
		{"nothing", nil, parse.ErrTruncated, ""},
		{"zeros", make([]byte, 1<<20), parse.ErrSignature, "no NTFS volume"},
		{"exFAT with remains of NTFS", exfat, parse.ErrUnsupported, "exFAT"},
	}
	for _, tt := range tests {
		v, err := Open(bytes.NewReader(tt.b), int64(len(tt.b)))
		if v != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: got %v, %v; want %v", tt.name, v, err, tt.want)
		}
		if _, err := OpenMFT(bytes.NewReader(make([]byte, 4096)), 4096); !errors.Is(err, parse.ErrSignature) {
			t.Errorf("loose $MFT of zeros: %v", err)
		}
	}
}

// fragmentedMFT has records 0-15 at cluster 4, 16-31 at 20 and 32-63 at 40; the
// last two stretches are mapped by extension records 15 and 31: 31 is only
// reachable once 15 was read.
func fragmentedMFT() *testVolume {
	tv := newTestVolume(64, 100)
	tv.mftRuns = []byte{0x11, 4, 4, 0}
	entry := func(record uint64, vcn uint64) []byte {
		b := make([]byte, 32)
		b[0], b[4], b[7] = 0x80, 32, 0x1A
		binary.LittleEndian.PutUint64(b[8:], vcn)
		binary.LittleEndian.PutUint64(b[16:], record|1<<48)
		return b
	}
	tv.mftExtra = [][]byte{resident(0x20, "", slices.Concat(entry(31, 8), entry(15, 4)))}
	base := uint64(1 << 48)
	tv.add(recordSpec{number: 15, sequence: 1, base: base, attributes: [][]byte{nonResident(0x80, "", 0, 0, 4, 0, 0, []byte{0x11, 4, 20, 0})}})
	second := recordSpec{number: 31, sequence: 1, base: base, attributes: [][]byte{nonResident(0x80, "", 0, 0, 8, 0, 0, []byte{0x11, 8, 40, 0})}}
	place(tv, 20, slices.Concat(make([]byte, 15*1024), second.bytes()))
	place(tv, 40, slices.Concat(make([]byte, 30*1024), plainFile(62, "far.job", []byte("here")).bytes()))
	return tv
}

// place puts b into clusters from lcn on.
func place(tv *testVolume, lcn int, b []byte) {
	for i := 0; i < len(b); i += 4096 {
		tv.clusters[lcn+i/4096] = b[i:min(i+4096, len(b))]
	}
}

func TestFragmentedMFT(t *testing.T) {
	v, _, err := fragmentedMFT().open()
	if err != nil || len(v.Problems()) != 0 || v.RecordCount() != 64 {
		t.Fatalf("got %v, %v", v, err)
	}
	f, err := v.File(62)
	if err != nil || f.Names()[0].Name != "far.job" {
		t.Errorf("record 62: %v", err)
	}
	if got := v.RecordOffset(62); got != 40*4096+30*1024 {
		t.Errorf("record 62 lies at %#x", got)
	}
}

func TestMFTListThatRefersToItself(t *testing.T) {
	tv := fragmentedMFT()
	tv.clusters = map[int][]byte{} // record 31 is gone: what it maps is lost, the rest is not
	v, _, err := tv.open()
	if err != nil || v.RecordCount() != 32 || len(v.Problems()) == 0 || v.MissingRecords() != 32 {
		t.Fatalf("got %d records, %d missing, %v, %v", v.RecordCount(), v.MissingRecords(), v.Problems(), err)
	}
}

func TestFileJoinsExtensions(t *testing.T) {
	entry := func(record, seq uint64, typ byte) []byte {
		b := make([]byte, 32)
		b[0], b[4], b[7] = typ, 32, 0x1A
		binary.LittleEndian.PutUint64(b[16:], record|seq<<48)
		return b
	}
	name := func(s string) []byte { return resident(0x30, "", fileNameValue(5|5<<48, s, 1)) }
	ext := func(n uint32, base uint64, free bool, s string) recordSpec {
		return recordSpec{number: n, sequence: 1, base: base, free: free, attributes: [][]byte{name(s)}}
	}
	tv := newTestVolume(64, 100)
	list := slices.Concat(entry(30, 4, 0x30), entry(31, 1, 0x30), entry(31, 1, 0x30), entry(32, 1, 0x30), entry(33, 1, 0x30))
	tv.add(recordSpec{number: 30, sequence: 4, attributes: [][]byte{resident(0x20, "", list), name("base.job")}})
	tv.add(ext(31, 30|4<<48, false, "listed.job"))
	tv.add(ext(32, 30|3<<48, false, "of an earlier file.job"))
	tv.add(ext(33, 30|4<<48, true, "freed.job"))
	tv.add(ext(34, 30|4<<48, false, "claims.job"))
	// A deleted file: stored sequence 4, so the file was 3.
	tv.add(recordSpec{number: 40, sequence: 4, free: true, attributes: [][]byte{name("deleted.job")}})
	tv.add(ext(41, 40|3<<48, true, "its extension.job"))
	tv.add(ext(42, 40|4<<48, true, "another's extension.job"))
	v, _, err := tv.open()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name       string
		record     uint64
		extensions []uint64
		want       []string
		holders    []uint64
		damage     int
	}{
		{"by list", 30, nil, []string{"base.job", "listed.job"}, []uint64{30, 31}, 1},
		{"by list and claim", 30, []uint64{34, 31, 30}, []string{"base.job", "listed.job", "claims.job"}, []uint64{30, 31, 34}, 1},
		{"deleted", 40, []uint64{41, 42, 1 << 40}, []string{"deleted.job", "its extension.job"}, []uint64{40, 41}, 0},
	}
	for _, tt := range tests {
		f, err := v.File(tt.record, tt.extensions...)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		var holders []uint64
		for _, n := range f.Names() {
			got, holders = append(got, n.Name), append(holders, n.Holder)
		}
		if !slices.Equal(got, tt.want) || !slices.Equal(holders, tt.holders) || len(f.Damage) != tt.damage {
			t.Errorf("%s: got %v in %v, damage %v; want %v in %v, %d errors", tt.name, got, holders, f.Damage, tt.want, tt.holders, tt.damage)
		}
	}
}

func TestStream(t *testing.T) {
	tv := newTestVolume(64, 100)
	place(tv, 50, bytes.Repeat([]byte{'a'}, 8192))
	place(tv, 60, bytes.Repeat([]byte{'b'}, 4096))
	tv.add(recordSpec{number: 30, sequence: 1, attributes: [][]byte{
		// 2 clusters at 50, 2 of a hole, 1 at 60, then 4 of which 3 lie past the end of the volume.
		nonResident(0x80, "s", 0x8000, 0, 0, 40000, 36500, []byte{0x11, 2, 50, 0x01, 2, 0x11, 1, 10, 0x11, 4, 39, 0}),
		nonResident(0x80, "z", 1, 4, 0, 4096, 4096, []byte{0x11, 2, 50, 0}),
	}})
	v, image, err := tv.open()
	if err != nil {
		t.Fatal(err)
	}
	f, err := v.File(30)
	if err != nil {
		t.Fatal(err)
	}
	s, err := v.OpenStream(f, TypeData, "s")
	if err != nil {
		t.Fatal(err)
	}
	want := []Extent{{Length: 8192, Physical: 50 * 4096}, {Offset: 8192, Length: 8192, Physical: -1},
		{Offset: 16384, Length: 4096, Physical: 60 * 4096}, {Offset: 20480, Length: 4096 + 512, Physical: 99 * 4096},
		{Offset: 25088, Length: 11776, Physical: -1, Lost: true}, {Offset: 36864, Length: 3136, Physical: -1, Lost: true}}
	if got := s.Extents(); !slices.Equal(got, want) || s.Size() != 40000 || s.InitializedSize() != 36500 || s.Resident() {
		t.Errorf("extents: got %+v, size %d, initialized %d; want %+v", got, s.Size(), s.InitializedSize(), want)
	}
	all := slices.Concat(image[50*4096:52*4096], make([]byte, 8192), image[60*4096:61*4096], image[99*4096:])
	for _, r := range [][2]int64{{0, 100}, {8000, 8500}, {8192, 16384}, {16000, 17000}, {0, 25088}} {
		p := make([]byte, r[1]-r[0])
		if n, err := s.ReadAt(p, r[0]); n != len(p) || err != nil || !bytes.Equal(p, all[r[0]:r[1]]) {
			t.Errorf("bytes %d to %d: got %d, %v", r[0], r[1], n, err)
		}
	}
	p := make([]byte, 4000)
	if n, err := s.ReadAt(p, 24000); n != 1088 || !errors.Is(err, parse.ErrTruncated) {
		t.Errorf("into the lost part: got %d, %v", n, err)
	}
	if n, err := s.ReadAt(p, 36500); n != 3500 || err != io.EOF || !allZero(p[:n]) {
		t.Errorf("past the initialized size: got %d, %v", n, err)
	}
	if n, err := s.ReadAt(p, 40000); n != 0 || err != io.EOF {
		t.Errorf("at the end: got %d, %v", n, err)
	}
	if n, err := s.ReadAt(p, -1); n != 0 || !errors.Is(err, parse.ErrRange) {
		t.Errorf("before the start: got %d, %v", n, err)
	}
	if _, err := v.OpenStream(f, TypeData, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such stream: %v", err)
	}
	if _, err := v.OpenStream(f, TypeData, "z"); !errors.Is(err, parse.ErrUnsupported) {
		t.Errorf("compressed: %v", err)
	}
}

func TestFindChild(t *testing.T) {
	tv := newTestVolume(64, 100)
	named := func(n uint32, parent uint64, name string, free bool) {
		tv.add(recordSpec{number: n, sequence: 2, free: free, attributes: [][]byte{resident(0x30, "", fileNameValue(parent, name, 3))}})
	}
	named(30, 11|11<<48, "$UsnJrnl", true)
	named(33, 12, "$UsnJrnl", false)
	v, _, err := tv.open()
	if err != nil {
		t.Fatal(err)
	}
	if f, err := v.FindJournal(); err != nil || f.Record.Number != 30 {
		t.Errorf("deleted journal: %v", err)
	}
	named(40, 11|11<<48, "$usnjrnl", false)
	if v, _, err = tv.open(); err != nil {
		t.Fatal(err)
	}
	if f, err := v.FindJournal(); err != nil || f.Record.Number != 40 {
		t.Errorf("journal in use: %v", err)
	}
	if _, err := v.FindChild(5, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such child: %v", err)
	}
}

func TestFoldName(t *testing.T) {
	tv := newTestVolume(64, 100)
	upcase := make([]byte, 128<<10)
	for i := range 1 << 16 {
		u := i
		if i >= 'a' && i <= 'z' {
			u -= 32
		}
		binary.LittleEndian.PutUint16(upcase[2*i:], uint16(u))
	}
	place(tv, 50, upcase)
	spec := plainFile(10, "$UpCase", nil)
	spec.attributes[2] = nonResident(0x80, "", 0, 0, 0, 128<<10, 128<<10, []byte{0x11, 32, 50, 0})
	bare, _, err := tv.open()
	if err != nil {
		t.Fatal(err)
	}
	tv.add(spec)
	table, _, err := tv.open()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		a, b    string
		bare    bool
		withOwn bool
	}{
		{"ascii", "At1.JOB", "aT1.job", true, true},
		{"umlaut: this volume's table does not map it", "Ü.job", "ü.job", true, false},
		{"sharp s has no simple upper case", "ß", "SS", false, false},
		{"lone surrogate", "a\xED\xA0\xBD", "A\xED\xA0\xBD", true, true},
		{"dotless i", "ı", "I", true, false},
		{"different", "a", "b", false, false},
	}
	for _, tt := range tests {
		if got := bare.EqualFold(tt.a, tt.b); got != tt.bare {
			t.Errorf("%s, without $UpCase: got %v, want %v", tt.name, got, tt.bare)
		}
		if got := table.EqualFold(tt.a, tt.b); got != tt.withOwn {
			t.Errorf("%s, with $UpCase: got %v, want %v", tt.name, got, tt.withOwn)
		}
	}
}

func TestLabelAndBounds(t *testing.T) {
	tv := newTestVolume(64, 100)
	tv.add(recordSpec{number: 3, sequence: 3, attributes: [][]byte{resident(0x60, "", utf16le("DISK Ü"))}})
	tv.add(plainFile(30, "x", nil))
	v, image, err := tv.open()
	if err != nil || v.Label() != "DISK Ü" {
		t.Errorf("label: got %q, %v", v.Label(), err)
	}
	for _, n := range []uint64{64, 1 << 50, math.MaxUint64} {
		if r, err := v.Record(n); r != nil || !errors.Is(err, parse.ErrRange) {
			t.Errorf("record %d: got %v, %v", n, r, err)
		}
		if off := v.RecordOffset(n); off != -1 {
			t.Errorf("record %d lies at %d", n, off)
		}
	}
	loose, err := OpenMFT(bytes.NewReader(image[4*4096:20*4096]), 64*1024)
	if err != nil || loose.RecordCount() != 64 || loose.HasClusters() || loose.ClusterSize() != 0 || loose.Label() != "DISK Ü" || len(loose.Problems()) != 0 {
		t.Errorf("loose $MFT: got %+v, %v", loose, err)
	}
	headless, err := OpenMFT(bytes.NewReader(image[5*4096:20*4096]), 60*1024)
	if err != nil || headless.RecordCount() != 60 || len(headless.Problems()) != 1 {
		t.Errorf("loose $MFT without head: got %+v, %v", headless, err)
	}
}
