//go:build unix

package ewf

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

// TestPipe: a pipe in the place of a segment is told, and not waited for.
func TestPipe(t *testing.T) {
	o := fixtures.EWFOptions{SectorsPerChunk: 1, ChunksPerTable: 3, TablesPerSegment: 1, Set: [16]byte{1}}
	paths := stored(t, fixtures.EWF(content(9*512), o), fixtures.EWFNames("t", 3, o.Layout))
	os.Remove(paths[1])
	if err := syscall.Mkfifo(paths[1], 0o600); err != nil {
		t.Skip("no pipes here: ", err)
	}
	f := mustOpen(t, paths[0]).Flaws()
	if len(f) == 0 || f[0].Warning || f[0].Err.Error() != `segment 2: file "t.E02": expected a file, found a pipe` {
		t.Errorf("flaws %v", f)
	}
	for _, f := range f {
		if strings.Contains(f.Err.Error(), "missing") {
			t.Errorf("%v, of a segment that is there", f.Err)
		}
	}
}
