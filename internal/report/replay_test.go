package report

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// recorder notes which calls a writer gets.
type recorder struct {
	calls []string
	fail  string
}

func (r *recorder) note(call string) error {
	r.calls = append(r.calls, call)
	if call == r.fail {
		return errors.New("full")
	}
	return nil
}

func (r *recorder) Header(Document) error  { return r.note("Header") }
func (r *recorder) Finding(Document) error { return r.note("Finding") }
func (r *recorder) Event(Document) error   { return r.note("Event") }
func (r *recorder) Problem(Document) error { return r.note("Problem") }
func (r *recorder) Summary(Document) error { return r.note("Summary") }

func TestReplay(t *testing.T) {
	const h, f, e, p, s = `{"type":"header"}` + "\n", `{"type":"finding"}` + "\n", `{"type":"event"}` + "\n",
		`{"type":"problem"}` + "\n", `{"type":"summary"}` + "\n"
	tests := []struct {
		name, in, fail string
		calls          []string
		err            string
	}{
		{"whole", h + f + p + "\n" + e + s, "", []string{"Header", "Finding", "Problem", "Event", "Summary"}, ""},
		{"no LF at the end", strings.TrimSpace(h + s), "", []string{"Header", "Summary"}, ""},
		{"empty", "", "", nil, "ends without its summary"},
		{"cut off", h + f, "", []string{"Header", "Finding"}, "ends without its summary"},
		{"cut in a line", h + `{"type":"fin`, "", []string{"Header"}, "line 2: report line at 0xc: string: input ends too early"},
		{"no header", f + s, "", nil, "line 1: a report begins with its only header"},
		{"second header", h + h, "", []string{"Header"}, "line 2: a report begins with its only header"},
		{"more after the summary", h + s + f, "", []string{"Header", "Summary"}, `line 3: type "finding" after the summary`},
		{"other type", h + `{"type":"job"}`, "", []string{"Header"}, `line 2: report: a line of type "job"`},
		{"writer fails", h + f + s, "Finding", []string{"Header", "Finding"}, "line 2: full"},
	}
	for _, tt := range tests {
		r := &recorder{fail: tt.fail}
		err := Replay(strings.NewReader(tt.in), r)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got error %v, want %q", tt.name, err, tt.err)
		}
		if !slices.Equal(r.calls, tt.calls) {
			t.Errorf("%s: got calls %q, want %q", tt.name, r.calls, tt.calls)
		}
	}
}
