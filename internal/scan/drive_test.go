package scan

import (
	"errors"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/report"
)

// TestOneLetterForManyVolumes: --drive gives its letter to every volume whose own
// is not known, which is told where these are several.
func TestOneLetterForManyVolumes(t *testing.T) {
	bare := func(n int) *evidence.Volume { return &evidence.Volume{Index: n, EvidencePath: "disk.raw"} }
	named := func(n int, letter byte) *evidence.Volume {
		return &evidence.Volume{Index: n, EvidencePath: "t", DriveLetter: letter}
	}
	for _, tt := range []struct {
		name    string
		letter  byte
		volumes []*evidence.Volume
		want    string // what the problem begins with; "" for none
		path    string
	}{
		{"no letter given", 0, []*evidence.Volume{bare(1), bare(2)}, "", ""},
		{"one volume", 'C', []*evidence.Volume{bare(1)}, "", ""},
		{"two volumes", 'C', []*evidence.Volume{bare(1), bare(2)}, "volumes 1, 2 are all taken as C: by --drive: at most one of them was C:; name it with --volume N", "disk.raw"},
		{"a volume and its shadow copies", 'C', []*evidence.Volume{bare(1), {Index: 2, ShadowOf: 1, ShadowCopy: 1}, {Index: 3, ShadowOf: 1, ShadowCopy: 2}}, "", ""},
		{"one that has the letter", 'C', []*evidence.Volume{named(1, 'C'), bare(2)}, "volumes 1, 2 are", ""},
		{"all have letters", 'C', []*evidence.Volume{named(1, 'C'), named(2, 'C')}, "", ""},
		{"others have letters", 'C', []*evidence.Volume{named(1, 'D'), bare(2)}, "", ""},
		{"one that cannot be opened", 'C', []*evidence.Volume{bare(1), {Index: 2, OpenErr: errors.New("damaged")}}, "", ""},
		{"many", 'E', []*evidence.Volume{bare(1), bare(2), bare(3), bare(4), bare(5), bare(6), bare(7), bare(8), bare(9), bare(10), bare(11), bare(12)},
			"volumes 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, and 2 more are all", "disk.raw"},
	} {
		got := driveProblems(&evidence.Host{Volumes: tt.volumes}, tt.letter)
		switch {
		case tt.want == "" && len(got) == 0:
		case tt.want == "" || len(got) != 1 || got[0].Severity != report.SeverityWarning || got[0].Evidence != tt.path || !strings.HasPrefix(got[0].Message, tt.want):
			t.Errorf("%s: got %+v, want %q", tt.name, got, tt.want)
		}
	}
}
