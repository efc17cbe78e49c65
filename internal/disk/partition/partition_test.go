package partition

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/parse"
)

// image is a disk of which only the written sectors take memory.
type image struct {
	size   int64
	sector int64
	data   map[int64][]byte
}

func newImage(sectors, sector int64) *image {
	return &image{sectors * sector, sector, map[int64][]byte{}}
}

// at gives the bytes of a sector for writing.
func (m *image) at(n int64) []byte {
	if m.data[n] == nil {
		m.data[n] = make([]byte, m.sector)
	}
	return m.data[n]
}

func (m *image) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		if off+int64(i) >= m.size {
			return i, io.EOF
		}
		p[i] = 0
		if b := m.data[(off+int64(i))/m.sector]; b != nil {
			p[i] = b[(off+int64(i))%m.sector]
		}
	}
	return len(p), nil
}

// boot writes a boot record of entries: flag, type, start, count.
func (m *image) boot(n int64, es ...[4]uint32) {
	b := m.at(n)
	b[510], b[511] = 0x55, 0xAA
	for i, e := range es {
		w := b[mbrEntries+i*mbrEntrySize:]
		w[0], w[4] = byte(e[0]), byte(e[1])
		le.PutUint32(w[8:], e[2])
		le.PutUint32(w[12:], e[3])
	}
}

const guidBasic = "\xA2\xA0\xD0\xEB\xE5\xB9\x33\x44\x87\xC0\x68\xB6\xB7\x26\x99\xC7"

// gpt writes a table: header at my, entries at entries.
func (m *image) gpt(my, other, entries int64, parts ...[2]uint64) {
	array := make([]byte, 128*128)
	for i, p := range parts {
		e := array[i*128:]
		copy(e, guidBasic)
		e[16] = byte(i + 1)
		le.PutUint64(e[32:], p[0])
		le.PutUint64(e[40:], p[1])
		copy(e[56:], "D\x00\xc4\x00")
	}
	for i := int64(0); i*m.sector < int64(len(array)); i++ {
		copy(m.at(entries+i), array[i*m.sector:])
	}
	h := m.at(my)
	copy(h, gptMagic)
	le.PutUint32(h[8:], 0x10000)
	le.PutUint32(h[12:], 92)
	le.PutUint64(h[24:], uint64(my))
	le.PutUint64(h[32:], uint64(other))
	h[56] = 0x77
	le.PutUint64(h[72:], uint64(entries))
	le.PutUint32(h[80:], 128)
	le.PutUint32(h[84:], 128)
	le.PutUint32(h[88:], crc32.ChecksumIEEE(array))
	m.sum(my)
}

func (m *image) sum(my int64) {
	h := m.at(my)
	clear(h[16:20])
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
}

func (m *image) both(parts ...[2]uint64) {
	last := m.size/m.sector - 1
	m.boot(0, [4]uint32{0, typeGPT, 1, 0xFFFFFFFF})
	m.gpt(1, last, 2, parts...)
	m.gpt(last, 1, last-32, parts...)
}

func TestParseMBR(t *testing.T) {
	m := newImage(10000, 512)
	m.boot(0, [4]uint32{0x80, 0x07, 64, 1000}, [4]uint32{0, 0x0F, 2000, 5000}, [4]uint32{0, 0, 0, 0}, [4]uint32{0, 0x0C, 8000, 100})
	le.PutUint32(m.at(0)[mbrSignature:], 0x12345678)
	m.boot(2000, [4]uint32{0, 0x07, 63, 500}, [4]uint32{0, 0x05, 1000, 1000})
	m.boot(3000, [4]uint32{0, 0x07, 63, 600}, [4]uint32{0, 0x05, 2000, 1000})
	m.boot(4000, [4]uint32{0, 0x83, 63, 700})
	want := Table{Scheme: SchemeMBR, SectorSize: 512, Signature: 0x12345678, Partitions: []Partition{
		{Index: 1, Start: 64 * 512, Length: 1000 * 512, Scheme: SchemeMBR, Type: "0x07"},
		{Index: 5, Start: 2063 * 512, Length: 500 * 512, Scheme: SchemeMBR, Type: "0x07"},
		{Index: 6, Start: 3063 * 512, Length: 600 * 512, Scheme: SchemeMBR, Type: "0x07"},
		{Index: 7, Start: 4063 * 512, Length: 700 * 512, Scheme: SchemeMBR, Type: "0x83"},
		{Index: 4, Start: 8000 * 512, Length: 100 * 512, Scheme: SchemeMBR, Type: "0x0C"},
	}}
	got, problems := Parse(m, m.size)
	if !reflect.DeepEqual(got, want) || len(problems) != 0 {
		t.Errorf("got %+v, %v, want %+v", got, problems, want)
	}
	if !got.Partitions[0].ForNTFS() || got.Partitions[3].ForNTFS() {
		t.Error("types for NTFS are taken wrongly")
	}
}

func TestParseMBRWith4096(t *testing.T) {
	m := newImage(10000, 4096)
	m.boot(0, [4]uint32{0, 0x07, 256, 1000})
	m.at(256)[510], m.at(256)[511] = 0x55, 0xAA
	got, problems := Parse(m, m.size)
	if len(problems) != 0 || got.SectorSize != 4096 || len(got.Partitions) != 1 || got.Partitions[0].Start != 1<<20 {
		t.Errorf("got %+v, %v, want one partition at 1 MiB", got, problems)
	}
}

func TestParseMBRProblems(t *testing.T) {
	extended := [4]uint32{0, 0x0F, 100, 1000}
	tests := []struct {
		name       string
		build      func(m *image)
		scheme     string
		partitions int
		problem    string
	}{
		{"no signature", func(m *image) { m.boot(0, extended); m.at(0)[510] = 0 }, SchemeNone, 0, ""},
		{"code in place of entries", func(m *image) { m.boot(0, [4]uint32{0x33, 0x07, 1, 1}) }, SchemeNone, 0, ""},
		{"no entries", func(m *image) { m.boot(0) }, SchemeNone, 0, ""},
		{"start outside", func(m *image) { m.boot(0, [4]uint32{0, 7, 5000, 1}) }, SchemeMBR, 0, "starts at sector 5000"},
		{"cut", func(m *image) { m.boot(0, [4]uint32{0, 7, 10, 0xFFFFFFFF}) }, SchemeMBR, 1, "the image has 4990"},
		{"chain to itself", func(m *image) {
			m.boot(0, extended)
			m.boot(100, [4]uint32{0, 7, 1, 1}, [4]uint32{0, 5, 0, 1})
		}, SchemeMBR, 1, "does not end"},
		{"chain in a ring", func(m *image) {
			m.boot(0, extended)
			m.boot(100, [4]uint32{0, 7, 1, 1}, [4]uint32{0, 5, 10, 1})
			m.boot(110, [4]uint32{0, 7, 1, 1}, [4]uint32{0, 5, 20, 1})
			m.boot(120, [4]uint32{0, 7, 1, 1}, [4]uint32{0, 5, 10, 1})
		}, SchemeMBR, 3, "does not end"},
		{"chain out of its partition", func(m *image) {
			m.boot(0, extended)
			m.boot(100, [4]uint32{0, 7, 1, 1}, [4]uint32{0, 5, 1000, 1})
		}, SchemeMBR, 1, "extended partition of 1000"},
		{"chain out of the image", func(m *image) { m.boot(0, [4]uint32{0, 5, 0xFFFFFFFF, 1}) }, SchemeMBR, 0, "input ends too early"},
		{"empty chain", func(m *image) { m.boot(0, extended) }, SchemeMBR, 0, "wrong signature"},
		{"GPT gone", func(m *image) { m.boot(0, [4]uint32{0, typeGPT, 1, 99}) }, SchemeMBR, 0, "announces a GPT"},
	}
	for _, tt := range tests {
		m := newImage(5000, 512)
		tt.build(m)
		got, problems := Parse(m, m.size)
		text := ""
		if err := errors.Join(problems...); err != nil {
			text = err.Error()
		}
		if got.Scheme != tt.scheme || len(got.Partitions) != tt.partitions || !strings.Contains(text, tt.problem) || (tt.problem == "") != (text == "") {
			t.Errorf("%s: got %+v, %q, want %s, %d partitions, %q", tt.name, got, text, tt.scheme, tt.partitions, tt.problem)
		}
	}
}

func TestLongChainEnds(t *testing.T) {
	m := newImage(1<<20, 512)
	m.boot(0, [4]uint32{0, 0x0F, 100, 1 << 19})
	for i := range uint32(400) {
		m.boot(int64(100+10*i), [4]uint32{0, 7, 1, 1}, [4]uint32{0, 5, 10 * (i + 1), 1})
	}
	got, problems := Parse(m, m.size)
	if len(got.Partitions) != maxLogical || len(problems) != 1 {
		t.Errorf("got %d partitions, %v, want %d and one problem", len(got.Partitions), problems, maxLogical)
	}
}

func TestParseGPT(t *testing.T) {
	parts := [][2]uint64{{64, 163}, {200, 299}}
	tests := []struct {
		name    string
		sector  int64
		damage  func(m *image)
		problem string
	}{
		{"sound", 512, func(*image) {}, ""},
		{"sectors of 4096 bytes", 4096, func(*image) {}, ""},
		{"no protective MBR", 512, func(m *image) { clear(m.at(0)) }, "which protects the GPT"},
		{"the end is missing", 512, func(m *image) { le.PutUint64(m.at(1)[32:], 1<<40); m.sum(1) }, "its end is missing"},
		{"primary header gone", 512, func(m *image) { clear(m.at(1)) }, "the backup is used"},
		{"primary header gone, 4096", 4096, func(m *image) { clear(m.at(1)) }, "the backup is used"},
		{"primary header changed", 512, func(m *image) { m.at(1)[60]++ }, "header checksum"},
		{"primary entries changed", 512, func(m *image) { m.at(2)[40]++ }, "GPT entries at 0x400: checksum"},
		{"header of 4 GiB", 512, func(m *image) { le.PutUint32(m.at(1)[12:], 0xFFFFFFFF) }, "header size"},
		{"four billion entries", 512, func(m *image) { le.PutUint32(m.at(1)[80:], 0xFFFFFFFF); m.sum(1) }, "number of entries"},
		{"entries of 0 bytes", 512, func(m *image) { le.PutUint32(m.at(1)[84:], 0); m.sum(1) }, "entry size"},
		{"entries outside", 512, func(m *image) { le.PutUint64(m.at(1)[72:], 1<<63); m.sum(1) }, "position of the entries"},
		{"header elsewhere", 512, func(m *image) { m.at(1)[24] = 9; m.sum(1) }, "own position"},
	}
	for _, tt := range tests {
		m := newImage(1000, tt.sector)
		m.both(parts...)
		tt.damage(m)
		want := Table{Scheme: SchemeGPT, SectorSize: tt.sector, GUID: "00000077-0000-0000-0000-000000000000"}
		for i, p := range parts {
			id := []string{"00000001", "00000002"}[i] + "-0000-0000-0000-000000000000"
			want.Partitions = append(want.Partitions, Partition{Index: i + 1, Start: int64(p[0]) * tt.sector,
				Length: 100 * tt.sector, Scheme: SchemeGPT, Type: typeGPTBasicData, Name: "DÄ", GUID: id})
		}
		got, problems := Parse(m, m.size)
		text := ""
		if err := errors.Join(problems...); err != nil {
			text = err.Error()
		}
		if !reflect.DeepEqual(got, want) || !strings.Contains(text, tt.problem) || (tt.problem == "") != (text == "") {
			t.Errorf("%s: got %+v, %q, want %+v, %q", tt.name, got, text, want, tt.problem)
		}
	}
}

func TestParseGPTEntries(t *testing.T) {
	m := newImage(1000, 512)
	m.both([2]uint64{64, 163}, [2]uint64{300, 200}, [2]uint64{0, 1<<64 - 1}, [2]uint64{5000, 6000}, [2]uint64{900, 1 << 40})
	got, problems := Parse(m, m.size)
	if len(got.Partitions) != 2 || got.Partitions[1].Length != 100*512 || len(problems) != 4 {
		t.Errorf("got %+v, %v, want 2 partitions and 4 problems", got.Partitions, problems)
	}
	both := newImage(1000, 512)
	both.both([2]uint64{64, 163})
	both.at(2)[41]++
	both.at(967)[41]++
	got, problems = Parse(both, both.size)
	if len(got.Partitions) != 1 || len(problems) != 2 {
		t.Errorf("both tables damaged: got %+v, %v, want what they say and 2 problems", got, problems)
	}
}

func TestParseSmall(t *testing.T) {
	for n := range 1100 {
		got, _ := Parse(bytes.NewReader(make([]byte, n)), int64(n))
		if got.Scheme != SchemeNone {
			t.Errorf("%d bytes: got %+v", n, got)
		}
	}
	got, problems := Parse(bytes.NewReader(make([]byte, 100)), 5000)
	if got.Scheme != SchemeNone || len(problems) == 0 || !errors.Is(problems[0], parse.ErrTruncated) {
		t.Errorf("reads that fail: got %+v, %v", got, problems)
	}
}

func FuzzParse(f *testing.F) {
	for _, build := range []func(m *image){
		func(m *image) { m.both([2]uint64{40, 50}) },
		func(m *image) { m.boot(0, [4]uint32{0, 0x0F, 10, 50}); m.boot(10, [4]uint32{0, 7, 1, 5}) },
	} {
		m := newImage(80, 512)
		build(m)
		b, err := io.ReadAll(io.NewSectionReader(m, 0, m.size))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := Parse(bytes.NewReader(b), int64(len(b)))
		for _, p := range got.Partitions {
			if p.Start < 0 || p.Length <= 0 || p.Start+p.Length > int64(len(b)) || p.Scheme != got.Scheme {
				t.Fatalf("%+v in %d bytes", p, len(b))
			}
		}
		if len(got.Partitions) > gptMaxEntries {
			t.Fatalf("%d partitions", len(got.Partitions))
		}
	})
}

func TestCorpus(t *testing.T) {
	tests := []struct {
		file   string
		scheme string
		want   [][2]int64 // index, start sector
	}{
		{"b09_mbr.img.gz", SchemeMBR, [][2]int64{{1, 2048}, {2, 43008}, {3, 63488}}},
		{"b10_gpt.img.gz", SchemeGPT, [][2]int64{{1, 2048}, {2, 34816}, {3, 75776}}},
		{"b02_cl4096.img.gz", SchemeNone, nil},
		{"b13_noboot.img.gz", SchemeNone, nil},
	}
	for _, tt := range tests {
		b := corpus.Bytes(t, "ntfs", "built", tt.file)
		got, problems := Parse(bytes.NewReader(b), int64(len(b)))
		var places [][2]int64
		for _, p := range got.Partitions {
			places = append(places, [2]int64{int64(p.Index), p.Start / 512})
		}
		if got.Scheme != tt.scheme || !reflect.DeepEqual(places, tt.want) || len(problems) != 0 {
			t.Errorf("%s: got %+v, %v, want %s %v", tt.file, got, problems, tt.scheme, tt.want)
		}
	}
}
