package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/rule/eql"
)

const (
	ordinaryEvent = `{"event":{"category":["file"],"type":"creation"},"host.os.type":"windows","file":{"path":"C:\\Windows\\Tasks\\At1.job","extension":"job"}}`
	excludedName  = `{"_id":"1","_source":{"event":{"category":["file"],"type":["creation"]},"host":{"os":{"type":"windows"}},"file":{"path":"C:\\Windows\\Tasks\\CCleanerCrashReporting.job","extension":"job"}}}`
	otherEvent    = `{"event.category":"file","event.type":"creation","host.os.type":"windows","file.path":"C:\\x.txt","file.extension":"txt"}`
)

// runRule runs a command line in the process.
func runRule(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	code = run(context.Background(), append([]string{"rule"}, args...), strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestRuleEval(t *testing.T) {
	badRule := filepath.Join(t.TempDir(), "bad.toml")
	writeRuleFile(t, badRule, "[rule]\ntype='eql'\nquery='''\nfile where\n\tx == 'a'\n'''\n")
	kuery := filepath.Join(t.TempDir(), "kuery.toml")
	writeRuleFile(t, kuery, "[rule]\ntype='query'\nquery='a:b'\n")
	tests := []struct {
		name, stdin string
		args        []string
		code        int
		stdout      []string // verdicts of the JSON Lines, as "document verdict missing"
		stderr      string   // part of
	}{
		{"match", ordinaryEvent, nil, 1, []string{"1 match []"}, ""},
		{"nothing", otherEvent, nil, 0, []string{"1 no_match []"}, ""},
		{"no document", "\n\n", nil, 0, nil, ""},
		{"absent process", excludedName, nil, 1, []string{"1 match []"}, ""},
		{"unknown process", excludedName, []string{"--unknown", "process.*"}, 1, []string{"1 undecided [process.executable]"}, ""},
		{"unknown by a whole name", excludedName, []string{"--unknown", "process.executable"}, 1, []string{"1 undecided [process.executable]"}, ""},
		{"unknown does not override", ordinaryEvent, []string{"--unknown", "file.*"}, 1, []string{"1 match []"}, ""},
		{"newer rule", ordinaryEvent, []string{"--rule", "builtin:2026-07", "--unknown", "*"}, 1, []string{"1 undecided [process.executable]"}, ""},
		{"two rules", otherEvent, []string{"--rule", "builtin:2026-07", "--rule", "builtin:2024-10"}, 0, []string{"1 no_match []", "1 no_match []"}, ""},
		{"exit zero", ordinaryEvent, []string{"--exit-zero"}, 0, []string{"1 match []"}, ""},
		{"query", ordinaryEvent, []string{"--query", `file where file.extension == "job"`}, 1, []string{"1 match []"}, ""},
		{"category field", ordinaryEvent, []string{"--query", "creation where true", "--category-field", "event.type"}, 1, []string{"1 match []"}, ""},
		{"blank lines and CRLF", "\r\n" + otherEvent + "\r\n\r\n" + ordinaryEvent + "\r\n", nil, 1, []string{"1 no_match []", "2 match []"}, ""},
		{"byte order mark", "\xEF\xBB\xBF" + ordinaryEvent, nil, 1, []string{"1 match []"}, ""},
		{"unreadable line, nothing matched", otherEvent + "\n{\"a\"\n" + otherEvent, nil, 3, []string{"1 no_match []", "3 no_match []"}, "-: line 2: JSON ends too early"},
		{"unreadable line, match", "[]\n" + ordinaryEvent, nil, 1, []string{"2 match []"}, "-: line 1: "},
		{"null", "null", nil, 3, nil, "expected a JSON object"},
		{"two values", "{} {}", nil, 3, nil, "more than one JSON value"},
		{"bad query", "", []string{"--query", "file where x = 1"}, 2, nil, "line 1, column 14: comparison is written"},
		{"rule and query", "", []string{"--query", "any where true", "--rule", "builtin:2024-10"}, 2, nil, "query"},
		{"empty query", "", []string{"--query", ""}, 2, nil, "expected an event category"},
		{"no such rule", "", []string{"--rule", "builtin:x"}, 2, nil, "no built-in rule"},
		{"rule with a mistake", "", []string{"--rule", badRule}, 2, nil, "bad.toml:5: rule.query: line 2, column 7"},
		{"rule of another language", "", []string{"--rule", kuery}, 2, nil, "not supported"},
	}
	for _, tt := range tests {
		code, stdout, stderr := runRule(tt.stdin, append([]string{"eval", "--format", "jsonl", "-"}, tt.args...)...)
		if got := evaluations(t, stdout); code != tt.code || fmt.Sprint(got) != fmt.Sprint(tt.stdout) || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: got exit %d, %v, %q\nwant %d, %v, %q", tt.name, code, got, stderr, tt.code, tt.stdout, tt.stderr)
		}
	}
}

func evaluations(t *testing.T, stdout string) []string {
	var out []string
	for line := range strings.Lines(stdout) {
		var e evaluationLine
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Type != "evaluation" || e.Because == "" {
			t.Errorf("line %q: %v", line, err)
		}
		out = append(out, fmt.Sprintf("%d %s %v", e.Document, e.Verdict, e.Missing))
	}
	return out
}

func TestRuleEvalTable(t *testing.T) {
	code, stdout, _ := runRule(ordinaryEvent+"\n"+excludedName, "eval", "--unknown", "process.*", "-")
	want := `DOCUMENT  VERDICT    BECAUSE
       1  match      creation of C:\Windows\Tasks\At1.job satisfies every condition; no exclusion can apply
       2  undecided  match unless written by ?:\Program Files\CCleaner\CCleaner64.exe
2 documents: 1 match, 1 undecided, 0 excluded, 0 no match, 0 unreadable
`
	if code != 1 || stdout != want {
		t.Errorf("got exit %d\n%s\nwant 1\n%s", code, stdout, want)
	}
	if code, stdout, _ := runRule(ordinaryEvent, "eval", "--query", "any where false", "-"); code != 0 ||
		!strings.HasSuffix(stdout, "no match: a condition of the query holds for no event\n1 document: 0 match, 0 undecided, 0 excluded, 1 no match, 0 unreadable\n") {
		t.Errorf("one document: got exit %d, %s", code, stdout)
	}
	if _, stdout, _ := runRule("no event\n"+ordinaryEvent, "eval", "-"); !strings.HasPrefix(stdout, "DOCUMENT") {
		t.Errorf("after an unreadable line there is no heading: %q", stdout)
	}
	if code, _, stderr := runRule("", "eval", "/no/such/file"); code != 2 || stderr == "" {
		t.Errorf("missing input: exit %d, %q", code, stderr)
	}
	if code, _, _ := runRule("", "eval", "--format", "xml", "-"); code != 2 {
		t.Errorf("unknown format: exit %d", code)
	}
	evil := strings.Replace(ordinaryEvent, "At1", `\u001b[31m\u202e`, 1)
	if _, stdout, _ := runRule(evil, "eval", "-"); strings.ContainsAny(stdout, "\x1b\u202e") {
		t.Errorf("escape sequence in the table: %q", stdout)
	}
}

// TestRuleEvalExcess: a comparison with too many combinations of values is an
// error about the document, not a verdict that depends on fields it has.
func TestRuleEvalExcess(t *testing.T) {
	values := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`"v",`, n), ",") + "]"
	}
	document := func(n int) string {
		v := values(n)
		return fmt.Sprintf(`{"a":%s,"b":%s,"c":%s,"d":%s,"e":%s}`, v, v, v, v, v)
	}
	stdin := document(12) + "\n" + document(17) + "\n" + document(1)
	query := `any where concat(a, b, c, d, e) == "x"`
	code, stdout, stderr := runRule(stdin, "eval", "--format", "jsonl", "--query", query, "-")
	if got := evaluations(t, stdout); code != 3 || fmt.Sprint(got) != "[1 no_match [] 3 no_match []]" {
		t.Errorf("got exit %d, %v", code, got)
	}
	if want := "jobscan: -: line 2: not evaluated: more than 1048576 combinations of the values of a, b, c, d, e\n"; stderr != want {
		t.Errorf("got  %q\nwant %q", stderr, want)
	}
	_, stdout, _ = runRule(stdin, "eval", "--query", query, "-")
	if want := "3 documents: 0 match, 0 undecided, 0 excluded, 2 no match, 0 unreadable, 1 not evaluated\n"; !strings.HasSuffix(stdout, want) {
		t.Errorf("got  %q\nwant %q", stdout, want)
	}
	if code, stdout, _ = runRule(stdin, "eval", "--format", "jsonl", "--query", query+" and f == 1", "-"); code != 0 || strings.Count(stdout, "no_match") != 3 {
		t.Errorf("decided by another condition: got exit %d, %s", code, stdout)
	}
}

func TestRuleCheck(t *testing.T) {
	folder := t.TempDir()
	writeRuleFile(t, filepath.Join(folder, "good.toml"), "[rule]\ntype='eql'\nname='g'\nquery='file where ?user.id == \"x\" and file.size : \"1\"'\n")
	writeRuleFile(t, filepath.Join(folder, "kuery.toml"), "[rule]\ntype='query'\nquery='a:b'\n")
	writeRuleFile(t, filepath.Join(folder, "sequence.toml"), "[rule]\ntype='eql'\nquery='sequence [any where true] [any where true]'\n")
	writeRuleFile(t, filepath.Join(folder, "notes.txt"), "not a rule")
	writeRuleFile(t, filepath.Join(folder, "families.toml"), "[rule]\ntype='eql'\nquery='file where process.pid == 4 and event.code : \"11\" and "+
		"not user.domain : \"x\" and process.code_signature.trusted == true and process.args : \"y\" and file.pth == \"z\"'\n")
	code, stdout, _ := runRule("", "check", "--format", "jsonl", "builtin:2024-10", "builtin:2026-07", folder)
	var got []string
	for line := range strings.Lines(stdout) {
		var c ruleCheck
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, fmt.Sprintf("%s %v %s %s %d", filepath.Base(c.Source), c.Supported, c.Class, c.Best, len(c.Warnings)))
	}
	want := []string{"builtin:2024-10 true B match 0", "builtin:2026-07 true B undecided 0", "families.toml true D undecided 1", "good.toml true D undecided 2",
		"kuery.toml false   0", "sequence.toml false   0"}
	if code != 3 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got exit %d, %q\nwant 3, %q", code, got, want)
	}
	writeRuleFile(t, filepath.Join(folder, "bad.toml"), "[rule]\ntype='eql'\nquery='file where'\n")
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"built-in", []string{"builtin:2024-10"}, 0, "class        B, can match on NTFS evidence alone\n"},
		{"availability", []string{"builtin:2024-10"}, 0, "not in NTFS  process.executable\n"},
		{"mistake in the folder", []string{folder}, 2, "error        "},
		{"unsupported", []string{filepath.Join(folder, "kuery.toml")}, 3, `unsupported  rule.type: "query" is not supported`},
		{"warning", []string{filepath.Join(folder, "good.toml")}, 0, "warning      line 1, column 32: file.size: a number is compared with a string: never true\n"},
		{"missing file", []string{"/no/such/rule.toml"}, 2, "error        open /no/such/rule.toml"},
		{"empty folder", []string{t.TempDir()}, 2, ""},
		{"no argument", nil, 2, ""},
	}
	for _, tt := range tests {
		code, stdout, _ := runRule("", append([]string{"check"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stdout, tt.want) {
			t.Errorf("%s: got exit %d\n%s\nwant %d, %q", tt.name, code, stdout, tt.code, tt.want)
		}
	}
}

func writeRuleFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestParseDocument(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"nested and dotted", `{"a":{"b":1},"a.c":"x","a.d":{"e":true}}`, "a.b=1 a.c=x a.d.e=true"},
		{"array", `{"a":["x","y",null]}`, "a=x,y"},
		{"array of objects", `{"a":[{"b":1},{"b":[2,3]},{"c":4}]}`, "a.b=1,2,3 a.c=4"},
		{"same field twice", `{"a.b":1,"a":{"b":1}}`, "a.b=1,1"},
		{"null and empty", `{"a":null,"b":[],"c":[null],"d":{}}`, "a=- b=- c=-"},
		{"numbers", `{"a":1.5,"b":9223372036854775808,"c":-3,"d":1e400}`, "a=1.5 b=9.223372036854775808e18 c=-3 d=1e400"},
		{"source", `{"_index":"i","_source":{"a":1}}`, "a=1"},
		{"fields of a hit", `{"_index":"i","fields":{"a.b":["x"]}}`, "a.b=x"},
		{"fields of no hit", `{"fields":{"a":1}}`, "fields.a=1"},
		{"source that is none", `{"_source":1}`, "_source=1"},
	}
	for _, tt := range tests {
		d, err := parseDocument([]byte(tt.line), &documentPlan{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		for pair := range strings.FieldsSeq(tt.want) {
			name, values, _ := strings.Cut(pair, "=")
			checkField(t, tt.name, d, name, values)
		}
		if n := len(strings.Fields(tt.want)); len(d.fields) != n {
			t.Errorf("%s: %d fields, want %d: %v", tt.name, len(d.fields), n, d.fields)
		}
	}
	for _, bad := range []string{"", "{", "[1]", "null", `{"a":1}x`, strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), `{"a":` + strings.Repeat("[", 5000)} {
		if d, err := parseDocument([]byte(bad), &documentPlan{}); err == nil {
			t.Errorf("%.40q: got %v, want an error", bad, d.fields)
		}
	}
}

// checkField holds a field against its values: "-" is absent.
func checkField(t *testing.T, name string, d *document, field, values string) {
	t.Helper()
	v := d.Field(field)
	if values == "-" {
		if v.State != eql.Absent {
			t.Errorf("%s: %s: got %+v, want absent", name, field, v)
		}
		return
	}
	for _, want := range strings.Split(values, ",") {
		q, err := eql.Parse(fmt.Sprintf("any where string(%s) == %q or %s == %s", field, want, field, numberOr(want)))
		if err != nil {
			t.Fatal(err)
		}
		if q.Truth(d) != eql.True {
			t.Errorf("%s: %s: got %+v, want %s", name, field, v, want)
		}
	}
	if n := max(len(v.Many), 1); n != strings.Count(values, ",")+1 {
		t.Errorf("%s: %s: %d values, want %s", name, field, n, values)
	}
}

func numberOr(s string) string {
	if strings.Trim(s, "0123456789.e") == "" && s != "1e400" {
		return s
	}
	return "null"
}

func TestUnknownPattern(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"process.*", "process.name", true}, {"process.*", "process", false}, {"process.*", "xprocess.name", false},
		{"process", "process", true}, {"process", "process.name", false}, {"*", "a.b", true}, {"*.name", "a.name", true},
		{"a*b*c", "axxbxxc", true}, {"a*b*c", "axxcxxb", false}, {"a*a", "a", false}, {"", "a", false},
	}
	for _, tt := range tests {
		if got := newUnknownPattern(tt.pattern).match(tt.name); got != tt.want {
			t.Errorf("%q on %q: got %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
}

// TestRuleEvalCases runs the cases of a folder outside the project through the
// command, one query and document at a time.
func TestRuleEvalCases(t *testing.T) {
	folder := os.Getenv("JOBSCAN_RULE_CASES")
	if folder == "" {
		t.Skip("JOBSCAN_RULE_CASES does not name the folder of examples.jsonl")
	}
	f, err := os.Open(filepath.Join(folder, "examples.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string]string{"true": "match", "T": "match", "U": "undecided", "false": "", "F": ""}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		var c struct {
			ID, Query string
			Event     json.RawMessage
			Expected  any
			Unknown   []string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		args := []string{"eval", "--format", "jsonl", "--query", c.Query, "-"}
		for _, u := range c.Unknown {
			args = append(args, "--unknown", u)
		}
		code, stdout, stderr := runRule(string(c.Event), args...)
		if c.Expected == "error" {
			if code != 2 || stdout != "" || stderr == "" {
				t.Errorf("%s: exit %d, %q, want an error", c.ID, code, stdout)
			}
			continue
		}
		var e evaluationLine
		if err := json.Unmarshal([]byte(stdout), &e); err != nil {
			t.Errorf("%s: %v: %q", c.ID, err, stdout)
		}
		if got := strings.TrimPrefix(strings.TrimPrefix(e.Verdict, "no_match"), "excluded"); got != want[fmt.Sprint(c.Expected)] {
			t.Errorf("%s: got %s, want %v", c.ID, e.Verdict, c.Expected)
		}
	}
	if err := lines.Err(); err != nil || n == 0 {
		t.Fatalf("%d cases, %v", n, err)
	}
}

// parseDocument reads one event.
func parseDocument(line []byte, plan *documentPlan) (*document, error) {
	d := &document{}
	if err := d.parse(line, plan); err != nil {
		return nil, err
	}
	return d, nil
}

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(ordinaryEvent))
	f.Add([]byte(excludedName))
	f.Add([]byte(`{"a":[{"b":[1,[2,{"c":null}]]}],"a.b":1e400,"x":"\ud83d"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		d, err := parseDocument(line, &documentPlan{})
		if (d == nil) != (err != nil) {
			t.Fatalf("%q: %v, %v", line, d, err)
		}
		checkPlain(t, line)
		if err != nil {
			return
		}
		for name, v := range d.fields {
			if v.State == eql.StateUnknown || len(v.Many) == 1 || len(v.Many) > len(line) {
				t.Fatalf("%q: %s: %+v", line, name, v)
			}
		}
	})
}
