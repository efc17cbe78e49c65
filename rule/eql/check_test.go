package eql

import (
	"fmt"
	"slices"
	"testing"
)

func TestCheck(t *testing.T) {
	known := func(field string) (Kind, bool) {
		switch field {
		case "event.category", "file.name":
			return KindString, true
		case "file.size":
			return KindInt, true
		case "some.kind":
			return KindNull, true
		}
		return KindNull, false
	}
	tests := []struct {
		name, query string
		want        []string
	}{
		{"fine", `file where file.name : "x" and file.size > 1.5 and some.kind == "x"`, nil},
		{"unknown field, once", `file where foo.bar == 1 or foo.bar == 2`, []string{`1:12 foo.bar unknown field foo.bar`}},
		{"number like a string", `file where file.size : "1*"`, []string{`1:12 file.size file.size: a number is compared with a string: never true`}},
		{"string with number", "file where\n 1 == file.name", []string{`2:2 file.name file.name: a number is compared with a string: never true`}},
		{"in list", `file where file.name in ("x", 1)`, []string{`1:12 file.name file.name: a string is compared with a number: never true`}},
		{"constants", `file where "a" == 1`, []string{`1:16  a string is compared with a number: never true`}},
		{"optional", `file where ?file.name == "x"`, []string{`1:12 file.name ?file.name is treated as file.name: there is no index mapping here`}},
		{"in a function", `file where length(foo) > 1`, []string{`1:19 foo unknown field foo`}},
	}
	for _, tt := range tests {
		q, err := Parse(tt.query)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, w := range q.Check(known) {
			got = append(got, fmt.Sprintf("%d:%d %s %s", w.Line, w.Column, w.Field, w.Message))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFields(t *testing.T) {
	tests := []struct {
		query string
		want  []string
	}{
		{`file where b == 1 and a : "x" and not b == 2`, []string{"a", "b", "event.category"}},
		{`any where concat(z, a.b) == "x"`, []string{"a.b", "z"}},
		{`any where true`, nil},
	}
	for _, tt := range tests {
		q, err := Parse(tt.query)
		if err != nil || !slices.Equal(q.Fields(), tt.want) {
			t.Errorf("%s: got %v, %v, want %v", tt.query, q.Fields(), err, tt.want)
		}
	}
}

func TestLeafDescription(t *testing.T) {
	str := func(s ...string) []Scalar {
		var out []Scalar
		for _, v := range s {
			out = append(out, Scalar{Kind: KindString, Str: v})
		}
		return out
	}
	tests := []struct {
		query string
		want  Leaf
	}{
		{`a == "x"`, Leaf{FormEqual, "a", "==", str("x"), false}},
		{`"x" == a`, Leaf{FormEqual, "a", "==", str("x"), false}},
		{`a in~ ("x", "y")`, Leaf{FormEqual, "a", "in~", str("x", "y"), true}},
		{`a : "x*"`, Leaf{FormLike, "a", ":", str("x*"), true}},
		{`a like ("x*", "y")`, Leaf{FormLike, "a", "like", str("x*", "y"), false}},
		{`a regex "x"`, Leaf{FormRegex, "a", "regex", str("x"), false}},
		{`endsWith~(a, "x")`, Leaf{FormSuffix, "a", "endsWith", str("x"), true}},
		{`a == null`, Leaf{FormNull, "a", "==", []Scalar{{}}, false}},
		{`a`, Leaf{Form: FormBoolean, Field: "a"}},
		{`a < 5`, Leaf{FormComparison, "a", "<", []Scalar{{Kind: KindInt, Int: 5}}, false}},
		{`a == b`, Leaf{}},
		{`a in (1, b)`, Leaf{}},
		{`endsWith("x", a)`, Leaf{}},
		{`length(a) == 1`, Leaf{}},
	}
	for _, tt := range tests {
		q, err := Parse("any where " + tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Condition().Leaf(); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.query, got, tt.want)
		}
	}
}
