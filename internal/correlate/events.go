package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Volume is what a volume's testimony is judged by.
type Volume struct {
	Index   int
	Folders *Folders
	HasMFT  bool
	// Loose are names of unknown incarnation: traces whose Reference has no
	// sequence number.
	Loose []event.Trace
	// Fold makes names equal that NTFS takes for the same; nil takes them as
	// they are.
	Fold func(name string) string
}

// Events reconstructs what happened to the files, each at the paths it had at
// the time. Folders yield no events. The result is in the order of Compare.
func (v *Volume) Events(files []event.Testimony) []*event.Event {
	var events []*event.Event
	known := v.newTenancies()
	for i := range files {
		events = append(events, v.fileEvents(&files[i], known)...)
	}
	if known != nil {
		events = append(events, v.looseEvents(known)...)
	}
	slices.SortFunc(events, Compare)
	return events
}

// Compare orders events by time; at equal times by volume, journal order, file and path.
func Compare(a, b *event.Event) int {
	c := cmp.Or(
		cmp.Compare(a.Time, b.Time),
		cmp.Compare(a.File.Volume, b.File.Volume),
		cmp.Compare(a.Order, b.Order),
		cmp.Compare(a.File.Reference, b.File.Reference),
	)
	if c != 0 {
		return c // paths are rendered only where they decide
	}
	return cmp.Or(
		strings.Compare(a.Path.WithDrive(0), b.Path.WithDrive(0)),
		strings.Compare(string(a.Action), string(b.Action)),
	)
}

func (v *Volume) fileEvents(t *event.Testimony, names *tenancies) []*event.Event {
	if t.Record != nil && t.Record.Directory {
		return nil
	}
	current, stale := journalOf(t.Journal)
	var events []*event.Event
	lives := splitLives(current)
	for i, life := range lives {
		if len(life) > 0 && life[0].FileAttributes&usn.AttributeDirectory != 0 {
			continue
		}
		b := &fileBuilder{volume: v, reference: t.Reference, records: life}
		if i == len(lives)-1 {
			b.record, b.traces, b.unreadable = t.Record, t.Traces, t.Unreadable
		}
		events = append(events, b.build()...)
		names.add(b, nil)
	}
	events = v.older(t, stale, "", events, names)
	return v.older(t, dropKnown(t.Carved, current), event.USNCarved, events, names)
}

// older adds what journal records tell that do not belong to the journal as it
// is: remains of an older one, and records found elsewhere on the volume.
// Where an event of the same kind and path is known already, they support it.
func (v *Volume) older(t *event.Testimony, records []usn.Record, source event.Source, known []*event.Event, names *tenancies) []*event.Event {
	records = slices.DeleteFunc(slices.Clone(records), func(r usn.Record) bool { return r.FileAttributes&usn.AttributeDirectory != 0 })
	if len(records) == 0 {
		return known
	}
	slices.SortStableFunc(records, byUSN)
	b := &fileBuilder{volume: v, reference: t.Reference, records: records, stale: true, source: source}
	if len(known) > 0 {
		b.file = known[0].File
	}
	type act struct {
		action event.Action
		path   string
	}
	first := make(map[act]*event.Event)
	for _, k := range known {
		p := act{k.Action, k.Path.WithDrive(0)}
		if first[p] == nil {
			first[p] = k
		}
	}
	merged := make(map[*event.Event]*event.Event)
	for _, e := range b.build() {
		if k := first[act{e.Action, e.Path.WithDrive(0)}]; k != nil {
			k.Support = append(k.Support, e.Support...)
			merged[e] = k
			continue
		}
		known = append(known, e)
	}
	names.add(b, merged)
	return known
}

// dropKnown drops carved records that the journal holds as well.
func dropKnown(carved, journal []usn.Record) []usn.Record {
	type moment struct {
		usn  int64
		time wintime.Filetime
	}
	held := make(map[moment]bool, len(journal))
	for _, j := range journal {
		held[moment{j.USN, j.Time}] = true
	}
	return slices.DeleteFunc(slices.Clone(carved), func(c usn.Record) bool { return held[moment{c.USN, c.Time}] })
}

func byUSN(a, b usn.Record) int {
	return cmp.Or(cmp.Compare(a.USN, b.USN), cmp.Compare(a.Offset, b.Offset))
}

// journalOf sorts the records and parts those of the present journal from
// remains of an older one.
func journalOf(records []usn.Record) (current, stale []usn.Record) {
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, byUSN)
	for _, r := range sorted {
		if r.Stale {
			stale = append(stale, r)
		} else {
			current = append(current, r)
		}
	}
	return current, stale
}

// fileBuilder makes the events of one file.
type fileBuilder struct {
	volume    *Volume
	reference ntfs.FileReference
	record    *event.FileRecord
	records   []usn.Record
	traces    []event.Trace
	// unreadable: the FILE record cannot be read, so it says nothing either way
	unreadable bool
	stale      bool         // the records do not belong to the journal as it is
	source     event.Source // of the records; "" for the journal

	file  *event.File
	names []ntfs.FileName // of record, without DOS names

	arrived  []spanArrival
	arrivals map[event.Name]*event.Event // the first of each name, traces included
}

// spanArrival is the event by which a span began.
type spanArrival struct {
	span  *span
	event *event.Event
}

func (b *fileBuilder) build() []*event.Event {
	if b.file == nil {
		b.file = b.newFile()
	}
	var atEnd, all []event.Name
	if b.record != nil {
		b.names = namesOf(b.record.Names)
		for _, n := range b.names {
			all = append(all, event.Name{Parent: n.Parent, Name: n.Name})
		}
		if b.record.InUse {
			atEnd = all
		}
	}
	known := b.volume.HasMFT && !b.stale && !b.unreadable
	spans, changes := replayFile(b.records, atEnd, all, known)
	var events []*event.Event
	b.arrivals = make(map[event.Name]*event.Event)
	for _, s := range spans {
		made := b.spanEvents(s)
		events = append(events, made...)
		b.arrived = append(b.arrived, spanArrival{s, made[0]})
		if b.arrivals[s.Name] == nil {
			b.arrivals[s.Name] = made[0]
		}
	}
	events = append(events, b.addTraces()...)
	for _, c := range changes {
		events = append(events, b.changeEvent(c))
	}
	if b.stale {
		b.markStale(events)
	}
	return events
}

func (b *fileBuilder) newFile() *event.File {
	f := &event.File{Volume: b.volume.Index, Reference: b.reference, State: event.Overwritten, Size: -1}
	switch {
	case !b.volume.HasMFT:
		f.State = event.UnknownState
	case b.unreadable:
		f.State = event.UnknownState
		f.Anomalies = append(f.Anomalies, event.Anomaly{Code: "record_unreadable",
			Detail: "the FILE record cannot be read: whether it still describes this file is not known"})
	case b.record == nil || b.record.Orphan:
	case b.record.InUse:
		f.State = event.Allocated
	default:
		f.State = event.Deleted
	}
	if b.record != nil {
		f.Times = b.record.Times
		f.Size = b.record.Size
		f.Links = len(namesOf(b.record.Names))
		f.Anomalies = append(f.Anomalies, b.record.Anomalies...)
	}
	return f
}

func (b *fileBuilder) markStale(events []*event.Event) {
	a := event.Anomaly{Code: "stale_journal_record",
		Detail: "the record's USN does not fit its place in the journal: it remains from an older journal, and its path is resolved by the oldest known folder names"}
	if b.source == event.USNCarved {
		a = event.Anomaly{Code: "carved_journal_record",
			Detail: "the record was found outside the journal; its path is resolved by the oldest known folder names"}
	}
	for _, e := range events {
		e.Anomalies = append(e.Anomalies, a)
	}
}

// maxMoves bounds the moves of folders above one name that are told one by one.
const maxMoves = 256

// spanEvents are the arrival of a name, the moves of folders above it, and its deletion.
func (b *fileBuilder) spanEvents(s *span) []*event.Event {
	moment := s.from
	if b.stale {
		moment = beforeJournal
	}
	path := b.pathAt(s.Name, &moment)
	events := []*event.Event{b.arrival(s, path, moment)}
	for !b.stale {
		move, folder, ok := b.volume.Folders.nextMove(s.Name, moment, s.to)
		if !ok {
			break
		}
		if len(events) > maxMoves {
			last := events[len(events)-1]
			last.Anomalies = append(last.Anomalies, event.Anomaly{Code: "moves_omitted",
				Detail: fmt.Sprintf("the folders above were moved more than %d times: later moves are left out", maxMoves)})
			break
		}
		boundBy(events[len(events)-1], s, &move)
		moment = move.USN
		moved := b.volume.Folders.Path(s.Name, moment)
		if !moved.Equal(path) {
			events = append(events, b.folderMove(s, path, moved, move, folder))
		}
		path = moved
	}
	if s.deleted {
		if !b.stale {
			path = b.volume.Folders.Path(s.Name, s.last.USN)
		}
		events = append(events, b.deletion(s, path))
	}
	return events
}

// boundBy tightens the time of an arrival that is only known to lie before the
// first record of the name: it lies before the move of the folder as well.
func boundBy(arrival *event.Event, s *span, move *event.FolderRecord) {
	if s.first == nil || arrival.Order != s.first.USN-1 || move.USN >= s.first.USN {
		return
	}
	arrival.Time, arrival.Order = move.Time, move.USN-1
}

// pathAt resolves a name; a name from before the journal whose folder was made
// during it can only have come there after the folder did.
func (b *fileBuilder) pathAt(n event.Name, moment *int64) winpath.Path {
	if *moment == beforeJournal && !b.stale {
		if from, ok := b.volume.Folders.existsFrom(n.Parent); ok {
			*moment = from
		}
	}
	return b.volume.Folders.Path(n, *moment)
}

func (b *fileBuilder) event(action event.Action, at wintime.Filetime, order int64, path winpath.Path) *event.Event {
	e := &event.Event{Action: action, Time: at, Order: order, File: b.file, Path: path}
	if path.Broken != "" {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "broken_path", Detail: path.Broken})
	}
	return e
}

func (b *fileBuilder) usnSupport(r *usn.Record) event.Support {
	return event.Support{Source: cmp.Or(b.source, event.USN), Volume: b.volume.Index, Reference: r.File, USN: r.USN,
		Offset: r.Offset, Time: r.Time, Detail: r.Reason.String()}
}

func (b *fileBuilder) changeEvent(c change) *event.Event {
	moment := c.record.USN
	if b.stale {
		moment = beforeJournal
	}
	e := b.event(event.Modification, c.record.Time, c.record.USN, b.volume.Folders.Path(c.Name, moment))
	s := b.usnSupport(c.record)
	s.Detail, e.Reason = c.reason.String(), c.reason
	e.Support = append(e.Support, s)
	if c.partial {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: upperBound,
			Detail: "the first record of this file in the journal already carries later reasons: the file was changed at this time or before, if it was renamed since under its name of then"})
	}
	return e
}

func (b *fileBuilder) deletion(s *span, path winpath.Path) *event.Event {
	e := b.event(event.Deletion, s.last.Time, s.last.USN, path)
	support := b.usnSupport(s.last)
	if s.last.Reason&usn.ReasonFileDelete == 0 {
		support.Detail += " (this name was removed; the file has others)"
	}
	e.Support = append(e.Support, support)
	return e
}

func (b *fileBuilder) folderMove(s *span, before, after winpath.Path, move event.FolderRecord, folder ntfs.FileReference) *event.Event {
	e := b.event(event.Rename, move.Time, move.USN, after)
	e.Arrival, e.Previous = event.RenamedIn, &before
	e.Support = append(e.Support, event.Support{Source: event.USN, Volume: b.volume.Index, Reference: folder, USN: move.USN,
		Offset: move.Offset, Time: move.Time, Detail: fmt.Sprintf("%s of the folder %q above it", move.Reason, move.Name.Name)})
	if s.inMFT {
		e.Support = append(e.Support, b.mftSupport(s.Name)...)
	}
	return e
}
