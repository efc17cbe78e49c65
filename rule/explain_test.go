package rule

import (
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
		{"null in a list", `(file.name == "y" or null)`, "no match: file.name is not y and the condition null holds"},
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
