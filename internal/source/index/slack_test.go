package index

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// jobRecord is the FILE record, fixups undone, of a small resident job.
func jobRecord() []byte {
	s, _ := fixtures.Find("many-in-tasks")
	image := s.Build()
	v, err := ntfs.Open(image, image.Size())
	if err != nil {
		panic(err)
	}
	for n := range v.RecordCount() {
		r, err := v.Record(n)
		if err != nil || r.IsDirectory {
			continue
		}
		for _, a := range r.Attributes {
			if a.Type == ntfs.TypeData && a.Resident && bytes.Contains(a.Value, []byte("p\x00o\x00w\x00e\x00r")) {
				return r.Data
			}
		}
	}
	panic("no resident job")
}

// withSlack is a record of a file that has only $STANDARD_INFORMATION, in the
// slack of which the attributes of another record remain.
func withSlack(head, old []byte) []byte {
	b := bytes.Clone(old)
	const first, si = 0x38, 0x60
	copy(b, head[:first])
	binary.LittleEndian.PutUint16(b[0x14:], first)
	binary.LittleEndian.PutUint32(b[0x18:], first+si+8)
	binary.LittleEndian.PutUint32(b[0x1C:], uint32(len(b)))
	at := first
	for binary.LittleEndian.Uint32(b[at:]) == uint32(ntfs.TypeStandardInformation) {
		at += int(binary.LittleEndian.Uint32(b[at+4:]))
	}
	binary.LittleEndian.PutUint32(b[at-4:], 0xFFFFFFFF) // overwritten: the end of $STANDARD_INFORMATION
	return b
}

func parsed(t *testing.T, b []byte) *ntfs.Record {
	t.Helper()
	r, err := ntfs.ParseRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	r.Number = 30
	return r
}

// The attributes of the file that lived in a record before: its name comes
// with its content; without the name the job is found all the same.
func TestRecordSlack(t *testing.T) {
	s, _ := fixtures.Find("many-in-tasks")
	image := s.Build()
	v, err := ntfs.Open(image, image.Size())
	if err != nil {
		t.Fatal(err)
	}
	old := jobRecord()
	r := parsed(t, old)
	var name ntfs.FileName
	var body []byte
	end := 0
	for _, a := range r.Attributes {
		switch a.Type {
		case ntfs.TypeFileName:
			if n, err := ntfs.ParseFileName(a.Value); err == nil && n.Namespace != ntfs.NamespaceDOS {
				name = n
			}
			end = a.Offset + a.Length
		case ntfs.TypeData:
			body = a.Value
		}
	}
	rec := &ntfs.Record{Number: 30, Sequence: 4, InUse: true, Data: old}
	traces := RecordSlack(v, rec)
	var got *event.Trace
	for i := range traces {
		if traces[i].Name.Name == name.Name {
			got = &traces[i]
		}
		if traces[i].Reference != ntfs.NewFileReference(30, 0) || traces[i].Source != event.MFTCarved {
			t.Errorf("%+v", traces[i])
		}
	}
	if got == nil || got.Name.Created != name.Created || got.Name.Parent != name.Parent || !bytes.Equal(got.Content, body) {
		t.Fatalf("got %+v, want %+v with %d bytes", got, name, len(body))
	}

	// The name is still the record's own: so are the remains.
	again := parsed(t, old)
	rec.Attributes = nil
	for _, a := range again.Attributes {
		if a.Type == ntfs.TypeFileName {
			a.Offset, a.Length = 0x38, 0
			rec.Attributes = append(rec.Attributes, a)
		}
	}
	for _, tr := range RecordSlack(v, rec) {
		if tr.Name.Name == name.Name && tr.Reference != rec.Reference() {
			t.Errorf("of the file itself: got %s", tr.Reference)
		}
	}

	// Only the body is left.
	rec.Attributes = []ntfs.Attribute{{Offset: end, Length: 8}}
	traces = RecordSlack(v, rec)
	if len(traces) != 1 || traces[0].Name.Name != "" || !strings.HasPrefix(traces[0].Detail, "job in the slack") || !bytes.HasPrefix(body, traces[0].Content[:64]) {
		t.Errorf("got %+v", traces)
	}

	// Nothing of it may come from a torn sector.
	rec.Torn = []int{0, 1}
	for _, tr := range RecordSlack(v, rec) {
		if tr.Content != nil {
			t.Errorf("content from torn sectors: %+v", tr)
		}
	}
}
