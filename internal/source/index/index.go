// Package index gathers names of files from where folders forgot them: the
// slack of $I30 and the slack of FILE records. It knows how these structures
// leave remains; it decides nothing about events, and not whether a name found
// here is news.
package index

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/ntfs"
)

const indexName = "$I30"

// Bounds of what is read of one folder, in bytes: runs of hostile evidence may
// map the same clusters many times.
const (
	maxIndex  = 1 << 30
	maxBitmap = 1 << 20
)

// Traces reads the index of a folder of v: the live entries, and the traces
// of entries that were removed or replaced, both only with names that want
// (given UTF-16LE; nil: every one) accepts. Traces come from the slack of
// $INDEX_ROOT and of the INDX records, from INDX records that the index has
// freed or whose folder was deleted, and from the slack of the folder's FILE
// records. A trace that is equal to a live entry in every field is left out, as
// is a second copy of a trace; one with other times or sizes is an older state
// of a file that may still be there.
//
// A trace's Reference is 0 where the entry's header is overwritten, and has
// sequence number 0 where only the FILE record is known and not whose name it
// was. Problems are what could not be read or decoded; entries and traces
// are what could be, all the same. Offsets of live entries count from the start
// of the node they are in.
func Traces(v *ntfs.Volume, folder *ntfs.File, want func(nameUTF16LE []byte) bool) (live []ntfs.IndexEntry, traces []event.Trace, problems []error) {
	f := &finder{v: v, folder: folder.Reference(), inUse: folder.InUse(), want: want}
	holders := []uint64{folder.Record.Number}
	for i := range folder.Attributes {
		a := &folder.Attributes[i]
		if a.Holder != holders[len(holders)-1] && a.Holder != folder.Record.Number {
			holders = append(holders, a.Holder)
		}
		if a.Type == ntfs.TypeIndexRoot && a.Name == indexName && a.Resident {
			f.root(a)
		}
	}
	f.allocation(folder)
	for _, n := range holders {
		rec := folder.Record
		if n != rec.Number {
			var err error
			if rec, err = v.Record(n); err != nil {
				continue // joining the records has reported it
			}
		}
		for _, t := range RecordSlack(v, rec) {
			f.trace(t)
		}
	}
	return f.live, distinct(f.traces, f.live), f.problems
}

// finder is the search of one folder.
type finder struct {
	v      *ntfs.Volume
	folder ntfs.FileReference
	inUse  bool
	want   func([]byte) bool

	live     []ntfs.IndexEntry
	traces   []event.Trace
	problems []error
}

func (f *finder) problem(err error) { f.problems = append(f.problems, err) }

func (f *finder) trace(t event.Trace) {
	if t.Name.Name == "" || f.wants(t.Name) {
		f.traces = append(f.traces, t)
	}
}

func (f *finder) wants(n ntfs.FileName) bool { return f.want == nil || f.want(n.NameLE()) }

// entries takes those of a node; stale is not "" where the node as a whole is
// no longer part of the index. place gives the volume offset of a place in the node.
func (f *finder) entries(list []ntfs.IndexEntry, stale string, place func(int) int64) {
	for _, e := range list {
		switch {
		case !f.wants(e.FileName):
		case stale == "":
			f.live = append(f.live, e)
		case e.FileName.Parent == f.folder && !e.FileName.Partial:
			f.trace(event.Trace{Source: event.IndexSlack, Reference: e.Reference, Name: e.FileName, Offset: place(e.Offset), Detail: stale})
		}
	}
}

// remains takes what lies in the slack of a node, which begins at a place in it.
func (f *finder) remains(slack []byte, at int, where string, place func(int) int64) {
	for _, r := range ntfs.CarveIndexRemains(slack, at, f.folder, f.v.RecordCount()) {
		if r.Reference == 0 && r.FileName.Parent != f.folder {
			continue // neither the file nor the place speaks for it
		}
		f.trace(remainTrace(r, f.folder, where, place(at+r.Offset)))
	}
}

func remainTrace(r ntfs.IndexRemain, folder ntfs.FileReference, where string, offset int64) event.Trace {
	switch {
	case r.ParentLost:
		where += "; the file's and the folder's references are overwritten, the folder is taken from where it lies"
	case r.Reference == 0:
		where += "; the file's reference is overwritten"
	}
	if folder != 0 && r.FileName.Parent != folder {
		where += "; it names another folder"
	}
	return event.Trace{Source: event.IndexSlack, Reference: r.Reference, Name: r.FileName, Offset: offset, Detail: where}
}

// root takes the entries of $INDEX_ROOT and what lies behind them in its value.
func (f *finder) root(a *ntfs.Attribute) {
	record := f.v.RecordOffset(a.Holder)
	place := func(at int) int64 { return onVolume(record, a.ValueOffset+at) }
	node, err := ntfs.ParseIndexRoot(a.Value)
	if err != nil {
		f.problem(fmt.Errorf("folder %s: %w", f.folder, parse.At(err, int64(a.ValueOffset))))
		return
	}
	for _, d := range node.Damage {
		f.problem(fmt.Errorf("folder %s: %w", f.folder, parse.At(d, int64(a.ValueOffset))))
	}
	stale := ""
	if !f.inUse {
		stale = "$INDEX_ROOT of a deleted folder"
	}
	f.entries(node.Entries, stale, place)
	f.remains(node.Slack, node.SlackAt, "slack of $INDEX_ROOT", place)
}

// onVolume adds to the offset of a FILE record, which is -1 where it is not known.
func onVolume(record int64, at int) int64 {
	if record < 0 {
		return -1
	}
	return record + int64(at)
}
