package evt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

var noon = time.Date(2004, 8, 9, 12, 0, 0, 0, time.UTC)

// events are audits of tasks, one a second.
func events(n int) []fixtures.OldLogEvent {
	var out []fixtures.OldLogEvent
	for i := range n {
		out = append(out, fixtures.SavedTask(noon.Add(time.Duration(i)*time.Second), fmt.Sprintf(`C:\WINDOWS\Tasks\At%d.job`, i+1), strings.Repeat("x", i%7)))
	}
	return out
}

// numbers are those of the records, remnants in brackets.
func numbers(log []byte) (got string, problems []error) {
	var out []string
	for r, err := range Records(log) {
		switch {
		case err != nil:
			problems = append(problems, err)
		case r.Remnant:
			out = append(out, fmt.Sprintf("(%d)", r.Number))
		default:
			out = append(out, fmt.Sprint(r.Number))
		}
	}
	return strings.Join(out, " "), problems
}

func TestHeader(t *testing.T) {
	log := fixtures.OldEventLog(fixtures.OldLogOptions{FirstRecord: 7}, events(3)...)
	h, err := ParseHeader(log)
	want := Header{MajorVersion: 1, MinorVersion: 1, Start: 0x30, End: h.End, NextRecord: 10, OldestRecord: 7, MaxSize: 64 << 10}
	if err != nil || h != want || h.End < 0x30+3*minRecordSize || h.Dirty() {
		t.Errorf("got %+v, %v, want %+v", h, err, want)
	}
	log[36] = 7
	if h, err := ParseHeader(log); err != nil || !h.Dirty() || h.Flags != 7 {
		t.Errorf("flags: got %+v, %v", h, err)
	}
	for _, tt := range []struct {
		name  string
		at    int
		field string
		want  error
	}{
		{"size", 0, "header size", parse.ErrRange},
		{"signature", 4, "signature", parse.ErrSignature},
		{"size at the end", 44, "header size again", parse.ErrRange},
	} {
		b := bytes.Clone(log)
		b[tt.at] ^= 1
		h, err := ParseHeader(b)
		var e *parse.Error
		if !errors.Is(err, tt.want) || !errors.As(err, &e) || e.Field != tt.field || e.Offset != int64(tt.at) || h != (Header{}) {
			t.Errorf("%s: got %+v, %v", tt.name, h, err)
		}
	}
}

func TestEvent(t *testing.T) {
	in := fixtures.SavedTask(noon, `C:\WINDOWS\Tasks\Ünï.job`, "x.exe")
	in.Data = []byte{1, 2, 3}
	log := fixtures.OldEventLog(fixtures.OldLogOptions{FirstRecord: 7}, in,
		fixtures.OldLogEvent{Source: "Service", ID: 0x400003E9, Time: noon.Add(time.Hour)})
	var records []Record
	for r, err := range Records(log) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	if len(records) != 2 {
		t.Fatalf("%d records", len(records))
	}
	want := Record{Offset: 0x30, Size: records[0].Size, Number: 7, Generated: wintime.FromTime(noon), Written: wintime.FromTime(noon), EventID: 602, Type: 8, Category: 5}
	if records[0] != want || records[0].Code() != 602 || records[1].Code() != 1001 || records[1].Offset != 0x30+records[0].Size {
		t.Errorf("got %+v, want %+v", records, want)
	}
	e, err := ParseEvent(log, records[0])
	if err != nil || e.Source != "Security" || e.Computer != "HOST" || e.SID != "S-1-5-21-1-2-3-1001" || !slices.Equal(e.Strings, in.Strings) {
		t.Errorf("got %+v, %v", e, err)
	}
	if e, err := ParseEvent(log, records[1]); err != nil || e.Source != "Service" || e.Computer != "" || e.SID != "" || e.Strings != nil {
		t.Errorf("got %+v, %v", e, err)
	}
	for _, r := range []Record{{}, {Offset: 0x30}, {Offset: -4, Size: 100}, {Offset: 1 << 40, Size: 100}, {Offset: 0x30, Size: len(log)}, {Offset: 0x31, Size: 100}} {
		if e, err := ParseEvent(log, r); !errors.Is(err, parse.ErrRange) || e.Source != "" {
			t.Errorf("%+v: got %+v, %v", r, e, err)
		}
	}
}

// TestEventDamage: a part of a record that lies outside of it is told.
func TestEventDamage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		at    int
		value uint32
		field string
	}{
		{"strings behind the record", 36, 1 << 20, "offset of the strings"},
		{"strings in the fixed part", 36, 55, "offset of the strings"},
		{"more strings than there are", 24, 0xFFFF0008, "strings"},
		{"SID behind the record", 44, 0xFFFFFFFF, "offset of the SID"},
		{"SID of another size", 40, 8, "SID"},
		{"no SID at all", 44, 56, "SID"},
	} {
		log := fixtures.OldEventLog(fixtures.OldLogOptions{}, events(1)...)
		binary.LittleEndian.PutUint32(log[0x30+tt.at:], tt.value)
		for r := range Records(log) {
			e, err := ParseEvent(log, r)
			var p *parse.Error
			if !errors.As(err, &p) || p.Field != tt.field || e.Source != "" || e.Strings != nil {
				t.Errorf("%s: got %+v, %v", tt.name, e, err)
			}
		}
	}
}

// TestSID: identifiers that no account has are told as they stand.
func TestSID(t *testing.T) {
	for _, tt := range []struct{ name, bytes, want string }{
		{"system", "\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00", "S-1-5-18"},
		{"no sub-authority", "\x01\x00\x00\x00\x00\x00\x00\x00", "S-1-0"},
		{"large authority", "\x01\x01\x01\x02\x03\x04\x05\x06\xff\xff\xff\xff", "S-1-0x010203040506-4294967295"},
		{"revision", "\x02\x00\x00\x00\x00\x00\x00\x00", ""},
		{"too many", "\x01\x10" + strings.Repeat("\x00", 70), ""},
		{"cut", "\x01\x01\x00\x00\x00\x00\x00\x05\x12", ""},
	} {
		c := parse.NewCursor([]byte(tt.bytes), "test")
		got := sid(c, uint32(len(tt.bytes)))
		if c.Err() != nil {
			got = ""
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q (%v)", tt.name, got, tt.want, c.Err())
		}
	}
}

func TestRecords(t *testing.T) {
	const small = 4096 // holds some ten records
	zero := func(at, n int) func([]byte) { return func(b []byte) { clear(b[at:][:n]) } }
	second := 0x30 + len(recordBytes(0))
	tests := []struct {
		name     string
		options  fixtures.OldLogOptions
		events   int
		change   func(b []byte)
		want     string
		problems int
	}{
		{name: "empty", want: ""},
		{name: "as Windows wrote it", events: 4, want: "1 2 3 4"},
		{name: "not closed", options: fixtures.OldLogOptions{Dirty: true}, events: 4, want: "1 2 3 4"},
		{name: "no header", events: 4, change: zero(0, 0x30), want: "1 2 3 4"},
		{name: "wrapped", options: fixtures.OldLogOptions{Size: small}, events: 25, want: wrapped},
		{name: "wrapped, not closed", options: fixtures.OldLogOptions{Size: small, Dirty: true}, events: 25, want: wrapped},
		{name: "wrapped, no header", options: fixtures.OldLogOptions{Size: small}, events: 25, change: zero(0, 0x30), want: wrapped},
		{name: "a record without signature", events: 4, change: zero(second+4, 4), want: "1 3 4", problems: 1},
		{name: "a size of nothing", events: 4, change: zero(second, 4), want: "1 3 4", problems: 1},
		{name: "the first record of a closed log", events: 4, change: zero(0x30, 8), want: "2 3 4", problems: 1},
		{name: "an offset outside of the log", events: 4, change: func(b []byte) { b[19] = 0xFF }, want: "1 2 3 4"},
		{name: "an offset into a record", events: 4, change: func(b []byte) { b[16] += 8 }, want: "1 2 3 4"},
		{name: "records behind the end", events: 4, change: func(b []byte) {
			i := bytes.LastIndex(b, []byte("\x11\x11\x11\x11\x22\x22\x22\x22")) - 4
			copy(b[second:], b[i:i+endSize])
		}, want: "1 (3) (4)"},
		{name: "a size that is no multiple of 4", events: 4, change: func(b []byte) {
			n := binary.LittleEndian.Uint32(b[second:]) - 2
			binary.LittleEndian.PutUint32(b[second:], n)
			binary.LittleEndian.PutUint32(b[second+int(n)-4:], n)
		}, want: "1 3 4", problems: 1},
		{name: "a record that goes on into the oldest", events: 4, change: func(b []byte) {
			n := uint32(second - 0x30 + minRecordSize)
			binary.LittleEndian.PutUint32(b[0x30:], n)
			binary.LittleEndian.PutUint32(b[second+fixedSize:], n)
			binary.LittleEndian.PutUint32(b[16:], uint32(second))
		}, want: "2 3 4"},
		{name: "not closed, with an older end behind the end", options: fixtures.OldLogOptions{Dirty: true}, events: 4, change: func(b []byte) {
			i := bytes.LastIndex(b, []byte("\x11\x11\x11\x11\x22\x22\x22\x22")) - 4
			older := b[i+2*endSize:]
			copy(older, b[i:i+endSize])
			binary.LittleEndian.PutUint32(older[20:], uint32(second)) // where the oldest record was
			binary.LittleEndian.PutUint32(older[28:], 3)
		}, want: "1 2 3 4"},
		{name: "no header, and no end", events: 4, change: func(b []byte) {
			clear(b[:0x30])
			clear(b[bytes.LastIndex(b, []byte("\x11\x11\x11\x11\x22\x22\x22\x22"))-4:])
		}, want: "1 2 3 4"},
		{name: "an end that is damaged", events: 4, change: func(b []byte) {
			b[bytes.LastIndex(b, []byte("\x11\x11\x11\x11\x22\x22\x22\x22"))] = 0
		}, want: "1 2 3 4", problems: 1},
	}
	for _, tt := range tests {
		log := fixtures.OldEventLog(tt.options, events(tt.events)...)
		if tt.change != nil {
			tt.change(log)
		}
		got, problems := numbers(log)
		if got != tt.want || len(problems) != tt.problems {
			t.Errorf("%s: got %s, %v, want %s and %d problems", tt.name, got, problems, tt.want, tt.problems)
		}
	}
}

// wrapped are the records of a ring of 4 KiB after 25 events.
const wrapped = "15 16 17 18 19 20 21 22 23 24 25"

// recordBytes is the first record of a log of events.
func recordBytes(first uint32) []byte {
	log := fixtures.OldEventLog(fixtures.OldLogOptions{FirstRecord: first}, events(1)...)
	return log[0x30:][:binary.LittleEndian.Uint32(log[0x30:])]
}

// TestRing: for every size of the ring the same records come out, the newest ones
// in their order, whether the log was closed or not.
func TestRing(t *testing.T) {
	all := events(40)
	split := 0
	for size := 1200; size < 2400; size += 4 {
		for _, dirty := range []bool{false, true} {
			log := fixtures.OldEventLog(fixtures.OldLogOptions{Size: size, Dirty: dirty}, all...)
			last := uint32(0)
			for r, err := range Records(log) {
				if err != nil {
					t.Fatalf("ring of %d bytes: %v", size, err)
				}
				if r.Remnant {
					continue
				}
				if last != 0 && r.Number != last+1 {
					t.Fatalf("ring of %d bytes: record %d after %d", size, r.Number, last)
				}
				last = r.Number
				e, err := ParseEvent(log, r)
				if want := all[r.Number-1]; err != nil || !slices.Equal(e.Strings, want.Strings) || r.Generated != wintime.FromTime(want.Time) {
					t.Fatalf("ring of %d bytes, record %d: %+v, %v", size, r.Number, e, err)
				}
				if r.Offset+r.Size > len(log) {
					split++
				}
			}
			if last != 40 {
				t.Fatalf("ring of %d bytes: the last record is %d", size, last)
			}
		}
	}
	if split == 0 {
		t.Error("no record went past the end")
	}
}

// checkRecords holds what is true of every log: records and errors lie in it, no
// byte belongs to two records, and what is no record gives no event.
func checkRecords(t *testing.T, log []byte) {
	t.Helper()
	if h, err := ParseHeader(log); err != nil && h != (Header{}) {
		t.Fatalf("a header beside the error %v", err)
	}
	taken := make([]bool, len(log))
	records, problems := 0, 0
	for r, err := range Records(log) {
		if err != nil {
			problems++
			var e *parse.Error
			if r != (Record{}) || !errors.As(err, &e) || e.Offset < 0 || e.Offset >= int64(len(log)) {
				t.Fatalf("%+v, %v in %d bytes", r, err, len(log))
			}
			continue
		}
		records++
		if r.Offset < HeaderSize || r.Offset%4 != 0 || r.Size < minRecordSize || r.Size%4 != 0 {
			t.Fatalf("%+v in %d bytes", r, len(log))
		}
		for i, at := 0, r.Offset; i < r.Size; i++ {
			if taken[at] {
				t.Fatalf("%+v: the byte at %d belongs to two records", r, at)
			}
			taken[at] = true
			if at++; at == len(log)&^3 {
				at = HeaderSize
			}
		}
		e, err := ParseEvent(log, r)
		if err != nil && (e.Source != "" || e.SID != "" || e.Strings != nil) {
			t.Fatalf("%+v beside %v", e, err)
		}
		if n := len(strings.Join(e.Strings, "")); n > 3*r.Size/2 || len(e.Strings) > r.Size/2 {
			t.Fatalf("%d strings of %d bytes from a record of %d", len(e.Strings), n, r.Size)
		}
	}
	if problems > records+2 {
		t.Fatalf("%d problems beside %d records", problems, records)
	}
}

func TestHostile(t *testing.T) {
	for _, o := range []fixtures.OldLogOptions{{Size: 1640}, {Size: 1640, Dirty: true}} {
		log := fixtures.OldEventLog(o, events(9)...)
		for n := range log {
			checkRecords(t, log[:n])
		}
		for bit := range 8 * len(log) {
			log[bit/8] ^= 1 << (bit % 8)
			checkRecords(t, log)
			log[bit/8] ^= 1 << (bit % 8)
		}
	}
}
