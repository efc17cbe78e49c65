package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/internal/format/logfile/logtest"
	"github.com/jobscan/jobscan/internal/parse"
)

const testPage = 1024

// pattern gives n bytes that differ from place to place and from seed to seed.
func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7)&0x3F + seed
	}
	return b
}

// operation is what a test expects of a record.
type operation struct {
	lsn        uint64
	redo, undo Operation
	redoData   string
	undoData   string
	state      string // stale, torn, missing
}

func collect(t *testing.T, b []byte) ([]operation, []error) {
	t.Helper()
	var out []operation
	var problems []error
	for r, err := range Records(bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			problems = append(problems, err)
			continue
		}
		o := operation{lsn: r.LSN, redo: r.Redo, undo: r.Undo, redoData: string(r.RedoData), undoData: string(r.UndoData)}
		if r.Stale {
			o.state += "stale "
		}
		if r.Torn {
			o.state += "torn "
		}
		if r.Missing > 0 {
			o.state += fmt.Sprintf("missing %d", r.Missing)
		}
		out = append(out, o)
	}
	return out, problems
}

// story appends records of the lengths given and tells what is expected of them.
func story(l *logtest.Log, lengths ...int) []operation {
	var out []operation
	for i, n := range lengths {
		redo, undo := pattern(n, byte(i)), pattern(i%3*8, byte(200+i%3))
		lsn := l.Append(logtest.Record{Redo: uint16(UpdateResidentValue), Undo: uint16(CreateAttribute), RedoData: redo, UndoData: undo})
		out = append(out, operation{lsn: lsn, redo: UpdateResidentValue, undo: CreateAttribute, redoData: string(redo), undoData: string(undo)})
	}
	return out
}

func sameOperations(t *testing.T, name string, got, want []operation) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %d records, want %d", name, len(got), len(want))
		for i := range max(len(got), len(want)) {
			if i < len(got) && i < len(want) && got[i] == want[i] {
				continue
			}
			if i < len(got) {
				t.Errorf("  got  %+.60v", got[i])
			}
			if i < len(want) {
				t.Errorf("  want %+.60v", want[i])
			}
			return
		}
	}
}

func TestRecords(t *testing.T) {
	for _, major := range []int{1, 2} {
		for _, test := range []struct {
			name    string
			lengths []int
		}{
			{"one", []int{40}},
			{"no data", []int{0, 0, 0}},
			{"over two pages", []int{400, 400, 400}},
			{"over four pages", []int{100, 3500, 8, 16}},
			{"to the end of a page", []int{testPage - 0x40 - 0x30 - 0x28, 8}},
			{"header does not fit", []int{testPage - 0x40 - 0x30 - 0x28 - 0x20, 8}},
			{"round the ring", []int{900, 900, 900, 900, 900, 900, 900, 900}},
		} {
			t.Run(fmt.Sprintf("version %d: %s", major, test.name), func(t *testing.T) {
				l := logtest.New(major, (34+8)*testPage, testPage)
				if major == 1 {
					l = logtest.New(major, (4+8)*testPage, testPage)
				}
				want := story(l, test.lengths...)
				got, problems := collect(t, l.Bytes())
				if test.name == "round the ring" {
					got = onlyWhole(got)
					if len(got) < 5 || !slices.Equal(got, want[len(want)-len(got):]) {
						t.Errorf("got %d records, want the last ones of %d", len(got), len(want))
					}
					return
				}
				sameOperations(t, "records", got, want)
				if len(problems) > 0 {
					t.Errorf("problems: %v", problems)
				}
			})
		}
	}
}

// onlyWhole leaves out what is stale or cut short.
func onlyWhole(in []operation) []operation {
	return slices.DeleteFunc(in, func(o operation) bool { return o.state != "" })
}

// The older lap is cut where the newer one ends; its record that began there is lost.
func TestOrderOverLaps(t *testing.T) {
	l := logtest.New(1, (4+6)*testPage, testPage)
	all := story(l, slices.Repeat([]int{300}, 23)...)
	got, _ := collect(t, l.Bytes())
	got = onlyWhole(got)
	for i := 1; i < len(got); i++ {
		if got[i].lsn <= got[i-1].lsn {
			t.Fatalf("LSN %#x after %#x", got[i].lsn, got[i-1].lsn)
		}
	}
	if last := all[len(all)-1]; got[len(got)-1] != last {
		t.Errorf("last record %#x, want %#x", got[len(got)-1].lsn, last.lsn)
	}
	if got[0].lsn>>(64-lapBits(10*testPage)) != 1 {
		t.Errorf("first record %#x is not of the first lap", got[0].lsn)
	}
}

func TestStaleInUnusedEnd(t *testing.T) {
	l := logtest.New(1, (4+2)*testPage, testPage)
	first := story(l, 40, 40, 40, 40)
	l.LeavePage()
	story(l, 40)
	l.LeavePage() // the second lap
	second := l.Append(logtest.Record{Redo: uint16(Noop), RedoData: nil})
	got, _ := collect(t, l.Bytes())
	var stale []uint64
	for _, o := range got {
		if o.state == "stale " {
			stale = append(stale, o.lsn)
		}
	}
	// The new record and its header take the room of the first of the old ones.
	want := []uint64{first[1].lsn, first[2].lsn, first[3].lsn}
	if !slices.Equal(stale, want) {
		t.Errorf("stale: got %#x, want %#x", stale, want)
	}
	if !slices.ContainsFunc(got, func(o operation) bool { return o.lsn == second && o.state == "" }) {
		t.Errorf("record %#x of the second lap not found", second)
	}
}

func TestTornSector(t *testing.T) {
	l := logtest.New(1, (4+4)*testPage, testPage)
	want := story(l, 40, 40, 40, 500, 40)
	b := l.Bytes()
	b[5*testPage-1] ^= 0x55 // the end of the ring's first page
	got, problems := collect(t, b)
	for i := range want {
		if i == 3 { // lies in the torn sector with its first part
			want[i].state = "torn "
			want[i].redoData, got[i].redoData = "", ""
		}
	}
	sameOperations(t, "records", got, want)
	if len(problems) != 1 || !errors.Is(problems[0], parse.ErrFixup) {
		t.Errorf("problems: got %v, want one of %v", problems, parse.ErrFixup)
	}
}

func TestCopyMendsTornPage(t *testing.T) {
	for _, major := range []int{1, 2} {
		l := logtest.New(major, (34+4)*testPage, testPage)
		start := l.RingStart()
		want := story(l, 40, 300, 40)
		l.Copy(start, 1)
		b := l.Bytes()
		b[start+testPage-1] ^= 0x55
		got, problems := collect(t, b)
		got = onlyWhole(got)
		sameOperations(t, fmt.Sprintf("version %d", major), got, want)
		if len(problems) != 1 {
			t.Errorf("version %d: problems: %v", major, problems)
		}
	}
}

// A copy that is older than its page gives nothing; one of a page that was
// never written gives all.
func TestCopies(t *testing.T) {
	l := logtest.New(2, (34+4)*testPage, testPage)
	start := l.RingStart()
	want := story(l, 40)
	l.Copy(start, 7)
	want = append(want, story(l, 40, 60)...)
	b := l.Bytes()
	got, problems := collect(t, b)
	sameOperations(t, "older copy", got, want)
	if len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	for i := range testPage {
		b[start+i] = 0xFF
	}
	got, _ = collect(t, b)
	sameOperations(t, "copy alone", got, want[:1])
}

func TestLostPageHeader(t *testing.T) {
	l := logtest.New(1, (4+4)*testPage, testPage)
	want := story(l, 40, 40)
	b := l.Bytes()
	clear(b[4*testPage : 4*testPage+8])
	got, problems := collect(t, b)
	for i := range want {
		want[i].state = "stale torn "
	}
	sameOperations(t, "records", got, want)
	if len(problems) != 1 || !errors.Is(problems[0], parse.ErrSignature) {
		t.Errorf("problems: got %v, want one of %v", problems, parse.ErrSignature)
	}
}

func TestLostContinuation(t *testing.T) {
	l := logtest.New(1, (4+8)*testPage, testPage)
	want := story(l, 40, 2500, 40)
	b := l.Bytes()
	for i := range testPage {
		b[5*testPage+i] = 0xFF // the second page of the ring
	}
	got, problems := collect(t, b)
	if len(got) != 3 || got[1].state == "" || want[1].redoData[:len(got[1].redoData)] != got[1].redoData || got[2] != want[2] {
		t.Errorf("got %.80v, want the second cut short", got)
	}
	if len(problems) != 1 || !errors.Is(problems[0], parse.ErrTruncated) {
		t.Errorf("problems: got %v, want one of %v", problems, parse.ErrTruncated)
	}
}

func TestLostRestartPages(t *testing.T) {
	l := logtest.New(1, 64*4096, 4096)
	want := story(l, 40, 5000, 40)
	b := l.Bytes()
	clear(b[:2*4096])
	got, problems := collect(t, b)
	sameOperations(t, "records", got, want)
	if len(problems) != 2 {
		t.Errorf("problems: got %v, want one for each restart page", problems)
	}
}

func TestRemnants(t *testing.T) {
	l := logtest.New(1, (4+4)*testPage, testPage)
	story(l, 40)
	lost := pattern(200, 9)
	lsn := l.Append(logtest.Record{RedoData: lost})
	story(l, 40)
	b := l.Bytes()
	at := 4*testPage + int(lsn<<lapBits(8*testPage)>>lapBits(8*testPage)<<3)%testPage
	b[at] ^= 0x80 // its LSN
	log, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var found [][]byte
	log.Walk(func(*Record) bool { return true }, func(r Remnant) bool { found = append(found, bytes.Clone(r.Bytes)); return true }, func(error) bool { return true })
	if len(found) != 1 || !bytes.Contains(found[0], lost) {
		t.Errorf("got %d remnants, want one with the record's data", len(found))
	}
}

func TestOperationFields(t *testing.T) {
	l := logtest.New(1, (4+4)*testPage, testPage)
	l.Append(logtest.Record{
		Redo: 0x08, Undo: 0x00, RedoData: []byte("redo"), UndoData: []byte("un"), Target: 0x18, At: 0x110, Inside: 0x22, Block: 2,
		VCN: 0x1234, LCNs: []uint64{77, 78},
	})
	l.Append(logtest.Record{Redo: 0x07, Undo: 0x07, RedoData: make([]byte, 712), UndoData: make([]byte, 3), Flags: 0x6, OmitData: true})
	l.Append(logtest.Record{Type: 2, Raw: make([]byte, 64)})
	b := l.Bytes()
	var got []Record
	for r, err := range Records(bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 3 {
		t.Fatalf("got %d records, want 3", len(got))
	}
	r := got[0]
	if r.Redo != UpdateNonresidentValue || r.Undo != Noop || r.TargetAttribute != 0x18 || r.RecordOffset != 0x110 || r.AttributeOffset != 0x22 || r.LCNCount != 2 || r.LCN(0) != 77 || r.LCN(1) != 78 || r.LCN(2) != 0 || r.Transaction != 0x18 {
		t.Errorf("got %+v", r)
	}
	if at, ok := r.TargetOffset(4096); !ok || at != 0x1234*4096+2*512 {
		t.Errorf("target offset: got %#x %v", at, ok)
	}
	if r := got[1]; r.RedoData != nil || r.UndoData != nil || r.RedoLength != 712 || r.UndoLength != 3 {
		t.Errorf("without data: got %+v", r)
	}
	if r := got[2]; r.Type != ClientRestart || len(r.Data) != 64 {
		t.Errorf("restart: got %+v", r)
	}
}

func TestUndecodable(t *testing.T) {
	for _, test := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"too short", make([]byte, 8), parse.ErrTruncated},
		{"redo past the end", append([]byte{7, 0, 7, 0, 0x28, 0, 0x40, 0}, make([]byte, 0x20)...), parse.ErrRange},
		{"redo in the header", append([]byte{7, 0, 7, 0, 0x08, 0, 0x04, 0}, make([]byte, 0x20)...), parse.ErrRange},
		{"undo past the end", append([]byte{7, 0, 7, 0, 0, 0, 0, 0, 0x28, 0, 8, 0}, make([]byte, 0x1C)...), parse.ErrRange},
	} {
		l := logtest.New(1, (4+4)*testPage, testPage)
		l.Append(logtest.Record{Raw: test.raw})
		want := story(l, 40)
		got, problems := collect(t, l.Bytes())
		sameOperations(t, test.name, got, want)
		if len(problems) != 1 || !errors.Is(problems[0], test.want) {
			t.Errorf("%s: problems: got %v, want one of %v", test.name, problems, test.want)
		}
	}
}

func TestNeverWritten(t *testing.T) {
	for _, fill := range []byte{0, 0xFF} {
		b := bytes.Repeat([]byte{fill}, 64<<10)
		if l, err := Open(bytes.NewReader(b), int64(len(b))); l != nil || !errors.Is(err, parse.ErrSignature) {
			t.Errorf("filled with %#x: got %v, %v", fill, l, err)
		}
	}
	if l, err := Open(bytes.NewReader(nil), 0); l != nil || err == nil {
		t.Errorf("empty: got %v, %v", l, err)
	}
}

func TestNewerRestartPageCounts(t *testing.T) {
	l := logtest.New(1, (4+4)*testPage, testPage)
	want := story(l, 40, 40)
	b := l.Bytes()
	log, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil || log.Restart().CurrentLSN != want[1].lsn {
		t.Fatalf("got %+v, %v, want the first page's LSN %#x", log, err, want[1].lsn)
	}
	b[testPage-1] ^= 1 // torn: the older one is whole
	log, err = Open(bytes.NewReader(b), int64(len(b)))
	if err != nil || log.Restart().CurrentLSN != want[1].lsn-1 || log.Restart().Torn {
		t.Fatalf("got %+v, %v, want the second page", log, err)
	}
}

func TestParseRestartPage(t *testing.T) {
	good := logtest.New(1, (4+4)*testPage, testPage).Bytes()[:testPage]
	p, err := ParseRestartPage(good)
	want := RestartPage{Major: 1, Minor: 1, SystemPageSize: testPage, LogPageSize: testPage, SequenceNumberBits: 64 - 11, FileSize: 8 * testPage, HeaderLength: 0x30, DataOffset: 0x40}
	if err != nil || p != want {
		t.Fatalf("got %+v, %v, want %+v", p, err, want)
	}
	for _, test := range []struct {
		name string
		at   int
		to   byte
		want error
	}{
		{"signature", 0, 'X', parse.ErrSignature},
		{"system page size", 0x11, 0x03, parse.ErrRange},
		{"log page size", 0x15, 0x03, parse.ErrRange},
		{"restart offset", 0x19, 0x40, parse.ErrRange},
		{"version", 0x1C, 9, parse.ErrUnsupported},
		{"lap bits", 0x28 + 16, 65, parse.ErrRange},
		{"header length", 0x28 + 36, 8, parse.ErrRange},
		{"data offset", 0x28 + 39, 4, parse.ErrRange},
	} {
		b := bytes.Clone(good)
		b[test.at] = test.to
		p, err := ParseRestartPage(b)
		var e *parse.Error
		if p != (RestartPage{}) || !errors.Is(err, test.want) || !errors.As(err, &e) {
			t.Errorf("%s: got %+v, %v, want %v", test.name, p, err, test.want)
		}
	}
}
