package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// TestDeferCollection: garbage is collected as usual after the first time.
func TestDeferCollection(t *testing.T) {
	usual := debug.SetGCPercent(100)
	defer debug.SetGCPercent(usual)
	t.Setenv("GOGC", "")
	deferCollection()
	for deadline := time.Now().Add(time.Minute); gcPercent() != 100; {
		runtime.GC()
		time.Sleep(time.Millisecond) // the clean-up runs after a collection
		if time.Now().After(deadline) {
			t.Fatalf("GC percent: got %d after a minute of collections, want 100", gcPercent())
		}
	}

	t.Setenv("GOGC", "50")
	deferCollection()
	if got := gcPercent(); got != 100 {
		t.Errorf("with a GOGC of the user's: got %d, want it unchanged", got)
	}
}

// gcPercent only looks: setting the percent and setting it back could undo what
// another goroutine sets between the two.
func gcPercent() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
