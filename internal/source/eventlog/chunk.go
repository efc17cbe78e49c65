package eventlog

import (
	"bytes"
	"errors"

	"github.com/jobscan/jobscan/internal/format/evtx"
	"github.com/jobscan/jobscan/internal/parse"
)

// chunk looks at one chunk, and decodes it if it can concern a job.
func (r *reader) chunk(b []byte, offset int64) {
	h, err := evtx.ParseChunkHeader(b)
	if err != nil {
		if !r.deleted && len(bytes.TrimLeft(b, "\x00")) > 0 { // zeros: not used yet
			r.problem(parse.At(err, offset))
		}
		return
	}
	if r.deleted && !h.Verified() {
		return // its clusters may be another file's by now
	}
	r.log.Chunks++
	records, damage := evtx.Records(b)
	r.cover(records)
	r.damage(h, damage, offset)
	if !r.names.mayConcern(b) {
		return
	}
	events, err := r.decode(r.ctx, b)
	if err != nil {
		r.givenUp = errors.Is(err, ErrGiveUp)
		if r.ctx.Err() == nil {
			r.problem(&parse.Error{Structure: "EVTX chunk", Offset: offset, Err: err})
		}
	} else {
		r.log.Decoded++
	}
	r.events(events, records, offset)
}

// damage tells what of a chunk is not as its header says.
func (r *reader) damage(h evtx.ChunkHeader, records []error, offset int64) {
	for _, c := range []struct {
		ok    bool
		field string
		at    int64
	}{{h.HeaderValid, "header checksum", 124}, {h.DataValid, "data checksum", 52}} {
		if !c.ok {
			r.problem(&parse.Error{Structure: "EVTX chunk", Field: c.field, Offset: offset + c.at, Err: errChecksum})
		}
	}
	for _, err := range records {
		r.problem(parse.At(err, offset))
	}
}

// cover widens what the log covers by the records of a chunk.
func (r *reader) cover(records []evtx.Record) {
	l := &r.log
	for _, rec := range records {
		if rec.Time != 0 && (l.FirstTime == 0 || rec.Time < l.FirstTime) {
			l.FirstTime = rec.Time
		}
		if l.FirstID == 0 || rec.ID < l.FirstID {
			l.FirstID = rec.ID
		}
		l.LastTime, l.LastID = max(l.LastTime, rec.Time), max(l.LastID, rec.ID)
	}
}

// events keeps what concerns jobs, of records that are known to be there.
func (r *reader) events(events []evtx.Event, records []evtx.Record, offset int64) {
	frames := make(map[int]evtx.Record, len(records))
	for _, rec := range records {
		frames[rec.Offset] = rec
	}
	for i := range events {
		e := &events[i]
		frame, ok := frames[e.Offset]
		if !ok {
			continue
		}
		at := offset + int64(frame.Offset)
		if e.Error != "" {
			r.problem(&parse.Error{Structure: "EVTX record", Offset: at, Err: errors.New(e.Error)})
			continue
		}
		entry, ok := entryOf(e)
		if !ok || !r.names.concerns(&entry) {
			continue
		}
		entry.Offset = at
		if len(r.log.Entries) >= maxEntriesInLog {
			r.givenUp = true
			r.problem(errTooMany)
			return
		}
		r.log.Entries = append(r.log.Entries, entry)
	}
}

var errTooMany = errors.New("the log has more events about jobs than are told; those after them are left out")
