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
		v, r := openCounted(t, b)
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

// openCounted opens a volume and begins to count.
func openCounted(t *testing.T, b []byte) (*Volume, *countReads) {
	t.Helper()
	r := &countReads{ReaderAt: bytes.NewReader(b)}
	v, err := Open(r, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	r.calls, r.bytes = 0, 0
	return v, r
}

// TestListsOfOthers: an attribute list that names the records of another file is
// followed for as long as it may be a file's that lost some; many files with such
// lists once had every record read for each of them.
func TestListsOfOthers(t *testing.T) {
	const base, owner, firstOwn, firstOther, count = 30, 31, 40, 200, 400
	tv := newTestVolume(count, 200)
	file := func(n uint32, lcn byte, records []uint64) {
		size := uint64(32 * len(records))
		place(tv, int(lcn), listBytes(len(records), func(i int) uint64 { return records[i] }))
		tv.add(recordSpec{number: n, sequence: 4, attributes: [][]byte{
			nonResident(0x20, "", 0, 0, 0, size, size, []byte{0x21, 3, lcn, 0, 0}),
			resident(0x30, "", fileNameValue(5|5<<48, fmt.Sprint(n), 1))}})
	}
	var own, other, absent []uint64
	for n := uint64(firstOwn); n < count; n++ {
		spec := recordSpec{number: uint32(n), sequence: 1, base: base | 4<<48, attributes: [][]byte{resident(0x30, "", fileNameValue(5|5<<48, fmt.Sprint(n), 1))}}
		if n < firstOther {
			own = append(own, n)
		} else {
			spec.base = owner | 4<<48
			other = append(other, n)
		}
		absent = append(absent, n+1_000_000)
		tv.add(spec)
	}
	file(owner, 160, other)
	var mixed []uint64 // two of the other's for one of the file's own
	for i := range 60 {
		mixed = append(mixed, other[2*i], own[i], other[2*i+1])
	}
	tests := []struct {
		name      string
		list      []uint64
		candidate uint64
		names     int
		reads     int
		damage    string
	}{
		{"few of the other's", slices.Concat(other[:63], own), firstOwn, 161, 63 + 160, "record 200 is listed, but its base is 31-4 and not 30-4, or it was freed) (the first of 63, among 223 listed, that cannot be joined)"},
		{"all of the other's", other, firstOwn, 2, 64 + 1, "(the first of 64, among 64 listed, that cannot be joined; 136 entries after them were not followed)"},
		{"its own after too many", slices.Concat(other[:64], own[:20]), own[7], 2, 64 + 1, "(the first of 64, among 64 listed, that cannot be joined; 20 entries after them were not followed)"},
		{"mixed", mixed, firstOwn, 61, 180, "(the first of 120, among 180 listed, that cannot be joined)"},
		{"absent", slices.Concat(absent[:100], own), firstOwn, 161, 160, "(the first of 100, among 260 listed, that cannot be joined)"},
	}
	for _, tt := range tests {
		file(base, 150, tt.list)
		b := tv.bytes()
		v, r := openCounted(t, b)
		f, err := v.File(base, tt.candidate)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(f.Names()); got != tt.names || r.calls != tt.reads+2 {
			t.Errorf("%s: got %d names with %d reads, want %d with %d", tt.name, got, r.calls, tt.names, tt.reads+2)
		}
		if len(f.Damage) != 1 || !strings.Contains(f.Damage[0].Error(), tt.damage) {
			t.Errorf("%s: got %v, want %q", tt.name, f.Damage, tt.damage)
		}
		if f, err := v.File(owner); err != nil || len(f.Names()) != 201 || len(f.Damage) != 0 {
			t.Errorf("%s: the other file: got %d names, %v, %v", tt.name, len(f.Names()), f.Damage, err)
		}
	}
}

// TestChildOfManyRecords: each of the extension records of a deleted file holds
// the name that is looked for; once all of them were read again for each.
func TestChildOfManyRecords(t *testing.T) {
	const base, first, count = 30, 100, 400
	tv := newTestVolume(count, 200)
	place(tv, 150, listBytes(count-first, func(i int) uint64 { return uint64(first + i) }))
	tv.add(recordSpec{number: base, sequence: 4, free: true, attributes: [][]byte{
		nonResident(0x20, "", 0, 0, 0, 32*(count-first), 32*(count-first), []byte{0x22, 3, 0, 150, 0, 0})}})
	for n := uint32(first); n < count; n++ {
		tv.add(recordSpec{number: n, sequence: 1, free: true, base: base | 3<<48, attributes: [][]byte{
			resident(0x30, "", fileNameValue(RecordExtend|11<<48, "$UsnJrnl", 1))}})
	}
	live := plainFile(399, "$usnjrnl", nil)
	live.attributes[1] = resident(0x30, "", fileNameValue(RecordExtend|11<<48, "$usnjrnl", 1))
	for _, tt := range []struct {
		name string
		add  recordSpec
		want uint64
	}{{"deleted", recordSpec{number: 31}, base}, {"in use behind it", live, 399}} {
		tv.add(tt.add)
		b := tv.bytes()
		v, r := openCounted(t, b)
		f, err := v.FindJournal()
		if err != nil || f.Record.Number != tt.want {
			t.Errorf("%s: got %+v, %v; want record %d", tt.name, f, err, tt.want)
		}
		if r.calls > 4*count {
			t.Errorf("%s: %d reads", tt.name, r.calls)
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
