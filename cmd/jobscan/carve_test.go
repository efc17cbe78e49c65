package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

// TestCarvedBodies: a job too large for its FILE record is deleted and its
// record taken by another file. Its name and size remain in the slack of the
// folder's index, its body in free clusters: carving joins them. A body of
// which no name remains is listed.
func TestCarvedBodies(t *testing.T) {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return at.Add(time.Duration(n) * time.Minute) }
	v := fixtures.NewVolume(fixtures.Options{Journal: true})
	large := func(app string, n int) []byte {
		return fixtures.Job{App: app, Comment: strings.Repeat("x", n), UUID: fmt.Sprintf("0d4e8f52-93aa-4c0b-8e77-2f6b1c9d%04d", n)}.Bytes()
	}
	for i := range 30 {
		v.Create(fmt.Sprintf(`\Windows\Tasks\filler%02d.job`, i), fixtures.Job{App: "filler.exe"}.Bytes(), minute(i))
	}
	v.Create(`\Windows\Tasks\zz lost.job`, large(`C:\Users\Public\evil.exe`, 700), minute(40))
	v.Create(`\Users\ann\body.dat`, large(`C:\Users\Public\other.exe`, 900), minute(41))
	v.Delete(`\Windows\Tasks\zz lost.job`, minute(50))
	v.Delete(`\Users\ann\body.dat`, minute(51))
	v.Create(`\Users\ann\a.txt`, []byte("small"), minute(60))
	v.Create(`\Users\ann\b.txt`, []byte("small"), minute(61))
	image := writeImage(t, v.Build())

	var stdout, stderr bytes.Buffer
	run(context.Background(), []string{"scan", "--carve", "--format", "jsonl", image}, nil, &stdout, &stderr)
	report := stdout.String()
	for line := range strings.Lines(report) {
		if !strings.Contains(line, `\\zz lost.job"`) || !strings.Contains(line, `"type":"finding"`) {
			continue
		}
		for _, want := range []string{`"state":"overwritten"`, `"application":"C:\\Users\\Public\\evil.exe"`, `"recovered_from":"unallocated"`, `"content_joined_by_size"`} {
			if !strings.Contains(line, want) {
				t.Errorf("the lost job lacks %s:\n%s", want, line)
			}
		}
	}
	if !strings.Contains(report, `\\zz lost.job","name"`) {
		t.Error("the lost job is not found")
	}
	if !strings.Contains(report, `runs C:\\Users\\Public\\other.exe`) {
		t.Error("the body without a name is not listed")
	}
}
