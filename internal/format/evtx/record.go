package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

const (
	recordSignature  = "**\x00\x00"
	recordHeaderSize = 24
	minRecordSize    = recordHeaderSize + 4 // the size is repeated at the end
	recordAlignment  = 8
)

// Record is the frame of one event.
type Record struct {
	Offset int // of the record in the chunk, bytes
	Size   int // bytes
	ID     uint64
	Time   wintime.Filetime // when it was written; see Event
}

// Records walks over the records of a chunk, in the order in which they lie. Up
// to the end that the header states each must follow the one before; where one
// does not, an error tells of the gap and the walk goes on with the next record
// that holds together. Behind that end, which is stale in a log that was not
// closed, records go on as long as their identifiers do. A chunk without a
// readable header is searched to its end.
func Records(chunk []byte) (records []Record, problems []error) {
	end := len(chunk)
	if h, err := ParseChunkHeader(chunk); err == nil {
		end = int(h.FreeSpace)
	}
	at := chunkHeaderSize
	for at < end {
		r, err := parseRecord(chunk, at)
		if err == nil {
			records = append(records, r)
			at += r.Size
			continue
		}
		next := nextRecord(chunk, at+recordAlignment, end)
		if allZero(chunk[at:next]) && next == end {
			break // preallocated, and a header that was not brought up to date
		}
		problems = append(problems, err)
		at = next
	}
	return append(records, unclosed(chunk, at, records)...), problems
}

// unclosed gives the records behind the end that the header states, which carry
// on from the last one.
func unclosed(chunk []byte, at int, records []Record) []Record {
	if len(records) == 0 {
		return nil
	}
	var more []Record
	for last := records[len(records)-1]; at < len(chunk) && at == last.Offset+last.Size; {
		r, err := parseRecord(chunk, at)
		if err != nil || r.ID != last.ID+1 {
			break
		}
		more = append(more, r)
		at, last = at+r.Size, r
	}
	return more
}

// parseRecord decodes the frame at an offset of the chunk.
func parseRecord(chunk []byte, at int) (Record, error) {
	c := parse.NewCursor(chunk[at:], "EVTX record")
	signature := c.Bytes(4, "signature")
	if signature != nil && string(signature) != recordSignature {
		c.Fail("signature", 0, parse.ErrSignature, fmt.Sprintf("expected %q, found %q", recordSignature, signature))
	}
	size := c.U32("size")
	if size < minRecordSize || uint64(size) > uint64(len(chunk)-at) {
		c.Fail("size", 4, parse.ErrRange, fmt.Sprintf("expected %d to %d, found %d", minRecordSize, len(chunk)-at, size))
	}
	r := Record{Offset: at, ID: c.U64("identifier"), Time: wintime.Filetime(c.U64("time written"))}
	if err := c.Err(); err != nil {
		return Record{}, parse.At(err, int64(at))
	}
	r.Size = int(size)
	if again := binary.LittleEndian.Uint32(chunk[at+r.Size-4:]); again != size {
		return Record{}, &parse.Error{Structure: "EVTX record", Field: "size", Offset: int64(at + r.Size - 4), Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected %d again at the end, found %d", size, again)}
	}
	return r, nil
}

// nextRecord finds the next frame that holds together, or end.
func nextRecord(chunk []byte, from, end int) int {
	for from < end {
		i := bytes.Index(chunk[from:end], []byte(recordSignature))
		if i < 0 {
			break
		}
		if _, err := parseRecord(chunk, from+i); err == nil {
			return from + i
		}
		from += i + 1
	}
	return end
}

func allZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
