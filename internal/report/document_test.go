package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/Velocidex/ordereddict"
)

func TestLookupAndText(t *testing.T) {
	d := Document{dict(
		"type", "finding",
		"@timestamp", "2024-05-01T12:00:00.0000000Z",
		"file", dict("path", `C:\x`, "size", uint64(5), "hash.sha256", "ab"),
		"file.name", "dotted beside nested",
		"jobscan.job", dict("command_line", "cmd", "comment", nil, "flags", []string{"A", "B"}),
		"jobscan", dict("verdict", "match", "support", []any{dict("source", "mft"), "odd"}),
		"a", dict("b", "no object"),
		"empty", []string{},
		"numbers", []any{1, json.Number("2.0"), nil, true},
		"float", 2.5,
	)}
	tests := []struct {
		path  string
		found bool
		text  string
	}{
		{"type", true, "finding"},
		{"@timestamp", true, "2024-05-01T12:00:00.0000000Z"},
		{"file.path", true, `C:\x`},
		{"file.size", true, "5"},
		{"file.hash.sha256", true, "ab"},
		{"file.name", true, "dotted beside nested"},
		{"jobscan.job.command_line", true, "cmd"},
		{"jobscan.job.comment", true, ""},
		{"jobscan.job.flags", true, "A; B"},
		{"jobscan.verdict", true, "match"},
		{"jobscan.support", true, `{"source":"mft"}; odd`},
		{"a.b.c", false, ""},
		{"a.", false, ""},
		{".a", false, ""},
		{"nothing", false, ""},
		{"", false, ""},
		{"empty", true, ""},
		{"numbers", true, "1; 2.0; null; true"},
		{"float", true, "2.5"},
	}
	for _, tt := range tests {
		_, found := d.Lookup(tt.path)
		if text := d.Text(tt.path); found != tt.found || text != tt.text {
			t.Errorf("%q: got %q (found %v), want %q (found %v)", tt.path, text, found, tt.text, tt.found)
		}
	}
	if got := d.Type(); got != "finding" {
		t.Errorf("type: got %q, want finding", got)
	}
	if got := (Document{}).Text("a.b"); got != "" {
		t.Errorf("zero document: got %q, want nothing", got)
	}
	if got := len(d.List("jobscan.support")); got != 1 {
		t.Errorf("list: got %d objects, want 1", got)
	}
}

func TestSet(t *testing.T) {
	type pair struct {
		path  string
		value any
	}
	tests := []struct {
		name  string
		pairs []pair
		want  string
	}{
		{"nested in order", []pair{{"file.path", "p"}, {"@timestamp", "t"}, {"file.hash.sha256", "h"}, {"file.name", "n"}},
			`{"file":{"path":"p","hash":{"sha256":"h"},"name":"n"},"@timestamp":"t"}`},
		{"replaced in place", []pair{{"a.b", 1}, {"a.c", 2}, {"a.b", 3}}, `{"a":{"b":3,"c":2}}`},
		{"a value in the way", []pair{{"a", 1}, {"a.b.c", 2}}, `{"a":1,"a.b.c":2}`},
		{"a null in the way", []pair{{"a", nil}, {"a.b", 2}}, `{"a":null,"a.b":2}`},
		{"a document inside", []pair{{"a", Document{ordereddict.NewDict()}}, {"a.b", 2}}, `{"a":{"b":2}}`},
	}
	for _, tt := range tests {
		d := ordereddict.NewDict()
		for _, p := range tt.pairs {
			Set(d, p.path, p.value)
		}
		var b bytes.Buffer
		if err := WriteJSONLine(&b, d); err != nil || b.String() != tt.want+"\n" {
			t.Errorf("%s: got %s (error %v), want %s", tt.name, b.String(), err, tt.want)
		}
		last := tt.pairs[len(tt.pairs)-1]
		if got, ok := (Document{d}).Lookup(last.path); !ok || got != last.value {
			t.Errorf("%s: Lookup(%q) got %v, want %v", tt.name, last.path, got, last.value)
		}
	}
}

type word string

// A value reads the same in memory and after it was saved, whatever its type was.
func TestTextOfSaved(t *testing.T) {
	var none *ordereddict.Dict
	d := NewDocument(TypeFinding)
	for i, value := range []any{
		"a", word("a"), 7, uint16(7), 0.5, true, nil, none, []string{}, []string{"a", "b"}, []word{"a", "b"}, []int{1, 2}, []uint16(nil), [2]uint8{3, 4},
		[]any{"a", 1, nil, []any{"b"}}, []*ordereddict.Dict{dict("x", 1), dict()}, []Document{{dict("x", "y")}}, dict("x", word("z")), [][]int{{1}, {2, 3}},
	} {
		d.Set(fmt.Sprint("v", i), value)
	}
	var line bytes.Buffer
	if err := WriteJSONLine(&line, d.Dict); err != nil {
		t.Fatal(err)
	}
	saved, err := ReadDocument(line.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range d.Items() {
		if got, want := d.Text(item.Key), saved.Text(item.Key); got != want {
			t.Errorf("%T: in memory %q, saved %q", item.Value, got, want)
		}
	}
}

// TestTexts: a list reads the same in memory and after saving.
func TestTexts(t *testing.T) {
	d := ordereddict.NewDict()
	Set(d, "a", []string{"x; y", "z"})
	Set(d, "b", []any{"x; y", "z"})
	Set(d, "c", "x; y")
	want := map[string][]string{"a": {"x; y", "z"}, "b": {"x; y", "z"}, "c": {"x; y"}, "d": nil}
	for path, texts := range want {
		if got := (Document{d}).Texts(path); !slices.Equal(got, texts) {
			t.Errorf("%s: got %q, want %q", path, got, texts)
		}
	}
}
