package logfile

import (
	"bytes"
	"fmt"
	"testing"

	format "github.com/jobscan/jobscan/internal/format/logfile"

	"github.com/jobscan/jobscan/internal/format/logfile/logtest"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// usualSize is that of a log in bytes which Windows makes as large as it does by
// itself.
const usualSize = 64 << 20

// busyLog fills a log with the creation of files.
func busyLog(size int) []byte {
	l := logtest.New(1, size, 4096)
	for n := uint64(64); l.Place() < size-3*4096; n++ {
		ref := ntfs.NewFileReference(n%100_000, 1)
		file := fmt.Sprintf("file %d.txt", n)
		name := attributeOf(ntfs.TypeFileName, fileName(tasks, file))
		l.Append(initialise(ref, imageOf(ref, true, name, attributeOf(ntfs.TypeData, nil))))
		l.Append(ops(format.AddIndexEntryAllocation, format.DeleteIndexEntryAllocation, entryOf(ref, tasks, file), nil))
		l.Append(ops(format.UpdateNonresidentValue, format.Noop, usnRecord(int64(n)*80, ref, usn.ReasonFileCreate, file), nil))
		l.Append(ops(format.ForgetTransaction, format.CompensationLogRecord, nil, nil))
	}
	return l.Bytes()
}

func BenchmarkTraces(b *testing.B) {
	log := busyLog(usualSize)
	for _, test := range []struct{ name, suffix string }{{"no name wanted", ".job"}, {"names wanted", "77.txt"}} {
		b.Run(test.name, func(b *testing.B) {
			suffix := le16(test.suffix)
			want := func(name []byte) bool { return bytes.HasSuffix(name, suffix) }
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				records := 0
				traces, stats, problems := Traces(bytes.NewReader(log), int64(len(log)), recordSize, clusterSize, want, func(JournalRecord) { records++ })
				if (len(traces) > 0) != (test.suffix != ".job") || records == 0 || len(problems) != 0 || stats.Torn != 0 {
					b.Fatalf("%d traces, %d records, problems %v", len(traces), records, problems)
				}
			}
		})
	}
}

func BenchmarkRecords(b *testing.B) {
	log := busyLog(usualSize)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range format.Records(bytes.NewReader(log), int64(len(log))) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		b.ReportMetric(float64(n), "records")
	}
}
