package correlate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// plain answers as chains do, by going up from each name anew.
type plain struct{ *Folders }

func (f plain) path(n event.Name, moment int64) winpath.Path {
	names := []string{n.Name}
	visited := make(map[ntfs.FileReference]bool)
	broken := func(gap ntfs.FileReference, why string) winpath.Path {
		slices.Reverse(names)
		return broken(winpath.Of(names...), gap, why)
	}
	parent := n.Parent
	units := unitsOf(n.Name)
	for parent.Record() != rootRecord {
		if visited[parent] {
			return broken(parent, fmt.Sprintf("the parents of folder %s form a loop", parent))
		}
		if len(names) >= maxDepth {
			return broken(parent, fmt.Sprintf("more than %d parents", maxDepth))
		}
		visited[parent] = true
		state, err := f.at(parent, moment)
		if err != nil {
			return broken(parent, err.Error())
		}
		if units += unitsOf(state.Name) + 1; units > maxUnits {
			return broken(parent, fmt.Sprintf("longer than %d UTF-16 units", maxUnits))
		}
		names = append(names, state.Name)
		parent = state.Parent
	}
	slices.Reverse(names)
	return winpath.Of(names...)
}

func (f plain) moveAfter(ref ntfs.FileReference, moment int64) (event.FolderRecord, bool) {
	records := f.History[ref]
	for i, r := range records {
		if r.USN <= moment || r.Reason&usn.ReasonRenameNewName == 0 {
			continue
		}
		if i > 0 && records[i-1].Name != r.Name || i == 0 && f.beganByRename(&r) {
			return r, true
		}
	}
	return event.FolderRecord{}, false
}

func (f plain) doubt(n event.Name) string {
	visited := make(map[ntfs.FileReference]bool)
	for parent := n.Parent; parent.Record() != rootRecord && !visited[parent] && len(visited) < maxDepth; {
		visited[parent] = true
		if move, ok := f.moveAfter(parent, beforeJournal); ok {
			return fmt.Sprintf("the folder %s was renamed or moved to %q at %s, and when this name lay in it is not recorded", parent, move.Name.Name, move.Time)
		}
		state, err := f.at(parent, beforeJournal)
		if err != nil {
			return "at what path its folder was then is not recorded: " + err.Error()
		}
		if !f.settledAs(parent, state) {
			return fmt.Sprintf("whether the folder %q (%s) has had this name and place since it was made is not recorded", state.Name, parent)
		}
		parent = state.Parent
	}
	return ""
}

func (f plain) nextMove(n event.Name, moment, end int64) (event.FolderRecord, ntfs.FileReference, bool) {
	var first event.FolderRecord
	var mover ntfs.FileReference
	found := false
	visited := make(map[ntfs.FileReference]bool)
	for parent := n.Parent; parent.Record() != rootRecord && !visited[parent] && len(visited) < maxDepth; {
		visited[parent] = true
		if r, ok := f.moveAfter(parent, moment); ok && r.USN < end && (!found || r.USN < first.USN) {
			first, mover, found = r, parent, true
		}
		state, err := f.at(parent, moment)
		if err != nil {
			break
		}
		parent = state.Parent
	}
	return first, mover, found
}

func ask(f *Folders, n event.Name, moment, end int64) string {
	move, mover, ok := f.nextMove(n, moment, end)
	return answer(f.recorded().path(n, moment), move, mover, ok, f.doubt(n))
}

func askPlain(f *Folders, n event.Name, moment, end int64) string {
	p := plain{f}
	move, mover, ok := p.nextMove(n, moment, end)
	return answer(p.path(n, moment), move, mover, ok, p.doubt(n))
}

func answer(p winpath.Path, move event.FolderRecord, mover ntfs.FileReference, ok bool, doubt string) string {
	return fmt.Sprintf("%s (%s)\n%v %s %v\n%s", p.WithDrive(0), p.Broken, move, mover, ok, doubt)
}

// TestChains: folders in any tangle, whose names change at any moments, give what
// going up from each name anew gives.
func TestChains(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		f, folders := tangle(r)
		for range 200 {
			n := event.Name{Parent: folders[r.IntN(len(folders))], Name: "x.job"}
			moment := r.Int64N(130)
			switch r.IntN(6) {
			case 0:
				moment = beforeJournal
			case 1:
				moment = afterJournal
			}
			end := r.Int64N(200)
			if got, want := ask(f, n, moment, end), askPlain(f, n, moment, end); got != want {
				t.Fatalf("round %d, %v at %d up to %d: got\n%s\nwant\n%s", round, n, moment, end, got, want)
			}
		}
	}
}

// tangle makes folders of which each lies in any other, some in none.
func tangle(r *rand.Rand) (*Folders, []ntfs.FileReference) {
	folders := []ntfs.FileReference{root}
	for i := range 1 + r.IntN(12) {
		folders = append(folders, ntfs.NewFileReference(uint64(64+i), 1))
	}
	name := func() event.Name {
		return event.Name{Parent: folders[min(r.IntN(2*len(folders)), len(folders)-1)], Name: string(rune('a' + r.IntN(3)))}
	}
	names := make(map[ntfs.FileReference]event.Name)
	history := make(map[ntfs.FileReference][]event.FolderRecord)
	for i, ref := range folders[1:] {
		names[ref] = event.Name{Parent: folders[r.IntN(i+1)], Name: string(rune('a' + r.IntN(3)))}
		if r.IntN(4) == 0 {
			names[ref] = name()
		}
		for range max(0, r.IntN(8)-4) {
			reason := []usn.Reason{create, oldName, newName, newName, newName | closed, remove | closed}[r.IntN(6)]
			rec := folderRec(r.Int64N(120), 0, "", reason)
			rec.Name = name()
			history[ref] = append(history[ref], rec)
		}
	}
	gone, fresh := folders[r.IntN(len(folders))], r.IntN(3) == 0
	f := &Folders{History: history, Gaps: fresh, First: 3,
		Settled: func(ref ntfs.FileReference) bool { return ref.Record()%5 != 0 },
		Now: func(ref ntfs.FileReference) (event.Name, error) {
			if n, ok := names[ref]; ok && ref != gone {
				return n, nil
			}
			return event.Name{}, fmt.Errorf("folder %s is gone", ref)
		}}
	f.Sort()
	return f, folders
}

// row makes a chain of folders, the first 64-1, each in the next, the last in
// what is given.
func row(count int, name string, last ntfs.FileReference) *Folders {
	return &Folders{
		Settled: func(ntfs.FileReference) bool { return true },
		Now: func(ref ntfs.FileReference) (event.Name, error) {
			switch n := ref.Record() - 63; {
			case n == uint64(count):
				return event.Name{Parent: last, Name: name}, nil
			case n > uint64(count):
				return event.Name{}, fmt.Errorf("folder %s is gone", ref)
			}
			return event.Name{Parent: ntfs.NewFileReference(ref.Record()+1, 1), Name: name}, nil
		}}
}

// TestLongChains: the bounds of a path hold to the last folder and unit,
// whichever folders were asked for before.
func TestLongChains(t *testing.T) {
	lost, first := ntfs.NewFileReference(1<<20, 1), ntfs.NewFileReference(64, 1)
	tests := []struct {
		name  string
		count int
		names string
		last  ntfs.FileReference
	}{
		{"to the root", maxDepth + 2, "d", root},
		{"to a folder that is gone", maxDepth + 2, "d", lost},
		{"a loop", maxDepth + 2, "d", first},
		{"a loop that can just be seen", maxDepth - 1, "d", first},
		{"a loop behind others", maxDepth + 2, "d", ntfs.NewFileReference(64+100, 1)},
		{"far too many", 2*maxWalk + 10, "d", root},
		{"long names", 1000, strings.Repeat("d", 40), root},
		{"long names in a loop", 1000, strings.Repeat("d", 40), first},
		{"long names to a folder that is gone", 1000, strings.Repeat("d", 40), lost},
		{"just not too long", 1056, strings.Repeat("d", 30), root}, // with a name of 31 units
		{"just too long", 1057, strings.Repeat("d", 30), root},
		{"too long before it is too deep", maxDepth + 2, "dddddddd", root},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			end := uint64(64 + tt.count - 1)
			moved := map[ntfs.FileReference][]event.FolderRecord{
				ntfs.NewFileReference(end, 1):  {folderRec(50, tt.last, "before", oldName), folderRec(60, tt.last, tt.names, newName)},
				ntfs.NewFileReference(4160, 1): {folderRec(80, ntfs.NewFileReference(4161, 1), tt.names, over), folderRec(90, ntfs.NewFileReference(4161, 1), "after", newName)},
			}
			for _, history := range []map[ntfs.FileReference][]event.FolderRecord{moved, nil} {
				f := row(tt.count, tt.names, tt.last)
				f.History = history
				f.Sort()
				at := []int{200, 0, 1, 2, 3, 5, tt.count / 2, tt.count - 1}
				if history == nil {
					unsettled := uint64(4161)
					if tt.count > maxWalk {
						unsettled = 64 + maxWalk + 50
						at = append(at, maxWalk/2+90)
					}
					slices.Sort(at)
					f.Settled = func(ref ntfs.FileReference) bool { return ref.Record() != unsettled }
				}
				for _, i := range at {
					for _, own := range []string{"x.job", strings.Repeat("x", 31), strings.Repeat("x", 200)} {
						n := event.Name{Parent: ntfs.NewFileReference(uint64(64+i), 1), Name: own}
						for _, moment := range []int64{beforeJournal, 55} {
							if got, want := ask(f, n, moment, 100), askPlain(f, n, moment, 100); got != want {
								t.Fatalf("file of %d units in folder %d at %d: got\n%s\nwant\n%s", len(own), i, moment, got, want)
							}
						}
					}
				}
			}
		})
	}
}

// TestSharedChains: what lies in one deep folder does not cost its depth for each
// name again, neither in work nor in memory.
func TestSharedChains(t *testing.T) {
	const depth, files = 1000, 500
	for name, last := range map[string]ntfs.FileReference{
		"to the root": root, "a loop": ntfs.NewFileReference(64, 1), "gone": ntfs.NewFileReference(1<<20, 1)} {
		f := row(depth, "d", last)
		asked, now := 0, f.Now
		f.Now = func(ref ntfs.FileReference) (event.Name, error) { asked++; return now(ref) }
		n := event.Name{Parent: ntfs.NewFileReference(64, 1), Name: "x.job"}
		all := func() {
			for i := range int64(files) {
				f.Path(n, i)
				f.nextMove(n, i, afterJournal)
				f.doubt(n)
			}
		}
		all()
		if most := 4 * (depth + 1); asked > most {
			t.Errorf("%s: folders were asked for %d times, want at most %d", name, asked, most)
		}
		if got := testing.AllocsPerRun(5, all); got > 10*files {
			t.Errorf("%s: %v allocations for %d names", name, got, files)
		}
	}
}

// TestManyStates: the states of folders that are kept are bounded, and so are
// those that are made; the paths from then on are broken and say why.
func TestManyStates(t *testing.T) {
	history := map[ntfs.FileReference][]event.FolderRecord{}
	for i := range int64(2 * maxTimes) {
		history[tasks] = append(history[tasks], folderRec(10*i, windows, fmt.Sprint("T", i), newName))
	}
	f := &Folders{Now: now, History: history}
	f.Sort()
	n := event.Name{Parent: tasks, Name: "x.job"}
	for i := range int64(2 * maxTimes) {
		if got, want := f.Path(n, 10*i).WithDrive(0), fmt.Sprintf(`?:\Windows\T%d\x.job`, i); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if kept := len(f.recorded().known[tasks]); kept > maxTimes {
			t.Fatalf("%d states of one folder are kept", kept)
		}
	}
}

// TestTooManyStates: when too many states of folders were made, folders that lie
// deep are not followed up any more, and that is counted; others are.
func TestTooManyStates(t *testing.T) {
	chain := func(first uint64, depth int) (ntfs.FileReference, map[ntfs.FileReference]event.Name) {
		now := make(map[ntfs.FileReference]event.Name)
		above := ntfs.NewFileReference(rootRecord, 5)
		for i := range uint64(depth) {
			ref := ntfs.NewFileReference(first+i, 1)
			now[ref] = event.Name{Parent: above, Name: "d"}
			above = ref
		}
		return above, now
	}
	short, all := chain(1000, fewFolders)
	deep, others := chain(5000, fewFolders+1)
	maps.Copy(all, others)
	f := &Folders{Now: func(ref ntfs.FileReference) (event.Name, error) { return all[ref], nil }}
	f.recorded().most = 0
	if p := f.Path(event.Name{Parent: short, Name: "x.job"}, 0); !p.Complete() || p.Len() != fewFolders+1 {
		t.Errorf("got %d names, broken %q", p.Len(), p.Broken)
	}
	if f.Unfollowed != 0 {
		t.Errorf("%d paths were not followed up", f.Unfollowed)
	}
	if p := f.Path(event.Name{Parent: deep, Name: "x.job"}, 0); !strings.Contains(p.Broken, "states") || f.Unfollowed != 1 {
		t.Errorf("got broken %q, %d counted", p.Broken, f.Unfollowed)
	}
}
