package rule

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/rule/eql"
)

func TestBuiltin(t *testing.T) {
	list := Builtin()
	if len(list) != 2 || list[0].Source != DefaultBuiltin {
		t.Fatalf("built-in rules: %v", list)
	}
	for _, r := range list {
		if r.ID != "1327384f-00f3-44d5-9a8c-2373ba071e92" || r.Name != "Persistence via Scheduled Job Creation" ||
			r.Severity != "medium" || r.RiskScore != 47 || len(r.SHA256) != 64 || r.Description == "" {
			t.Errorf("%s: %+v", r.Source, r)
		}
		threat := fmt.Sprint(r.Threats)
		for _, want := range []string{"MITRE ATT&CK", "TA0003", "T1053", "T1053.005"} {
			if !strings.Contains(threat, want) {
				t.Errorf("%s: no %s in %s", r.Source, want, threat)
			}
		}
		if len(r.base) != 5 || len(r.exclusions) != 1 {
			t.Errorf("%s: %d conditions and %d exclusions, want 5 and 1", r.Source, len(r.base), len(r.exclusions))
		}
	}
	if list[0].Version != "2024/10/15" || list[1].Version != "2026/07/21" {
		t.Errorf("versions: %s, %s", list[0].Version, list[1].Version)
	}
	if r, err := BuiltinByName("builtin"); err != nil || r.Source != DefaultBuiltin {
		t.Errorf("builtin: got %v, %v", r, err)
	}
	if r, err := BuiltinByName("builtin:1999-01"); r != nil || err == nil {
		t.Errorf("builtin:1999-01: got %v, %v", r, err)
	}
}

func TestParse(t *testing.T) {
	text := `
[metadata]
updated_date = "2025/01/02"
maturity = "production"

[rule]
rule_id = "abc"
name = "A rule"
type = "eql"
language = "eql"
index = ["logs-*"]
severity = "high"
risk_score = 73
version = 7
tags = ["a", "b"]
building_block_type = "default"
event_category_override = "event.type"
query = '''
change where process.name != "x"
'''
[[rule.threat]]
framework = "MITRE ATT&CK"
[[rule.threat.technique]]
id = "T1"
name = "one"
[[rule.threat.technique.subtechnique]]
id = "T1.001"
name = "sub"
[rule.threat.tactic]
id = "TA1"
name = "tactic"
`
	r, err := Parse([]byte("\xEF\xBB\xBF"+text), "file.toml")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(r.ID, "|", r.Name, "|", r.Version, "|", r.Severity, r.RiskScore, r.Maturity, r.BuildingBlock, r.Tags, r.Threats, r.Source, r.Query.Fields())
	want := "abc|A rule|7|high73productiontrue [a b] [{MITRE ATT&CK {TA1 tactic } [{{T1 one } [{T1.001 sub }]}]}]file.toml[event.type process.name]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	other, err := r.WithOptions(eql.Options{CategoryField: "event.action"})
	if err != nil || fmt.Sprint(other.Query.Fields()) != "[event.action process.name]" || len(other.base) != 2 {
		t.Errorf("with another category field: %v, %v", other, err)
	}
	if same, err := r.WithOptions(eql.Options{ASCIIFold: true}); err != nil || fmt.Sprint(same.Query.Fields()) != "[event.type process.name]" {
		t.Errorf("with ASCII folding: %v, %v", same, err)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, text, want string
		unsupported      bool
	}{
		{"empty", "", "r.toml: rule: no [rule] table with type and query", false},
		{"other language", "[rule]\ntype = \"query\"\nlanguage = \"kuery\"\nquery = \"a:b\"", `r.toml: rule.type: "query" is not supported: only EQL event queries are`, true},
		{"no query", "[rule]\ntype = \"eql\"", "r.toml: rule.query: no query", false},
		{"broken TOML", "[rule]\ntype = ", "r.toml:2: ", false},
		{"wrong type", "[rule]\nrisk_score = \"x\"", "r.toml:2: ", false},
		{"query mistake", "[rule]\ntype = \"eql\"\nquery = '''\nfile where\n  a = 1\n'''", `r.toml:5: rule.query: line 2, column 5: comparison is written "==" or ":", not "="`, false},
		{"sequence", "[rule]\ntype = \"eql\"\nquery = 'sequence by a [any where true]'", "r.toml:3: rule.query: line 1, column 1: sequence is not supported", true},
		{"deep TOML", "a = " + strings.Repeat("[", 400000), "r.toml", false},
		{"long", strings.Repeat(" ", maxFile+1), "r.toml: rule is longer than", false},
	}
	for _, tt := range tests {
		r, err := Parse([]byte(tt.text), "r.toml")
		var e *Error
		if r != nil || !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		} else if errors.Is(err, ErrUnsupported) != tt.unsupported {
			t.Errorf("%s: unsupported: want %v", tt.name, tt.unsupported)
		}
	}
}

func TestReach(t *testing.T) {
	given := func(f string) bool { return !strings.HasPrefix(f, "process.") && !strings.HasPrefix(f, "user.") }
	tests := []struct {
		name, query string
		class       Class
		best        Outcome
	}{
		{"all given", `file where file.name : "x" and not file.path : "y"`, ClassA, Match},
		{"exclusion names file and process", `file where file.name : "x" and not (file.path : "y" and process.name : "z")`, ClassB, Match},
		{"exclusion names process alone", `file where file.name : "x" and not process.name : "z"`, ClassB, Undecided},
		{"unequal", `file where file.name : "x" and process.name != "z"`, ClassB, Undecided},
		{"alternative without process", `file where process.name : "x" or file.name : "y"`, ClassC, Match},
		{"requires the absence of a process", `file where process.name == null and file.name : "y"`, ClassC, Undecided},
		{"requires the presence of a process", `file where process.name != null and process.name != "z" and file.name : "y"`, ClassD, Undecided},
		{"excludes the absence of a process", `file where file.name : "x" and not (file.path : "y" and process.name == null)`, ClassC, Match},
		{"alternative without process below an exclusion", `file where user.name != "s" and (process.name : "x" or file.name : "y")`, ClassC, Undecided},
		{"optional field", `file where file.name : "x" and not ?process.name : "z"`, ClassB, Undecided},
		{"functions of what is not given", `file where endswith(user.name, "$") and startswith~(process.name, substring(user.name, 0, -1)) and file.name : "y"`, ClassD, Undecided},
		{"expression in an exclusion", `file where file.name regex~ ".*\\.txt\\.exe" and not length(file.name) > 30 and not concat(process.name, "!") : "z!"`, ClassB, Undecided},
		{"requires process", `file where process.name : "x" and file.name : "y"`, ClassD, Undecided},
		{"never", `file where false`, ClassA, NoMatch},
		{"never with null", `file where null`, ClassA, NoMatch},
	}
	for _, tt := range tests {
		r, err := FromQuery(tt.query, eql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if class, best := r.Reach(given); class != tt.class || best != tt.best {
			t.Errorf("%s: got %c %v, want %c %v", tt.name, class, best, tt.class, tt.best)
		}
	}
	for i, want := range []Outcome{Match, Undecided} {
		if class, best := Builtin()[i].Reach(given); class != ClassB || best != want {
			t.Errorf("%s: got %c %v, want B %v", Builtin()[i].Source, class, best, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"2024-10", "2026-07"} {
		text, err := os.ReadFile("builtin/" + name + ".toml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("[rule]\ntype = 'eql'\nversion = 1\nquery = 'file where file.path : \"C:*.job\" or not user.id == null'"))
	f.Fuzz(func(t *testing.T, text []byte) { checkRule(t, text) })
}

// checkRule holds what must be true of any text.
func checkRule(t *testing.T, text []byte) {
	t.Helper()
	r, err := Parse(text, "fuzz")
	if err != nil {
		var e *Error
		if r != nil || !errors.As(err, &e) {
			t.Fatalf("%q: got %v, %v", text, r, err)
		}
		return
	}
	e := newScriptEvent("fuzz")
	e.set("path", `C:\Windows\Tasks\x.job`)
	for _, drive := range []bool{false, true} {
		e.drive = drive
		s := e.subject()
		v := r.Evaluate(s)
		if v.Outcome != r.Outcome(s) || v.Because == "" || (v.Outcome == Undecided) != (len(v.Missing) > 0) {
			t.Fatalf("%q: %+v, fast %v", text, v, r.Outcome(s))
		}
		if v.IfAbsent == Undecided && !drive {
			t.Fatalf("%q: undecided without unknown fields: %+v", text, v)
		}
	}
	if list, ok := Prefilter([]*Rule{r}); ok && len(list) > maxExtensions {
		t.Fatalf("%q: prefilter of %d", text, len(list))
	}
}

func TestEveryTruncationAndBitFlip(t *testing.T) {
	text, err := builtinFiles.ReadFile("builtin/2024-10.toml")
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		checkRule(t, text[:i])
		b := append([]byte(nil), text...)
		b[i] ^= 1 << (i % 8)
		checkRule(t, b)
	}
}
