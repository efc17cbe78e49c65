package scan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/report"
)

// driveProblems warns where more than one volume bears the letter that was given
// for volumes whose own is not known. Shadow copies count as their volume.
func driveProblems(host *evidence.Host, letter byte) []report.Problem {
	if letter == 0 {
		return nil
	}
	var bearers []string
	var path string
	seen := make(map[int]bool)
	given := false
	for _, v := range host.Volumes {
		base := cmp.Or(v.ShadowOf, v.Index)
		if v.OpenErr != nil || seen[base] || v.DriveLetter != 0 && v.DriveLetter != letter {
			continue
		}
		seen[base] = true
		given = given || v.DriveLetter == 0
		bearers = append(bearers, fmt.Sprint(base))
		if len(bearers) == 1 {
			path = v.EvidencePath
		} else if path != v.EvidencePath {
			path = "" // no one file is concerned
		}
	}
	if len(bearers) < 2 || !given {
		return nil
	}
	const most = 10
	if n := len(bearers); n > most {
		bearers = append(bearers[:most], fmt.Sprintf("and %d more", n-most))
	}
	return []report.Problem{{Severity: report.SeverityWarning, Source: "evidence", Evidence: path,
		Message: fmt.Sprintf("volumes %s are all taken as %c: by --drive: at most one of them was %c:; name it with --volume N", strings.Join(bearers, ", "), letter, letter)}}
}
