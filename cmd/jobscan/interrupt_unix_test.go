//go:build unix

package main

import (
	"bytes"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestInterruptible: the first interrupt is answered at once, also while a command
// waits in a system call; without one nothing is said.
func TestInterruptible(t *testing.T) {
	var stderr lockedBuffer
	ctx, end := interruptible(&stderr)
	end()
	if ctx.Err() == nil || stderr.String() != "" {
		t.Errorf("without an interrupt: %v, %q", ctx.Err(), stderr.String())
	}

	ctx, end = interruptible(&stderr)
	defer end()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	const want = "jobscan: interrupted; press again to stop at once\n"
	waitFor(t, "the answer to an interrupt", func() bool { return stderr.String() == want })
	if ctx.Err() == nil {
		t.Error("the context goes on")
	}
}

// waitFor waits for a condition that another goroutine brings about.
func waitFor(t *testing.T, what string, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !met(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after a minute not yet: %s", what)
		}
	}
}
