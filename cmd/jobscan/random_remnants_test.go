package main

import (
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/wintime"
)

// remnantKey is all that a remnant without its head tells: name and creation time.
type remnantKey struct{ name, created string }

// headlessOf are the remnants of files in the slack of indexes that have lost
// whose they were.
func headlessOf(t *fixtures.Truth) map[remnantKey][]fixtures.Remnant {
	out := map[remnantKey][]fixtures.Remnant{}
	for _, r := range t.Remnants {
		if !r.Whole && !r.Short && !r.Directory {
			k := remnantKey{r.Name, wintime.Filetime(r.Created).String()}
			out[k] = append(out[k], r)
		}
	}
	return out
}

// unrealRemnant says why a finding without inode cannot be right.
func (r *randomTruth) unrealRemnant(l line) string {
	_, name := splitPath(noDrive(l.File.Path))
	if len(r.headless[remnantKey{name, l.Timestamp}]) == 0 {
		return "no remnant without head has this name and time"
	}
	return ""
}

// checkRemnants wants each remnant without head to be in a finding, of its file
// where that is known and else of its own, and in one only.
func (r *randomTruth) checkRemnants(t *testing.T, got []line) {
	t.Helper()
	type file struct{ name, inode string } // name in capitals: NTFS takes both for the same
	known := map[file][]line{}
	own := map[remnantKey]line{}
	for _, f := range got {
		_, name := splitPath(noDrive(f.File.Path))
		if f.File.Inode == "" {
			own[remnantKey{name, f.Timestamp}] = f
		} else {
			k := file{strings.ToUpper(name), f.File.Inode}
			known[k] = append(known[k], f)
		}
	}
	for k, remnants := range r.headless {
		found, alone := own[k]
		for _, m := range remnants {
			list := known[file{strings.ToUpper(m.Name), m.Reference}]
			if !alone && len(list) == 0 {
				t.Errorf("the remnant %+v is in no finding", m)
			}
			// One whose times a program had set cannot be told from another file's.
			for _, f := range list {
				if alone && f.File.Path == found.File.Path && !r.restamped(m) {
					t.Errorf("twice: %s %s, of %s", found.Timestamp, found.File.Path, m.Reference)
				}
			}
		}
	}
}

// restamped: the creation time is not that of the file's creation.
func (r *randomTruth) restamped(m fixtures.Remnant) bool {
	for _, e := range r.events {
		if e.Kind == fixtures.KindCreation && e.Reference == m.Reference && e.Stream == "" {
			return e.Time != m.Created
		}
	}
	return true
}
