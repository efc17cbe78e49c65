package carve

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// On real volumes the pass finds each name of each FILE record, and every entry
// of the folders whose index lies in INDX records.
func TestRealVolumes(t *testing.T) {
	if testing.Short() {
		t.Skip("whole volumes take long, and no goroutine reads them")
	}
	for _, name := range []string{
		"real/cf-testfs1/testfs1.raw.gz", "built/b01_cl512.img.gz", "built/b02_cl4096.img.gz",
		"built/b04_sec4096.img.gz", "built/b05_reuse.img.gz", "built/b12_usn.img.gz", "built/b20_attrlist.img.gz",
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data := corpus.Bytes(t, "ntfs", name)
			v, err := ntfs.Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			l := log{cluster: v.ClusterSize()}
			stats := run(t, &l, nil, bytes.NewReader(data), int64(len(data)), nil)
			t.Logf("%+v", stats)
			compareRecords(t, &l, v)
			compareUSN(t, &l, bytes.NewReader(data), int64(len(data)))
			compareIndexes(t, &l, v)
		})
	}
}

func compareIndexes(t *testing.T, l *log, v *ntfs.Volume) {
	t.Helper()
	type entry struct {
		ref  ntfs.FileReference
		name ntfs.FileName
	}
	found := map[entry]bool{}
	for _, tr := range l.traces {
		if tr.Source == event.IndexSlack {
			found[entry{tr.Reference, tr.Name}] = true
		}
	}
	n := 0
	for i := range v.RecordCount() {
		f, err := v.File(i)
		if err != nil || !f.IsDirectory() || !f.InUse() {
			continue
		}
		s, err := v.OpenStream(f, ntfs.TypeIndexAllocation, "$I30")
		if err != nil {
			continue
		}
		for at := int64(0); at+4096 <= s.Size(); at += 4096 {
			b := make([]byte, 4096)
			if _, err := s.ReadAt(b, at); err != nil {
				continue
			}
			node, err := ntfs.ParseIndexRecord(b)
			if err != nil {
				continue
			}
			for _, e := range node.Entries {
				n++
				if !found[entry{e.Reference, e.FileName}] {
					t.Errorf("folder %d: %q is not found", i, e.FileName.Name)
				}
			}
		}
	}
	t.Logf("%d index entries", n)
}
