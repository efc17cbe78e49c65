package vhdx

import (
	"fmt"
	"math"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

// maxLog bounds the log that is replayed, as it is kept in memory. Windows and
// QEMU make logs of 1 MiB.
const maxLog = 16 * mib

// entry is a log entry that is sound.
type entry struct {
	EntryHeader
	at     int // offset in the log
	writes []write
}

// replay lays the log over the file, if there is one. What cannot be replayed is
// a flaw: the file is then as its last writer left it, in the middle of changes.
func (c *container) replay() {
	h := c.header
	if h.LogGUID == (guid.GUID{}) {
		return
	}
	log, err := c.readLog()
	if err == nil {
		var active []entry
		if active, err = activeSequence(log, h.LogGUID); err == nil {
			c.apply(active)
			return
		}
		err = parse.At(err, int64(h.LogOffset))
	}
	c.flaw(false, fmt.Errorf("the file was not closed, and its log cannot be replayed: %w", err))
}

func (c *container) readLog() ([]byte, error) {
	h := c.header
	bad := func(field string, cause error, detail string, args ...any) ([]byte, error) {
		return nil, &parse.Error{Structure: "VHDX header", Field: field, Offset: c.headerAt, Err: cause, Detail: fmt.Sprintf(detail, args...)}
	}
	switch {
	case h.LogVersion != 0:
		return bad("log version", parse.ErrUnsupported, "expected 0, found %d", h.LogVersion)
	case h.LogLength == 0 || h.LogLength%mib != 0 || h.LogLength > maxLog:
		return bad("log length", parse.ErrRange, "expected whole MiB up to %d, found %d", maxLog, h.LogLength)
	case h.LogOffset < headerSection || h.LogOffset%mib != 0 || h.LogOffset > uint64(c.file.Size()) || int64(h.LogLength) > c.file.Size()-int64(h.LogOffset):
		return bad("log offset", parse.ErrRange, "expected %d bytes at whole MiB in a file of %d, found them at %#x", h.LogLength, c.file.Size(), h.LogOffset)
	}
	return readWhole(c.file, int64(h.LogOffset), int(h.LogLength), "VHDX log")
}

// activeSequence finds the entries to replay ([MS-VHDX] 2.3.2): among the runs of
// adjacent entries whose numbers count up, the one with the highest number, from
// the entry on that its last one calls the tail. Errors have offsets in the log.
func activeSequence(log []byte, id guid.GUID) ([]entry, error) {
	var active []entry
	s := scanner{log: log, id: id, budget: 8 * len(log)}
	for at := 0; at < len(log); {
		sequence, next := s.sequence(at)
		if s.budget < 0 {
			return nil, &parse.Error{Structure: "VHDX log", Offset: int64(at), Err: parse.ErrRange, Detail: "expected entries apart from each other, found them in each other"}
		}
		if from := needed(sequence); from >= 0 && (active == nil || sequence[len(sequence)-1].SequenceNumber > active[len(active)-1].SequenceNumber) {
			active = sequence[from:]
		}
		if next <= at { // the sequence went round the end
			break
		}
		at = next
	}
	if active == nil {
		if s.err != nil {
			return nil, s.err
		}
		return nil, &parse.Error{Structure: "VHDX log", Err: parse.ErrSignature, Detail: fmt.Sprintf("expected entries of the log %s, found none", id)}
	}
	return active, nil
}

// needed gives the index of the entry that a sequence's last one calls its tail,
// or -1 if the sequence does not have it.
func needed(sequence []entry) int {
	for i, e := range sequence {
		if e.at == int(sequence[len(sequence)-1].Tail) {
			return i
		}
	}
	return -1
}

// scanner reads entries anywhere in the log, which is a ring.
type scanner struct {
	log    []byte
	id     guid.GUID
	budget int   // bytes that may still be looked at
	err    error // of the first entry that has this log's identifier and is not sound
}

// sequence reads entries from an offset on while their numbers count up, and
// gives the offset behind them: the next sector if there are none.
func (s *scanner) sequence(at int) (entries []entry, next int) {
	total := 0
	for next = at; total < len(s.log); {
		e, ok := s.entry(next)
		if !ok || len(entries) > 0 && e.SequenceNumber != entries[len(entries)-1].SequenceNumber+1 {
			break
		}
		if total += int(e.EntryLength); total > len(s.log) {
			break
		}
		entries = append(entries, e)
		next = (next + int(e.EntryLength)) % len(s.log)
	}
	if entries == nil {
		next = at + logSector
	}
	return entries, next
}

// entry reads the entry at an offset of the log.
func (s *scanner) entry(at int) (entry, bool) {
	h, err := ParseEntryHeader(s.log[at:])
	if err != nil || h.LogGUID != s.id {
		return entry{}, false
	}
	if int64(h.EntryLength) > int64(len(s.log)) {
		s.failed(at, &parse.Error{Structure: "VHDX log entry", Field: "entry length", Offset: 8, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected at most %d, found %d", len(s.log), h.EntryLength)})
		return entry{}, false
	}
	if s.budget -= int(h.EntryLength); s.budget < 0 {
		return entry{}, false
	}
	end := at + int(h.EntryLength)
	b := s.log[at:min(end, len(s.log))]
	if end > len(s.log) {
		b = append(b[:len(b):len(b)], s.log[:end-len(s.log)]...)
	}
	writes, err := parseEntry(b, h)
	if err != nil {
		s.failed(at, err)
		return entry{}, false
	}
	return entry{EntryHeader: h, at: at, writes: writes}, true
}

func (s *scanner) failed(at int, err error) {
	if s.err == nil {
		s.err = parse.At(err, int64(at))
	}
}

// apply lays the changes of the entries over the file, the latest last.
func (c *container) apply(entries []entry) {
	var writes []write
	for _, e := range entries {
		writes = append(writes, e.writes...)
	}
	last := entries[len(entries)-1]
	c.content.lay(writes)
	c.flaw(true, fmt.Errorf("the file was not closed: %d log entries with %d changes, which were not yet in their places, were replayed in memory", len(entries), len(writes)))
	if size := uint64(c.file.Size()); last.FlushedFileOffset > size {
		c.flaw(false, &parse.Error{Structure: "VHDX log entry", Field: "flushed file offset", Offset: int64(c.header.LogOffset) + int64(last.at) + 48, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected a file of %d bytes, found %d", last.FlushedFileOffset, size)})
		return // what is missing was cut off and is not zeros
	}
	c.content.size = max(c.content.size, int64(min(last.LastFileOffset, math.MaxInt64/2)))
	for _, w := range writes {
		c.content.size = max(c.content.size, w.at+w.length)
	}
}
