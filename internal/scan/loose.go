package scan

import (
	"strings"

	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
)

// looseYears bounds, in ticks of 100 ns, how far the creation of a file may lie
// behind the last change of its record: 20 years. Programs can set the one and
// hardly the other.
const looseYears = wintime.Filetime(20 * 365 * 86_400 * 10_000_000)

// plausible judges a name that does not tell whose it was. Nothing speaks for
// such a name but itself, so all of it has to make sense: the characters, the
// times beside each other, and the folder, which must be one or have been one
// (wasFolder, as soon as the journal was asked about it).
func plausible(n *ntfs.FileName) bool {
	return !n.Partial && n.Created <= n.Changed+looseYears && allowedName(n)
}

// allowedName: Windows could have given the name.
func allowedName(n *ntfs.FileName) bool {
	forbidden := "/\x00"
	if n.Namespace != ntfs.NamespacePOSIX {
		forbidden = `"*/:<>?\|`
	}
	for i := range len(n.Name) {
		if n.Name[i] < ' ' {
			return false
		}
	}
	return !strings.ContainsAny(n.Name, forbidden)
}

// wasFolder: the reference is that of a folder which the volume has or had. One
// whose FILE record tells of a later incarnation can have been; one with a
// higher sequence number never was.
func (s *volumeScan) wasFolder(ref ntfs.FileReference) bool {
	if ref.Sequence() == 0 {
		return false
	}
	if len(s.folderHistory[ref]) > 0 {
		return true
	}
	if known, ok := s.folderWas[ref]; ok {
		return known
	}
	was := s.recordWasFolder(ref)
	s.folderWas[ref] = was
	return was
}

func (s *volumeScan) recordWasFolder(ref ntfs.FileReference) bool {
	r, err := s.volume.NTFS.Record(ref.Record())
	if err != nil {
		return false // a parent of which nothing is known proves nothing
	}
	now := r.Reference()
	if now == ref {
		return r.IsDirectory && !r.IsExtension()
	}
	return now.Sequence() > ref.Sequence()
}
