package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

// TestInterruptedCommands: each command ends with 2 and says in plain words that
// its report is not to be relied on.
func TestInterruptedCommands(t *testing.T) {
	story, ok := fixtures.Find("created-and-deleted")
	if !ok {
		t.Fatal("no such scenario")
	}
	image := writeImage(t, story.Build())
	saved := filepath.Join(t.TempDir(), "saved.jsonl")
	runClean(t, "demo", "--format", "jsonl", "-o", saved)
	interrupted, cancel := context.WithCancel(context.Background())
	cancel()
	for _, line := range []string{"scan", "scan --hash", "timeline", "info", "demo", "render", "render --format csv", "job", "job --carve", "rule check", "rule eval"} {
		args := strings.Fields(line)
		switch args[0] {
		case "demo":
		case "render", "rule":
			args = append(args, saved)
		default:
			args = append(args, image)
		}
		var stdout, stderr bytes.Buffer
		code := run(interrupted, args, bytes.NewReader(nil), &stdout, &stderr)
		if code != exitFailure || !strings.HasSuffix(stderr.String(), "jobscan: interrupted: the report is not complete\n") || strings.Contains(stderr.String(), "context canceled") {
			t.Errorf("%s: exit code %d, %q", line, code, stderr.String())
		}
	}
}
