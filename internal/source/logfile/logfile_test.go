package logfile

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	format "github.com/jobscan/jobscan/internal/format/logfile"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/format/logfile/logtest"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/internal/wtf8"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

const (
	testPage    = 1024
	recordSize  = 1024
	clusterSize = 4096
	testTime    = wintime.Filetime(133_000_000_123_456_789) // 2022
)

var tasks = ntfs.NewFileReference(40, 3)

func le16(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func isJob(name []byte) bool {
	return strings.HasSuffix(strings.ToLower(wtf8.FromLE(name)), ".job")
}

// fileName builds a $FILE_NAME value.
func fileName(parent ntfs.FileReference, name string) []byte {
	b := make([]byte, 0x42)
	binary.LittleEndian.PutUint64(b, uint64(parent))
	for i := range 4 {
		binary.LittleEndian.PutUint64(b[8+8*i:], uint64(testTime)+uint64(i))
	}
	n := le16(name)
	b[0x40], b[0x41] = byte(len(n)/2), 3
	return append(b, n...)
}

// entryOf builds an index entry.
func entryOf(ref, parent ntfs.FileReference, name string) []byte {
	key := fileName(parent, name)
	b := make([]byte, 0x10)
	binary.LittleEndian.PutUint64(b, uint64(ref))
	binary.LittleEndian.PutUint16(b[10:], uint16(len(key)))
	b = pad(append(b, key...))
	binary.LittleEndian.PutUint16(b[8:], uint16(len(b)))
	return b
}

func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&7)...) }

// attributeOf builds a resident attribute.
func attributeOf(kind ntfs.AttributeType, value []byte) []byte {
	b := make([]byte, 0x18)
	binary.LittleEndian.PutUint32(b, uint32(kind))
	binary.LittleEndian.PutUint32(b[0x10:], uint32(len(value)))
	binary.LittleEndian.PutUint16(b[0x14:], 0x18)
	b = pad(append(b, value...))
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)))
	return b
}

// imageOf builds a FILE record as it is in memory: with an update sequence of
// an earlier write that fits, by chance, the last word of the first sector.
func imageOf(ref ntfs.FileReference, inUse bool, attributes ...[]byte) []byte {
	b := make([]byte, 0x38)
	copy(b, "FILE")
	le := binary.LittleEndian
	le.PutUint16(b[4:], 0x30)
	le.PutUint16(b[6:], 3)
	le.PutUint16(b[0x10:], ref.Sequence())
	le.PutUint16(b[0x14:], 0x38)
	if inUse {
		b[0x16] = 1
	}
	le.PutUint32(b[0x1C:], recordSize)
	le.PutUint32(b[0x2C:], uint32(ref.Record()))
	for _, a := range attributes {
		b = append(b, a...)
	}
	b = append(b, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0)
	le.PutUint32(b[0x18:], uint32(len(b)))
	if len(b) > 512 {
		copy(b[0x30:], b[510:512])
	}
	return b
}

// on fills in the target: FILE record number.
func on(number uint64, r logtest.Record) logtest.Record {
	at := number * recordSize
	r.VCN, r.Block = at/clusterSize, uint16(at%clusterSize/512)
	return r
}

func ops(redo, undo format.Operation, redoData, undoData []byte) logtest.Record {
	return logtest.Record{Redo: uint16(redo), Undo: uint16(undo), RedoData: redoData, UndoData: undoData}
}

func initialise(ref ntfs.FileReference, image []byte) logtest.Record {
	return on(ref.Record(), ops(format.InitializeFileRecordSegment, format.DeallocateFileRecordSegment, image, nil))
}

// found is what a test expects of a trace.
type found struct {
	ref     string
	name    string
	detail  string // without the LSN
	content string
}

// read collects all that a log gives.
func read(t *testing.T, b []byte, recordSize, clusterSize int, want func([]byte) bool) ([]event.Trace, []usn.Record, Stats, []error) {
	t.Helper()
	var records []usn.Record
	traces, stats, problems := Traces(bytes.NewReader(b), int64(len(b)), recordSize, clusterSize, want, func(found JournalRecord) {
		r, err := usn.ParseRecord(found.Bytes)
		if err != nil || int(r.Length) != len(found.Bytes) || r.USN != found.USN || r.File != found.File ||
			r.FileAttributes.IsDirectory() != found.Directory || r.Name != wtf8.FromLE(found.Name()) {
			t.Fatalf("journal record of %d bytes at %#x, USN %d: %+v, %v", len(found.Bytes), found.Offset, found.USN, r, err)
		}
		r.Offset = found.Offset
		records = append(records, r)
	})
	return traces, records, stats, problems
}

func run(t *testing.T, l *logtest.Log) ([]found, []usn.Record, Stats, []error) {
	t.Helper()
	b := l.Bytes()
	traces, records, stats, problems := read(t, b, recordSize, clusterSize, isJob)
	var out []found
	for _, x := range traces {
		if x.Source != event.LogFile || x.Name.Parent != tasks || x.Name.Created != testTime {
			t.Errorf("trace %+v", x)
		}
		_, detail, _ := strings.Cut(x.Detail, ", ")
		if x.Content != nil {
			_, detail, _ = strings.Cut(detail, ", ")
		}
		out = append(out, found{x.Reference.String(), x.Name.Name, detail, string(x.Content)})
	}
	return out, records, stats, problems
}

func newLog() *logtest.Log { return logtest.New(1, (4+60)*testPage, testPage) }

func TestTraces(t *testing.T) {
	a, b := ntfs.NewFileReference(66, 2), ntfs.NewFileReference(66, 3)
	name := attributeOf(ntfs.TypeFileName, fileName(tasks, "x.job"))
	other := attributeOf(ntfs.TypeFileName, fileName(tasks, "x.tmp"))
	body := []byte("the body of a job")
	data := attributeOf(ntfs.TypeData, body)
	empty := attributeOf(ntfs.TypeData, nil)
	long := bytes.Repeat([]byte("0123456789"), 60)
	deallocate := on(66, ops(format.DeallocateFileRecordSegment, format.InitializeFileRecordSegment, nil, imageOf(a, true)[:0x18]))
	for _, test := range []struct {
		name     string
		records  []logtest.Record
		want     []found
		problems int
	}{
		{"created", []logtest.Record{initialise(a, imageOf(a, true, name, empty))},
			[]found{{"66-2", "x.job", "InitializeFileRecordSegment", ""}}, 0},
		{"image with content", []logtest.Record{initialise(a, imageOf(a, true, name, data))},
			[]found{{"66-2", "x.job", "InitializeFileRecordSegment", ""}, {"66-2", "x.job", "InitializeFileRecordSegment", string(body)}}, 0},
		{"image of two sectors", []logtest.Record{initialise(a, imageOf(a, true, name, attributeOf(ntfs.TypeData, long)))},
			[]found{{"66-2", "x.job", "InitializeFileRecordSegment", ""}, {"66-2", "x.job", "InitializeFileRecordSegment", string(long)}}, 0},
		{"not wanted", []logtest.Record{initialise(a, imageOf(a, true, other, data))}, nil, 0},
		{"image not in use", []logtest.Record{initialise(b, imageOf(b, false, name))},
			[]found{{"66-2", "x.job", "InitializeFileRecordSegment", ""}}, 0},
		{"index entry added", []logtest.Record{ops(format.AddIndexEntryAllocation, format.DeleteIndexEntryAllocation, entryOf(a, tasks, "x.job"), nil)},
			[]found{{"66-2", "x.job", "AddIndexEntryAllocation", ""}}, 0},
		{"index entry removed", []logtest.Record{ops(format.DeleteIndexEntryRoot, format.AddIndexEntryRoot, nil, entryOf(a, tasks, "x.job"))},
			[]found{{"66-2", "x.job", "DeleteIndexEntryRoot (undo AddIndexEntryRoot)", ""}}, 0},
		{"the same twice", []logtest.Record{
			ops(format.AddIndexEntryRoot, format.DeleteIndexEntryRoot, entryOf(a, tasks, "x.job"), nil),
			ops(format.AddIndexEntryRoot, format.DeleteIndexEntryRoot, entryOf(a, tasks, "x.job"), nil),
		}, []found{{"66-2", "x.job", "AddIndexEntryRoot", ""}}, 0},
		{"renamed", []logtest.Record{
			initialise(a, imageOf(a, true, other, data)),
			on(66, ops(format.DeleteAttribute, format.CreateAttribute, nil, other)),
			on(66, ops(format.CreateAttribute, format.DeleteAttribute, name, nil)),
		}, []found{{"66-2", "x.job", "CreateAttribute", ""}, {"66-2", "x.job", "InitializeFileRecordSegment", string(body)}}, 0},
		{"incarnation told by the next index entry", []logtest.Record{
			on(66, ops(format.CreateAttribute, format.DeleteAttribute, name, nil)),
			ops(format.AddIndexEntryRoot, format.DeleteIndexEntryRoot, entryOf(a, tasks, "x.job"), nil),
		}, []found{{"66-2", "x.job", "CreateAttribute", ""}, {"66-2", "x.job", "AddIndexEntryRoot", ""}}, 0},
		{"incarnation told by its end", []logtest.Record{
			on(66, ops(format.DeleteAttribute, format.CreateAttribute, nil, name)), deallocate,
		}, []found{{"66-2", "x.job", "DeleteAttribute (undo CreateAttribute)", ""}}, 0},
		{"incarnation not told", []logtest.Record{
			on(66, ops(format.CreateAttribute, format.DeleteAttribute, name, nil)),
			on(66, ops(format.DeallocateFileRecordSegment, format.CompensationLogRecord, nil, nil)),
			initialise(b, imageOf(b, true, other)),
		}, nil, 1},
		{"record used again", []logtest.Record{
			initialise(a, imageOf(a, true, name, data)), deallocate,
			initialise(b, imageOf(b, true, other, empty)),
			on(66, ops(format.CreateAttribute, format.DeleteAttribute, name, nil)),
		}, []found{{"66-2", "x.job", "InitializeFileRecordSegment", ""}, {"66-2", "x.job", "InitializeFileRecordSegment", string(body)}, {"66-3", "x.job", "CreateAttribute", ""}}, 0},
		{"entries of a node", []logtest.Record{ops(format.UpdateNonresidentValue, format.Noop,
			append([]byte("INDX"), append(make([]byte, 0x3C), append(entryOf(a, tasks, "x.job"), entryOf(b, tasks, "y.job")...)...)...), nil)},
			[]found{{"66-2", "x.job", "UpdateNonresidentValue", ""}, {"66-3", "y.job", "UpdateNonresidentValue", ""}}, 0},
		{"not an entry of a folder", []logtest.Record{ops(format.AddIndexEntryRoot, format.DeleteIndexEntryRoot,
			append([]byte{20, 0, 48, 0, 0, 0, 0, 0, 80, 0, 4, 0, 0, 0, 0, 0}, le16("a.job.job.job.job.job.job.job.job")...), nil)}, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLog()
			for _, r := range test.records {
				l.Append(r)
			}
			got, _, stats, problems := run(t, l)
			same(t, got, test.want)
			if len(problems) != test.problems || stats.WithoutSequence != test.problems {
				t.Errorf("problems: got %v, want %d", problems, test.problems)
			}
		})
	}
}

func same(t *testing.T, got, want []found) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing %+v", want[i])
		case i >= len(want):
			t.Errorf("unexpected %+v", got[i])
		case got[i] != want[i]:
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
}

// What NTFS logs of a file's data: zeros when it grows, all of it when it is
// overwritten from the first byte or taken away.
func TestContent(t *testing.T) {
	ref := ntfs.NewFileReference(66, 2)
	name := attributeOf(ntfs.TypeFileName, fileName(tasks, "x.job"))
	image := imageOf(ref, true, name, attributeOf(ntfs.TypeData, nil))
	at := uint16(0x38 + len(name))
	update := func(inside uint16, redo, undo []byte) logtest.Record {
		r := on(66, ops(format.UpdateResidentValue, format.UpdateResidentValue, redo, undo))
		r.At, r.Inside = at, inside
		return r
	}
	unlogged := update(0x18, make([]byte, 8), nil)
	unlogged.Flags, unlogged.OmitData = format.FlagNoRedo, true
	move := func(redo, undo format.Operation, redoData, undoData []byte) logtest.Record {
		r := on(66, ops(redo, undo, redoData, undoData))
		r.At = at
		return r
	}
	second := attributeOf(ntfs.TypeFileName, fileName(tasks, "y.job"))
	for _, test := range []struct {
		name    string
		records []logtest.Record
		want    string
	}{
		{"grown", []logtest.Record{update(0x18, make([]byte, 8), nil)}, ""},
		{"grown, zeros left out", []logtest.Record{unlogged}, ""},
		{"written whole", []logtest.Record{update(0x18, []byte("content!"), nil)}, "content!"},
		{"overwritten", []logtest.Record{update(0x18, make([]byte, 8), nil), update(0x18, []byte("12345678"), make([]byte, 8))}, "12345678"},
		{"overwritten after zeros left out", []logtest.Record{unlogged, update(0x18, []byte("12345678"), make([]byte, 8))}, "12345678"},
		{"overwritten in part", []logtest.Record{update(0x18, make([]byte, 8), nil), update(0x1A, []byte("34"), make([]byte, 2))}, ""},
		{"overwritten at the head", []logtest.Record{update(0x18, make([]byte, 8), nil), update(0x18, []byte("12"), make([]byte, 2))}, ""},
		{"truncated", []logtest.Record{unlogged, update(0x18, nil, []byte("12345678"))}, "12345678"},
		{"truncated in part", []logtest.Record{unlogged, update(0x1C, nil, []byte("5678"))}, ""},
		{"made non-resident", []logtest.Record{move(format.DeleteAttribute, format.CreateAttribute, nil, attributeOf(ntfs.TypeData, []byte("as it was")))}, "as it was"},
		{"another attribute before it", []logtest.Record{
			move(format.CreateAttribute, format.DeleteAttribute, second, nil),
			func() logtest.Record {
				r := update(0x18, []byte("moved on"), nil)
				r.At += uint16(len(second))
				return r
			}(),
		}, "moved on"},
		{"update of the name", []logtest.Record{func() logtest.Record {
			r := update(0x18, []byte("not data"), []byte("whatever"))
			r.At = 0x38
			return r
		}()}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLog()
			l.Append(initialise(ref, image))
			for _, r := range test.records {
				l.Append(r)
			}
			b := l.Bytes()
			traces, _, stats, problems := read(t, b, recordSize, clusterSize, isJob)
			got := ""
			for _, x := range traces {
				if x.Content != nil {
					got = string(x.Content)
				}
			}
			if got != test.want || len(problems) > 0 || (stats.Contents > 0) != (test.want != "") {
				t.Errorf("content: got %q, want %q; problems %v", got, test.want, problems)
			}
		})
	}
}

// usnRecord builds a USN_RECORD_V2.
func usnRecord(number int64, ref ntfs.FileReference, reason usn.Reason, name string) []byte {
	n := le16(name)
	b := pad(append(make([]byte, 60), n...))
	le := binary.LittleEndian
	le.PutUint32(b, uint32(len(b)))
	le.PutUint16(b[4:], 2)
	le.PutUint64(b[8:], uint64(ref))
	le.PutUint64(b[16:], uint64(tasks))
	le.PutUint64(b[24:], uint64(number))
	le.PutUint64(b[32:], uint64(testTime))
	le.PutUint32(b[40:], uint32(reason))
	le.PutUint16(b[56:], uint16(len(n)))
	le.PutUint16(b[58:], 60)
	return b
}

func TestJournalRecords(t *testing.T) {
	ref := ntfs.NewFileReference(66, 2)
	first := usnRecord(0x1000, ref, usn.ReasonFileCreate, "x.job")
	second := usnRecord(0x1050, ref, usn.ReasonFileCreate|usn.ReasonClose, "x.job")
	l := newLog()
	l.Append(ops(format.UpdateNonresidentValue, format.Noop, append(bytes.Clone(first), second...), nil))
	l.Append(ops(format.UpdateNonresidentValue, format.Noop, second, nil)) // once more
	_, got, stats, problems := run(t, l)
	if len(got) != 2 || stats.JournalRecords != 2 || len(problems) > 0 {
		t.Fatalf("got %d records, problems %v, want 2", len(got), problems)
	}
	for i, want := range []int64{0x1000, 0x1050} {
		if got[i].USN != want || got[i].File != ref || got[i].Parent != tasks || got[i].Name != "x.job" || got[i].Time != testTime || got[i].Offset != 4*testPage+0x40 {
			t.Errorf("record %d: %+v", i, got[i])
		}
	}
}

// The log is read once more for a wanted name; its journal records are not given
// once more.
func TestJournalRecordsBesideAWantedName(t *testing.T) {
	ref := ntfs.NewFileReference(66, 2)
	l := newLog()
	// Two whose places in the memory meet, so that it alone does not tell.
	for _, number := range []int64{0x1000, 0x1000 + minUSNRecord*int64(len(usnRepeats{}))} {
		l.Append(ops(format.UpdateNonresidentValue, format.Noop, usnRecord(number, ref, usn.ReasonFileCreate, "y.txt"), nil))
	}
	l.Append(initialise(ref, imageOf(ref, true, attributeOf(ntfs.TypeFileName, fileName(tasks, "x.job")))))
	traces, records, stats, problems := run(t, l)
	if len(traces) != 1 || len(records) != 2 || stats.JournalRecords != 2 || len(problems) > 0 {
		t.Errorf("got %d traces, %d records of %d, problems %v", len(traces), len(records), stats.JournalRecords, problems)
	}
	b := l.Bytes()
	if without, stats, _ := Traces(bytes.NewReader(b), int64(len(b)), recordSize, clusterSize, isJob, nil); len(without) != 1 || stats.JournalRecords != 0 {
		t.Errorf("nobody asks for journal records: got %d traces, %d records", len(without), stats.JournalRecords)
	}
}

// What is taken for a journal record is one to the decoder, whichever bits are wrong.
func TestJournalRecordsDecode(t *testing.T) {
	b := usnRecord(0x1000, ntfs.NewFileReference(66, 2), usn.ReasonFileCreate, "x.job")
	taken := 0
	for at := range b {
		for v := range 256 {
			was := b[at]
			b[at] = byte(v)
			if n := journalRecord(b); n > 0 {
				taken++
				if r, err := usn.ParseRecord(b[:n]); err != nil || keyOf(b) != (usnKey{r.USN, uint64(r.File), r.Time, r.Reason}) {
					t.Fatalf("byte %d is %#x: %+v, %v", at, v, r, err)
				}
			}
			b[at] = was
		}
	}
	if taken == 0 {
		t.Error("none was taken")
	}
}

// Nothing is kept of files whose names do not matter, and nothing allocated.
func TestMemoryOfOtherFiles(t *testing.T) {
	other := func([]byte) bool { return false }
	of := func(size int) float64 {
		log := busyLog(size)
		return testing.AllocsPerRun(2, func() {
			Traces(bytes.NewReader(log), int64(len(log)), recordSize, clusterSize, other, func(JournalRecord) {})
		})
	}
	small, large := of(1<<20), of(4<<20)
	if large > small+8 {
		t.Errorf("%.0f allocations for a log of 1 MiB, %.0f for one of 4 MiB", small, large)
	}
}

// A log whose records lost their heads still gives what has a shape of its own.
func TestRemnants(t *testing.T) {
	ref := ntfs.NewFileReference(66, 2)
	l := newLog()
	image := imageOf(ref, true, attributeOf(ntfs.TypeFileName, fileName(tasks, "a.job")))
	l.Append(initialise(ref, image))
	l.Append(ops(format.AddIndexEntryRoot, format.DeleteIndexEntryRoot, entryOf(ref, tasks, "b.job"), nil))
	l.Append(ops(format.UpdateNonresidentValue, format.Noop, usnRecord(0x1000, ref, usn.ReasonFileCreate, "c.job"), nil))
	b := l.Bytes()
	for at := 4 * testPage; at < 5*testPage; at += 8 {
		// Every LSN is changed.
		if n := binary.LittleEndian.Uint64(b[at:]); n>>(64-50) == 1 {
			b[at+1] ^= 0x10
		}
	}
	traces, records, stats, _ := read(t, b, recordSize, clusterSize, isJob)
	if stats.Records != 0 {
		t.Fatalf("%d records left", stats.Records)
	}
	if len(traces) != 2 || traces[0].Name.Name != "a.job" || traces[0].Reference != ref || traces[1].Name.Name != "b.job" || traces[1].Reference != ref {
		t.Errorf("traces: %+v", traces)
	}
	if len(records) != 1 || records[0].Name != "c.job" {
		t.Errorf("journal records: %+v", records)
	}
}

func TestNoLog(t *testing.T) {
	traces, records, stats, problems := read(t, make([]byte, 8192), recordSize, clusterSize, isJob)
	if traces != nil || records != nil || stats != (Stats{}) || len(problems) != 1 {
		t.Errorf("got %v %v %+v %v", traces, records, stats, problems)
	}
}
