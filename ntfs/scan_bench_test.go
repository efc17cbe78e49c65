package ntfs

import (
	"bytes"
	"context"
	"fmt"
	"testing"
)

// bigMFT builds an $MFT of n records: files with a long and a short name, some
// free, some never used, one job file in 100,000.
func bigMFT(n int) []byte {
	out := make([]byte, 0, n*1024)
	for i := range n {
		if i%50 == 49 {
			out = append(out, make([]byte, 1024)...)
			continue
		}
		name := fmt.Sprintf("document number %d of many.docx", i)
		if i%100_000 == 77 {
			name = fmt.Sprintf("task%d.job", i)
		}
		s := recordSpec{number: uint32(i), sequence: uint16(i%7 + 1), free: i%10 == 3, attributes: [][]byte{
			resident(0x10, "", standardInformation(133400000000000000)),
			resident(0x30, "", fileNameValue(5|5<<48, fmt.Sprintf("DOCUME~%d.DOC", i%10), 2)),
			resident(0x30, "", fileNameValue(5|5<<48, name, 1)),
			nonResident(0x80, "", 0, 0, 0, 10000, 10000, []byte{0x31, 3, 0x10, 0x20, 0x30, 0}),
		}}
		out = append(out, s.bytes()...)
	}
	return out
}

func BenchmarkScanNames(b *testing.B) {
	const records = 330_000
	mft := bigMFT(records)
	v, err := OpenMFT(bytes.NewReader(mft), int64(len(mft)))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(mft)))
	b.ReportAllocs()
	for b.Loop() {
		hits := 0
		_, err := v.ScanNames(context.Background(), 0, records, endsInJob, func(NameHit) { hits++ }, func(n uint64, err error) { b.Error(n, err) })
		if err != nil || hits != 4 {
			b.Fatalf("%d hits, %v", hits, err)
		}
	}
}

func BenchmarkRecords(b *testing.B) {
	const records = 20_000
	mft := bigMFT(records)
	v, err := OpenMFT(bytes.NewReader(mft), int64(len(mft)))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(mft)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range v.Records(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
