package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows bytes read on standard error, if that is a terminal and
// nobody asked for silence. The returned functions tell of bytes and end the display.
func progress(stderr io.Writer, off bool) (tell func(done, total int64), end func()) {
	file, ok := stderr.(*os.File)
	if off || !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(file),
		progressbar.OptionSetDescription("reading"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	return func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done) // a display that fails must not end a scan
	}, func() { _ = bar.Finish() }
}
