package index

import (
	"bytes"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/ntfs"
)

// sampleRecord gives the FILE record of a folder whose slack holds much.
func sampleRecord(t testing.TB) (*ntfs.Volume, []byte) {
	t.Helper()
	s, ok := fixtures.Find("deleted-and-reused")
	if !ok {
		s, _ = fixtures.Find("many-in-tasks")
	}
	image := s.Build()
	v, err := ntfs.Open(image, image.Size())
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(0)
	for i := range v.RecordCount() {
		if r, err := v.Record(i); err == nil && r.IsDirectory && i > 24 {
			n = i
		}
	}
	b := make([]byte, v.RecordSize())
	if _, err := image.ReadAt(b, v.RecordOffset(n)); err != nil {
		t.Fatal(err)
	}
	return v, b
}

// checkSlack holds for any FILE record.
func checkSlack(t *testing.T, v *ntfs.Volume, b []byte) {
	t.Helper()
	rec, err := ntfs.ParseRecord(b)
	if err != nil {
		return
	}
	rec.Number = 30
	start := v.RecordOffset(30)
	for _, tr := range RecordSlack(v, rec) {
		if tr.Offset < start || tr.Offset >= start+int64(len(b)) {
			t.Fatalf("%+v lies outside of the record at %#x", tr, start)
		}
		if tr.Name.Name == "" && tr.Content == nil || tr.Name.Partial {
			t.Fatalf("%+v says nothing", tr)
		}
	}
}

func TestRecordSlackHostile(t *testing.T) {
	v, b := sampleRecord(t)
	for n := range b {
		checkSlack(t, v, b[:n])
	}
	b = bytes.Clone(b)
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		checkSlack(t, v, b)
		b[i/8] ^= 1 << (i % 8)
	}
}

func FuzzRecordSlack(f *testing.F) {
	v, b := sampleRecord(f)
	f.Add(b)
	f.Add(withSlack(b, jobRecord()))
	if s, ok := fixtures.Find("record-slack-name"); ok {
		image := s.Build()
		headless := make([]byte, 1024)
		if _, err := image.ReadAt(headless, image.RecordOffset(34)); err != nil {
			f.Fatal(err)
		}
		f.Add(headless)
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkSlack(t, v, b) })
}

// A folder whose FILE record, index and bitmap say anything at all.
func FuzzTraces(f *testing.F) {
	s, _ := fixtures.Find("many-in-tasks")
	whole := s.Build()
	v, err := ntfs.Open(whole, whole.Size())
	if err != nil {
		f.Fatal(err)
	}
	tasks := uint64(0)
	for i := range v.RecordCount() {
		r, err := v.Record(i)
		if err != nil || !r.IsDirectory {
			continue
		}
		for _, a := range r.Attributes {
			if a.Type == ntfs.TypeIndexAllocation && i > 24 {
				tasks = i
			}
		}
	}
	at := v.RecordOffset(tasks)
	record := make([]byte, v.RecordSize())
	if _, err := whole.ReadAt(record, at); err != nil {
		f.Fatal(err)
	}
	f.Add(record)
	f.Fuzz(func(t *testing.T, b []byte) {
		image := whole.Clone()
		if _, err := image.WriteAt(b[:min(len(b), len(record))], at); err != nil {
			t.Fatal(err)
		}
		folder, err := v.File(tasks)
		changed, openErr := ntfs.Open(image, image.Size())
		if err != nil || openErr != nil {
			return
		}
		if f, err := changed.File(tasks); err == nil {
			folder = f
		}
		live, traces, _ := Traces(changed, folder, nil)
		for _, tr := range traces {
			if tr.Offset < -1 || tr.Offset >= image.Size() || tr.Name.Partial {
				t.Fatalf("%+v", tr)
			}
		}
		if !folder.InUse() && len(live) > 0 {
			t.Fatal("live entries in a deleted folder")
		}
	})
}
