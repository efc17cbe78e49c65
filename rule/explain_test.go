package rule

import (
	"errors"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/rule/eql"
)

// TestReasons holds sentences against conditions in which the reason depends on
// the event.
func TestReasons(t *testing.T) {
	record := fieldMap{fields: map[string]eql.Value{
		"event.action": eql.Str("creation"), "file.name": eql.Str("x.job"), "file.size": eql.Int(3), "user.id": eql.Str("S-1-5-18"),
	}, unknown: []string{"process.*"}}
	tests := []struct{ name, where, want string }{
		{"first of two", `file.name == "y" and file.size == 4`, "no match: file.name is not y"},
		{"second of two", `file.name == "x.job" and file.size == 4`, "no match: file.size is not 4"},
		{"both alternatives fail", `(file.name == "y" or file.size == 4)`, "no match: file.name is not y and file.size is not 4"},
		{"one part of an alternative", `(file.name == "y" or (file.name == "x.job" and file.size == 4))`,
			"no match: file.name is not y and file.size is not 4"},
		{"excluded", `not (file.name == "x.job" and file.size == 3)`,
			"creation of x.job satisfies every condition, but is excluded: file.name is x.job and file.size is 3"},
		{"excluded by the second", `file.size == 3 and not (file.name == "y" or user.id == "S-1-5-18")`,
			"creation of x.job satisfies every condition, but is excluded: done by user S-1-5-18"},
		{"exclusion, but open", `process.name == "a" and not file.size == 3`, "no match: file.size is 3"},
		{"null in a list", `(file.name == "y" or null)`, "no match: file.name is not y"},
		{"constant null", `null`, "no match: a condition of the query holds for no event"},
		{"constant false", `false`, "no match: a condition of the query holds for no event"},
		{"unequal constants", `1 == 2`, "no match: a condition of the query holds for no event"},
		{"complement of a constant", `not (1 == 1)`, "no match: a condition of the query holds for no event"},
		{"function of constants", `cidrMatch("1.1.1.1", "2.0.0.0/8")`, "no match: a condition of the query holds for no event"},
		{"constant after a condition that holds", `file.name == "x.job" and false`, "no match: a condition of the query holds for no event"},
		{"constant after a condition that fails", `file.name == "y" and false`, "no match: file.name is not y"},
		{"constant after an open condition", `process.name == "y" and false`, "no match: a condition of the query holds for no event"},
		{"constant in an alternative", `(file.name == "y" or file.size == 3 and false)`, "no match: file.name is not y"},
		{"constant true in an alternative", `(file.name == "y" or file.size == 4 and true)`, "no match: file.name is not y and file.size is not 4"},
		{"only constant alternatives", `(false or file.size == 3 and null)`, "no match: a condition of the query holds for no event"},
		{"constant in an exclusion", `not (file.size == 3 and true)`, "creation of x.job satisfies every condition, but is excluded: file.size is 3"},
		{"constant alternative in an exclusion", `not (file.size == 3 or true)`,
			"creation of x.job satisfies every condition, but is excluded: an exclusion of the query holds for every event"},
		{"match", `file.size == 3 and not file.name == "y"`, "creation of x.job satisfies every condition; no exclusion can apply"},
	}
	for _, tt := range tests {
		r, err := FromQuery("any where "+tt.where, eql.Options{})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		s := Subject{Record: record}
		got, o := NewExplainer(r).Append(nil, &s)
		v := r.Evaluate(s)
		if string(got) != tt.want || v.Because != tt.want || v.Outcome != o {
			t.Errorf("%s: got %v, %s\nEvaluate %v, %s\nwant %s", tt.name, o, got, v.Outcome, v.Because, tt.want)
		}
	}
}

func TestExplainerAllocatesNothing(t *testing.T) {
	for _, r := range Builtin() {
		x := NewExplainer(r)
		var b []byte
		for i := range benchRecords {
			s := Subject{Record: &benchRecords[i].record}
			b, _ = x.Append(b[:0], &s)
			if n := testing.AllocsPerRun(100, func() { b, _ = x.Append(b[:0], &s) }); n != 0 {
				t.Errorf("%s: %s: %v allocations", r.Source, benchRecords[i].name, n)
			}
		}
	}
}

// TestExcess: what is open for the number of values alone is an error, also where
// the letter of the volume is not known.
func TestExcess(t *testing.T) {
	many := make([]string, 1025)
	for i := range many {
		many[i] = "v"
	}
	record := fieldMap{fields: map[string]eql.Value{"a": eql.Strs(many...), "b": eql.Strs(many...)}, unknown: []string{"process.*"}}
	tests := []struct {
		name, where string
		drive, want bool
	}{
		{"excess", `concat(a, b) == "x"`, false, true},
		{"excess beside an unknown field", `concat(a, b) == "x" and process.name == "y"`, false, true},
		{"excess on any drive", `concat(a, b) == "x" and file.path : "c:*"`, true, true},
		{"decided", `concat(a, b) == "x" and a == "w"`, false, false},
		{"unknown field", `process.name == "y"`, false, false},
	}
	for _, tt := range tests {
		r, err := FromQuery("any where "+tt.where, eql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := Subject{Record: record, DriveUnknown: tt.drive, WithDrive: func(letter byte) eql.Record {
			with := fieldMap{fields: map[string]eql.Value{"file.path": eql.Str(string(rune(letter)) + `:\x`)}}
			for k, v := range record.fields {
				with.fields[k] = v
			}
			return with
		}}
		v := r.Evaluate(s)
		var excess *eql.ExcessError
		if got := errors.As(v.Err, &excess); got != tt.want || got != strings.HasPrefix(v.Because, "not evaluated: ") || got && v.Missing != nil {
			t.Errorf("%s: got %+v, want an error %v", tt.name, v, tt.want)
		}
	}
}
