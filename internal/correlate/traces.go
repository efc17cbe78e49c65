package correlate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
)

// addTraces joins names found in slack, in $LogFile and in carved FILE records:
// a trace of a name that has an event already supports it; any other makes an
// arrival of its own, dated by the trace's $FILE_NAME.
func (b *fileBuilder) addTraces() []*event.Event {
	var added []*event.Event
	traces := inOrder(b.traces)
	for _, t := range traces {
		if !isName(&t) {
			continue
		}
		name := event.Name{Parent: t.Name.Parent, Name: t.Name.Name}
		e, known := b.arrivals[name]
		if !known {
			e = b.traceArrival(name, t)
			b.arrivals[name] = e
			added = append(added, e)
		}
		supportBy(e, t)
	}
	takeContent(b.file, b.record, traces)
	return added
}

// takeContent takes size and content of a file from its traces, in order, as
// far as its FILE record does not tell them. Of several sizes the newest counts,
// and entries made before the first write say 0, as do $FILE_NAME attributes; of
// several contents the first that has this size, else the first.
func takeContent(f *event.File, record *event.FileRecord, traces []event.Trace) {
	if record == nil || record.Orphan {
		takeSize(f, traces)
	}
	if f.State == event.Allocated || f.State == event.Deleted {
		return
	}
	for i := range traces {
		t := &traces[i]
		if t.Content == nil && t.Runs == nil {
			continue
		}
		if f.Trace == nil {
			f.Trace = &event.TraceContent{}
		}
		c := f.Trace
		if t.Content != nil && (c.Data == nil || int64(len(c.Data)) != f.Size && int64(len(t.Content)) == f.Size) {
			c.Source, c.Slack, c.Data = t.Source, t.Slack, t.Content
		}
		if t.Runs != nil && c.Runs == nil {
			c.Runs = t.Runs
		}
	}
}

func takeSize(f *event.File, traces []event.Trace) {
	var newest wintime.Filetime
	for i := range traces {
		n := &traces[i].Name
		size := n.Size
		if traces[i].DataSize > 0 {
			size = uint64(traces[i].DataSize)
		}
		if size > 0 && size <= math.MaxInt64 && n.Changed >= newest {
			f.Size, newest = int64(size), n.Changed
		}
	}
}

// maxSupport bounds the testimonies of one event that are told one by one.
const maxSupport = 64

// supportBy cites a trace, unless the same place is cited already.
func supportBy(e *event.Event, t event.Trace) {
	cited := func(s event.Support) bool { return s.Source == t.Source && s.Offset == t.Offset }
	if len(e.Support) > maxSupport || slices.ContainsFunc(e.Support, cited) {
		return
	}
	if len(e.Support) == maxSupport {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "support_omitted",
			Detail: fmt.Sprintf("more than %d testimonies: further ones are left out", maxSupport)})
	}
	e.Support = append(e.Support, event.Support{Source: t.Source, Volume: e.File.Volume, Reference: t.Reference,
		Offset: t.Offset, Time: t.Name.Created, Detail: t.Detail})
}

func (b *fileBuilder) traceArrival(name event.Name, t event.Trace) *event.Event {
	moment := beforeJournal
	path := b.pathAt(name, &moment)
	if path.Complete() {
		path.Doubt = b.theFolders().doubt(name)
	}
	e := b.event(event.Creation, t.Name.Created, -1, path)
	e.Arrival = arrivalOf(&t.Name)
	return e
}

// arrivalOf reads from a $FILE_NAME or its copy how the name came to be: its
// four times are equal only before anything else happens to a new file, and a
// rename is something else.
func arrivalOf(n *ntfs.FileName) event.Arrival {
	if n.Modified == n.Created && n.Changed == n.Created && n.Accessed == n.Created {
		return event.Created
	}
	return event.UnknownArrival
}

// inOrder sorts traces, so that what comes out does not depend on where they
// were found first.
func inOrder(traces []event.Trace) []event.Trace {
	sorted := slices.Clone(traces)
	slices.SortStableFunc(sorted, func(a, b event.Trace) int {
		return cmp.Or(
			cmp.Compare(a.Name.Created, b.Name.Created),
			cmp.Compare(a.Source, b.Source),
			cmp.Compare(a.Offset, b.Offset),
			cmp.Compare(a.Name.Name, b.Name.Name),
			cmp.Compare(a.Detail, b.Detail),
		)
	})
	return sorted
}
