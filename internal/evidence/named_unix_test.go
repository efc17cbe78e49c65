//go:build unix

package evidence

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

// TestPipeForJournal: a pipe in a folder is not waited for, and told.
func TestPipeForJournal(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "$MFT"), corpus.Bytes(t, "ntfs/real/dn-deleted/deleted.mft.gz"))
	if err := syscall.Mkfifo(filepath.Join(dir, "$J"), 0o600); err != nil {
		t.Skip(err)
	}
	h := open(t, dir)
	if len(h.Problems) != 1 || !strings.Contains(h.Problems[0].Err.Error(), "it is a pipe") {
		t.Errorf("got %v", h.Problems)
	}
}
