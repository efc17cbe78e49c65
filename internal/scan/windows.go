package scan

import (
	"github.com/jobscan/jobscan/internal/format/fileversion"
	"github.com/jobscan/jobscan/internal/source/index"
	"github.com/jobscan/jobscan/ntfs"
)

// maxSystemFile bounds what is read of a system file, in bytes.
const maxSystemFile = 16 << 20

// windows is the version of Windows on a volume: that of its system library.
type windows struct {
	asked bool
	fileversion.Version
	known bool
}

// windowsVersion asks \Windows\System32\ntdll.dll, once. It is not known where
// that file is missing, or packed in a way that cannot be read.
func (s *volumeScan) windowsVersion() (v fileversion.Version, known bool) {
	w := &s.windows
	if !w.asked {
		w.asked = true
		if f := s.fileAt("Windows", "System32", "ntdll.dll"); f != nil {
			if c, err := s.volume.NTFS.Contents(f, maxSystemFile); err == nil {
				w.Version, w.known = fileversion.Find(c.Data)
			}
		}
	}
	return w.Version, w.known
}

// fileAt goes down the live indexes of folders, from the root; nil where the
// file is not there.
func (s *volumeScan) fileAt(names ...string) *ntfs.File {
	v := s.volume.NTFS
	f, err := v.File(ntfs.RecordRoot)
	for _, name := range names {
		if err != nil || !f.InUse() {
			return nil
		}
		wanted := func(raw []byte) bool { return len(raw) == 2*len(name) }
		live, _, _ := index.Traces(v, f, wanted)
		f = nil
		for _, e := range live {
			if v.EqualFold(e.FileName.Name, name) {
				if f, err = v.File(e.Reference.Record()); err != nil || f.Reference() != e.Reference {
					return nil
				}
				break
			}
		}
		if f == nil {
			return nil
		}
	}
	return f
}
