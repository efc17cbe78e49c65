package ntfs

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

func openScenario(t testing.TB, name string) (*fixtures.Image, *Volume) {
	t.Helper()
	s, ok := fixtures.Find(name)
	if !ok {
		t.Fatalf("no scenario %q", name)
	}
	image := s.Build()
	v, err := Open(image, image.Size())
	if err != nil {
		t.Fatal(err)
	}
	return image, v
}

// TestScanSlack: every FILE record is offered with the slack that its decoded
// form has, and what it holds is the same in ranges and in one.
func TestScanSlack(t *testing.T) {
	for _, name := range []string{"record-slack-name", "many-in-tasks", "4k-sectors-4k-records", "fragmented-mft", "torn-record", "many-hard-links", "truncated-image"} {
		_, v := openScenario(t, name)
		var want, got, again []uint64
		for n := range v.RecordCount() {
			if r, err := v.Record(n); err == nil && len(r.Data[r.SlackStart():]) > 0 {
				want = append(want, n)
			}
		}
		worth := func(slack []byte, at int) bool { return len(slack) > 0 }
		err := v.ScanSlack(context.Background(), 0, v.RecordCount()+100, worth, func(r *Record) {
			got = append(got, r.Number)
			whole, err := v.Record(r.Number)
			if err != nil || !bytes.Equal(whole.Data, r.Data) || whole.SlackStart() != r.SlackStart() {
				t.Errorf("%s: record %d: slack from %d, want %d", name, r.Number, r.SlackStart(), whole.SlackStart())
			}
		}, nil)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %d records, want %d: %v", name, len(got), len(want), err)
		}
		for n := uint64(0); n < v.RecordCount(); n += 7 {
			_ = v.ScanSlack(context.Background(), n, n+7, worth, func(r *Record) { again = append(again, r.Number) }, nil)
		}
		if !slices.Equal(got, again) {
			t.Errorf("%s: in ranges %d records, in one %d", name, len(again), len(got))
		}
	}
}

// TestScanSlackFindsNames: of all records only the one whose slack has the name
// is decoded; a slot that holds something else is told.
func TestScanSlackFindsNames(t *testing.T) {
	image, v := openScenario(t, "record-slack-name")
	want := []byte("N\x00i\x00g\x00h\x00t\x00l\x00y\x00")
	worth := func(slack []byte, at int) bool {
		return HasNameRemains(slack, at, func(name []byte) bool { return bytes.HasPrefix(name, want) })
	}
	scan := func() (found, other []uint64) {
		err := v.ScanSlack(context.Background(), 0, v.RecordCount(), worth,
			func(r *Record) { found = append(found, r.Number) }, func(n uint64) { other = append(other, n) })
		if err != nil {
			t.Fatal(err)
		}
		return found, other
	}
	if found, other := scan(); !slices.Equal(found, []uint64{34}) || other != nil {
		t.Errorf("got %v and %v, want record 34", found, other)
	}
	fixtures.ZeroRecord(image, 40)
	if _, err := image.WriteAt([]byte("no FILE record"), image.RecordOffset(41)); err != nil {
		t.Fatal(err)
	}
	if found, other := scan(); !slices.Equal(found, []uint64{34}) || !slices.Equal(other, []uint64{41}) {
		t.Errorf("got %v and %v, want record 34 and slot 41", found, other)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := v.ScanSlack(ctx, 0, 10, worth, func(*Record) { t.Error("found after the end") }, nil); err == nil {
		t.Error("no error of a context that has ended")
	}
}

// TestNameRemainDamaged cuts a copy of a $FILE_NAME at every byte and flips
// every bit: what is taken is the same in both tests and stays within the bytes.
func TestNameRemainDamaged(t *testing.T) {
	_, v := openScenario(t, "record-slack-name")
	r, err := v.Record(34)
	if err != nil {
		t.Fatal(err)
	}
	slack := r.Data[r.SlackStart():]
	at := -1
	for off := 0; off < len(slack); off += 8 {
		if _, n := NameRemainAt(slack[off:]); n > 0 {
			at = off
			break
		}
	}
	if at < 0 {
		t.Fatal("no name in the slack of record 34")
	}
	check := func(b []byte) {
		name, n := NameRemainAt(b)
		has := HasNameRemains(b[:min(len(b), max(n, fileNameAt+1))], 0, func([]byte) bool { return true })
		if n > len(b) || (n > 0) != (name.Name != "") || n > 0 && !has {
			t.Fatalf("%d of %d bytes, name %q, %t", n, len(b), name.Name, has)
		}
	}
	b := slack[at:]
	for n := range len(b) {
		check(b[:n])
	}
	for bit := range 8 * min(len(b), 160) {
		c := bytes.Clone(b)
		c[bit/8] ^= 1 << (bit % 8)
		check(c)
	}
}

func FuzzNameRemain(f *testing.F) {
	_, v := openScenario(f, "record-slack-name")
	if r, err := v.Record(34); err == nil {
		f.Add(r.Data[r.SlackStart():], 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		at &= 0xFFF
		asked := 0
		has := HasNameRemains(b, at, func(name []byte) bool { asked++; return asked > 1 })
		found := 0
		for off := (8 - at&7) & 7; off < len(b); off += 8 {
			if name, n := NameRemainAt(b[off:]); n > 0 {
				found++
				if n > len(b)-off || len(name.NameLE()) != n-fileNameAt {
					t.Fatalf("%d bytes, name of %d", n, len(name.NameLE()))
				}
			}
		}
		if has != (found > 1) {
			t.Fatalf("%t with %d names", has, found)
		}
	})
}

// BenchmarkScanSlack goes over FILE records as most are: a name, resident data,
// and zeros behind.
func BenchmarkScanSlack(b *testing.B) {
	_, v := openScenario(b, "many-in-tasks")
	worth := func(slack []byte, at int) bool {
		return HasNameRemains(slack, at, func(name []byte) bool { return bytes.HasSuffix(name, []byte(".\x00j\x00o\x00b\x00")) })
	}
	b.SetBytes(int64(v.RecordCount()) * int64(v.RecordSize()))
	for b.Loop() {
		if err := v.ScanSlack(context.Background(), 0, v.RecordCount(), worth, func(*Record) {}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// fakeMFT is a FILE record that says it is that of $MFT and maps it to nothing.
func fakeMFT(t *testing.T) []byte {
	image, v := openScenario(t, "no-journal")
	b := make([]byte, 1024)
	if _, err := image.ReadAt(b, v.RecordOffset(0)); err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range r.Attributes {
		if a.Type == TypeData {
			at := a.Offset + int(binary.LittleEndian.Uint16(b[a.Offset+0x20:]))
			b[at+int(b[at]&0xF)+int(b[at]>>4)] = 0x7F // the highest byte of the LCN
		}
	}
	return b
}

// countingReader counts what is read.
type countingReader struct {
	b     []byte
	reads int
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	r.reads++
	return bytes.NewReader(r.b).ReadAt(p, off)
}

// TestSearchIsBounded: evidence full of records that say they are $MFT's is given
// up, and the error says so; a few of them before the right one do no harm.
func TestSearchIsBounded(t *testing.T) {
	fake := fakeMFT(t)
	// The records lie where none of the clusters that they name begins.
	full := &countingReader{b: bytes.Repeat(slices.Concat(make([]byte, 512), fake, make([]byte, 512)), 2048)}
	_, err := Open(full, int64(len(full.b)))
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("not searched further")) {
		t.Errorf("got %v", err)
	}
	if limit := maxSearchLayouts*16*80 + 100; full.reads > limit {
		t.Errorf("%d reads, more than %d", full.reads, limit)
	}

	image, _ := openScenario(t, "no-journal")
	b := image.Bytes()
	clear(b[:512])
	clear(b[len(b)-512:])
	if v, _ := search(bytes.NewReader(b), int64(len(b))); v == nil {
		t.Error("the volume is not found")
	}
	for i := range 4 {
		copy(b[1<<20+i*1024:], fake)
	}
	if v, err := search(bytes.NewReader(b), int64(len(b))); v == nil || err != nil {
		t.Errorf("with four false records: %v, %v", v, err)
	}
}
