package index

import (
	"bytes"
	"encoding/binary"
	"maps"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

func endsInJob(b []byte) bool {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return strings.HasSuffix(strings.ToLower(string(utf16.Decode(u))), ".job")
}

func scenario(t *testing.T, name string) (*fixtures.Image, *ntfs.Volume) {
	t.Helper()
	s, ok := fixtures.Find(name)
	if !ok {
		t.Fatalf("no scenario %q", name)
	}
	image := s.Build()
	v, err := ntfs.Open(image, image.Size())
	if err != nil {
		t.Fatal(err)
	}
	return image, v
}

func child(t *testing.T, v *ntfs.Volume, path string) *ntfs.File {
	t.Helper()
	n := uint64(ntfs.RecordRoot)
	var f *ntfs.File
	for _, name := range strings.Split(strings.Trim(path, `\`), `\`) {
		var err error
		if f, err = v.FindChild(n, name); err != nil {
			t.Fatal(err)
		}
		n = f.Record.Number
	}
	return f
}

// Every live job is among the live entries, and every deleted one that the
// slack has room for among the traces, with its reference and its place.
func TestManyInTasks(t *testing.T) {
	image, v := scenario(t, "many-in-tasks")
	tasks := child(t, v, `\Windows\Tasks`)
	live, traces, problems := Traces(v, tasks, endsInJob)
	for _, p := range problems {
		t.Error(p)
	}
	alive, gone := map[string]string{}, map[string]string{}
	for _, a := range image.Truth[0].Alive {
		if name, ok := strings.CutPrefix(a.Path, `\Windows\Tasks\`); ok && strings.HasSuffix(name, ".job") {
			alive[name] = a.Reference
		}
	}
	for _, e := range image.Truth[0].Events {
		if name, ok := strings.CutPrefix(e.Path, `\Windows\Tasks\`); ok && e.Kind == fixtures.KindDeletion {
			gone[name] = e.Reference
		}
	}
	found := map[string]bool{}
	for _, e := range live {
		if e.FileName.Namespace == ntfs.NamespaceDOS {
			continue
		}
		if ref, ok := alive[e.FileName.Name]; !ok || ref != e.Reference.String() {
			t.Errorf("live %q %s: want %s, %t", e.FileName.Name, e.Reference, ref, ok)
		}
		found[e.FileName.Name] = true
	}
	if len(found) != len(alive) || len(alive) != 80 {
		t.Errorf("found %d of %d live jobs", len(found), len(alive))
	}
	found = map[string]bool{}
	for _, tr := range traces {
		if tr.Source != event.IndexSlack || tr.Name.Parent != tasks.Reference() {
			t.Errorf("%+v", tr)
		}
		if tr.Name.Namespace == ntfs.NamespaceDOS {
			continue
		}
		if ref, ok := gone[tr.Name.Name]; !ok || ref != tr.Reference.String() {
			t.Errorf("trace %q %s: want %s, %t", tr.Name.Name, tr.Reference, ref, ok)
		}
		found[tr.Name.Name] = true
		checkPlace(t, image, tr)
	}
	held := map[string]bool{}
	whole := image.Bytes()
	for name, ref := range gone {
		if holdsEntry(whole, ref, tasks.Reference()) {
			held[name] = true
		}
	}
	if !maps.Equal(found, held) || len(held) == 0 {
		t.Errorf("traces of %d deleted jobs, the image holds entries of %d", len(found), len(held))
	}
}

// holdsEntry looks for an index entry by the bytes of its references.
func holdsEntry(image []byte, ref string, folder ntfs.FileReference) bool {
	number, sequence, _ := strings.Cut(ref, "-")
	n, _ := strconv.ParseUint(number, 10, 64)
	q, _ := strconv.ParseUint(sequence, 10, 16)
	key := binary.LittleEndian.AppendUint64(nil, n|q<<48)
	parent := binary.LittleEndian.AppendUint64(nil, uint64(folder))
	for at := 0; ; at += 8 {
		i := bytes.Index(image[at:], key)
		if i < 0 {
			return false
		}
		at += i
		// A name longer than 8.3, so not the DOS twin.
		if at%8 == 0 && bytes.Equal(image[at+16:at+24], parent) && image[at+16+0x40] > 12 {
			return true
		}
	}
}

// checkPlace: what the trace says stands at its offset, but for the bytes that
// the update sequence took.
func checkPlace(t *testing.T, image *fixtures.Image, tr event.Trace) {
	t.Helper()
	b := make([]byte, 24)
	image.ReadAt(b, tr.Offset)
	if ntfs.FileReference(binary.LittleEndian.Uint64(b)) == tr.Reference && ntfs.FileReference(binary.LittleEndian.Uint64(b[16:])) == tr.Name.Parent {
		return
	}
	t.Errorf("%q: no such entry at %#x", tr.Name.Name, tr.Offset)
}

func TestEveryScenario(t *testing.T) {
	for _, s := range fixtures.Scenarios() {
		image := s.Build()
		v, err := ntfs.Open(image, image.Size())
		if err != nil {
			continue // a disk
		}
		names := map[string]bool{}
		for _, e := range image.Truth[0].Events {
			names[e.Path[strings.LastIndexByte(e.Path, '\\')+1:]] = true
			names[e.Previous[strings.LastIndexByte(e.Previous, '\\')+1:]] = true
		}
		for n := range v.RecordCount() {
			f, err := v.File(n)
			if err != nil || !f.IsDirectory() {
				continue
			}
			_, traces, _ := Traces(v, f, nil)
			for _, tr := range traces {
				if tr.Name.Namespace != ntfs.NamespaceDOS && tr.Name.Name != "" && !names[tr.Name.Name] {
					t.Errorf("%s: folder %d: trace of %q, which never was: %+v", s.Name, n, tr.Name.Name, tr)
				}
			}
			for _, tr := range RecordSlack(v, f.Record) {
				if tr.Offset < image.RecordOffset(n) || tr.Offset >= image.RecordOffset(n)+int64(v.RecordSize()) {
					t.Errorf("%s: %+v lies outside of its record", s.Name, tr)
				}
			}
		}
	}
}
