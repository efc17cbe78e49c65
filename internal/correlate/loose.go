package correlate

import (
	"cmp"
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// A name of unknown incarnation is a trace that has lost whose name it was: its
// Reference has no sequence number. It is held against the incarnations that
// are known to have had the name in the folder; what belongs to none of them
// was a file of which nothing else is left.

// place is a name in a folder as NTFS compares it.
type place struct {
	parent ntfs.FileReference
	name   string // folded
}

// tenancy is one time that a known incarnation had a name.
type tenancy struct {
	event     *event.Event // its arrival
	file      *event.File
	reference ntfs.FileReference
	created   []wintime.Filetime // all creation times that are known of the file
	born      wintime.Filetime   // of FILE_CREATE in the journal; 0 if it does not show it
	seen      wintime.Filetime   // first record that shows the file; 0 if none does
	from, to  wintime.Filetime   // of the name, as the journal tells; 0: not known
}

// tenancies are those of a volume, for the matching of names of unknown
// incarnation. A nil one keeps nothing.
type tenancies struct {
	fold   func(string) string
	of     map[place][]*tenancy
	sorted map[place]bool
	byTime map[birth][]*tenancy
}

// birth is a creation time that is known of a file which had a name.
type birth struct {
	place
	created wintime.Filetime
}

// maxTenancies bounds how many files of one name in one folder a remnant is
// held against by what the journal tells of them.
const maxTenancies = 4096

func (v *Volume) newTenancies() *tenancies {
	if len(v.Loose) == 0 {
		return nil
	}
	fold := v.Fold
	if fold == nil {
		fold = func(s string) string { return s }
	}
	return &tenancies{fold: fold, of: make(map[place][]*tenancy),
		sorted: make(map[place]bool), byTime: make(map[birth][]*tenancy)}
}

func (k *tenancies) place(n event.Name) place { return place{n.Parent, k.fold(n.Name)} }

// add notes the names of one file, whose arrivals a builder has made. merged
// tells which events stand for others.
func (k *tenancies) add(b *fileBuilder, merged map[*event.Event]*event.Event) {
	if k == nil {
		return
	}
	created, born, seen := b.birth()
	note := func(n event.Name, e *event.Event, from, to wintime.Filetime) {
		if m := merged[e]; m != nil {
			e = m
		}
		p := k.place(n)
		t := &tenancy{e, b.file, b.reference, created, born, seen, from, to}
		k.of[p] = append(k.of[p], t)
		for _, c := range created {
			if list := k.byTime[birth{p, c}]; len(list) == 0 || list[len(list)-1] != t {
				k.byTime[birth{p, c}] = append(list, t)
			}
		}
	}
	held := make(map[event.Name]bool)
	for _, a := range b.arrived {
		held[a.span.Name] = true
		var from, to wintime.Filetime
		if a.span.begun != unseen && !a.span.partial {
			from = a.span.first.Time
		}
		if a.span.last != nil {
			to = a.span.last.Time
		}
		note(a.span.Name, a.event, from, to)
	}
	for _, t := range inOrder(b.traces) {
		n := event.Name{Parent: t.Name.Parent, Name: t.Name.Name}
		if e := b.arrivals[n]; e != nil && !held[n] {
			held[n] = true
			note(n, e, 0, 0)
		}
	}
}

// at gives the tenancies of a place that are known to have begun with a file
// created at a time, and others, in an order of their own.
func (k *tenancies) at(p place, created wintime.Filetime) (same, all []*tenancy) {
	byEvent := func(a, b *tenancy) int { return Compare(a.event, b.event) }
	if !k.sorted[p] {
		k.sorted[p] = true
		slices.SortStableFunc(k.of[p], byEvent)
	}
	same = k.byTime[birth{p, created}]
	slices.SortStableFunc(same, byEvent)
	all = k.of[p]
	return same, all[:min(len(all), maxTenancies)]
}

// birth gives the creation times by which names of the file can be known.
func (b *fileBuilder) birth() (created []wintime.Filetime, born, seen wintime.Filetime) {
	if b.record != nil {
		for i := range b.record.Names {
			created = append(created, b.record.Names[i].Created)
		}
		if b.record.Times != nil {
			created = append(created, b.record.Times.Created)
		}
	}
	for i := range b.traces {
		created = append(created, b.traces[i].Name.Created)
	}
	for i := range b.records {
		r := &b.records[i]
		if seen == 0 {
			seen = r.Time
		}
		if r.Reason&usn.ReasonFileCreate != 0 {
			return created, r.Time, seen
		}
	}
	return created, 0, seen
}

// looseEvents joins names of unknown incarnation to the events of those that
// had them, and makes an arrival of each that is left. Traces of one name with
// one creation time are one.
func (v *Volume) looseEvents(known *tenancies) []*event.Event {
	type identity struct {
		place
		created wintime.Filetime
	}
	groups := make(map[identity][]event.Trace)
	var order []identity
	for _, t := range inOrder(v.Loose) {
		if !isName(&t) {
			continue
		}
		id := identity{known.place(event.Name{Parent: t.Name.Parent, Name: t.Name.Name}), t.Name.Created}
		if groups[id] == nil {
			order = append(order, id)
		}
		groups[id] = append(groups[id], t)
	}
	var out []*event.Event
	for _, id := range order {
		group := groups[id]
		same, all := known.at(id.place, id.created)
		if k := match(same, all, group); k != nil {
			for _, t := range group {
				supportBy(k.event, t)
			}
			if k.file.State != event.Allocated && k.file.State != event.Deleted {
				takeContent(k.file, sizeKnown(k.file), group)
			}
			continue
		}
		out = append(out, v.looseEvent(group))
	}
	return out
}

// sizeKnown stands for the FILE record where a file's size is known already.
func sizeKnown(f *event.File) *event.FileRecord {
	if f.Size > 0 {
		return &event.FileRecord{}
	}
	return nil
}

// isName: the trace has a name of which paths are made, of a file.
func isName(t *event.Trace) bool {
	return t.Name.Namespace != ntfs.NamespaceDOS && t.Name.Name != "" && t.Name.FileAttributes&ntfs.AttributeDirectory == 0
}

// match finds whose name the traces of one name and creation time show. Of
// several files with the creation time (it is inherited by tunnelling) that one
// counts whose FILE record or whose time at the name fits.
func match(same, all []*tenancy, group []event.Trace) *tenancy {
	candidates := all
	if len(same) > 0 {
		candidates = same
	}
	for _, t := range group {
		if k := matchByJournal(candidates, &t); k != nil {
			return k
		}
	}
	if len(same) > 0 {
		return same[0]
	}
	return nil
}

// matchByJournal finds it where only the journal knows the file, or where its
// creation time was set: a folder has a name once at a time.
func matchByJournal(candidates []*tenancy, t *event.Trace) *tenancy {
	var nearest, tenant, older *tenancy
	for _, k := range candidates {
		if n := t.Reference.Record(); n != 0 && n != k.reference.Record() {
			continue // in the slack of another FILE record
		}
		if k.born != 0 && apart(k.born, t.Name.Created) <= clockSlack &&
			(nearest == nil || apart(k.born, t.Name.Created) < apart(nearest.born, t.Name.Created)) {
			nearest = k
		}
		// An index entry's change time is one at which the file had the name.
		if t.Source == event.IndexSlack && k.from != 0 && t.Name.Changed+clockSlack >= k.from &&
			(k.to == 0 || t.Name.Changed <= k.to+clockSlack) && (tenant == nil || k.from > tenant.from) {
			tenant = k
		}
		if k.born == 0 && len(k.created) == 0 && k.from == 0 && t.Name.Created <= k.seen && (older == nil || k.seen < older.seen) {
			older = k
		}
	}
	return cmp.Or(tenant, nearest, older)
}

func apart(a, b wintime.Filetime) wintime.Filetime { return max(a, b) - min(a, b) }

// looseEvent is the arrival of a file of which nothing but a name is left.
func (v *Volume) looseEvent(group []event.Trace) *event.Event {
	b := &fileBuilder{volume: v, file: &event.File{Volume: v.Index, State: event.Overwritten, Size: -1}}
	first := group[0]
	for _, t := range group {
		if arrivalOf(&t.Name) == event.Created {
			first = t // an entry from before anything else happened to the file
			break
		}
	}
	e := b.traceArrival(event.Name{Parent: first.Name.Parent, Name: first.Name.Name}, first)
	e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "incarnation_unknown",
		Detail: "what is left of this name does not tell its FILE record and sequence number: no known file had it with this creation time"})
	for _, t := range group {
		supportBy(e, t)
	}
	takeContent(b.file, nil, group)
	return e
}
