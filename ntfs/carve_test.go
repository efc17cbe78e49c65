package ntfs

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

// carveSample gives a FILE record and an INDX record of a fixture's folder, as
// they lie on the volume, and the reference of the folder.
func carveSample(t testing.TB) (record, indx []byte, folder FileReference) {
	t.Helper()
	s, ok := fixtures.Find("many-in-tasks")
	if !ok {
		t.Fatal("no scenario")
	}
	image := s.Build()
	v, err := Open(image, image.Size())
	if err != nil {
		t.Fatal(err)
	}
	windows, err := v.FindChild(RecordRoot, "Windows")
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := v.FindChild(windows.Record.Number, "Tasks")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := v.OpenStream(tasks, TypeIndexAllocation, "$I30")
	if err != nil {
		t.Fatal(err)
	}
	indx = make([]byte, 4096)
	if _, err := stream.ReadAt(indx, 0); err != nil {
		t.Fatal(err)
	}
	job := childNamed(t, v, tasks, "Scheduled job number 001.job")
	record, err = v.rawRecord(job)
	if err != nil {
		t.Fatal(err)
	}
	return record, indx, tasks.Reference()
}

func childNamed(t testing.TB, v *Volume, folder *File, name string) uint64 {
	t.Helper()
	f, err := v.FindChild(folder.Record.Number, name)
	if err != nil {
		t.Fatal(err)
	}
	return f.Record.Number
}

func TestCarveRecords(t *testing.T) {
	good, _, _ := carveSample(t)
	change := func(f func(b []byte)) []byte {
		b := bytes.Clone(good)
		f(b)
		return b
	}
	put16 := func(at int, v uint16) []byte {
		return change(func(b []byte) { binary.LittleEndian.PutUint16(b[at:], v) })
	}
	put32 := func(at int, v uint32) []byte {
		return change(func(b []byte) { binary.LittleEndian.PutUint32(b[at:], v) })
	}
	memory := change(func(b []byte) { undoFixups(b, recordHeader) })
	for _, c := range []struct {
		name  string
		b     []byte
		size  int
		found bool
	}{
		{"as it is", good, 0, true},
		{"of the volume's size", good, 1024, true},
		{"of another size", good, 4096, false},
		{"marked BAAD", change(func(b []byte) { copy(b, "BAAD") }), 0, true},
		{"no signature", change(func(b []byte) { b[0] = 'G' }), 0, false},
		{"as in memory", memory, 0, true},
		{"second sector torn", put16(1022, 0xEEEE), 0, true},
		{"first sector torn", put16(510, 0xEEEE), 0, true},
		{"update sequence offset", put16(4, 0x28), 0, false},
		{"update sequence count", put16(6, 4), 0, false},
		{"first attribute inside the update sequence", put16(0x14, 0x30), 0, false},
		{"first attribute unaligned", put16(0x14, 0x3A), 0, false},
		{"flags that do not exist", put16(0x16, 0x101), 0, false},
		{"more used than there is", put32(0x18, 1032), 0, false},
		{"size not a power of two", put32(0x1C, 1000), 0, false},
		{"size of 64 KiB", put32(0x1C, 65536), 0, false},
		{"attribute length lies", put32(0x38+4, 0x9999), 0, false},
		{"attribute types descend", put32(0x38, 0x1000), 0, false},
		{"end cut off", good[:1016], 0, false},
		{"header only", good[:48], 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			const base, at = 1 << 40, 24
			b := append(bytes.Repeat([]byte{0xA5}, at), c.b...)
			before := bytes.Clone(b)
			got := CarveRecords(b, base, c.size)
			if !bytes.Equal(b, before) {
				t.Error("the input was changed")
			}
			if !c.found {
				if len(got) != 0 {
					t.Errorf("found %+v", got[0].Record)
				}
				return
			}
			if len(got) != 1 || got[0].Offset != base+at {
				t.Fatalf("found %d records", len(got))
			}
			r := got[0]
			names := 0
			for _, a := range r.Attributes {
				if n, err := ParseFileName(a.Value); a.Type == TypeFileName && err == nil && strings.HasPrefix(n.Name, "Scheduled job") {
					names++
				}
			}
			if names != 1 || r.Plain != (c.name == "as in memory") || r.Number == 0 {
				t.Errorf("%d names, plain %t, number %d", names, r.Plain, r.Number)
			}
		})
	}
}

// Records stand at multiples of 8 and nowhere else; one behind the other are
// all found, as is one inside of another's slack only when that is none.
func TestCarveRecordsPlaces(t *testing.T) {
	good, _, _ := carveSample(t)
	b := slices.Concat(good, good, make([]byte, 8), good, make([]byte, 4), good)
	var at []int64
	for _, r := range CarveRecords(b, 100, 1024) {
		at = append(at, r.Offset)
	}
	if want := []int64{100, 1124, 2156}; !slices.Equal(at, want) {
		t.Errorf("got %d, want %d", at, want)
	}
}

func TestRecordCarverNames(t *testing.T) {
	good, _, _ := carveSample(t)
	var c RecordCarver
	isJob := func(b []byte) bool { return bytes.HasSuffix(b, []byte("j\x00o\x00b\x00")) }
	if c.HasName(isJob) {
		t.Error("a carver that found nothing has a name")
	}
	if n := c.At(good, 0); n != 1024 || !c.HasName(isJob) || c.HasName(func([]byte) bool { return false }) {
		t.Errorf("size %d", n)
	}
	torn := bytes.Clone(good)
	torn[0x1FE]++
	if n := c.At(torn, 0); n != 1024 || !c.HasName(isJob) {
		t.Errorf("torn: size %d", n)
	}
	if allocs := testing.AllocsPerRun(100, func() { c.At(good, 0); c.HasName(isJob) }); allocs != 0 {
		t.Errorf("%v allocations for one record", allocs)
	}
	if n := c.At(good[:100], 0); n != 0 || c.HasName(isJob) {
		t.Errorf("cut: size %d", n)
	}
}

func TestCarveIndexRemains(t *testing.T) {
	_, indx, folder := carveSample(t)
	node, err := ParseIndexRecord(indx)
	if err != nil || len(node.Entries) < 4 {
		t.Fatal(err, len(node.Entries))
	}
	data := bytes.Clone(indx)
	undoFixups(data, indexRecordHeader)
	e := node.Entries[1]
	length := int(binary.LittleEndian.Uint16(data[e.Offset+8:]))
	entry := data[e.Offset : e.Offset+length]
	change := func(f func(b []byte)) []byte {
		b := bytes.Clone(entry)
		f(b)
		return b
	}
	other := FileReference(99 | 7<<48)
	end := change(func(b []byte) { clear(b[:16]); b[8], b[12] = 0x10, 2 })
	lost := change(func(b []byte) { copy(b[8:], "\xFF\xFF\xFF\xFF\x82\x79\x47\x11\x00\x00\x00\x00\x00\x00\x00\x00") })
	attribute := append([]byte{0x30, 0, 0, 0, 0x98, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, entry[10], 0, 0, 0, 0x18, 0, 1, 0}, lost[16:]...)
	for _, c := range []struct {
		name   string
		b      []byte
		at     int
		folder FileReference
		want   int // entries
		offset int
		ref    FileReference
		lost   bool
	}{
		{"whole, folder known", entry, 0, folder, 1, 0, e.Reference, false},
		{"whole, folder not known", entry, 0, 0, 1, 0, e.Reference, false},
		{"whole, of another folder", entry, 0, other, 1, 0, e.Reference, false},
		{"starts in the middle of 8", append([]byte{1, 2, 3}, entry...), 5, folder, 1, 3, e.Reference, false},
		{"not at a multiple of 8", append([]byte{1, 2, 3}, entry...), 0, folder, 0, 0, 0, false},
		{"end entry in its place", end, 0, folder, 1, 0, 0, false},
		{"end entry in its place, folder not known", end, 0, 0, 1, 0, 0, false},
		{"header cut off", entry[16:], 0, folder, 1, -16, 0, false},
		{"parent overwritten", lost, 0, folder, 1, 0, 0, true},
		{"parent overwritten, folder not known", lost, 0, 0, 0, 0, 0, false},
		{"the value of an attribute", attribute, 0, folder, 0, 0, 0, false},
		{"wrong lengths, folder not known", change(func(b []byte) { b[10]++ }), 0, 0, 0, 0, 0, false},
		{"file without sequence number", change(func(b []byte) { b[6], b[7] = 0, 0 }), 0, other, 1, 0, 0, false},
		{"file without sequence number, folder not known", change(func(b []byte) { b[6], b[7] = 0, 0 }), 0, 0, 0, 0, 0, false},
		{"time of 1601", change(func(b []byte) { clear(b[24:32]) }), 0, folder, 0, 0, 0, false},
		{"time of 2200", change(func(b []byte) { b[31] = 3 }), 0, folder, 0, 0, 0, false},
		{"name empty", change(func(b []byte) { b[16+0x40] = 0 }), 0, folder, 0, 0, 0, false},
		{"name longer than the rest", change(func(b []byte) { b[16+0x40] = 0xFF }), 0, folder, 0, 0, 0, false},
		{"NUL in the name", change(func(b []byte) { clear(b[16+0x44 : 16+0x46]) }), 0, folder, 0, 0, 0, false},
		{"namespace 4", change(func(b []byte) { b[16+0x41] = 4 }), 0, folder, 0, 0, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := CarveIndexRemains(c.b, c.at, c.folder, 0)
			if len(got) != c.want {
				t.Fatalf("found %d, want %d: %+v", len(got), c.want, got)
			}
			if c.want == 0 {
				return
			}
			r := got[0]
			if r.Offset != c.offset || r.Reference != c.ref || r.ParentLost != c.lost || r.FileName.Parent != folder || r.FileName.Name != e.FileName.Name || r.FileName.Created != e.FileName.Created {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestCarveIndexRemainsBounds(t *testing.T) {
	_, indx, folder := carveSample(t)
	data := bytes.Clone(indx)
	undoFixups(data, indexRecordHeader)
	if r := CarveIndexRemains(data, 0, folder, 30); len(r) == 0 || r[0].Reference == 0 {
		t.Errorf("%d remains; the folder's own need no bound", len(r))
	}
	if r := CarveIndexRemains(data, 0, 0, 30); len(r) != 0 {
		t.Errorf("%d remains of records that the volume does not have", len(r))
	}
}

func TestCarveIndexRecord(t *testing.T) {
	_, indx, _ := carveSample(t)
	if got := CarveIndexRecord(append(bytes.Clone(indx), 1, 2, 3)); got != 4096 {
		t.Errorf("got %d", got)
	}
	for _, c := range []struct {
		name string
		at   int
		v    uint32
	}{
		{"signature", 0, 0x12345678}, {"update sequence", 4, 0x00080028}, {"first entry", 0x18, 0x10},
		{"used before first", 0x1C, 0x20}, {"used after the end", 0x1C, 4080}, {"allocated", 0x20, 4000}, {"allocated, huge", 0x20, 0xFFFFFFE8},
	} {
		b := bytes.Clone(indx)
		binary.LittleEndian.PutUint32(b[c.at:], c.v)
		if got := CarveIndexRecord(b); got != 0 {
			t.Errorf("%s: got %d", c.name, got)
		}
	}
}

// checkCarve holds for any bytes.
func checkCarve(t *testing.T, b []byte) {
	t.Helper()
	end := int64(0)
	for _, r := range CarveRecords(b, 0, 0) {
		if r.Offset < end || r.Offset%8 != 0 || r.Offset+int64(len(r.Data)) > int64(len(b)) || len(r.Data) != int(r.AllocatedSize) {
			t.Fatalf("record at %d of %d bytes, after %d, in %d", r.Offset, len(r.Data), end, len(b))
		}
		end = r.Offset + int64(len(r.Data))
	}
	for _, folder := range []FileReference{0, FileReference(30 | 1<<48)} {
		last := -17
		for _, r := range CarveIndexRemains(b, 3, folder, 0) {
			if r.Offset <= last || (r.Offset+3)%8 != 0 || r.FileName.Name == "" || r.FileName.Partial || r.Offset+16+fileNameAt+2 > len(b) {
				t.Fatalf("remain %+v after %d in %d bytes", r, last, len(b))
			}
			if folder == 0 && r.ParentLost {
				t.Fatalf("%+v takes the parent from no folder", r)
			}
			last = r.Offset
		}
	}
	if n := CarveIndexRecord(b); n > len(b) || n < 0 {
		t.Fatalf("INDX record of %d in %d bytes", n, len(b))
	} else if n > 0 {
		if _, err := ParseIndexRecord(b[:n]); err != nil {
			t.Fatalf("carved INDX record does not decode: %v", err)
		}
	}
}

func TestCarveHostile(t *testing.T) {
	record, indx, _ := carveSample(t)
	for _, sample := range [][]byte{record, indx} {
		for n := range sample {
			checkCarve(t, sample[:n])
		}
		b := bytes.Clone(sample)
		for i := range 8 * min(len(b), 1024) {
			b[i/8] ^= 1 << (i % 8)
			checkCarve(t, b)
			b[i/8] ^= 1 << (i % 8)
		}
	}
}

func FuzzCarve(f *testing.F) {
	record, indx, _ := carveSample(f)
	f.Add(record)
	f.Add(indx)
	f.Add(slices.Concat(make([]byte, 5), indx[0x40:400], record[:512]))
	f.Fuzz(func(t *testing.T, b []byte) { checkCarve(t, b) })
}
