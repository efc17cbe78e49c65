package ntfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

// sampleRecord has content that crosses the end of the first sector.
func sampleRecord() []byte {
	content := bytes.Repeat([]byte("0123456789abcdef"), 24)
	return plainFile(66, "At1.job", content).bytes()
}

func TestParseRecord(t *testing.T) {
	b := sampleRecord()
	before := bytes.Clone(b)
	r, err := ParseRecord(b)
	if err != nil || len(r.Damage) != 0 || len(r.Torn) != 0 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if !bytes.Equal(b, before) {
		t.Error("the input was changed")
	}
	if r.Number != 66 || r.StoredNumber != 66 || r.Sequence != 3 || !r.InUse || r.IsDirectory || r.LinkCount != 1 ||
		r.LSN != 0x1122334455 || r.Base != 0 || r.AllocatedSize != 1024 || r.Reference() != NewFileReference(66, 3) {
		t.Errorf("header: got %+v", r)
	}
	if got, want := types(r), []AttributeType{TypeStandardInformation, TypeFileName, TypeData}; !slices.Equal(got, want) {
		t.Errorf("attributes: got %v, want %v", got, want)
	}
	data := r.Attributes[2]
	if want := bytes.Repeat([]byte("0123456789abcdef"), 24); !bytes.Equal(data.Value, want) || !data.Resident || data.ID != 2 ||
		!bytes.Equal(r.Data[data.ValueOffset:data.ValueOffset+len(want)], want) {
		t.Errorf("$DATA: got %+v", data)
	}
}

func types(r *Record) []AttributeType {
	var out []AttributeType
	for _, a := range r.Attributes {
		out = append(out, a.Type)
	}
	return out
}

func TestReferenceOfFreeRecord(t *testing.T) {
	tests := []struct {
		name   string
		free   bool
		stored uint16
		want   uint16
	}{
		{"in use", false, 5, 5},
		{"free", true, 5, 4},
		{"free, 0 was skipped", true, 1, 0xFFFF},
		{"free, stored 0 says nothing", true, 0, 0},
		{"free, largest", true, 0xFFFF, 0xFFFE},
	}
	for _, tt := range tests {
		s := plainFile(9, "x", nil)
		s.free, s.sequence = tt.free, tt.stored
		r, err := ParseRecord(s.bytes())
		if err != nil || r.Reference() != NewFileReference(9, tt.want) {
			t.Errorf("%s: got %v, %v; want 9-%d", tt.name, r.Reference(), err, tt.want)
		}
	}
}

func TestParseRecordDamage(t *testing.T) {
	le := binary.LittleEndian
	si, fn, data := TypeStandardInformation, TypeFileName, TypeData
	const first = 0x38 // offset of the first attribute; $FILE_NAME follows at nameAt, $DATA at dataAt
	const nameAt = first + 0x60
	dataAt := nameAt + (0x18+0x42+2*7+7)&^7
	tests := []struct {
		name   string
		change func(b []byte)
		want   []AttributeType
		cause  error
	}{
		{"length 0", func(b []byte) { le.PutUint32(b[nameAt+4:], 0) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"length not a multiple of 8", func(b []byte) { le.PutUint32(b[nameAt+4:], 0x5B) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"length past the record", func(b []byte) { le.PutUint32(b[nameAt+4:], 0x7FFFFFF8) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"length into the next attribute", func(b []byte) { le.PutUint32(b[nameAt+4:], 0x98) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"value past the attribute", func(b []byte) { le.PutUint32(b[nameAt+0x10:], 0x1000) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"value offset past the attribute", func(b []byte) { le.PutUint16(b[nameAt+0x14:], 0x1000) }, []AttributeType{si, data}, parse.ErrRange},
		{"name past the attribute", func(b []byte) { b[dataAt+9] = 255 }, []AttributeType{si, fn}, parse.ErrRange},
		{"type 0", func(b []byte) { le.PutUint32(b[nameAt:], 0) }, []AttributeType{si, data}, parse.ErrRange},
		{"first attribute offset", func(b []byte) { le.PutUint16(b[0x14:], 0xFFF8) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"used size", func(b []byte) { le.PutUint32(b[0x18:], 1<<31) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"torn second sector", func(b []byte) { b[1022]++ }, []AttributeType{si, fn, data}, parse.ErrFixup},
		{"update sequence offset", func(b []byte) { le.PutUint16(b[4:], 0x1FE) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"update sequence count", func(b []byte) { le.PutUint16(b[6:], 2) }, []AttributeType{si, fn, data}, parse.ErrRange},
		{"BAAD", func(b []byte) { copy(b, "BAAD") }, []AttributeType{si, fn, data}, nil},
	}
	for _, tt := range tests {
		b := sampleRecord()
		tt.change(b)
		r, err := ParseRecord(b)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := types(r); !slices.Equal(got, tt.want) {
			t.Errorf("%s: attributes: got %v, want %v; damage %v", tt.name, got, tt.want, r.Damage)
		}
		if tt.cause == nil {
			if len(r.Damage) != 0 || !r.Baad {
				t.Errorf("%s: got %v, baad %v", tt.name, r.Damage, r.Baad)
			}
			continue
		}
		if len(r.Damage) == 0 || !errors.Is(r.Damage[0], tt.cause) {
			t.Errorf("%s: damage: got %v, want %v", tt.name, r.Damage, tt.cause)
		}
	}
}

func TestTornSectorIsKeptAsRead(t *testing.T) {
	b := sampleRecord()
	b[510], b[511] = 0xAA, 0xBB
	r, err := ParseRecord(b)
	if err != nil || !slices.Equal(r.Torn, []int{0}) {
		t.Fatalf("got %v, %v", r.Torn, err)
	}
	if r.Data[510] != 0xAA || r.Data[511] != 0xBB || r.Data[1022] != 0 {
		t.Errorf("got % x, second sector % x", r.Data[510:512], r.Data[1022:])
	}
}

func TestParseRecordRefuses(t *testing.T) {
	tests := []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, parse.ErrTruncated},
		{"zeros", make([]byte, 1024), parse.ErrSignature},
		{"too long", append([]byte("FILE"), make([]byte, 1<<17)...), parse.ErrRange},
	}
	for _, tt := range tests {
		if r, err := ParseRecord(tt.b); r != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, %v; want %v", tt.name, r, err, tt.want)
		}
	}
}

func TestParseRecordHostile(t *testing.T) {
	hostile(sampleRecord(), func(b []byte) { checkRecord(t, b) })
}

// checkRecord holds the invariants of a decoded record.
func checkRecord(t *testing.T, b []byte) {
	t.Helper()
	before := bytes.Clone(b)
	r, err := ParseRecord(b)
	if !bytes.Equal(before, b) {
		t.Fatal("the input was changed")
	}
	if err != nil {
		if r != nil {
			t.Fatalf("got %+v with %v", r, err)
		}
		return
	}
	if len(r.Data) != len(b) {
		t.Fatalf("%d bytes became %d", len(b), len(r.Data))
	}
	if 24*len(r.Attributes) > 2*len(b) || len(r.Damage) > len(b) {
		t.Fatalf("%d attributes, %d errors from %d bytes", len(r.Attributes), len(r.Damage), len(b))
	}
	for _, d := range r.Damage {
		var pe *parse.Error
		if !errors.As(d, &pe) || pe.Offset < 0 || pe.Offset > int64(len(b)) {
			t.Fatalf("damage %v", d)
		}
	}
	for _, a := range r.Attributes {
		if a.Offset < 0 || a.Offset+a.Length > len(b) || a.Length < residentHeader {
			t.Fatalf("attribute outside the record: %+v", a)
		}
		if a.Resident && !bytes.Equal(a.Value, r.Data[a.ValueOffset:a.ValueOffset+len(a.Value)]) {
			t.Fatalf("value is not at its offset: %+v", a)
		}
		checkRuns(t, a.Runs, a.LowestVCN)
	}
}

func checkRuns(t *testing.T, runs []Run, vcn uint64) {
	t.Helper()
	for _, run := range runs {
		if run.VCN != vcn || run.Length == 0 || run.LCN < 0 || int64(run.VCN+run.Length) < 0 || (run.Sparse && run.LCN != 0) {
			t.Fatalf("run %+v, expected VCN %d", run, vcn)
		}
		vcn += run.Length
	}
}

func TestScanAgreesWithFullDecoding(t *testing.T) {
	// The quick walk and the full decoder must find the same names, whatever
	// bit of the record is wrong.
	sample := sampleRecord()
	for i := range 8 * len(sample) {
		b := bytes.Clone(sample)
		b[i/8] ^= 1 << (i % 8)
		two := append(bytes.Clone(sample), b...) // the record size comes from an intact one
		v, err := OpenMFT(bytes.NewReader(two), int64(len(two)))
		if err != nil {
			t.Fatal(err)
		}
		got := false
		_, err = v.ScanNames(t.Context(), 1, 2, endsInJob, func(NameHit) { got = true }, func(uint64, error) {})
		if err != nil {
			t.Fatal(err)
		}
		f, err := v.File(1)
		want := err == nil && slices.ContainsFunc(f.Names(), func(n FileName) bool {
			units := utf16le(n.Name)
			return endsInJob(units)
		})
		if got != want {
			t.Fatalf("bit %d of byte %#x: scan %v, full decoding %v", i%8, i/8, got, want)
		}
	}
}

func TestAttributeTypeNames(t *testing.T) {
	for _, tt := range []struct {
		t    AttributeType
		want string
	}{{TypeStandardInformation, "$STANDARD_INFORMATION"}, {TypeLoggedUtilityStream, "$LOGGED_UTILITY_STREAM"}, {0x170, "attribute type 0x170"}} {
		if got := tt.t.String(); got != tt.want {
			t.Errorf("%#x: got %s, want %s", uint32(tt.t), got, tt.want)
		}
	}
	if got, want := fmt.Sprint(NamespacePOSIX, NamespaceWin32, NamespaceDOS, NamespaceWin32AndDOS, Namespace(9)), "POSIX Win32 DOS Win32+DOS namespace 9"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDecodeNonResident(t *testing.T) {
	s := recordSpec{number: 70, sequence: 1, attributes: [][]byte{
		nonResident(0x80, "$J", 0x8000, 0, 16, 5000, 4000, []byte{0x11, 3, 9, 0}),
	}}
	r, err := ParseRecord(s.bytes())
	if err != nil || len(r.Damage) != 0 || len(r.Attributes) != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	want := Attribute{Type: TypeData, Name: "$J", Flags: 0x8000, Offset: 0x38, Length: r.Attributes[0].Length, Holder: 70,
		LowestVCN: 16, AllocatedSize: 8192, DataSize: 5000, InitializedSize: 4000, Runs: []Run{{VCN: 16, Length: 3, LCN: 9}}}
	if got := r.Attributes[0]; !reflect.DeepEqual(got, want) || !got.Sparse() || got.Compressed() || got.Encrypted() {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
