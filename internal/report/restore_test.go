package report

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// saver writes documents as JSON Lines.
type saver struct{ bytes.Buffer }

func (s *saver) Header(d Document) error  { return WriteJSONLine(s, d.Dict) }
func (s *saver) Finding(d Document) error { return WriteJSONLine(s, d.Dict) }
func (s *saver) Event(d Document) error   { return WriteJSONLine(s, d.Dict) }
func (s *saver) Problem(d Document) error { return WriteJSONLine(s, d.Dict) }
func (s *saver) Summary(d Document) error { return WriteJSONLine(s, d.Dict) }

// restore gives what Restore writes, what it returns and what it tells.
func restore(in io.Reader) (string, Restored, []string, error) {
	var s saver
	var told []string
	r, err := Restore(in, "saved.jsonl", func() (Writer, error) { return &s, nil }, func(err error) { told = append(told, err.Error()) })
	return s.String(), r, told, err
}

const (
	lineHeader  = `{"type":"header","tool":"jobscan","future":[1,{"x":null}]}` + "\n"
	lineMatch   = `{"type":"finding","file":{"path":"C:\\a.job"},"jobscan":{"verdict":"match"},"later":1.50}` + "\n"
	lineOpen    = `{"type":"event","jobscan":{"verdict":"undecided"}}` + "\n"
	lineOut     = `{"type":"finding","jobscan":{"verdict":"excluded"}}` + "\n"
	lineProblem = `{"type":"problem","severity":"warning","message":"odd"}` + "\n"
	lineSummary = `{"type":"summary","findings":{"match":1,"undecided":1,"excluded":1},"events":4,"problems":1,"complete":true,"volumes":[]}` + "\n"
	savedWhole  = lineHeader + lineMatch + lineOpen + lineOut + lineProblem + lineSummary
)

func TestRestore(t *testing.T) {
	empty := strings.Replace(lineSummary, `"match":1,"undecided":1,"excluded":1`, `"match":0,"undecided":0,"excluded":0`, 1)
	tests := []struct {
		name, in string
		want     Restored
		types    string // of the lines written, by first letter
		told     []string
	}{
		{"whole", savedWhole, Restored{2, true, 0}, "hfefps", nil},
		{"nothing found", lineHeader + empty, Restored{0, true, 0}, "hs", nil},
		{"not complete", lineHeader + strings.Replace(empty, `true`, `false`, 1), Restored{0, false, 0}, "hs", nil},
		{"complete is no boolean", lineHeader + strings.Replace(empty, `true`, `"true"`, 1), Restored{0, false, 0}, "hs", nil},
		{"byte order mark, CRLF", "\xef\xbb\xbf" + strings.ReplaceAll(savedWhole, "\n", "\r\n"), Restored{2, true, 0}, "hfefps", nil},
		{"damaged line", lineHeader + lineMatch + lineOpen + "{\"type\":oops}\n" + lineOut + lineProblem + lineSummary,
			Restored{2, false, 1}, "hfepfps", []string{"line 4: report line at 0x8: value: value out of range (expected a JSON value)"}},
		{"lost line", lineHeader + lineOpen + lineOut + lineProblem + lineSummary,
			Restored{1, false, 1}, "hefpps", []string{"the summary counts 1 with verdict match, the report holds 0"}},
		{"damaged header", "{\n" + lineMatch + lineOpen + lineOut + lineProblem + lineSummary, Restored{2, false, 2}, "hppfefps",
			[]string{"line 1: report line at 0x2: name: input ends too early (expected a quoted name)",
				"the report does not begin with its header: what was scanned is not known"}},
		{"second header", lineHeader + lineHeader + empty, Restored{0, false, 1}, "hps", []string{"line 2: a second header"}},
		{"after the summary", lineHeader + lineMatch + lineOpen + lineSummary + lineOut + lineSummary, Restored{2, false, 2}, "hfepfps",
			[]string{`line 5: type "finding" after the summary`, "line 6: a second summary"}},
		{"unknown type", lineHeader + `{"type":"rumour"}` + "\n" + empty, Restored{0, false, 1}, "hps",
			[]string{`line 2: report: a line of type "rumour" is not part of a report`}},
		{"cut off", lineHeader + lineMatch + `{"type":"fin`, Restored{1, false, 2}, "hfpps",
			[]string{"line 3: report line at 0xc: string: input ends too early (no closing quote)",
				"the report ends without its summary: the scan was cut off, or the file; its coverage is not known"}},
	}
	for _, tt := range tests {
		out, got, told, err := restore(strings.NewReader(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
		if !slices.Equal(told, tt.told) {
			t.Errorf("%s: told\n%q, want\n%q", tt.name, told, tt.told)
		}
		if types := lineTypes(t, out); types != tt.types {
			t.Errorf("%s: got lines %q, want %q", tt.name, types, tt.types)
		}
		if tt.want.Damaged == 0 && out != strings.ReplaceAll(strings.TrimPrefix(tt.in, "\xef\xbb\xbf"), "\r", "") {
			t.Errorf("%s: an undamaged report changed:\n%s", tt.name, out)
		}
	}
}

func lineTypes(t *testing.T, out string) string {
	t.Helper()
	types := ""
	for line := range strings.Lines(out) {
		d, err := ReadDocument([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		types += d.Type()[:1]
	}
	return types
}

// What is restored is a report that says itself what is wrong with it.
func TestRestoredReport(t *testing.T) {
	out, _, _, err := restore(strings.NewReader(lineHeader + "oops\n" + lineSummary))
	if err != nil {
		t.Fatal(err)
	}
	want := lineHeader +
		`{"type":"problem","severity":"error","source":"report","evidence":"saved.jsonl","volume":null,"record":null,"offset":59,"structure":"report line","field":"object","message":"line 2: report line at 0x0: object: wrong signature (expected '{')"}` + "\n" +
		problemOfCount("match") + problemOfCount("undecided") + problemOfCount("excluded") +
		`{"type":"summary","findings":{"match":0,"undecided":0,"excluded":0},"events":4,"problems":5,"complete":false,"volumes":[]}` + "\n"
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

func problemOfCount(verdict string) string {
	return `{"type":"problem","severity":"error","source":"report","evidence":"saved.jsonl","volume":null,"record":null,"offset":null,"structure":"report","field":"","message":"the summary counts 1 with verdict ` + verdict + `, the report holds 0"}` + "\n"
}

func TestRestoreNothing(t *testing.T) {
	broken := errors.New("disk on fire")
	tests := []struct {
		name string
		in   io.Reader
		want error
	}{
		{"empty", strings.NewReader(""), ErrNoReport},
		{"text", strings.NewReader("hello\nworld\n"), ErrNoReport},
		{"other JSON", strings.NewReader(`{"type":"job"}`), ErrNoReport},
		{"UTF-16", strings.NewReader("\xff\xfe{\x00"), ErrUTF16},
		{"read error", iotest.ErrReader(broken), broken},
	}
	for _, tt := range tests {
		out, got, told, err := restore(tt.in)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v, want %v", tt.name, err, tt.want)
		}
		if out != "" || got != (Restored{}) || told != nil {
			t.Errorf("%s: got %q, %+v, %q, want nothing", tt.name, out, got, told)
		}
	}
}

// Reading that fails on the way leaves what came before it.
func TestRestoreReadError(t *testing.T) {
	out, got, told, err := restore(io.MultiReader(strings.NewReader(lineHeader+lineMatch), iotest.ErrReader(errors.New("disk on fire"))))
	if err != nil || got != (Restored{1, false, 2}) || lineTypes(t, out) != "hfpps" || !strings.Contains(told[0], "line 3: reading the report: disk on fire") {
		t.Errorf("got %+v, %v, told %q, lines %s", got, err, told, out)
	}
}

// Damage without end is counted, not repeated.
func TestRestoreManyDamages(t *testing.T) {
	_, got, told, err := restore(strings.NewReader(lineHeader + strings.Repeat("x\n", 5000)))
	if err != nil || got.Damaged != 5001 || len(told) != maxTold+1 {
		t.Errorf("got %+v, %v, %d told", got, err, len(told))
	}
	if last := told[len(told)-1]; last != "4001 more lines are damaged" {
		t.Errorf("the last says %q", last)
	}
}

func TestRestoreWriterErrors(t *testing.T) {
	full := errors.New("full")
	_, err := Restore(strings.NewReader(savedWhole), "", func() (Writer, error) { return nil, full }, func(error) {})
	if !errors.Is(err, full) {
		t.Errorf("open: got %v", err)
	}
	for _, call := range []string{"Header", "Finding", "Event", "Problem", "Summary"} {
		r := &recorder{fail: call}
		got, err := Restore(strings.NewReader(savedWhole), "", func() (Writer, error) { return r, nil }, func(error) {})
		if err == nil || err.Error() != "full" || got != (Restored{}) {
			t.Errorf("%s: got %+v, %v", call, got, err)
		}
	}
}

func TestLongLine(t *testing.T) {
	const limit = 100
	in := lineHeader + `{"type":"` + strings.Repeat("x", 200_000) + "\"}\n" + lineProblem
	var got []string
	for line := range savedLines(strings.NewReader(in), limit) {
		if line.err != nil {
			got = append(got, line.err.Error())
			continue
		}
		got = append(got, line.document.Type())
		if want := int64(strings.Index(in, `{"type":"`+line.document.Type())); line.offset != want {
			t.Errorf("line %d: got offset %d, want %d", line.number, line.offset, want)
		}
	}
	if want := []string{"header", "report line: longer than 100 bytes", "problem"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// checkRestore holds for any input: what is written is a report that reads back,
// whole only if nothing was told.
func checkRestore(t *testing.T, in []byte) {
	t.Helper()
	out, got, told, err := restore(bytes.NewReader(in))
	if err != nil {
		if out != "" || len(told) > 0 || !errors.Is(err, ErrNoReport) && !errors.Is(err, ErrUTF16) {
			t.Fatalf("%q: error %v with output %q, told %q", in, err, out, told)
		}
		return
	}
	if (got.Damaged == 0) != (len(told) == 0) || got.Damaged > 0 && got.Complete {
		t.Fatalf("%q: %+v, told %q", in, got, told)
	}
	if err := Replay(strings.NewReader(out), &recorder{}); err != nil {
		t.Fatalf("%q: the restored report does not read: %v\n%s", in, err, out)
	}
	again, second, told, err := restore(strings.NewReader(out))
	if err != nil || again != out || second.Damaged != 0 {
		t.Fatalf("%q: restored again: %+v, told %q, %v\n%s", in, second, told, err, again)
	}
}

func TestRestoreTruncatedAndFlipped(t *testing.T) {
	whole := []byte(savedWhole)
	for n := range whole {
		checkRestore(t, whole[:n])
	}
	for i := range whole {
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1 << bit
			checkRestore(t, flipped)
		}
	}
}

func FuzzRestore(f *testing.F) {
	f.Add([]byte(savedWhole))
	f.Add([]byte(lineSummary + lineHeader + "x"))
	f.Fuzz(func(t *testing.T, in []byte) { checkRestore(t, in) })
}
