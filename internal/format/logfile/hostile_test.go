package logfile

import (
	"bytes"
	"errors"
	"testing"

	"github.com/jobscan/jobscan/internal/format/logfile/logtest"
	"github.com/jobscan/jobscan/internal/parse"
)

// check reads a log and holds what must hold for any bytes at all.
func check(t *testing.T, b []byte) int {
	t.Helper()
	l, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		if l != nil {
			t.Fatal("a log beside an error")
		}
		return 0
	}
	n, data := 0, 0
	size := int64(len(b))
	l.Walk(func(r *Record) bool {
		n++
		data += len(r.Data)
		if r.Offset < 0 || r.Offset+0x30 > size || r.Missing < 0 || r.LSN == 0 || r.PreviousLSN >= r.LSN {
			t.Fatalf("record %+v in a log of %d bytes", r, size)
		}
		if len(r.RedoData) > r.RedoLength || len(r.UndoData) > r.UndoLength {
			t.Fatalf("more data than stated: %+v", r)
		}
		if r.Type == ClientRecord && r.Missing == 0 && len(r.Data) < clientHeader {
			t.Fatalf("decoded without a header: %+v", r)
		}
		return true
	}, func(r Remnant) bool {
		if r.Offset < 0 || r.Offset >= size || len(r.Bytes) == 0 || int64(len(r.Bytes)) > size {
			t.Fatalf("remnant of %d bytes at %#x of %d", len(r.Bytes), r.Offset, size)
		}
		return true
	}, func(err error) bool {
		var e *parse.Error
		if !errors.As(err, &e) || e.Offset < 0 || e.Offset > size {
			t.Fatalf("problem %v in a log of %d bytes", err, size)
		}
		return true
	})
	s := l.Stats()
	if s.Records != n {
		t.Fatalf("counted %d records of %d", s.Records, n)
	}
	// Each page is at most read once as the first and once as a further page of
	// a record, and a place has at most as many pages as there are copies.
	if data > 2*len(b)*(1+fastPages) {
		t.Fatalf("%d bytes of data from a log of %d", data, len(b))
	}
	return n
}

// sample is a small log with all that a log has.
func sample(major int) []byte {
	pages := 4 + 3
	if major == 2 {
		pages = 34 + 4
	}
	l := logtest.New(major, pages*testPage, testPage)
	story(l, 40, 300, 1500, 40, 0, 60, 700, 600, 40)
	l.Copy(l.RingStart(), 0)
	return l.Bytes()
}

func TestTruncated(t *testing.T) {
	b := sample(1)
	full := check(t, b)
	if full < 5 {
		t.Fatalf("got %d records", full)
	}
	for n := range len(b) {
		if got := check(t, b[:n:n]); got > full {
			t.Fatalf("%d bytes: %d records, more than in all", n, got)
		}
	}
}

func TestBitFlips(t *testing.T) {
	b := sample(1)
	for at := range b {
		for bit := range 8 {
			b[at] ^= 1 << bit
			check(t, b)
			b[at] ^= 1 << bit
		}
	}
}

// A record whose LSN claims another place is not taken, and no chain of LSNs
// can lead a reader round: each page is visited once.
func TestEveryRecordStandsAtItsPlace(t *testing.T) {
	l := logtest.New(1, (4+4)*testPage, testPage)
	want := story(l, 40, 40, 40)
	b := l.Bytes()
	at := 4*testPage + 0x40
	if got, _ := collect(t, b); len(got) != len(want) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
	copy(b[at:at+8], b[at+8:at+16]) // an LSN of zero
	if got, _ := collect(t, b); len(got) != len(want)-1 {
		t.Errorf("got %d records, want %d", len(got), len(want)-1)
	}
}
