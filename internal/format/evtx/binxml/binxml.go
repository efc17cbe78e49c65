// Package binxml decodes the binary XML of event records ([MS-EVEN6] 2.2.12) by
// means of www.velocidex.com/golang/evtx, and is the one place that knows that
// library.
//
// The library trusts what it reads: hostile input makes it panic, loop without
// end and allocate without bound, and only the first can be caught. So Decode
// runs in a process that package isolate limits, never in that of a scan. What it
// is given is prepared: frames that package evtx found to hold together, in a
// chunk whose header was made for them.
package binxml

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"sort"

	"github.com/jobscan/jobscan/internal/format/evtx"

	velocidex "www.velocidex.com/golang/evtx"
)

// Name is how a process that decodes is asked for.
const Name = "evtx"

// Answer decodes a chunk of 64 KiB and gives one line of JSON, an evtx.Event, for
// each of its records.
func Answer(chunk []byte, line func([]byte) error) error {
	events, err := Decode(chunk)
	if err != nil {
		return err
	}
	for i := range events {
		b, err := json.Marshal(&events[i])
		if err != nil {
			return err
		}
		if err := line(b); err != nil {
			return err
		}
	}
	return nil
}

// Decode gives the events of a chunk, in the order of its records. A record whose
// binary XML cannot be decoded is given with Error set. The error is that of a
// chunk without a readable header.
func Decode(chunk []byte) ([]evtx.Event, error) {
	if _, err := evtx.ParseChunkHeader(chunk); err != nil {
		return nil, err
	}
	found, _ := evtx.Records(chunk)
	b, slots := prepare(chunk, found)
	events := make([]evtx.Event, 0, len(slots))
	parsed := parse(b, slots)
	for i, s := range slots {
		if s.filler {
			continue
		}
		e := evtx.Event{Offset: s.Offset, RecordID: s.ID, Time: s.Time}
		if i >= len(parsed) || s.spoilt {
			e.Error = "the binary XML of the record could not be decoded"
		} else {
			describe(&e, parsed[i].Event, chunk[s.Offset:s.Offset+s.Size])
		}
		events = append(events, e)
	}
	return events, nil
}

// slot is a record as the library will meet it.
type slot struct {
	evtx.Record
	filler bool // stands for bytes between records that hold together
	spoilt bool // its contents make the library panic
}

const (
	firstRecord  = 512
	frameSize    = 24
	firstNumber  = 8 // offset in the chunk header
	lastNumber   = 16
	endOfXML     = 0x00
	maxSpoilt    = 16
	recordMagic  = "**\x00\x00"
	recordLength = 4
)

// prepare copies a chunk so that the library, which goes from record to record
// and believes the header's count, meets just the records given: gaps between
// them become empty records.
func prepare(chunk []byte, records []evtx.Record) ([]byte, []slot) {
	b := bytes.Clone(chunk)
	var slots []slot
	at := firstRecord
	for _, r := range records {
		if gap := r.Offset - at; gap >= frameSize+1 {
			copy(b[at:], recordMagic)
			binary.LittleEndian.PutUint32(b[at+recordLength:], uint32(gap))
			b[at+frameSize] = endOfXML
			slots = append(slots, slot{Record: evtx.Record{Offset: at, Size: gap}, filler: true})
		} else if gap > 0 {
			continue // no empty record fits; it joins the gap that follows
		}
		slots = append(slots, slot{Record: r})
		at = r.Offset + r.Size
	}
	binary.LittleEndian.PutUint64(b[firstNumber:], 1)
	binary.LittleEndian.PutUint64(b[lastNumber:], uint64(len(slots)))
	return b, slots
}

// parse has the library decode the slots of a prepared chunk. A record that makes
// it panic is emptied, and it starts again.
func parse(b []byte, slots []slot) []*velocidex.EventRecord {
	n := 0
	for range maxSpoilt {
		records, ok := try(b, len(slots))
		if ok {
			return records
		}
		// The least number of records that panics ends with the culprit.
		n = 1 + sort.Search(len(slots)-1, func(i int) bool { _, ok := try(b, i+1); return !ok })
		slots[n-1].spoilt = true
		b[slots[n-1].Offset+frameSize] = endOfXML
	}
	records, _ := try(b, n)
	return records
}

// try decodes the first n slots; not ok means a panic.
func try(b []byte, n int) (records []*velocidex.EventRecord, ok bool) {
	defer func() {
		if recover() != nil {
			records, ok = nil, false
		}
	}()
	if n == 0 {
		return nil, true
	}
	binary.LittleEndian.PutUint64(b[lastNumber:], uint64(n))
	chunk, err := velocidex.NewChunk(bytes.NewReader(b), 0)
	if err != nil {
		return nil, true
	}
	records, err = chunk.Parse(math.MinInt)
	return records, err == nil || len(records) > 0
}

func number(v any) (uint64, bool) {
	switch n := v.(type) {
	case uint8:
		return uint64(n), true
	case uint16:
		return uint64(n), true
	case uint32:
		return uint64(n), true
	case uint64:
		return n, true
	case int32:
		return uint64(n), n >= 0
	case int64:
		return uint64(n), n >= 0
	}
	return 0, false
}

// text renders a value; ok is false for what is no single value.
func text(v any) (s string, ok bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case bool, uint8, uint16, uint32, uint64, int32, int64, float32, float64:
		return fmt.Sprint(x), true
	case []byte:
		return fmt.Sprintf("%x", x), true
	}
	return "", false
}
