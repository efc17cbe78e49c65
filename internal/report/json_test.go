package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/Velocidex/ordereddict"
)

func dict(pairs ...any) *ordereddict.Dict {
	d := ordereddict.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i].(string), pairs[i+1])
	}
	return d
}

func TestWriteJSONLine(t *testing.T) {
	type name string
	type code uint32
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"null", nil, `null`},
		{"nil object", (*ordereddict.Dict)(nil), `null`},
		{"zero document", Document{}, `null`},
		{"true", true, `true`},
		{"largest uint64", uint64(math.MaxUint64), `18446744073709551615`},
		{"smallest int64", int64(math.MinInt64), `-9223372036854775808`},
		{"int beyond 2^53", 9007199254740993, `9007199254740993`},
		{"small integer sizes", []any{int8(-1), uint16(2), uint32(math.MaxUint32), uint8(9)}, `[-1,2,4294967295,9]`},
		{"named kinds", []any{name("x"), code(7)}, `["x",7]`},
		{"floats", []float64{0.5, 1, 1e21, 1e-7, -0.25}, `[0.5,1,1e+21,1e-07,-0.25]`},
		{"number as it was", json.Number("1.50"), `1.50`},
		{"empty lists", []any{[]string{}, []any{}, []string(nil)}, `[[],[],[]]`},
		{"list of objects", []*ordereddict.Dict{dict("b", 1, "a", 2), nil}, `[{"b":1,"a":2},null]`},
		{"list of documents", []Document{{dict("x", "y")}}, `[{"x":"y"}]`},
		{"no HTML escapes", "<a href='x'>&</a>", `"<a href='x'>&</a>"`},
		{"quote and backslash", `C:\"x"`, `"C:\\\"x\""`},
		{"controls", "\x00\t\n\x1b\x7f\u0085", `"\u0000\u0009\u000a\u001b\u007f\u0085"`},
		{"separators and bidi", "\u2028\u2029\u202e\u2066\u200b", `"\u2028\u2029\u202e\u2066\u200b"`},
		{"tag character", "\U000e0041", `"\udb40\udc41"`},
		{"plain text beyond ASCII", "é日本😀", `"é日本😀"`},
		{"lone high surrogate", "a\xed\xa0\xbdb", `"a\ud83db"`},
		{"lone low surrogate", "\xed\xb8\x80", `"\ude00"`},
		{"surrogates that pair up", "\xed\xa0\xbd\xed\xb8\x80", `"😀"`},
		{"surrogates that pair up to a hidden character", "\xed\xad\x80\xed\xb1\x81", `"\udb40\udc41"`},
		{"high, then a pair", "\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x80", `"\ud83d😀"`},
		{"invalid bytes", "a\xffb\xc3", `"a\ufffdb\ufffd"`},
		{"replacement character itself", "\ufffd", `"\ufffd"`},
		{"empty", "", `""`},
	}
	for _, tt := range tests {
		var b bytes.Buffer
		err := WriteJSONLine(&b, dict("v", tt.value))
		if want := `{"v":` + tt.want + "}\n"; err != nil || b.String() != want {
			t.Errorf("%s: got %s (error %v), want %s", tt.name, b.String(), err, want)
		}
	}
}

func TestWriteJSONLineRefuses(t *testing.T) {
	deep := dict()
	for range maxDepth {
		deep = dict("d", deep)
	}
	tests := []struct {
		name string
		d    *ordereddict.Dict
		want string
	}{
		{"map", dict("a", dict("b", map[string]int{})), `"a": "b": write JSON: unsupported type map[string]int`},
		{"struct", dict("a", struct{}{}), `"a": write JSON: unsupported type struct {}`},
		{"NaN", dict("a", math.NaN()), `"a": write JSON: NaN has no JSON form`},
		{"infinity", dict("a", math.Inf(1)), `"a": write JSON: +Inf has no JSON form`},
		{"number that is none", dict("a", json.Number("1,2")), `"a": write JSON: "1,2" is not a number`},
		{"too deep", deep, "write JSON: nested deeper than 64 levels"},
	}
	for _, tt := range tests {
		var b bytes.Buffer
		err := WriteJSONLine(&b, tt.d)
		if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want %s", tt.name, err, tt.want)
		}
		if b.Len() != 0 {
			t.Errorf("%s: got output %q with an error, want none", tt.name, b.String())
		}
	}
}
