package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// TestReadmeShowsTheDemo: what the README prints is what the program prints.
func TestReadmeShowsTheDemo(t *testing.T) {
	t.Setenv("COLUMNS", "118")
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"demo"}, nil, &stdout, &stderr); code != exitClean {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(stdout.String()); !strings.Contains(string(readme), want) {
		t.Errorf("the README does not show the demo's output:\n%s", want)
	}
}
