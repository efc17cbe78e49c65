package index

import (
	"cmp"
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// entry is what makes two copies of an index entry the same.
type entry struct {
	ref    ntfs.FileReference
	source event.Source
	name   ntfs.FileName
}

// distinct sorts traces by offset and drops those that say what a live entry
// or an earlier trace says.
func distinct(traces []event.Trace, live []ntfs.IndexEntry) []event.Trace {
	seen := make(map[entry]bool, len(live)+len(traces))
	headless := make(map[ntfs.FileName]bool, len(live)+len(traces)) // names whose reference some copy has
	for _, e := range live {
		seen[entry{e.Reference, event.IndexSlack, e.FileName}] = true
		headless[e.FileName] = true
	}
	for _, t := range traces {
		if t.Reference != 0 {
			headless[t.Name] = true
		}
	}
	slices.SortStableFunc(traces, func(a, b event.Trace) int { return cmp.Compare(a.Offset, b.Offset) })
	var out []event.Trace
	for _, t := range traces {
		k := entry{t.Reference, t.Source, t.Name}
		if t.Content == nil && (seen[k] || t.Reference == 0 && headless[t.Name]) {
			continue
		}
		seen[k] = true
		out = append(out, t)
	}
	return out
}
