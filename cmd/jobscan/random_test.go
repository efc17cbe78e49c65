package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/wintime"
)

// TestRandomStories holds reports on volumes with random stories against all
// that happened on them.
func TestRandomStories(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 10
	}
	rule := filepath.Join(t.TempDir(), "all.toml")
	writeFile(t, rule, allFilesRule)
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			s := fixtures.Random(seed, randomOps(seed), randomOptions(seed))
			image := s.Build()
			name := writeImage(t, image)
			truth := newRandomTruth(&image.Truth[0])
			events, _ := jsonReport(t, "event", "timeline", "--rule", rule, name)
			truth.checkTimeline(t, userFiles(events))
			findings, _ := jsonReport(t, "finding", "scan", "--rule", rule, name)
			findings = userFiles(findings)
			truth.checkFindings(t, findings)
			truth.checkRemnants(t, findings)
			jobs, _ := jsonReport(t, "finding", "scan", name)
			checkJobs(t, findings, jobs)
		})
	}
}

// randomOps makes every twentieth story a long one.
func randomOps(seed uint64) int {
	if seed%20 == 9 {
		return 3000
	}
	return 400
}

// randomOptions vary what the volume is and how much of its journal is left.
func randomOptions(seed uint64) fixtures.RandomOptions {
	o := fixtures.RandomOptions{JournalPart: []int{0, 60, 30, 10, 80}[seed%5], ClockBack: seed%7 == 3}
	o.Volume.NoShortNames = seed%4 == 1
	o.Volume.LostHeaders = seed%3 != 0
	if seed%6 == 2 {
		o.Volume.JournalVersion = 3
	}
	if seed%6 == 4 {
		o.Volume.RangeTracking = true
	}
	if seed%8 == 5 {
		o.Volume.RecordSize = 4096
		o.Volume.SizeBytes = 16 << 20
	}
	return o
}

// userFiles leaves out the files of the system, of which the story does not tell.
func userFiles(lines []line) []line {
	return slices.DeleteFunc(lines, func(l line) bool {
		if l.File.Inode == "" {
			return false // of a remnant
		}
		number, _, _ := strings.Cut(l.File.Inode, "-")
		n, err := strconv.Atoi(number)
		return err != nil || n < 24 || strings.HasPrefix(noDrive(l.File.Path), `\$Extend\`)
	})
}

// randomTruth is what happened to files, prepared for questions.
type randomTruth struct {
	events []fixtures.Event // of files
	first  int64            // USN of the window's first record
	// arrived are the names that ever were, "path reference", in a story's order.
	arrived map[string][]fixtures.Event
	// left are names that some trace shows.
	left map[string]bool
	// atStart are names that existed when the journal's window begins.
	atStart map[string]bool
	// ghosts are paths that names of files deleted before the window would have
	// when it begins: their folders got other names after the deletion, and
	// nothing that is left dates that.
	ghosts map[string]bool
	states map[string]string
	// headless are the remnants that have lost whose they were.
	headless map[remnantKey][]fixtures.Remnant
}

func nameKey(path, ref string) string { return path + " " + ref }

func newRandomTruth(t *fixtures.Truth) *randomTruth {
	r := &randomTruth{first: t.JournalFirst, arrived: map[string][]fixtures.Event{}, left: map[string]bool{}, atStart: map[string]bool{},
		states: map[string]string{}, headless: headlessOf(t)}
	for _, e := range t.Events {
		if e.Directory {
			continue
		}
		r.events = append(r.events, e)
		r.states[e.Reference] = e.State
		r.follow(&e)
	}
	for _, a := range t.Alive {
		if !a.Directory {
			r.left[nameKey(a.Path, a.Reference)] = true
		}
	}
	r.ghosts = ghostsOf(t)
	return r
}

// follow notes what one event says of names.
func (r *randomTruth) follow(e *fixtures.Event) {
	key := nameKey(e.Path, e.Reference)
	switch e.Kind {
	case fixtures.KindCreation, fixtures.KindRename, fixtures.KindLink:
		r.arrived[key] = append(r.arrived[key], *e)
	}
	if e.InJournal {
		r.left[key] = true
		if e.Kind == fixtures.KindRename && e.Via == "" && e.USN != r.first { // else RENAME_OLD_NAME rolled over
			r.left[nameKey(e.Previous, e.Reference)] = true
		}
		return
	}
	switch e.Kind {
	case fixtures.KindDeletion:
		delete(r.atStart, key)
	case fixtures.KindRename:
		delete(r.atStart, nameKey(e.Previous, e.Reference))
		r.atStart[key] = true
	case fixtures.KindCreation, fixtures.KindLink:
		r.atStart[key] = true
	}
}

// ghostsOf follows the folders of files that were deleted before the window up
// to its beginning.
func ghostsOf(t *fixtures.Truth) map[string]bool {
	type ghost struct{ folder, name, ref string }
	var ghosts []ghost
	folders := map[string]string{} // path → reference
	paths := map[string]string{}   // reference → path
	for _, e := range t.Events {
		dir, name := splitPath(e.Path)
		switch {
		case e.InJournal:
		case e.Directory && e.Kind == fixtures.KindDeletion:
			delete(folders, e.Path)
		case e.Directory && e.Kind != fixtures.KindModification:
			if folders[e.Previous] == e.Reference {
				delete(folders, e.Previous)
			}
			folders[e.Path], paths[e.Reference] = e.Reference, e.Path
		case e.Kind == fixtures.KindDeletion:
			ghosts = append(ghosts, ghost{folders[dir], name, e.Reference})
		}
	}
	out := map[string]bool{}
	for _, g := range ghosts {
		out[nameKey(paths[g.folder]+`\`+g.name, g.ref)] = true
	}
	return out
}

func splitPath(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '\\')
	return path[:i], path[i+1:]
}

// checkTimeline wants every event of the window, exactly, and no other.
func (r *randomTruth) checkTimeline(t *testing.T, got []line) {
	t.Helper()
	reported := map[string]int{}
	for _, l := range got {
		reported[happened(l.Event.Action, noDrive(l.File.Path), l.File.Inode, l.Timestamp)]++
	}
	for _, e := range r.events {
		if !e.InJournal {
			continue
		}
		k := happened(e.Kind, e.Path, e.Reference, wintime.Filetime(e.Time).String())
		if reported[k] == 0 {
			t.Errorf("missed: %s (USN %d, via %q)", k, e.USN, e.Via)
			continue
		}
		reported[k]--
	}
	for _, l := range got {
		k := happened(l.Event.Action, noDrive(l.File.Path), l.File.Inode, l.Timestamp)
		if reported[k] == 0 {
			continue
		}
		reported[k]--
		if why := r.unreal(l); why != "" {
			t.Errorf("invented: %s: %s", k, why)
		}
	}
}

func happened(kind, path, ref, when string) string {
	return strings.Join([]string{when, kind, path, ref}, " ")
}

// unreal says why a reported event that is none of the window cannot be right.
func (r *randomTruth) unreal(l line) string {
	path, ref := noDrive(l.File.Path), l.File.Inode
	switch {
	case ref == "":
		return r.unrealRemnant(l)
	case l.fromJournal():
		return "no such event in the journal's window"
	case l.has("broken_path") || l.has("path_unproven"):
		_, name := splitPath(path)
		for k := range r.arrived {
			p, of, _ := cutLast(k)
			if _, n := splitPath(p); n == name && of == ref {
				return ""
			}
		}
		return "the file never had this name"
	case l.Event.Action == "modification":
		for _, e := range r.events {
			if e.Kind == fixtures.KindModification && e.Reference == ref && wintime.Filetime(e.Time).String() <= l.Timestamp {
				return ""
			}
		}
		return "not changed at this time or before"
	case len(r.arrived[nameKey(path, ref)]) == 0 && !r.ghosts[nameKey(path, ref)]:
		return "the file was never there"
	}
	return ""
}

// remnant: neither the $MFT nor the journal shows this name.
func (l line) remnant() bool {
	for _, s := range l.Jobscan.Support {
		if s.Source == "mft" || s.Source == "usn" {
			return false
		}
	}
	return true
}

func cutLast(key string) (path, ref string, ok bool) {
	i := strings.LastIndexByte(key, ' ')
	return key[:i], key[i+1:], i >= 0
}

func (l line) has(code string) bool {
	return slices.ContainsFunc(l.Jobscan.Anomalies, func(a struct{ Code string }) bool { return a.Code == code })
}

// checkFindings wants one finding for each name that left a trace, and no
// finding for a name that never was.
func (r *randomTruth) checkFindings(t *testing.T, got []line) {
	t.Helper()
	found := map[string]line{}
	for _, f := range got {
		k := nameKey(noDrive(f.File.Path), f.File.Inode)
		if f.File.Inode == "" {
			k += f.Timestamp
		}
		if _, twice := found[k]; twice {
			t.Errorf("twice: %s", k)
		}
		found[k] = f
		if why := r.unrealFinding(f); why != "" {
			t.Errorf("finding %s %s: %s", f.Timestamp, k, why)
		}
		want := r.states[f.File.Inode]
		if f.File.Inode == "" {
			want = fixtures.StateOverwritten
		}
		if f.Jobscan.State != want {
			t.Errorf("%s: state %s, want %s", k, f.Jobscan.State, want)
		}
	}
	for k := range r.left {
		if _, ok := found[k]; !ok {
			t.Errorf("no finding: %s", k)
		}
	}
	r.checkDeletedRecords(t, got)
}

// unrealFinding says why a finding cannot be right: it is an arrival of the
// window, or of a name that was there when the window begins.
func (r *randomTruth) unrealFinding(f line) string {
	if why := r.unreal(f); why != "" && !f.fromJournal() {
		return why
	}
	k := nameKey(noDrive(f.File.Path), f.File.Inode)
	for _, e := range r.arrived[k] {
		if e.InJournal && e.Kind == f.Event.Action && wintime.Filetime(e.Time).String() == f.Timestamp {
			if e.Kind == fixtures.KindRename && !samePrevious(f, e.Previous) {
				return fmt.Sprintf("came from %s, want %s", f.Jobscan.Previous, e.Previous)
			}
			return ""
		}
	}
	if f.fromJournal() || f.has("broken_path") || f.remnant() {
		return cmp.Or(r.unreal(f), "")
	}
	if f.Jobscan.State == fixtures.StateDeleted || r.atStart[k] {
		return ""
	}
	return "the name was not there when the window begins"
}

// samePrevious compares where a file came from. The folder's name before its
// rename can lie before the window's first record: then the report says so.
func samePrevious(f line, want string) bool {
	got := noDrive(f.Jobscan.Previous)
	_, below, broken := strings.Cut(got, ">")
	return got == "" || got == want || broken && strings.HasSuffix(want, below)
}

// checkDeletedRecords wants a finding for every file whose free FILE record
// still describes it.
func (r *randomTruth) checkDeletedRecords(t *testing.T, got []line) {
	t.Helper()
	for ref, state := range r.states {
		if state == fixtures.StateDeleted && !slices.ContainsFunc(got, func(f line) bool { return f.File.Inode == ref }) {
			t.Errorf("no finding of the deleted file %s", ref)
		}
	}
}

// checkJobs holds the findings of the built-in rule against those of a rule for every file.
func checkJobs(t *testing.T, all, jobs []line) {
	t.Helper()
	var want, got []string
	for _, f := range all {
		// Which folders' slack is searched depends on the rule.
		if isJobPath(noDrive(f.File.Path)) && !f.remnant() {
			want = append(want, happened(f.Event.Action, f.File.Path, f.File.Inode, f.Timestamp))
		}
	}
	for _, f := range jobs {
		if f.remnant() {
			continue
		}
		if f.Jobscan.Verdict == "match" && isJobPath(noDrive(f.File.Path)) {
			got = append(got, happened(f.Event.Action, f.File.Path, f.File.Inode, f.Timestamp))
		} else if !f.has("broken_path") {
			t.Errorf("the built-in rule says %s of %s", f.Jobscan.Verdict, f.File.Path)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the built-in rule finds\n%s\nof\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
