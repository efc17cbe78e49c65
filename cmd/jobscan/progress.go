package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress shows bytes read on standard error, if that is a terminal and
// nobody asked for silence. The returned functions tell of bytes and end the display.
func progress(stderr io.Writer, off bool) (tell func(done, total int64), end func()) {
	file, ok := stderr.(*os.File)
	if off || !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	d := display{w: file, now: time.Now}
	return d.tell, d.end
}

// redraw is the least time between two states of a display.
const redraw = 100 * time.Millisecond

// display is one line that is written over again. It is drawn by hand: one line
// of text is not worth the HTTP client that the usual library brings along, whose
// start every command would pay for.
type display struct {
	w   io.Writer
	now func() time.Time

	mu           sync.Mutex
	begun, drawn time.Time
	total        int64 // of the pass at hand
	width        int   // of what stands on the line
}

// tell draws the state of a pass: bytes read of bytes in all. A display that
// fails must not end a scan, so that errors of writing are passed over.
func (d *display) tell(done, total int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	if total != d.total || d.begun.IsZero() {
		d.begun, d.total = now, total
	}
	if now.Sub(d.drawn) < redraw {
		return
	}
	d.drawn = now
	d.line(progressText(done, total, now.Sub(d.begun)))
}

// end wipes the line.
func (d *display) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.width > 0 {
		d.line("")
		_, _ = io.WriteString(d.w, "\r")
	}
}

func (d *display) line(s string) {
	_, _ = io.WriteString(d.w, "\r"+s+strings.Repeat(" ", max(0, d.width-len(s))))
	d.width = len(s)
}

// progressText is ASCII and shorter than the narrowest terminal in use. The rate
// is left out while there is nothing to measure it by.
func progressText(done, total int64, since time.Duration) string {
	s := "reading"
	if total > 0 {
		s += fmt.Sprintf(" %3d%%", min(100, int64(float64(done)/float64(total)*100)))
	}
	s += fmt.Sprintf(" (%s of %s", megabytes(done), megabytes(total))
	if since >= redraw {
		s += fmt.Sprintf(", %s/s", megabytes(int64(float64(done)/since.Seconds())))
	}
	return s + ")"
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
