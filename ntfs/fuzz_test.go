package ntfs

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

func FuzzParseBootSector(f *testing.F) {
	f.Add(newTestVolume(16, 1000).boot())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseBootSector(b)
		if err != nil {
			if s != (BootSector{}) {
				t.Fatalf("got %+v with %v", s, err)
			}
			return
		}
		if s.ClusterSize < 512 || s.ClusterSize > maxCluster || !plausibleRecordSize(s.RecordSize) || s.MFTLCN >= s.TotalClusters() || s.Size() > 1<<63 {
			t.Fatalf("got %+v", s)
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add(sampleRecord())
	f.Add(recordSpec{number: 7, size: 4096, attributes: [][]byte{
		nonResident(0x80, "$J", 0x8000, 0, 0, 1<<40, 1<<40, []byte{0x02, 0, 1, 0x21, 5, 0x34, 0x12, 0})}}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) { checkRecord(t, b) })
}

func FuzzParseRuns(f *testing.F) {
	f.Add([]byte{0x31, 0x38, 0x73, 0x25, 0x34, 0x32, 0x14, 0x01, 0xe5, 0x11, 0x02, 0}, uint64(0))
	f.Add([]byte{0x11, 0x30, 0x60, 0x11, 0x10, 0xf0, 0}, uint64(1<<62))
	f.Fuzz(func(t *testing.T, b []byte, vcn uint64) {
		runs, err := ParseRuns(b, vcn)
		if err != nil {
			if runs != nil {
				t.Fatalf("got %v with %v", runs, err)
			}
			return
		}
		if 2*len(runs) > len(b) {
			t.Fatalf("%d runs from %d bytes", len(runs), len(b))
		}
		checkRuns(t, runs, vcn)
	})
}

func FuzzParseValues(f *testing.F) {
	f.Add(fileNameValue(5|5<<48, "x.job", 3))
	f.Add(standardInformation(133400000000000000))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseFileName(b)
		if (err != nil && n != (FileName{})) || (err == nil && (n.Name == "" || n.Partial || len(n.Name) > 3*255)) {
			t.Fatalf("$FILE_NAME: got %+v, %v", n, err)
		}
		s, err := ParseStandardInformation(b)
		if (err != nil && s != (StandardInformation{})) || (err == nil) != (len(b) >= 48) {
			t.Fatalf("$STANDARD_INFORMATION: got %+v, %v", s, err)
		}
		var pe *parse.Error
		if err != nil && (!errors.As(err, &pe) || pe.Offset < 0 || pe.Offset > int64(len(b))) {
			t.Fatalf("error %v", err)
		}
	})
}

func FuzzParseAttributeList(f *testing.F) {
	f.Add(fromHex(f, `10 00 00 00 20 00 00 1a  00 00 00 00 00 00 00 00  42 00 00 00 00 00 02 00  00 00 00 00 00 00 00 00`))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, damage := ParseAttributeList(b)
		if attributeListEntrySize*len(entries) > len(b) || len(damage) > len(b)/8+1 {
			t.Fatalf("%d entries, %d errors from %d bytes", len(entries), len(damage), len(b))
		}
		last := -1
		for _, e := range entries {
			if e.Offset <= last || e.Offset >= len(b) {
				t.Fatalf("entry %+v after %d", e, last)
			}
			last = e.Offset
		}
	})
}

func FuzzParseIndex(f *testing.F) {
	record := make([]byte, 1024)
	copy(record, "INDX")
	record[4], record[6], record[0x18], record[0x1C] = 0x28, 3, 0x18, 0x28
	protect(record, 0x28, 1)
	f.Add(record)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		for _, decode := range []func([]byte) (IndexNode, error){ParseIndexRecord, ParseIndexRoot} {
			n, err := decode(b)
			if err != nil {
				if n.Entries != nil || n.Slack != nil {
					t.Fatalf("got %+v with %v", n, err)
				}
				continue
			}
			if 16*len(n.Entries) > len(b) || n.SlackAt+len(n.Slack) != len(b) {
				t.Fatalf("%d entries, slack of %d at %d from %d bytes", len(n.Entries), len(n.Slack), n.SlackAt, len(b))
			}
			CarveIndexEntries(n.Slack, 5)
		}
		if !bytes.Equal(b, before) {
			t.Fatal("the input was changed")
		}
	})
}

func FuzzLZNT1(f *testing.F) {
	f.Add([]byte{0x03, 0xB0, 0x02, 'a', 0x07, 0x00}, 4096)
	f.Fuzz(func(t *testing.T, b []byte, unit int) {
		unit &= 0xFFFF
		out, err := lznt1(b, unit)
		if err == nil && len(out) > unit {
			t.Fatalf("%d bytes for a unit of %d", len(out), unit)
		}
		if len(out) > unit+lznt1Chunk {
			t.Fatalf("%d bytes with %v", len(out), err)
		}
	})
}

// FuzzVolume changes a few bytes of a volume and reads all that can be read.
func FuzzVolume(f *testing.F) {
	tv := newTestVolume(32, 40)
	tv.mftExtra = [][]byte{resident(0xB0, "", []byte{3, 0, 0, 0xC0, 0, 0, 0, 0})}
	tv.add(plainFile(30, "x.job", bytes.Repeat([]byte("content "), 60)))
	tv.add(recordSpec{number: 31, sequence: 1, attributes: [][]byte{
		resident(0x20, "", fromHex(f, `80 00 00 00 20 00 00 1a  00 00 00 00 00 00 00 00  1d 00 00 00 00 00 01 00  00 00 00 00 00 00 00 00`)),
		nonResident(0x80, "", 1, 4, 0, 60000, 60000, []byte{0x11, 2, 20, 0x01, 14, 0})}})
	place(tv, 20, []byte{0x03, 0xB0, 0x02, 'a', 0x07, 0x00, 0x01, 0x30, 'x', 'y'})
	image := tv.bytes()
	f.Add(uint32(0x30), uint64(0xFF), uint32(4*4096+0x18), uint64(1<<60))
	f.Add(uint32(4*4096), uint64(0), uint32(0), uint64(0))
	size := uint32(4*4096 + bytes.Index(image[4*4096:], []byte{0x80, 0, 0, 0, 0x48}) + 0x30)
	f.Add(size, uint64(0x8000^0x2000), uint32(0), uint64(0)) // $MFT of 8 KiB
	f.Fuzz(func(t *testing.T, at1 uint32, v1 uint64, at2 uint32, v2 uint64) {
		b := bytes.Clone(image)
		for i := range 8 {
			b[(int(at1)+i)%len(b)] ^= byte(v1 >> (8 * i))
			b[(int(at2)+i)%len(b)] ^= byte(v2 >> (8 * i))
		}
		v, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob, func(h NameHit) {
			if h.Record >= v.RecordCount() {
				t.Fatalf("hit %+v of %d records", h, v.RecordCount())
			}
		}, func(n uint64, err error) {
			if err == nil || n >= v.RecordCount() {
				t.Fatalf("problem %d: %v", n, err)
			}
		})
		if err != nil || stats.Records != v.RecordCount() || stats.InUse+stats.Deleted+stats.Unreadable+stats.Empty != stats.Records {
			t.Fatalf("got %+v of %d records, %v", stats, v.RecordCount(), err)
		}
		for n := range min(v.RecordCount(), 64) {
			file, err := v.File(n, 29, 30, 31)
			if err != nil {
				continue
			}
			c, err := v.Contents(file, 100_000)
			if len(c.Data) > 100_000 || (err != nil && c.Data != nil) {
				t.Fatalf("record %d: %d bytes, %v", n, len(c.Data), err)
			}
		}
		for n := range v.RecordCount() + 2 {
			if _, err := v.Record(n); v.Readable(n) != (err == nil) {
				t.Fatalf("record %d: readable %v, %v", n, v.Readable(n), err)
			}
		}
		v.Label()
		v.FoldName("é")
		_, _ = v.FindJournal()
	})
}
