package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/jobscan/jobscan/rule"
)

// TestEvaluationLine holds the lines against those of encoding/json.
func TestEvaluationLine(t *testing.T) {
	texts := []string{"", "plain", `C:\Windows\"x"`, "\x00\x01\b\f\n\r\t\x1f\x7f", "<&>", "é😀\u2028\u2029", "\xff a\xed\xa0\xbdb\xe2", "\uFFFD"}
	verdicts := []rule.Verdict{
		{Outcome: rule.NoMatch}, {Outcome: rule.Match}, {Outcome: rule.Excluded},
		{Outcome: rule.Undecided, Missing: []string{"a", "b"}, Residual: `a == "x"`, IfAbsent: rule.Match},
		{Outcome: rule.Undecided, Missing: []string{"a"}},
	}
	for i, text := range texts {
		for _, v := range verdicts {
			r := &rule.Rule{ID: text, Name: text + "n"}
			want := evaluationLine{Type: "evaluation", Document: i, Rule: evaluationRule{r.ID, r.Name}, Verdict: v.Outcome.String(),
				Missing: []string{}, Because: text, Residual: v.Residual}
			if v.Outcome == rule.Undecided {
				want.Missing, want.IfAbsent = v.Missing, v.IfAbsent.String()
			}
			var b bytes.Buffer
			if err := writeJSONLine(&b, want); err != nil {
				t.Fatal(err)
			}
			member := evaluatedRules([]*rule.Rule{r})[0].member
			if got := appendEvaluation(nil, i, member, v.Outcome, []byte(text), &v); string(got) != b.String() {
				t.Errorf("%q, %v:\n got %s want %s", text, v.Outcome, got, &b)
			}
		}
	}
}

func FuzzJSONString(f *testing.F) {
	f.Add("a\"\\\x00\u2028\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		if err := writeJSONLine(&b, s); err != nil {
			t.Fatal(err)
		}
		if got := string(appendJSONString(nil, []byte(s))) + "\n"; got != b.String() {
			t.Fatalf("got %q, want %q", got, &b)
		}
	})
}

// TestRuleEvalChunks evaluates more than one chunk holds: every document gets its
// line in order, under its number.
func TestRuleEvalChunks(t *testing.T) {
	var in, want, wantErr strings.Builder
	line, document := 0, 0
	for document < 5000 {
		line++
		switch {
		case line%13 == 0:
			in.WriteString(" \n")
			continue
		case line%101 == 0:
			in.WriteString("{\n")
			document++
			fmt.Fprintf(&wantErr, "jobscan: -: line %d: JSON ends too early\n", line)
			continue
		case line%1500 == 0: // a large chunk
			in.WriteString(`{"x":"` + strings.Repeat("x", largeChunk) + `"}` + "\n")
			document++
			fmt.Fprintf(&want, "%8d  no_match   no match: event.category is not file\n", document)
			continue
		}
		document++
		in.WriteString(otherEvent + "\n")
		fmt.Fprintf(&want, "%8d  no_match   no match: file.extension is not job\n", document)
	}
	args := []string{"eval", "--query", `file where file.extension : "job"`, "-"}
	code, stdout, stderr := runRule(in.String(), args...)
	_, body, _ := strings.Cut(stdout, "\n")
	if code != 3 || !strings.HasPrefix(body, want.String()) || strings.Count(body, "\n") != strings.Count(want.String(), "\n")+1 {
		t.Errorf("got exit %d and other lines than wanted", code)
	}
	if stderr != wantErr.String() {
		t.Errorf("standard error: got\n%s\nwant\n%s", stderr, &wantErr)
	}
}

func TestChunkReaderNamesTheFailingLine(t *testing.T) {
	broken := errors.New("broken")
	e := &evaluation{}
	r := newChunkReader(io.MultiReader(strings.NewReader("{}\n\n{}\n"), iotest.ErrReader(broken)), "x", 5, 1, &e.chunks)
	c, err := r.next()
	if err != nil || len(c.lines) != 2 || c.lines[1] != (documentLine{line: 3, document: 7, start: 2, end: 4}) {
		t.Fatalf("first chunk: %+v, %v", c, err)
	}
	for range 2 {
		if c, err := r.next(); c != nil || !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "x: line 4: ") {
			t.Errorf("after the failure: %+v, %v", c, err)
		}
	}
	long := io.MultiReader(strings.NewReader("{}\n"), io.LimitReader(endless{}, maxDocumentLine+1))
	r = newChunkReader(long, "x", 0, 1, &e.chunks)
	if c, err := r.next(); err != nil || len(c.lines) != 1 {
		t.Errorf("before a line too long: %v", err)
	}
	if c, err := r.next(); c != nil || err == nil || !strings.HasPrefix(err.Error(), "x: line 2: ") {
		t.Errorf("line too long: %v", err)
	}
}

// endless is a line without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestRepeatedFieldsKeepAnOrder: members of JSON have none.
func TestRepeatedFieldsKeepAnOrder(t *testing.T) {
	const line = `{"file":{"name":"2"},"a":{"x":1},"b":2,"file.name":"1","c":3}`
	for range 50 {
		d, err := parseDocument([]byte(line), &documentPlan{})
		if err != nil {
			t.Fatal(err)
		}
		if v := d.Field("file.name"); len(v.Many) != 2 || v.Many[0].Str != "2" || v.Many[1].Str != "1" {
			t.Fatalf("got %+v, want 2 and 1", v)
		}
	}
}
