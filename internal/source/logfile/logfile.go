// Package logfile lets $LogFile testify: which names files bore, minutes to
// hours back, and what was written to the journal of changes meanwhile. Names
// come from images of FILE records, from $FILE_NAME attributes as they were
// created or deleted, and from index entries as they were added or taken out;
// what a record undoes tells of the state before it.
//
// It knows which structures the operations of the log carry and decodes them
// with the packages that own them. It knows no path and no verdict, and asks
// its caller which names matter.
package logfile

import (
	"fmt"
	"io"

	format "github.com/jobscan/jobscan/internal/format/logfile"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// maxProblems bounds the problems that are listed.
const maxProblems = 1000

// Stats counts what the log held and what came of it.
type Stats struct {
	format.Stats
	Traces          int
	Contents        int // traces that carry the file's content
	JournalRecords  int // those given to the caller
	WithoutSequence int // wanted names of which not even the log tells whose they were
	ProblemsOmitted int
}

// Traces reads the $LogFile of size bytes in r, once more where it holds wanted
// names. recordSize and clusterSize are those of the volume, in bytes; where they
// are not known (0) names that only the number of a cluster ties to a file are
// left out. want decides by the name in UTF-16LE, which it must not keep; it is
// asked more than once.
//
// The traces are in the order of the log; the Offset of each is in bytes from
// the start of $LogFile, and its Reference always has a sequence number. A name
// that is found again in an operation of another kind is a trace of its own;
// the same once more in the same kind is not. Content is set where the whole
// of a resident $DATA was logged.
//
// journal, where not nil, gets every journal record that the log carries, whatever
// its name, in the order of the log, each once as far as a memory of a few
// thousand can tell.
//
// problems tell what was lost or in doubt, with offsets in $LogFile.
func Traces(r io.ReaderAt, size int64, recordSize, clusterSize int, want func(nameUTF16LE []byte) bool, journal func(JournalRecord)) (traces []event.Trace, stats Stats, problems []error) {
	log, err := format.Open(r, size)
	if err != nil {
		return nil, Stats{}, []error{err}
	}
	c := newCollector(recordSize, clusterSize, want, journal)
	c.walk(log)
	if len(c.followed) > 0 {
		// What the log says of a file before it bears the name counts as well.
		first := c
		c = newCollector(recordSize, clusterSize, want, nil)
		c.followed, c.stats.JournalRecords = first.followed, first.stats.JournalRecords
		c.walk(log)
	}
	c.stats.Stats = log.Stats()
	c.stats.Traces = len(c.traces)
	return c.traces, c.stats, c.problems
}

// collector gathers what the records of a log tell.
type collector struct {
	recordSize, clusterSize int
	want                    func([]byte) bool
	usnRecord               func(JournalRecord) // nil: none are looked for

	// followed are the numbers of the FILE records of which the log carries a
	// wanted name. The others, nearly all, are not followed through the log. It
	// grows during a walk and is whole at its end.
	followed map[uint64]bool
	segments map[uint64]*segment // by number of the FILE record
	seen     map[traceKey]bool
	repeats  usnRepeats

	traces   []event.Trace
	stats    Stats
	problems []error
}

func newCollector(recordSize, clusterSize int, want func([]byte) bool, journal func(JournalRecord)) *collector {
	if recordSize < 512 || recordSize > maxRecordSize {
		recordSize = 0
	}
	return &collector{
		recordSize: recordSize, clusterSize: clusterSize, want: want, usnRecord: journal,
		followed: make(map[uint64]bool), segments: make(map[uint64]*segment), seen: make(map[traceKey]bool),
	}
}

// walk takes all that a log holds.
func (c *collector) walk(log *format.Log) {
	for _, err := range log.Problems() {
		c.problem(err)
	}
	log.Walk(
		func(r *format.Record) bool { c.record(r); return true },
		func(r format.Remnant) bool { c.remnant(r); return true },
		func(err error) bool { c.problem(err); return true },
	)
	c.finish()
}

// traceKey tells traces apart.
type traceKey struct {
	reference ntfs.FileReference
	name      ntfs.FileName
	operation format.Operation
	undo      bool
}

// maxRecordSize of a FILE record, in bytes.
const maxRecordSize = 65536

// noOperation is that of a trace found by its shape alone.
const noOperation format.Operation = 0xFFFF

// origin says where in the log something was found.
type origin struct {
	lsn       uint64 // 0 outside of log records
	offset    int64
	operation format.Operation // whose data it is
	undo      bool             // it is the operation that undoes
	redo      format.Operation // what the log record does
	doubt     string           // "", or why it is in doubt
}

func (o origin) String() string {
	if o.operation == noOperation {
		return "remains outside of log records" + o.doubt
	}
	if o.undo {
		return fmt.Sprintf("LSN %d, %s (undo %s)%s", o.lsn, o.redo, o.operation, o.doubt)
	}
	return fmt.Sprintf("LSN %d, %s%s", o.lsn, o.operation, o.doubt)
}

// record takes what one log record tells: of the change that it makes, and of
// the state to which it could be undone.
func (c *collector) record(r *format.Record) {
	if r.Type != format.ClientRecord {
		return
	}
	o := origin{lsn: r.LSN, offset: r.Offset, operation: r.Undo, undo: true, redo: r.Redo}
	switch {
	case r.Stale:
		o.doubt = ", from an earlier lap of the log"
	case r.Torn:
		o.doubt = ", in a torn sector"
	}
	target, hasTarget := c.target(r)
	if len(r.UndoData) > 0 {
		c.operation(o, r.UndoData, target, hasTarget && !r.Stale)
	}
	o.operation, o.undo = r.Redo, false
	if len(r.RedoData) > 0 {
		c.operation(o, r.RedoData, target, hasTarget && !r.Stale)
	}
	if hasTarget && !r.Stale {
		c.replay(r, target, o)
	}
}

// target gives the number of the FILE record that an operation on one changes.
func (c *collector) target(r *format.Record) (uint64, bool) {
	if c.recordSize == 0 || !onFileRecord(r.Redo) && !onFileRecord(r.Undo) {
		return 0, false
	}
	at, ok := r.TargetOffset(int64(c.clusterSize))
	if !ok || at%int64(c.recordSize) != 0 {
		return 0, false
	}
	return uint64(at) / uint64(c.recordSize), true
}

// onFileRecord: the operation's target is a FILE record in $MFT.
func onFileRecord(o format.Operation) bool {
	switch o {
	case format.InitializeFileRecordSegment, format.DeallocateFileRecordSegment, format.WriteEndOfFileRecordSegment,
		format.CreateAttribute, format.DeleteAttribute, format.UpdateResidentValue, format.UpdateMappingPairs,
		format.SetNewAttributeSizes, format.AddIndexEntryRoot, format.DeleteIndexEntryRoot, format.SetIndexEntryVcnRoot,
		format.UpdateFileNameRoot, format.UpdateRecordDataRoot, format.UpdateRelativeDataIndex, format.ZeroEndOfFileRecord:
		return true
	}
	return false
}

// operation takes the data of one half of a record.
func (c *collector) operation(o origin, data []byte, target uint64, hasTarget bool) {
	switch o.operation {
	case format.InitializeFileRecordSegment:
		c.fileRecord(o, data, target, hasTarget)
	case format.CreateAttribute:
		c.attribute(o, data, target, hasTarget)
	case format.AddIndexEntryRoot, format.AddIndexEntryAllocation:
		e, ok := indexEntry(data)
		if !ok {
			return
		}
		if o.doubt == "" {
			// It tells as well which incarnation the FILE record holds now.
			c.learn(e.reference)
		}
		c.indexEntry(o, e)
	case format.WriteEndOfIndexBuffer:
		c.indexEntries(o, data)
	case format.UpdateNonresidentValue:
		if len(data) >= 4 && string(data[:4]) == "INDX" {
			c.indexEntries(o, data)
		} else if !o.undo {
			c.journal(o, data)
		}
	}
}

// trace keeps one trace, unless the same is there.
func (c *collector) trace(o origin, ref ntfs.FileReference, name ntfs.FileName) {
	c.named(ref, name)
	key := traceKey{ref, name, o.operation, o.undo}
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	c.traces = append(c.traces, event.Trace{Source: event.LogFile, Reference: ref, Name: name, Offset: o.offset, Detail: o.String()})
}

func (c *collector) problem(err error) {
	if len(c.problems) >= maxProblems {
		c.stats.ProblemsOmitted++
		return
	}
	c.problems = append(c.problems, err)
}
