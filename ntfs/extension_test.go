package ntfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// listBytes is an attribute list that names records for $DATA.
func listBytes(n int, record func(i int) uint64) []byte {
	b := make([]byte, 32*n)
	for i := range n {
		e := b[32*i:]
		binary.LittleEndian.PutUint32(e, 0x80)
		e[4], e[7] = 32, 0x1A
		binary.LittleEndian.PutUint64(e[16:], record(i))
	}
	return b
}

// countReads counts the calls and the bytes read.
type countReads struct {
	io.ReaderAt
	calls int
	bytes int64
}

func (r *countReads) ReadAt(p []byte, off int64) (int, error) {
	r.calls++
	r.bytes += int64(len(p))
	return r.ReaderAt.ReadAt(p, off)
}

// TestAttributeListBomb: a list of a megabyte that names nothing but records
// that $MFT does not have, shared by all files of a folder, once made thousands
// of errors for each of them.
func TestAttributeListBomb(t *testing.T) {
	const size = 1 << 20
	tests := []struct {
		name   string
		list   []byte
		size   uint64
		damage []string
	}{
		{"records that $MFT does not have", listBytes(size/32, func(i int) uint64 { return 1_000_000 + uint64(i) }), size,
			[]string{"expected at most 262144 bytes, found 1048576", "record 1000000 of 64) (the first of 8192, among 8192 listed"}},
		{"other files, again and again", listBytes(8192, func(i int) uint64 { return uint64(i % 64) }), 8192 * 32,
			[]string{"(the first of 62, among 63 listed"}},
		{"no list", bytes.Repeat([]byte("\x80\x00\x00\x00\x01\x00\x00\x00"), 8192), 65536,
			[]string{"$ATTRIBUTE_LIST at 0x4: length: value out of range"}},
		{"every second entry", func() []byte {
			b := listBytes(8192, func(int) uint64 { return 40 })
			for i := 0; i < len(b); i += 64 {
				b[i] = 1
			}
			return b
		}(), 8192 * 32, []string{"and 4095 more errors in the list"}},
	}
	for _, tt := range tests {
		tv := newTestVolume(64, 400)
		place(tv, 100, tt.list)
		tv.add(recordSpec{number: 30, sequence: 4, attributes: [][]byte{
			nonResident(0x20, "", 0, 0, 0, tt.size, tt.size, []byte{0x22, 0, 1, 100, 0, 0}),
			resident(0x30, "", fileNameValue(5|5<<48, "base.job", 1))}})
		tv.add(recordSpec{number: 40, sequence: 1, base: 30 | 4<<48, attributes: [][]byte{resident(0x30, "", fileNameValue(5|5<<48, "more.job", 1))}})
		b := tv.bytes()
		r := &countReads{ReaderAt: bytes.NewReader(b)}
		v, err := Open(r, int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		r.bytes = 0
		f, err := v.File(30, 40)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Names(); len(got) != 2 || got[0].Name != "base.job" || got[1].Name != "more.job" {
			t.Errorf("%s: names %+v", tt.name, got)
		}
		if r.bytes > maxAttributeList+100*1024 {
			t.Errorf("%s: %d bytes read", tt.name, r.bytes)
		}
		if len(f.Damage) != len(tt.damage) {
			t.Errorf("%s: got %d errors, the first %v; want %q", tt.name, len(f.Damage), f.Damage[:min(3, len(f.Damage))], tt.damage)
			continue
		}
		for i, want := range tt.damage {
			if got := f.Damage[i].Error(); !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q", tt.name, got, want)
			}
		}
	}
}

// TestManyNames: the names of a file with very many extension records are told
// apart in one pass, and each is kept once, in order.
func TestManyNames(t *testing.T) {
	f := &File{Record: &Record{}}
	var want []string
	for i := range 20_000 {
		name := fmt.Sprintf("%d.job", i/2)
		if i%2 == 0 {
			want = append(want, name)
		}
		f.Attributes = append(f.Attributes, Attribute{Type: TypeFileName, Resident: true, ID: uint16(i), Value: fileNameValue(5|5<<48, name, 1)})
	}
	other := fileNameValue(6|5<<48, "0.job", 1) // in another folder: another name
	f.Attributes = append(f.Attributes, Attribute{Type: TypeFileName, Resident: true, Value: other})
	want = append(want, "0.job")
	f.decodeNames(1024)
	var got []string
	for _, n := range f.Names() {
		got = append(got, n.Name)
	}
	if !slices.Equal(got, want) || len(f.Damage) != 0 {
		t.Errorf("got %d names, %v; want %d", len(got), f.Damage, len(want))
	}
}

func TestReallocatedClusters(t *testing.T) {
	bits := make([]byte, 200_000)
	set := func(lcn int) { bits[lcn/8] |= 1 << (lcn % 8) }
	for _, lcn := range []int{13, 14, 64<<13 - 1, 64 << 13, 1_000_000, 1_599_999} {
		set(lcn)
	}
	r := &countReads{ReaderAt: bytes.NewReader(bits)}
	size := int64(len(bits))
	s := &Stream{r: r, size: size, initialized: size, extents: []Extent{{Length: size}}}
	block := make([]byte, bitmapBlock)
	tests := []struct {
		name             string
		first, count     int64
		taken, at, reads int64
	}{
		{"none", 0, 13, 0, -1, 1},
		{"its first", 13, 1, 1, 13, 1},
		{"ends before", 10, 3, 0, -1, 1},
		{"in the middle", 5, 100, 2, 13, 1},
		{"over blocks", 64<<13 - 1, 2, 2, 64<<13 - 1, 1},
		{"all", 0, 1_600_000, 6, 13, 4},
		{"past the end", 1_599_000, 1 << 40, 1, 1_599_999, 2},
		{"nothing of it", 1 << 50, 10, 0, -1, 1},
	}
	for _, tt := range tests {
		r.calls = 0
		taken, at := allocatedClusters(s, block, tt.first, tt.count)
		if taken != tt.taken || at != tt.at || int64(r.calls) > tt.reads {
			t.Errorf("%s: got %d from %d with %d reads, want %d from %d with at most %d", tt.name, taken, at, r.calls, tt.taken, tt.at, tt.reads)
		}
	}
}

// TestReallocatedRunsThatRepeat: the run list of a deleted file names the whole
// volume over and over.
func TestReallocatedRunsThatRepeat(t *testing.T) {
	var runs []byte
	for range 120 {
		runs = append(runs, 0x11, 99, 1, 0x11, 1, 0xFF)
	}
	bitmap := bytes.Repeat([]byte{0xFF}, 13)
	tv := newTestVolume(64, 100)
	tv.add(recordSpec{number: 30, sequence: 2, free: true, attributes: [][]byte{nonResident(0x80, "", 0, 0, 0, 1<<40, 1<<40, runs)}})
	tv.add(recordSpec{number: 6, sequence: 6, attributes: [][]byte{resident(0x80, "", bitmap)}})
	v, _, err := tv.open()
	if err != nil {
		t.Fatal(err)
	}
	f, err := v.File(30)
	if err != nil {
		t.Fatal(err)
	}
	c, err := v.Contents(f, 1<<24)
	if err != nil || c.Complete || len(c.Notes) > 8 || !slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "more clusters than the volume has") }) {
		t.Errorf("got %d notes %q, %v", len(c.Notes), c.Notes, err)
	}
}
