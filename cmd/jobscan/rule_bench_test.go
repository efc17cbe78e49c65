package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/rule"
)

// BenchmarkRuleEval evaluates a stream as the command does, reading and writing
// included: one document in four matches.
func BenchmarkRuleEval(b *testing.B) {
	const documents = 4096
	text := strings.Repeat(ordinaryEvent+"\n"+strings.Repeat(otherEvent+"\n", 3), documents/4)
	for _, format := range []string{"jsonl", "table"} {
		b.Run(format, func(b *testing.B) {
			rules := rule.Builtin()
			e := &evaluation{rules: evaluatedRules(rules), format: format, workers: 2, stderr: io.Discard, out: bufio.NewWriter(io.Discard)}
			e.plan.wanted = wantedFields(rules)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if err := e.file(context.Background(), &app{stdin: strings.NewReader(text)}, "-"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(documents)*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
		})
	}
}
