package rule

import (
	"os"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/rule/eql"
)

// scriptEvent is an event of a verdict script.
type scriptEvent struct {
	title  string
	record fieldMap
	drive  bool // letter unknown
}

func newScriptEvent(title string) *scriptEvent {
	return &scriptEvent{title: title, record: fieldMap{
		fields: map[string]eql.Value{
			"event.category": eql.Str("file"), "event.type": eql.Str("creation"), "host.os.type": eql.Str("windows"),
		},
		unknown: []string{"process.*"},
	}}
}

func (e *scriptEvent) set(field, value string) {
	switch {
	case field == "drive":
		e.drive = true
	case field == "path":
		value = strings.ReplaceAll(value, `\xED\xA0\xBD`, "\xED\xA0\xBD")
		name := value[strings.LastIndexByte(value, '\\')+1:]
		e.record.fields["file.path"] = eql.Str(value)
		e.record.fields["file.name"] = eql.Str(name)
		if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
			e.record.fields["file.extension"] = eql.Str(name[dot+1:])
		}
	case value == "?":
		e.record.fields[field] = eql.NotKnown()
	case value == "-":
		e.record.fields[field] = eql.Missing()
	default:
		e.record.fields[field] = eql.Strs(strings.Split(value, " | ")...)
	}
}

func (e *scriptEvent) subject() Subject {
	return Subject{Record: e.record, DriveUnknown: e.drive, WithDrive: func(letter byte) eql.Record {
		return onDrive{e.record, letter}
	}}
}

// onDrive puts a record on a drive.
type onDrive struct {
	eql.Record
	letter byte
}

func (d onDrive) Field(name string) eql.Value {
	v := d.Record.Field(name)
	if DriveField(name) && v.State == eql.Known && v.One.Str != "" {
		v.One.Str = string(rune(d.letter)) + v.One.Str[1:]
	}
	return v
}

func TestVerdicts(t *testing.T) {
	text, err := os.ReadFile("testdata/verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]*Rule{}
	for _, r := range Builtin() {
		rules[r.Source] = r
	}
	var e *scriptEvent
	checks := 0
	for i, line := range strings.Split(string(text), "\n") {
		key, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case key == "" || key == "#" || strings.HasPrefix(key, "#"):
		case key == "event":
			e = newScriptEvent(rest)
		case rules[key] != nil:
			checks++
			checkVerdict(t, i+1, e, rules[key], rest)
		case strings.HasPrefix(key, "builtin"):
			t.Fatalf("line %d: no rule %s", i+1, key)
		default:
			e.set(key, rest)
		}
	}
	if checks < 50 {
		t.Errorf("only %d verdicts checked", checks)
	}
}

// checkVerdict holds a verdict against "OUTCOME [absent O] [missing F] [residual T] [because T]".
func checkVerdict(t *testing.T, line int, e *scriptEvent, r *Rule, want string) {
	t.Helper()
	v := r.Evaluate(e.subject())
	if fast := r.Outcome(e.subject()); fast != v.Outcome {
		t.Errorf("line %d: %s: Outcome %v, Evaluate %v", line, e.title, fast, v.Outcome)
	}
	subject := e.subject()
	sentence, o := NewExplainer(r).Append([]byte("> "), &subject)
	if o != v.Outcome || o != Undecided && string(sentence) != "> "+v.Because || o == Undecided && string(sentence) != "> " {
		t.Errorf("line %d: %s: Explainer %v, %s; Evaluate %v, %s", line, e.title, o, sentence, v.Outcome, v.Because)
	}
	outcome, rest, _ := strings.Cut(want, " ")
	got := map[string]string{
		"absent": v.IfAbsent.String(), "missing": strings.Join(v.Missing, ","), "residual": v.Residual, "because": v.Because,
	}
	if v.Outcome.String() != outcome {
		t.Errorf("line %d: %s: %s: got %v (%s), want %s", line, e.title, r.Source, v.Outcome, v.Because, outcome)
	}
	if (v.Outcome == Undecided) != (v.Missing != nil) || (v.Outcome == Undecided) != (v.Direction != Decided) || v.Because == "" {
		t.Errorf("line %d: %s: %+v does not hang together", line, e.title, v)
	}
	for rest != "" {
		key, value, _ := strings.Cut(rest, " ")
		rest = ""
		if key == "absent" || key == "missing" {
			value, rest, _ = strings.Cut(value, " ")
		}
		if got[key] != value {
			t.Errorf("line %d: %s: %s: %s:\n got %s\nwant %s", line, e.title, r.Source, key, got[key], value)
		}
	}
}
