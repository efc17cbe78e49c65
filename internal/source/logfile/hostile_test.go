package logfile

import (
	"bytes"
	"testing"

	format "github.com/jobscan/jobscan/internal/format/logfile"

	"github.com/jobscan/jobscan/internal/format/logfile/logtest"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// check holds what must hold for any bytes at all.
func check(t *testing.T, b []byte, recordSize, clusterSize int) int {
	t.Helper()
	asked := map[string]bool{}
	want := func(name []byte) bool {
		if len(name) == 0 || len(name)%2 != 0 || len(name) > 510 {
			t.Fatalf("asked for a name of %d bytes", len(name))
		}
		asked[string(name)] = true
		return true
	}
	traces, records, stats, problems := read(t, b, recordSize, clusterSize, want)
	for _, x := range traces {
		if x.Reference.Sequence() == 0 || x.Name.Name == "" || x.Offset < 0 || x.Offset >= int64(len(b)) || x.Detail == "" {
			t.Fatalf("trace %+v of a log of %d bytes", x, len(b))
		}
		if !asked[string(le16(x.Name.Name))] && !hasSurrogate(x.Name.Name) {
			t.Fatalf("name %q was not asked for", x.Name.Name)
		}
		if len(x.Content) > len(b) {
			t.Fatalf("content of %d bytes from a log of %d", len(x.Content), len(b))
		}
	}
	for _, r := range records {
		if r.Name == "" || r.USN < 0 || r.Offset < 0 || r.Offset >= int64(len(b)) {
			t.Fatalf("journal record %+v", r)
		}
	}
	if len(problems) > maxProblems || stats.Traces != len(traces) || stats.JournalRecords != len(records) {
		t.Fatalf("%+v beside %d traces, %d records, %d problems", stats, len(traces), len(records), len(problems))
	}
	return len(traces) + len(records)
}

// hasSurrogate: the name cannot be put back by le16.
func hasSurrogate(s string) bool {
	for _, r := range s {
		if r == 0xFFFD {
			return true
		}
	}
	return false
}

// sample is a small log of a file's life.
func sample() []byte {
	l := logtest.New(1, (4+4)*testPage, testPage)
	ref := ntfs.NewFileReference(66, 2)
	name := attributeOf(ntfs.TypeFileName, fileName(tasks, "x.job"))
	l.Append(initialise(ref, imageOf(ref, true, name, attributeOf(ntfs.TypeData, nil))))
	l.Append(ops(format.AddIndexEntryRoot, format.DeleteIndexEntryRoot, entryOf(ref, tasks, "x.job"), nil))
	r := on(66, ops(format.UpdateResidentValue, format.UpdateResidentValue, []byte("content"), nil))
	r.At, r.Inside = uint16(0x38+len(name)), 0x18
	l.Append(r)
	l.Append(ops(format.UpdateNonresidentValue, format.Noop, usnRecord(0x1000, ref, usn.ReasonFileCreate, "x.job"), nil))
	r = on(66, ops(format.DeleteAttribute, format.CreateAttribute, nil, name))
	r.At = 0x38
	l.Append(r)
	l.Append(on(66, ops(format.CreateAttribute, format.DeleteAttribute, attributeOf(ntfs.TypeFileName, fileName(tasks, "y.job")), nil)))
	l.Append(ops(format.DeleteIndexEntryRoot, format.AddIndexEntryRoot, nil, entryOf(ref, tasks, "x.job")))
	l.Append(on(66, ops(format.DeallocateFileRecordSegment, format.InitializeFileRecordSegment, nil, imageOf(ref, true)[:0x18])))
	return l.Bytes()
}

func TestTruncated(t *testing.T) {
	b := sample()
	full := check(t, b, recordSize, clusterSize)
	if full < 7 {
		t.Fatalf("the sample gives %d", full)
	}
	for n := range len(b) {
		if got := check(t, b[:n:n], recordSize, clusterSize); got > full {
			t.Fatalf("%d bytes give %d, more than all", n, got)
		}
	}
}

func TestBitFlips(t *testing.T) {
	b := sample()
	for at := range b[:6*testPage] {
		for bit := range 8 {
			b[at] ^= 1 << bit
			check(t, b, recordSize, clusterSize)
			b[at] ^= 1 << bit
		}
	}
}

func FuzzTraces(f *testing.F) {
	f.Add(sample(), 1024, 4096)
	f.Add(sample(), 0, 0)
	f.Add(sample(), 4096, 512)
	f.Fuzz(func(t *testing.T, b []byte, recordSize, clusterSize int) { check(t, b, recordSize, clusterSize) })
}

// FuzzReplay lets operations loose on the image of a FILE record.
func FuzzReplay(f *testing.F) {
	ref := ntfs.NewFileReference(66, 2)
	f.Add(imageOf(ref, true, attributeOf(ntfs.TypeData, nil)), uint16(7), uint16(0x38), uint16(0x18), []byte("content"), uint16(7), uint16(0))
	f.Add(imageOf(ref, true, attributeOf(ntfs.TypeData, nil)), uint16(5), uint16(0x38), uint16(0), attributeOf(ntfs.TypeFileName, fileName(tasks, "x")), uint16(0x60), uint16(0))
	f.Add(imageOf(ref, true, attributeOf(ntfs.TypeData, nil)), uint16(6), uint16(0x38), uint16(0), []byte(nil), uint16(0), uint16(0x18))
	f.Add(imageOf(ref, true, append(make([]byte, 8), 1)), uint16(9), uint16(0x38), uint16(0x40), []byte("runs"), uint16(4), uint16(2))
	f.Fuzz(func(t *testing.T, b []byte, op, at, inside uint16, data []byte, redoLength, undoLength uint16) {
		image := make([]byte, recordSize)
		copy(image, b)
		r := format.Record{
			Type: format.ClientRecord, Redo: format.Operation(op), RecordOffset: at, AttributeOffset: inside,
			RedoData: data[:min(len(data), int(redoLength))], RedoLength: int(redoLength), UndoLength: int(undoLength),
		}
		before := bytes.Clone(image)
		done := redo(image, &r)
		if !bytes.Equal(image[:usedSizeAt], before[:usedSizeAt]) {
			t.Fatalf("operation %s touched the header", r.Redo)
		}
		if !done && !bytes.Equal(image, before) {
			t.Fatalf("operation %s failed half way", r.Redo)
		}
		n := 0
		attributes(image, func(a []byte) { n += len(a) })
		if n > recordSize {
			t.Fatalf("%d bytes of attributes", n)
		}
	})
}
