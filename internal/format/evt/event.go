package evt

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// Event is what a record says. Text keeps unpaired surrogates, see package wtf8.
type Event struct {
	Source   string // the program that logged the event; "Security" for audits
	Computer string
	SID      string   // the account that the event is about, S-1-…; "" for none
	Strings  []string // inserted into the text of the message, in their order
}

// ParseEvent decodes what a record of Records says. The errors tell which part of
// the record lies outside of it; where the record goes past the end of the log,
// their offsets do so too.
func ParseEvent(log []byte, rec Record) (Event, error) {
	r, ok := newRing(log)
	if !ok || rec.Size < minRecordSize || rec.Size > r.size() || rec.Offset < 0 || !r.valid(uint32(min(rec.Offset, len(log)))) {
		return Event{}, &parse.Error{Structure: "EVT record", Offset: int64(rec.Offset), Err: parse.ErrRange, Detail: "expected a record of this log"}
	}
	b := r.bytes(rec.Offset, rec.Size)
	body := b[:len(b)-4]
	f := parse.NewCursor(b, "EVT record")
	f.Skip(26, "frame")
	count := int(f.U16("number of strings"))
	f.Skip(8, "category, flags, closing record number")
	stringsAt := f.U32("offset of the strings")
	sidSize, sidAt := f.U32("size of the SID"), f.U32("offset of the SID")

	var e Event
	c := cursorAt(body, fixedSize, "source")
	e.Source = text(c, "source")
	e.Computer = text(c, "computer")
	err := c.Err()
	if err == nil && sidSize > 0 {
		c = cursorAt(body, sidAt, "offset of the SID")
		e.SID = sid(c, sidSize)
		err = c.Err()
	}
	if err == nil && count > 0 {
		c = cursorAt(body, stringsAt, "offset of the strings")
		for i := 0; i < count && c.Err() == nil; i++ {
			e.Strings = append(e.Strings, text(c, "strings"))
		}
		err = c.Err()
	}
	if err != nil {
		return Event{}, parse.At(err, int64(rec.Offset))
	}
	return e, nil
}

// cursorAt begins at an offset that the record states, behind its fixed part.
func cursorAt(body []byte, at uint32, field string) *parse.Cursor {
	c := parse.NewCursor(body, "EVT record")
	if at < fixedSize || uint64(at) > uint64(len(body)) {
		c.Fail(field, 0, parse.ErrRange, fmt.Sprintf("expected %d to %d, found %d", fixedSize, len(body), at))
		return c
	}
	c.Skip(int(at), field)
	return c
}

// text reads UTF-16 up to its terminator.
func text(c *parse.Cursor, field string) string {
	rest := *c // to find the end before the text is taken
	n := 0
	for rest.U16(field) != 0 {
		n += 2
	}
	b := c.Bytes(n, field)
	c.U16(field)
	return wtf8.FromLE(b)
}

// sid reads a security identifier of the given size ([MS-DTYP] 2.4.2).
func sid(c *parse.Cursor, size uint32) string {
	const fixed, maxSubAuthorities = 8, 15
	at := c.Offset()
	revision, count := c.U8("SID"), int(c.U8("SID"))
	if revision != 1 || count > maxSubAuthorities || uint64(size) < uint64(fixed+4*count) {
		c.Fail("SID", at, parse.ErrRange, fmt.Sprintf("expected revision 1 and %d bytes or less, found %d and %d", size, revision, fixed+4*count))
	}
	var authority uint64
	for _, b := range c.Bytes(6, "SID") {
		authority = authority<<8 | uint64(b)
	}
	var s strings.Builder
	s.WriteString("S-1-")
	if authority < 1<<32 {
		s.WriteString(strconv.FormatUint(authority, 10))
	} else {
		fmt.Fprintf(&s, "0x%012x", authority)
	}
	for i := 0; i < count && c.Err() == nil; i++ {
		s.WriteString("-" + strconv.FormatUint(uint64(c.U32("SID")), 10))
	}
	return s.String()
}
