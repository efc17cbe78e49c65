package rule

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/rule/eql"
)

// caseLine is one line of a file of query cases.
type caseLine struct {
	ID       string
	Query    string
	Event    map[string]any
	Expected any
	Mode     string
	Unknown  []string
}

// fieldMap is a record of plain values; what it lacks is absent, unless a
// pattern of unknown ("process.*" or a whole name) covers it.
type fieldMap struct {
	fields  map[string]eql.Value
	unknown []string
}

func (m fieldMap) Field(name string) eql.Value {
	if v, ok := m.fields[name]; ok {
		return v
	}
	for _, p := range m.unknown {
		if prefix, any := strings.CutSuffix(p, "*"); p == name || any && strings.HasPrefix(name, prefix) {
			return eql.NotKnown()
		}
	}
	return eql.Missing()
}

func jsonScalar(v any) eql.Scalar {
	switch v := v.(type) {
	case string:
		return eql.Scalar{Kind: eql.KindString, Str: v}
	case bool:
		return eql.Scalar{Kind: eql.KindBool, Bool: v}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return eql.Scalar{Kind: eql.KindInt, Int: i}
		}
		f, _ := v.Float64()
		return eql.Scalar{Kind: eql.KindFloat, Float: f}
	}
	return eql.Scalar{}
}

func jsonFields(event map[string]any) map[string]eql.Value {
	out := map[string]eql.Value{}
	for name, v := range event {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		value := eql.Missing()
		for _, m := range list {
			if s := jsonScalar(m); s.Kind != eql.KindNull {
				value.State = eql.Known
				value.Many = append(value.Many, s)
			}
		}
		out[name] = value
	}
	return out
}

// TestCases runs query cases kept outside the project: expected is true or false
// in mode es, where a missing field is absent; T, F or U in mode kleene; or
// "error" for a query that must not parse.
func TestCases(t *testing.T) {
	folder := os.Getenv("JOBSCAN_RULE_CASES")
	if folder == "" {
		t.Skip("JOBSCAN_RULE_CASES does not name the folder of examples.jsonl")
	}
	f, err := os.Open(filepath.Join(folder, "examples.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for ; lines.Scan(); n++ {
		d := json.NewDecoder(strings.NewReader(lines.Text()))
		d.UseNumber()
		var c caseLine
		if err := d.Decode(&c); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		runCase(t, c)
	}
	if err := lines.Err(); err != nil || n == 0 {
		t.Fatalf("%d cases, %v", n, err)
	}
	t.Logf("%d cases", n)
}

func runCase(t *testing.T, c caseLine) {
	q, err := eql.Parse(c.Query)
	if c.Expected == "error" {
		if err == nil {
			t.Errorf("%s: parsed, want an error: %s", c.ID, c.Query)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", c.ID, err)
		return
	}
	want := eql.False
	switch c.Expected {
	case true, "T":
		want = eql.True
	case "U":
		want = eql.Unknown
	}
	rec := fieldMap{jsonFields(c.Event), c.Unknown}
	if got := q.Truth(rec); got != want {
		t.Errorf("%s: got %v, want %v: %s", c.ID, got, want, c.Query)
	}
	again, err := eql.Parse(q.String())
	if err != nil {
		t.Errorf("%s: normal form %s: %v", c.ID, q, err)
	} else if got := again.Truth(rec); got != want {
		t.Errorf("%s: got %v, want %v from the normal form %s", c.ID, got, want, again)
	}
}
