package main

import (
	"bufio"
	"io"
	"testing"

	"github.com/jobscan/jobscan/rule"
)

func BenchmarkRuleEval(b *testing.B) {
	lines := [][]byte{[]byte(ordinaryEvent), []byte(otherEvent), []byte(otherEvent), []byte(otherEvent)}
	e := &evaluation{rules: rule.Builtin()[:1], format: "jsonl", stderr: io.Discard, out: bufio.NewWriter(io.Discard)}
	e.plan.wanted = wantedFields(e.rules)
	b.ReportAllocs()
	b.SetBytes(int64(len(ordinaryEvent)+3*len(otherEvent)) / 4)
	for i := 0; b.Loop(); i++ {
		d, err := parseDocument(lines[i%4], &e.plan)
		if err != nil {
			b.Fatal(err)
		}
		if err := e.document(d); err != nil {
			b.Fatal(err)
		}
	}
}
