package main

import (
	"reflect"
	"strings"
	"testing"
)

// checkPlain holds what a plainReader makes of a line, unless it gives up,
// against the general way.
func checkPlain(t *testing.T, line []byte) (plain bool) {
	t.Helper()
	plan := &documentPlan{}
	var got, want document
	if !got.parsePlain(line, plan) {
		return false
	}
	top, err := decodeDocument(line)
	if err != nil {
		t.Errorf("%q: read as %v, want %v", line, got.fields, err)
		return true
	}
	want.reset(plan, true)
	if err := want.object("", top, 0); err != nil || !reflect.DeepEqual(got.fields, want.fields) || got.values != want.values {
		t.Errorf("%q:\n got %d, %+v\nwant %d, %+v, %v", line, got.values, got.fields, want.values, want.fields, err)
	}
	return true
}

func TestPlainReader(t *testing.T) {
	tests := []struct {
		line  string
		plain bool
	}{
		{ordinaryEvent, true}, {otherEvent, true}, {excludedName, false},
		{`{}`, true}, {`{"a":{}}`, true}, {`{"a":[]}`, true}, {`{ "a" : [ "x" , 1 , true , false , null ] }`, true},
		{`{"a":[null,"x"]}`, true}, {`{"a":"\\\"\/"}`, true}, {`{"a":0,"b":123456789012345678}`, true},
		{`{"a":-1}`, false}, {`{"a":1.5}`, false}, {`{"a":1e3}`, false}, {`{"a":01}`, false}, {`{"a":1234567890123456789}`, false},
		{`{"a":1,"a":2}`, false}, {`{"a":{"b":1},"a":{"c":2}}`, false}, {`{"a":{"b":1},"a.b":2}`, false}, {`{"a.b":2,"a":{"b":[]}}`, false},
		{`{"":1}`, false}, {`{"a":"é"}`, false}, {`{"a":"\u0041"}`, false}, {`{"a":"\n"}`, false}, {"{\"a\":\"\n\"}", false}, {`{"\\":1}`, false},
		{`{"a":[[1]]}`, false}, {`{"a":[{"b":1}]}`, false}, {`{"fields":1}`, false}, {`{"x":{"fields":1}}`, true},
		{`{"a":1,}`, false}, {`{"a":[1,]}`, false}, {`{"a":truex}`, false}, {`{"a" 1}`, false}, {`{"a":1}x`, false}, {`{"a":1`, false}, {`{"a":"`, false},
		{`{"a":"\`, false}, {`[]`, false}, {``, false}, {`{,}`, false}, {`{"a":}`, false},
		{strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), false},
	}
	for _, tt := range tests {
		if got := checkPlain(t, []byte(tt.line)); got != tt.plain {
			t.Errorf("%s: read the plain way: %v, want %v", tt.line, got, tt.plain)
		}
	}
	for i := range ordinaryEvent {
		checkPlain(t, []byte(ordinaryEvent[:i]))
		for bit := range 8 {
			broken := []byte(ordinaryEvent)
			broken[i] ^= 1 << bit
			checkPlain(t, broken)
		}
	}
}
