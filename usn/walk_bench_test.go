package usn

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
)

func BenchmarkWalk(b *testing.B) {
	var s stream
	for i := range 1_000_000 {
		s.v2(fmt.Sprintf("file-%08d-%.*s.txt", i, i%40, "a name that is longer for some of them!"), ReasonFileCreate)
	}
	suffix := []byte(".\x00j\x00o\x00b\x00")
	src := source(s.b)
	b.SetBytes(int64(len(s.b)))
	b.ReportAllocs()
	for b.Loop() {
		hits := 0
		st, err := Walk(context.Background(), src, func(r Raw) {
			if r.Reason()&ReasonFileCreate != 0 && bytes.HasSuffix(r.NameBytes(), suffix) {
				hits++
			}
		}, func(int64, error) {})
		if err != nil || st.Records != 1_000_000 || hits != 0 {
			b.Fatal(st, err)
		}
	}
	b.ReportMetric(float64(1_000_000*b.N)/b.Elapsed().Seconds()/1e6, "Mrecords/s")
}

type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

func BenchmarkWalkZeros(b *testing.B) {
	const size = 256 << 20
	b.SetBytes(size)
	for b.Loop() {
		if st, err := Walk(context.Background(), NewFileSource(zeros{}, size), func(Raw) {}, func(int64, error) {}); err != nil || st.Records != 0 {
			b.Fatal(st, err)
		}
	}
}

func BenchmarkCarve(b *testing.B) {
	junk := make([]byte, 64<<20)
	x := uint32(1)
	for i := range junk {
		x = x*1664525 + 1013904223
		junk[i] = byte(x >> 24)
	}
	b.SetBytes(int64(len(junk)))
	for b.Loop() {
		for range Carve(io.NewSectionReader(bytes.NewReader(junk), 0, int64(len(junk))), int64(len(junk))) {
			b.Fatal("found something")
		}
	}
}
