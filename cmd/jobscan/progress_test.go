package main

import (
	"bytes"
	"testing"
	"time"
)

func TestDisplay(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(1000, 0)
	d := display{w: &b, now: func() time.Time { return now }}
	step := func(name string, after time.Duration, done, total int64, want string) {
		t.Helper()
		b.Reset()
		now = now.Add(after)
		d.tell(done, total)
		if b.String() != want {
			t.Errorf("%s: got %q, want %q", name, b.String(), want)
		}
	}
	step("first", 0, 1e6, 200e6, "\rreading   0% (1.0 MB of 200.0 MB)")
	step("too soon", redraw/2, 2e6, 200e6, "")
	step("with a rate", redraw/2, 20e6, 200e6, "\rreading  10% (20.0 MB of 200.0 MB, 200.0 MB/s)")
	step("a shorter text covers the longer one", redraw, 0, 5e6, "\rreading   0% (0.0 MB of 5.0 MB)"+"               ")
	step("more than all", redraw, 6e6, 5e6, "\rreading 100% (6.0 MB of 5.0 MB, 60.0 MB/s)")
	step("nothing to read", redraw, 0, 0, "\rreading (0.0 MB of 0.0 MB)"+"                ")
	b.Reset()
	d.end()
	if want := "\r" + string(bytes.Repeat([]byte(" "), len("reading (0.0 MB of 0.0 MB)"))) + "\r"; b.String() != want {
		t.Errorf("end: got %q, want %q", b.String(), want)
	}
	b.Reset()
	(&display{w: &b, now: time.Now}).end()
	if b.Len() > 0 {
		t.Errorf("end of a display that showed nothing: got %q, want nothing", b.String())
	}
}

func TestProgressOnlyOnTerminals(t *testing.T) {
	var b bytes.Buffer
	tell, end := progress(&b, false)
	end()
	if tell != nil || b.Len() > 0 {
		t.Errorf("a buffer is no terminal: got a display, %q", b.String())
	}
}
