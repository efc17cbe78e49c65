package usn

import (
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/ntfs"
)

const hexV2 = `
50 00 00 00  02 00  00 00          # length 80, version 2.0
44 00 00 00 00 00 01 00            # file 68-1
41 00 00 00 00 00 01 00            # parent 65-1
00 00 10 00 00 00 00 00            # USN 0x100000
80 92 27 84 17 B8 C7 01            # 2007-06-26
00 01 00 80                        # FILE_CREATE|CLOSE
02 00 00 00                        # AUXILIARY_DATA
05 01 00 00                        # security id 261
22 00 00 00                        # ARCHIVE|HIDDEN
10 00  3C 00                       # name: 16 bytes at 60
41 00 74 00 31 00 2E 00 6A 00 6F 00 62 00 00 D8
00 00 00 00`

const hexV3 = `
60 00 00 00  03 00  00 00
44 00 00 00 00 00 01 00  01 00 00 00 00 00 00 00
41 00 00 00 00 00 01 00  02 00 00 00 00 00 00 00
00 00 10 00 00 00 00 00
80 92 27 84 17 B8 C7 01
00 20 00 00
00 00 00 00
05 01 00 00
10 00 00 00
10 00  50 00                       # name: 16 bytes at 80, not at 76
FF FF FF FF
41 00 74 00 31 00 2E 00 6A 00 6F 00 62 00 73 00`

const hexV4 = `
60 00 00 00  04 00  00 00
44 00 00 00 00 00 01 00  00 00 00 00 00 00 00 00
41 00 00 00 00 00 01 00  00 00 00 00 00 00 00 00
00 00 10 00 00 00 00 00
02 00 00 80
01 00 00 00
03 00 00 00
02 00  10 00
00 00 00 00 00 00 00 00  00 00 22 00 00 00 00 00
00 00 40 00 00 00 00 00  00 10 00 00 00 00 00 00`

func TestParseRecord(t *testing.T) {
	file, parent := ntfs.NewFileReference(68, 1), ntfs.NewFileReference(65, 1)
	tests := []struct {
		name string
		hex  string
		want Record
	}{
		{"V2", hexV2, Record{USN: 0x100000, Major: 2, Length: 80, File: file, Parent: parent,
			Time: 0x01C7B81784279280, Reason: ReasonFileCreate | ReasonClose, SourceInfo: SourceAuxiliaryData,
			SecurityID: 261, FileAttributes: 0x22, Name: "At1.job\xED\xA0\x80"}},
		{"V3 with a longer header", hexV3, Record{USN: 0x100000, Major: 3, Length: 96, File: file, Parent: parent,
			FileHigh: 1, ParentHigh: 2, Time: 0x01C7B81784279280, Reason: ReasonRenameNewName,
			SecurityID: 261, FileAttributes: AttributeDirectory, Name: "At1.jobs"}},
		{"V4", hexV4, Record{USN: 0x100000, Major: 4, Length: 96, File: file, Parent: parent,
			Reason: ReasonDataExtend | ReasonClose, SourceInfo: SourceDataManagement, RemainingExtents: 3,
			Extents: []Extent{{0, 0x220000}, {0x400000, 0x1000}}}},
	}
	for _, tt := range tests {
		b := unhex(t, tt.hex)
		got, err := ParseRecord(b)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
		got, err = ParseRecord(append(b, "more bytes"...))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s, bytes after it: got %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
		raw := Raw{b: b}
		if raw.USN() != tt.want.USN || raw.File() != tt.want.File || raw.Parent() != tt.want.Parent ||
			raw.Reason() != tt.want.Reason || raw.Time() != tt.want.Time || raw.Attributes() != tt.want.FileAttributes ||
			raw.Major() != tt.want.Major {
			t.Errorf("%s: raw fields differ from %+v", tt.name, tt.want)
		}
	}
}

func TestParseRecordErrors(t *testing.T) {
	tests := []struct {
		name   string
		hex    string
		change func(b []byte)
		cause  error
		field  string
		offset int64
	}{
		{"version 1", hexV2, func(b []byte) { b[4] = 1 }, parse.ErrUnsupported, "major version", 4},
		{"version 5", hexV2, func(b []byte) { b[4] = 5 }, parse.ErrUnsupported, "major version", 4},
		{"version 0x102", hexV2, func(b []byte) { b[5] = 1 }, parse.ErrUnsupported, "major version", 4},
		{"length 0", hexV2, func(b []byte) { b[0] = 0 }, parse.ErrRange, "record length", 0},
		{"length not a multiple of 8", hexV2, func(b []byte) { b[0] = 76 }, parse.ErrRange, "record length", 0},
		{"length past a page", hexV2, func(b []byte) { b[1] = 0x10 }, parse.ErrRange, "record length", 0},
		{"length 4 GiB", hexV2, func(b []byte) { b[3] = 0xFF }, parse.ErrRange, "record length", 0},
		{"length past the input", hexV2, func(b []byte) { b[0] = 88 }, parse.ErrTruncated, "record length", 0},
		{"V2 length for V3", hexV3, func(b []byte) { b[0] = 72 }, parse.ErrRange, "record length", 0},
		{"odd name length", hexV2, func(b []byte) { b[56] = 15 }, parse.ErrRange, "file name length", 56},
		{"name past the record", hexV2, func(b []byte) { b[56] = 22 }, parse.ErrRange, "file name length", 56},
		{"name offset in the header", hexV2, func(b []byte) { b[58] = 58 }, parse.ErrRange, "file name offset", 58},
		{"name offset past the record", hexV2, func(b []byte) { b[59] = 0xFF }, parse.ErrRange, "file name offset", 58},
		{"V3 name offset of V2", hexV3, func(b []byte) { b[74] = 60 }, parse.ErrRange, "file name offset", 74},
		{"V4 too many extents", hexV4, func(b []byte) { b[60] = 3 }, parse.ErrRange, "number of extents", 60},
		{"V4 extents of 8 bytes", hexV4, func(b []byte) { b[62] = 8 }, parse.ErrRange, "extent size", 62},
		{"V4 65,535 extents of 65,535 bytes", hexV4, func(b []byte) { copy(b[60:], "\xff\xff\xff\xff") }, parse.ErrRange, "number of extents", 60},
	}
	for _, tt := range tests {
		b := unhex(t, tt.hex)
		tt.change(b)
		got, err := ParseRecord(b)
		var e *parse.Error
		if !errors.Is(err, tt.cause) || !errors.As(err, &e) || e.Field != tt.field || e.Offset != tt.offset {
			t.Errorf("%s: got %v, want %v in %q at %d", tt.name, err, tt.cause, tt.field, tt.offset)
		}
		if !reflect.DeepEqual(got, Record{}) {
			t.Errorf("%s: got %+v beside the error, want zero", tt.name, got)
		}
	}
}

// checkRecord holds what ParseRecord makes of any bytes to its promises.
func checkRecord(t testing.TB, b []byte) {
	t.Helper()
	r, err := ParseRecord(b)
	if err != nil {
		var e *parse.Error
		if !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(len(b)) {
			t.Fatalf("error %v of %x lacks an offset inside the input", err, b)
		}
		if !reflect.DeepEqual(r, Record{}) {
			t.Fatalf("%+v beside error %v", r, err)
		}
		return
	}
	n := int(r.Length)
	if n > len(b) || n%8 != 0 || n < minLengthV2 || len(r.Extents)*16 > n || len(r.Name) > 2*n {
		t.Fatalf("%+v does not fit into %d bytes", r, len(b))
	}
	if exactAt(b, r.USN) != n && !hidesRecord(b, minLengthV2&^7, n, r.USN) {
		t.Fatalf("a walk would not take %x, which decodes", b)
	}
	if p := plausibleAt(b); p != 0 && p != n {
		t.Fatalf("plausible length %d of %x, want %d", p, b, n)
	}
}

func TestParseRecordHostile(t *testing.T) {
	for _, h := range []string{hexV2, hexV3, hexV4} {
		b := unhex(t, h)
		for n := range b {
			if _, err := ParseRecord(b[:n]); err == nil {
				t.Errorf("%d of %d bytes decoded", n, len(b))
			}
			checkRecord(t, b[:n])
		}
		for i := range 8 * len(b) {
			flipped := append([]byte(nil), b...)
			flipped[i/8] ^= 1 << (i % 8)
			checkRecord(t, flipped)
		}
	}
}

func TestParseMax(t *testing.T) {
	b := unhex(t, `00 00 00 02 00 00 00 00  00 00 80 00 00 00 00 00
		80 92 27 84 17 B8 C7 01  00 00 10 00 00 00 00 00`)
	want := Max{MaximumSize: 32 << 20, AllocationDelta: 8 << 20, JournalID: 0x01C7B81784279280, LowestValidUSN: 1 << 20}
	if got, err := ParseMax(b); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for n := range b {
		if got, err := ParseMax(b[:n]); !errors.Is(err, parse.ErrTruncated) || got != (Max{}) {
			t.Errorf("%d bytes: got %+v, %v, want an error", n, got, err)
		}
	}
}

func TestNames(t *testing.T) {
	tests := []struct {
		name string
		got  string
		want string
	}{
		{"none", Reason(0).String(), "0"},
		{"two", (ReasonFileCreate | ReasonClose).String(), "FILE_CREATE|CLOSE"},
		{"unknown bit last", (ReasonClose | 0x8).String(), "CLOSE|0x8"},
		{"source", (SourceDataManagement | SourceReplicationManagement).String(), "DATA_MANAGEMENT|REPLICATION_MANAGEMENT"},
		{"attributes", FileAttributes(0x16).String(), "HIDDEN|SYSTEM|DIRECTORY"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	var all Reason
	for _, f := range reasonNames {
		all |= Reason(f.bit)
	}
	if all != knownReasons {
		t.Errorf("known reasons are %#x, the named ones %#x", uint32(knownReasons), uint32(all))
	}
}

func TestRawDoesNotAllocate(t *testing.T) {
	r := Raw{b: unhex(t, hexV2)}
	var sum uint64
	if n := testing.AllocsPerRun(100, func() {
		sum += uint64(r.USN()) + uint64(r.Reason()) + uint64(r.File()) + uint64(len(r.NameBytes())) + uint64(r.Time())
	}); n != 0 {
		t.Errorf("got %v allocations per record, want 0", n)
	}
	if sum == 0 || binary.LittleEndian.Uint16(r.NameBytes()) != 'A' {
		t.Error("fields read as zero")
	}
}
