package correlate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// addTraces joins names found in slack, in $LogFile and in carved FILE records:
// a trace of a name that has an event already supports it; any other makes an
// arrival of its own, dated by the trace's $FILE_NAME.
func (b *fileBuilder) addTraces(traces []event.Trace, arrivals map[event.Name]*event.Event) []*event.Event {
	var added []*event.Event
	for _, t := range inOrder(traces) {
		if t.Name.Namespace == ntfs.NamespaceDOS || t.Name.Name == "" || t.Name.FileAttributes&ntfs.AttributeDirectory != 0 {
			continue
		}
		name := event.Name{Parent: t.Name.Parent, Name: t.Name.Name}
		e, known := arrivals[name]
		if !known {
			e = b.traceArrival(name, t)
			arrivals[name] = e
			added = append(added, e)
		}
		b.supportBy(e, t)
		if b.record == nil && t.Name.Size <= math.MaxInt64 && t.Name.Size > 0 {
			b.file.Size = max(b.file.Size, int64(t.Name.Size)) // entries made before the first write say 0
		}
		if b.file.Trace == nil && t.Content != nil && b.file.State != event.Allocated && b.file.State != event.Deleted {
			b.file.Trace = &event.TraceContent{Source: t.Source, Data: t.Content}
		}
	}
	return added
}

// maxSupport bounds the testimonies of one event that are told one by one.
const maxSupport = 64

// supportBy cites a trace, unless the same place is cited already.
func (b *fileBuilder) supportBy(e *event.Event, t event.Trace) {
	cited := func(s event.Support) bool { return s.Source == t.Source && s.Offset == t.Offset }
	if len(e.Support) > maxSupport || slices.ContainsFunc(e.Support, cited) {
		return
	}
	if len(e.Support) == maxSupport {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "support_omitted",
			Detail: fmt.Sprintf("more than %d testimonies: further ones are left out", maxSupport)})
	}
	e.Support = append(e.Support, event.Support{Source: t.Source, Volume: b.volume.Index, Reference: b.reference,
		Offset: t.Offset, Time: t.Name.Created, Detail: t.Detail})
}

func (b *fileBuilder) traceArrival(name event.Name, t event.Trace) *event.Event {
	moment := beforeJournal
	path := b.pathAt(name, &moment)
	e := b.event(event.Creation, t.Name.Created, -1, path)
	e.Arrival = event.UnknownArrival
	if path.Complete() {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "path_unproven",
			Detail: "only a remnant shows this name; its folder's path is the oldest known one, and may have been another when the name was there"})
	}
	return e
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
