package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// TestDeferCollection: garbage is collected as usual after the first time.
func TestDeferCollection(t *testing.T) {
	usual := debug.SetGCPercent(100)
	defer debug.SetGCPercent(usual)
	t.Setenv("GOGC", "")
	deferCollection()
	percent := func() int {
		p := debug.SetGCPercent(77)
		debug.SetGCPercent(p)
		return p
	}
	for deadline := time.Now().Add(time.Minute); percent() != 100; {
		runtime.GC()
		time.Sleep(time.Millisecond) // the clean-up runs after a collection
		if time.Now().After(deadline) {
			t.Fatalf("GC percent: got %d after a minute of collections, want 100", percent())
		}
	}

	t.Setenv("GOGC", "50")
	deferCollection()
	if got := percent(); got != 100 {
		t.Errorf("with a GOGC of the user's: got %d, want it unchanged", got)
	}
}
