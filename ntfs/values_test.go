package ntfs

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

// fromHex reads bytes written for people.
func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFileReference(t *testing.T) {
	tests := []struct {
		name   string
		ref    FileReference
		record uint64
		seq    uint16
		text   string
	}{
		{"zero", 0, 0, 0, "0-0"},
		{"usual", NewFileReference(66, 2), 66, 2, "66-2"},
		{"largest", NewFileReference(1<<48-1, 0xFFFF), 1<<48 - 1, 0xFFFF, "281474976710655-65535"},
		{"record number cut to 48 bits", NewFileReference(1<<48|7, 1), 7, 1, "7-1"},
	}
	for _, tt := range tests {
		if tt.ref.Record() != tt.record || tt.ref.Sequence() != tt.seq || tt.ref.String() != tt.text {
			t.Errorf("%s: got %d, %d, %s; want %d, %d, %s", tt.name, tt.ref.Record(), tt.ref.Sequence(), tt.ref, tt.record, tt.seq, tt.text)
		}
	}
}

func TestParseStandardInformation(t *testing.T) {
	b := fromHex(t, `
		00 01 02 03 04 05 06 01  10 01 02 03 04 05 06 01
		20 01 02 03 04 05 06 01  30 01 02 03 04 05 06 01
		26 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
		07 00 00 00  05 01 00 00  00 00 00 00 00 00 00 00
		58 30 20 00 00 00 00 00`)
	want := StandardInformation{Created: 0x0106050403020100, Modified: 0x0106050403020110, Changed: 0x0106050403020120, Accessed: 0x0106050403020130,
		FileAttributes: AttributeHidden | AttributeSystem | AttributeArchive, OwnerID: 7, SecurityID: 0x105, USN: 0x203058}
	short := want
	short.OwnerID, short.SecurityID, short.USN = 0, 0, 0
	for n := 0; n <= len(b); n++ {
		got, err := ParseStandardInformation(b[:n])
		switch {
		case n < 48 && (!errors.Is(err, parse.ErrTruncated) || got != (StandardInformation{})):
			t.Errorf("%d bytes: got %+v, %v; want truncated", n, got, err)
		case n >= 48 && n < 72 && (err != nil || got != short):
			t.Errorf("%d bytes: got %+v, %v; want %+v", n, got, err, short)
		case n == 72 && (err != nil || got != want):
			t.Errorf("%d bytes: got %+v, %v; want %+v", n, got, err, want)
		}
	}
}

func TestParseFileName(t *testing.T) {
	b := fromHex(t, `
		42 00 00 00 00 00 02 00
		00 01 02 03 04 05 06 01  10 01 02 03 04 05 06 01
		20 01 02 03 04 05 06 01  30 01 02 03 04 05 06 01
		00 10 00 00 00 00 00 00  54 01 00 00 00 00 00 00
		20 00 00 00  00 00 00 00  05 01  61 00 2e 00 6a 00 3d d8 62 00`)
	want := FileName{Parent: NewFileReference(66, 2), Created: 0x0106050403020100, Modified: 0x0106050403020110, Changed: 0x0106050403020120,
		Accessed: 0x0106050403020130, AllocatedSize: 0x1000, Size: 0x154, FileAttributes: AttributeArchive, Name: "a.j\xED\xA0\xBDb", Namespace: NamespaceWin32}
	got, err := ParseFileName(b)
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for n := range b {
		got, err := ParseFileName(b[:n])
		if !errors.Is(err, parse.ErrTruncated) || got != (FileName{}) {
			t.Errorf("%d bytes: got %+v, %v", n, got, err)
		}
	}
	lies := append([]byte{}, b...)
	lies[0x40] = 255
	partial, err := decodeFileName(lies)
	want.Partial = true
	if !errors.Is(err, parse.ErrTruncated) || partial != want {
		t.Errorf("length 255: got %+v, %v; want %+v", partial, err, want)
	}
	lies[0x40] = 0
	if got, err := ParseFileName(lies); !errors.Is(err, parse.ErrRange) || got != (FileName{}) {
		t.Errorf("length 0: got %+v, %v", got, err)
	}
}

func TestParseRuns(t *testing.T) {
	tests := []struct {
		name   string
		hex    string
		lowest uint64
		want   []Run
		err    error
	}{
		{"empty", "00", 0, nil, nil},
		{"no end byte", "", 0, nil, nil},
		{"one", "21 18 34 56 00", 0, []Run{{0, 0x18, 0x5634, false}}, nil},
		{"backwards", "31 38 73 25 34 32 14 01 e5 11 02 00", 0, []Run{{0, 0x38, 0x342573, false}, {0x38, 0x114, 0x363758, false}}, nil},
		{"negative delta", "11 30 60 11 10 f0 00", 0, []Run{{0, 0x30, 0x60, false}, {0x30, 0x10, 0x50, false}}, nil},
		{"hole between", "11 30 20 01 60 11 10 30 00", 0, []Run{{0, 0x30, 0x20, false}, {0x30, 0x60, 0, true}, {0x90, 0x10, 0x50, false}}, nil},
		{"from VCN 100", "11 05 07 00", 100, []Run{{100, 5, 7, false}}, nil},
		{"9-byte length", "19 01 02 03 04 05 06 07 08 09 0a", 0, nil, parse.ErrRange},
		{"no length", "10 05 00", 0, nil, parse.ErrRange},
		{"length 0", "11 00 05 00", 0, nil, parse.ErrRange},
		{"negative length", "11 80 05 00", 0, nil, parse.ErrRange},
		{"negative LCN", "11 01 ff 00", 0, nil, parse.ErrRange},
		{"VCN overflow", "18 ff ff ff ff ff ff ff 7f 01 11 01 01 00", 0, nil, parse.ErrRange},
		{"LCN overflow", "81 01 ff ff ff ff ff ff ff 7f 81 01 01 00 00 00 00 00 00 00 00", 0, nil, parse.ErrRange},
		{"cut", "31 38 73 25", 0, nil, parse.ErrTruncated},
	}
	for _, tt := range tests {
		got, err := ParseRuns(fromHex(t, tt.hex), tt.lowest)
		if !errors.Is(err, tt.err) || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v; want %+v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

func TestParseAttributeList(t *testing.T) {
	entry := `10 00 00 00 20 00 00 1a  00 00 00 00 00 00 00 00  42 00 00 00 00 00 02 00  00 00 00 00 00 00 00 00`
	named := `80 00 00 00 28 00 02 1a  10 00 00 00 00 00 00 00  43 00 00 00 00 00 01 00  05 00 24 00 4a 00 00 00 00 00 00 00 00 00 00 00`
	first := AttributeListEntry{Type: TypeStandardInformation, Reference: NewFileReference(66, 2)}
	second := AttributeListEntry{Type: TypeData, Name: "$J", LowestVCN: 16, Reference: NewFileReference(67, 1), ID: 5}
	at := func(e AttributeListEntry, off int) AttributeListEntry { e.Offset = off; return e }
	tests := []struct {
		name   string
		hex    string
		want   []AttributeListEntry
		damage int
	}{
		{"empty", "", nil, 0},
		{"two", entry + named, []AttributeListEntry{first, at(second, 32)}, 0},
		{"zeros behind", entry + strings.Repeat("00 ", 16), []AttributeListEntry{first}, 0},
		{"length 0 costs one", "10 00 00 00 00 00 00 1a" + entry[23:] + named, []AttributeListEntry{at(second, 32)}, 1},
		{"length past the end", strings.Replace(entry, "20 00", "ff 00", 1), nil, 1},
		{"name past the entry", strings.Replace(named, "02 1a", "40 1a", 1) + entry, []AttributeListEntry{at(first, 40)}, 1},
		{"cut", entry + "80 00 00 00 28", []AttributeListEntry{first}, 1},
	}
	for _, tt := range tests {
		got, damage := ParseAttributeList(fromHex(t, tt.hex))
		if !reflect.DeepEqual(got, tt.want) || len(damage) != tt.damage {
			t.Errorf("%s: got %+v, %v; want %+v, %d errors", tt.name, got, damage, tt.want, tt.damage)
		}
	}
}

func TestParseIndex(t *testing.T) {
	key := fileNameValue(66|2<<48, "x.job", 1)
	entry := make([]byte, (0x10+len(key)+7)&^7)
	copy(entry[0x10:], key)
	entry[0], entry[6] = 70, 3
	entry[8], entry[10] = byte(len(entry)), byte(len(key))
	last := make([]byte, 0x10)
	last[8], last[12] = 0x10, 2
	node := append(append(fromHex(t, "10 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00"), entry...), last...)
	node[4] = byte(len(node))
	want := []IndexEntry{{Reference: NewFileReference(70, 3), Offset: 0x20, FileName: FileName{
		Parent: NewFileReference(66, 2), Created: 133500000000000000, Modified: 133500000000000001, Changed: 133500000000000002,
		Accessed: 133500000000000003, FileAttributes: AttributeArchive, Name: "x.job", Namespace: NamespaceWin32}}}

	root := append(fromHex(t, "30 00 00 00 01 00 00 00 00 10 00 00 01 00 00 00"), node...)
	got, err := ParseIndexRoot(root)
	if err != nil || !reflect.DeepEqual(got.Entries, want) || len(got.Damage) != 0 || len(got.Slack) != 0 {
		t.Errorf("$INDEX_ROOT: got %+v, %v; want %+v", got, err, want)
	}

	record := make([]byte, 4096)
	copy(record, "INDX")
	record[4], record[6], record[0x10] = 0x28, 9, 5
	copy(record[0x18:], node)
	record[0x18], record[0x1C] = 0x28, byte(len(node)+0x18) // entries start behind the update sequence
	clear(record[0x28:0x48])
	copy(record[0x40:], append(append([]byte{}, entry...), last...))
	copy(record[0x200:], entry)
	protect(record, 0x28, 3)
	got, err = ParseIndexRecord(record)
	want[0].Offset = 0x40
	if err != nil || got.VCN != 5 || !reflect.DeepEqual(got.Entries, want) || len(got.Torn)+len(got.Damage) != 0 {
		t.Errorf("INDX: got %+v, %v; want %+v", got, err, want)
	}
	carved := CarveIndexEntries(got.Slack, NewFileReference(66, 2))
	want[0].Offset = 0x200 - got.SlackAt
	if !reflect.DeepEqual(carved, want) {
		t.Errorf("slack: got %+v, want %+v", carved, want)
	}
	if other := CarveIndexEntries(got.Slack, NewFileReference(66, 3)); other != nil {
		t.Errorf("slack, another folder: got %+v", other)
	}
	hostile(root, func(b []byte) { _, _ = ParseIndexRoot(b) })
	hostile(record[:1024], func(b []byte) { _, _ = ParseIndexRecord(b) })
}

// hostile calls f with every truncation of b and with every bit of it flipped.
func hostile(b []byte, f func([]byte)) {
	for n := range b {
		f(b[:n:n])
	}
	b = append([]byte{}, b...)
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		f(b)
		b[i/8] ^= 1 << (i % 8)
	}
}
