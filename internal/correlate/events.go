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
	// Carved are the folders as the journal and the records found outside it
	// name them together; nil where there are none of the latter.
	Carved *Folders
	HasMFT bool
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
		return c // paths are compared only where they decide
	}
	return cmp.Or(
		a.Path.Compare(b.Path),
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
	b := &fileBuilder{volume: v, reference: t.Reference, records: records, apart: true, source: source, timeless: true}
	if source == event.USNCarved && v.Carved != nil {
		b.folders, b.timeless = v.Carved, false
	}
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
	apart      bool         // the records do not belong to the journal as it is
	timeless   bool         // and its history of folders does not fit them
	source     event.Source // of the records; "" for the journal
	folders    *Folders     // by which paths are resolved; nil: the volume's

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
	known := b.volume.HasMFT && !b.apart && (!b.unreadable || b.record != nil && b.record.Indexed)
	spans, changes := b.replay(atEnd, all, known)
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
	if b.apart {
		b.markApart(events)
	}
	return events
}

func (b *fileBuilder) replay(atEnd, all []event.Name, known bool) ([]*span, []change) {
	f := b.volume.Folders
	return replayFile(b.records, atEnd, all, known, func(usn int64) bool { return b.apart || f.Gaps || usn == f.First })
}

func (b *fileBuilder) newFile() *event.File {
	f := &event.File{Volume: b.volume.Index, Reference: b.reference, State: event.Overwritten, Size: -1}
	switch {
	case !b.volume.HasMFT:
		f.State = event.UnknownState
	case b.unreadable:
		if f.State = event.UnknownState; b.record != nil && b.record.Indexed {
			f.State = event.Allocated
		}
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

func (b *fileBuilder) markApart(events []*event.Event) {
	a := event.Anomaly{Code: "stale_journal_record",
		Detail: "the record's USN does not fit its place in the journal: it remains from an older journal, and its path is resolved by the oldest known folder names"}
	if b.source == event.USNCarved {
		a = event.Anomaly{Code: "carved_journal_record",
			Detail: "the record was found outside the journal; others that belong to it may be lost"}
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
	if b.timeless {
		moment = beforeJournal
	}
	path := b.pathAt(s.Name, &moment)
	events := []*event.Event{b.arrival(s, path, moment)}
	for !b.timeless {
		move, folder, ok := b.theFolders().nextMove(s.Name, moment, s.to)
		if !ok {
			break
		}
		if len(events) > maxMoves {
			last := events[len(events)-1]
			last.Anomalies = append(last.Anomalies, event.Anomaly{Code: "moves_omitted",
				Detail: fmt.Sprintf("the folders above were moved more than %d times: later moves are left out", maxMoves)})
			break
		}
		if len(events) == 1 {
			boundBy(events[0], s, &move)
		}
		moment = move.USN
		moved := b.path(s.Name, moment)
		if !moved.Equal(path) {
			events = append(events, b.folderMove(s, path, moved, move, folder))
		}
		path = moved
	}
	if s.deleted {
		if !b.timeless {
			path = b.path(s.Name, s.last.USN)
		}
		events = append(events, b.deletion(s, path))
	}
	return events
}

// boundBy tightens the time of an arrival that is only known to lie before the
// first record of the name: it lies before the move of the folder as well.
func boundBy(arrival *event.Event, s *span, move *event.FolderRecord) {
	byRecord := s.first != nil && s.from == beforeJournal && arrival.Order >= s.first.USN-1
	if byRecord && move.USN < s.first.USN {
		arrival.Time, arrival.Order = move.Time, move.USN-1
	}
}

// pathAt resolves a name; a name from before the journal whose folder was made
// during it can only have come there after the folder did.
func (b *fileBuilder) pathAt(n event.Name, moment *int64) winpath.Path {
	if *moment == beforeJournal && !b.timeless {
		if from, ok := b.theFolders().existsFrom(n.Parent); ok {
			*moment = from
		}
	}
	path := b.path(n, *moment)
	if gone := b.record != nil && !b.record.InUse; gone && *moment == beforeJournal && b.volume.Carved != nil && path.Complete() {
		path.Doubt = b.volume.Carved.moved(n)
	}
	return path
}

func (b *fileBuilder) theFolders() *Folders { return cmp.Or(b.folders, b.volume.Folders) }

// path resolves a name at a moment of the journal. Records from elsewhere have
// no place in it, and between those found others may have stood.
func (b *fileBuilder) path(n event.Name, moment int64) winpath.Path {
	path := b.theFolders().Path(n, moment)
	if b.apart && path.Complete() {
		path.Doubt = b.theFolders().doubt(n)
	}
	return path
}

func (b *fileBuilder) event(action event.Action, at wintime.Filetime, order int64, path winpath.Path) *event.Event {
	e := &event.Event{Action: action, Time: at, Order: order, File: b.file, Path: path}
	if path.Detour != "" {
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "path_by_index", Detail: path.Detour})
	}
	switch {
	case path.Broken != "":
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "broken_path", Detail: path.Broken})
	case path.Doubt != "":
		e.Anomalies = append(e.Anomalies, event.Anomaly{Code: "path_unproven", Detail: path.Doubt})
	}
	return e
}

func (b *fileBuilder) usnSupport(r *usn.Record) event.Support {
	return event.Support{Source: cmp.Or(b.source, event.USN), Volume: b.volume.Index, Reference: r.File, USN: r.USN,
		Offset: r.Offset, Time: r.Time, Detail: r.Reason.String()}
}

func (b *fileBuilder) changeEvent(c change) *event.Event {
	e := b.event(event.Modification, c.record.Time, c.record.USN, b.path(c.Name, b.momentOf(c.record)))
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
