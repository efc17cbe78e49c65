package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/ntfs"
)

// maxTasksFolders bounds the folders called Tasks that are looked at.
const maxTasksFolders = 1 << 12

// tellJunctions warns where \Windows\Tasks leads elsewhere: NTFS knows a file only
// where it lies, so that one which was put through the folder has another path.
func (s *volumeScan) tellJunctions() {
	seen := make(map[uint64]bool)
	for _, hit := range s.names {
		n := hit.Reference().Record()
		if !hit.Directory && hit.Base == 0 || seen[n] {
			continue
		}
		if len(seen) == maxTasksFolders {
			p := s.problem("mft", fmt.Errorf("more than %d folders have a name that is looked for: not all were asked whether they are junctions", maxTasksFolders))
			p.Severity = report.SeverityWarning
			s.problems = append(s.problems, p)
			return
		}
		seen[n] = true
		if f, err := s.volume.NTFS.File(n); err == nil && f.IsDirectory() && s.isTasks(f) {
			s.tellJunction(f)
		}
	}
}

// isTasks: a name of the folder is \Windows\Tasks.
func (s *volumeScan) isTasks(f *ntfs.File) bool {
	for _, n := range f.Names() {
		if n.Namespace == ntfs.NamespaceDOS || !strings.EqualFold(n.Name, tasksFolderName) {
			continue
		}
		path := s.paths.Path(event.Name{Parent: n.Parent, Name: n.Name}, math.MaxInt64)
		if strings.EqualFold(path.WithDrive(0), `?:\Windows\Tasks`) {
			return true
		}
	}
	return false
}

func (s *volumeScan) tellJunction(f *ntfs.File) {
	point, err := s.volume.NTFS.ReparsePoint(f)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	is := "is"
	if !f.InUse() {
		is = "was, before it was deleted,"
	}
	what := "a " + point.Tag.String()
	switch {
	case err != nil:
		what = fmt.Sprintf("a reparse point that cannot be decoded (%v)", err)
	case point.SubstituteName != "":
		what += " to " + point.Target()
	}
	p := s.recordProblem(f.Record.Number, fmt.Errorf(`\Windows\Tasks (record %s) %s %s: files put there through it lie elsewhere, where a rule for \Windows\Tasks does not see them; use --rule with a rule for that path`,
		f.Reference(), is, what))
	p.Severity = report.SeverityWarning
	s.problems = append(s.problems, p)
}
