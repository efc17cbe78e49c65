package eql

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// fields is a record of plain values; what it lacks is absent. A value of ? is
// unknown.
type fields map[string]Value

func (f fields) Field(name string) Value {
	if v, ok := f[name]; ok {
		return v
	}
	return Missing()
}

func TestTruthTables(t *testing.T) {
	values := []Truth{False, Unknown, True}
	and := [3][3]Truth{{False, False, False}, {False, Unknown, Unknown}, {False, Unknown, True}}
	or := [3][3]Truth{{False, Unknown, True}, {Unknown, Unknown, True}, {True, True, True}}
	record := fields{"f": Bool(false), "u": NotKnown(), "t": Bool(true)}
	name := []string{"f", "u", "t"}
	for i, a := range values {
		if got := a.Not(); got != values[2-i] {
			t.Errorf("not %v: got %v, want %v", a, got, values[2-i])
		}
		for j, b := range values {
			if got := a.And(b); got != and[i][j] {
				t.Errorf("%v and %v: got %v, want %v", a, b, got, and[i][j])
			}
			if got := a.Or(b); got != or[i][j] {
				t.Errorf("%v or %v: got %v, want %v", a, b, got, or[i][j])
			}
			checkTruth(t, "any where "+name[i]+" and "+name[j], record, and[i][j])
			checkTruth(t, "any where "+name[i]+" or "+name[j], record, or[i][j])
			checkTruth(t, "any where not ("+name[i]+" and "+name[j]+")", record, and[i][j].Not())
		}
	}
}

func checkTruth(t *testing.T, query string, r Record, want Truth) {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return
	}
	if got := q.Truth(r); got != want {
		t.Errorf("%s: got %v, want %v", query, got, want)
	}
	if got := q.Eval(r); got.Truth != want || (want == Unknown) != (got.Missing != nil) {
		t.Errorf("%s: Eval got %+v, want %v", query, got, want)
	}
	again, err := Parse(q.String())
	if err != nil {
		t.Errorf("%s: normal form %s: %v", query, q, err)
	} else if again.String() != q.String() || again.Truth(r) != want {
		t.Errorf("%s: normal form %s reads as %s, %v", query, q, again, again.Truth(r))
	}
	if residual := q.Reduce(r); residual.Decided() != (want != Unknown) {
		t.Errorf("%s: residual %s of a verdict %v", query, residual, want)
	}
}

// leafRecord has each state, kind and number of values.
var leafRecord = fields{
	"event.category": Str("file"),
	"event.type":     Strs("creation", "change"),
	"file.name":      Str("At1.job"),
	"file.size":      Int(12),
	"ratio":          Float(0.5),
	"signed":         Bool(true),
	"unsigned":       Bool(false),
	"pid":            NotKnown(),
	"process.name":   NotKnown(),
	"big":            Int(9007199254740993), // 2^53 + 1
	"empty":          Str(""),
	"lone":           Str("a\xED\xA0\xBDb"),
	"emoji":          Str("a😀b"),
	"sizes":          {State: Known, Many: []Scalar{{Kind: KindInt, Int: 1}, {Kind: KindInt, Int: 5}}},
	"ip":             Str("192.168.152.12"),
}

// TestLeaves decides conditions on leafRecord. T, F and U stand before each.
func TestLeaves(t *testing.T) {
	cases := `
T file.name == "At1.job"
F file.name == "at1.job"
T "At1.job" == file.name
T file.name != "at1.job"
T file.name : "at1.job"
T file.name : ("x", "AT?.*")
F file.name like "at*"
T file.name like "At*"
T file.name like~ "at*"
F file.name in ("at1.job", "x")
T file.name in~ ("at1.job", "x")
F file.name in~ ("at*", "x")
T file.name not in ("at1.job")
F file.name not in~ ("at1.job")
T file.name < "B"
T file.name >= "At1.job"
F file.name : "At1.job\n"
T file.size == 12
T file.size == 12.0
T file.size != 11
T file.size > 11.5
T -file.size == -12
T file.size in (1, 12)
T file.size in (1, 2 + 10)
T file.size / 5 == 2
T file.size % 5 == 2
T -file.size % 5 == -2
T file.size / 5.0 == 2.4
T file.size / 0 == null
F file.size / 0 == 0
T file.size * 2 + 1 == 25
T file.size - 2 - 3 == 7
T 2 + file.size * 2 == 26
T big == 9007199254740993
F big == 9007199254740992.0
T big > 9007199254740992.0
T 9223372036854775807 + file.size == null
T 9223372036854775808 == 9.223372036854775808e18
T ratio == .5
T ratio < 1
F file.size == "12"
T not file.size == "12"
T string(file.size) == "12"
T signed
F unsigned
F missing
T not missing
T signed == true
F unsigned == true
T unsigned == false
F missing == false
T missing != false
F file.name
F signed == "true"
T missing == null
F missing != null
F file.name == null
T file.name != null
T null == missing
T null == null
F null != null
F missing == missing
F missing == "x"
T missing != "x"
T not missing == "x"
T missing not in ("x")
T not (missing > 1)
F missing > 1
F missing in ("x", null)
F file.name in ("x", null)
T file.name in (null, "At1.job")
F null < 1
F not (null < 1)
F null
F not null
F not (null and true)
T not (null and false)
T null or true
F not (null or true)
F not (null or false)
F not (null and signed)
T not (null and unsigned)
T null == (missing > 1)
F null == (file.size > 1)
U null == (pid > 1)
U pid == 1
U pid == null
U pid != null
U not pid == 1
F pid == 1 and file.size == 1
T pid == 1 or file.size == 12
U pid == 1 and file.size == 12
U pid == 1 or not pid == 1
U length(process.name) > 3
U concat(file.name, process.name) == "x"
T event.type == "creation" and event.type == "change"
F event.type != "creation"
F event.type not in ("start", "change")
T event.type not in ("start", "stop")
T length(event.type) == 6
F length(event.type) != 6
T concat(event.type, "-", event.type) == "change-change"
F concat(event.type, "-", event.type) == "change-creation"
T sizes > 4
T sizes < 2
F sizes > 5
T not (sizes > 5)
F not (sizes > 4)
T sizes + 1 == 6
T sizes == file.size - 7
T event.type != null
F event.type == null
T length("") == 0
T length(file.name) == 7
T length(emoji) == 4
T length(lone) == 3
T length(missing) == null
T emoji : "a?b"
F emoji : "a??b"
T lone : "a?b"
F lone : "a???b"
T lone regex "a.b"
T empty : "*"
F empty : "?"
T empty : ""
T empty == ""
T empty != null
F missing : "*"
T startsWith(file.name, "At")
F startsWith(file.name, "at")
T startsWith~(file.name, "at")
T STARTSWITH~(file.name, "AT1")
T startsWith(file.name, "")
T endsWith(file.name, ".job")
F endsWith(file.name, ".JOB")
T endsWith~(file.name, ".JOB")
T endsWith(lone, "b")
F endsWith("b", file.name)
F startsWith(missing, "")
T not startsWith(missing, "")
T startsWith(file.name, null) == null
T startsWith(missing, "a") == false
T stringContains(file.name, "1.j")
F stringContains(file.name, "1.J")
T stringContains~(file.name, "1.J")
F stringContains(file.name, "")
F stringContains("", "")
T indexOf(file.name, "1") == 2
T indexOf(file.name, "z") == null
T indexOf~(file.name, "J") == 4
T indexOf("subdomain.example.com", ".", 10) == 17
T indexOf("subdomain.example.com", ".", -6) == 9
T indexOf("subdomain.example.com", "", 9) == 9
T indexOf("subdomain.example.com", "", -6) == 0
T indexOf("abc", "c", 9) == null
T indexOf("abc", "c", null) == null
T indexOf(emoji, "b") == 3
T indexOf("", "") == 0
T substring("start regsvr32.exe", 6) == "regsvr32.exe"
T substring("start regsvr32.exe", 0, 5) == "start"
T substring("start regsvr32.exe", -4) == ".exe"
T substring("start regsvr32.exe", -4, -1) == ".ex"
T substring("hello world", -60, 5) == "hello"
T substring("hello world", 0, 500) == "hello world"
T substring("hello world", null, 5) == "hello"
T substring("hello world", 6, null) == "world"
T substring("hello", 3, 2) == ""
T substring("hello", 9) == ""
T substring(missing, 1) == null
T substring(emoji, 0, 1) == "a"
T substring(emoji, 3) == "b"
T concat(substring(emoji, 0, 2), substring(emoji, 2)) == emoji
T between("C:\\Windows\\System32\\cmd.exe", "System32\\", ".exe") == "cmd"
T between("C:\\Windows\\System32\\cmd.exe", "system32\\", ".exe") == ""
T between~("C:\\Windows\\System32\\cmd.exe", "system32\\", ".EXE") == "cmd"
T between("welcome to the planet", "welcome", "e", false) == " to th"
T between("welcome to the planet", "welcome", "e", true) == " to the plan"
T between("welcome to the planet", "", "planet") == "welcome to the planet"
T between("welcome to the planet", "welcome", "village") == ""
T between("", "a", "b") == ""
T between(missing, "a", "b") == null
T between("ab", "a", null) == null
T concat("a", 1, true, 42.5) == "a1true42.5"
T concat("a", null) == null
T concat(missing, "x") == null
T concat(file.size) == "12"
T string(42.0) == "42.0"
T string(12345678.5) == "1.23456785E7"
T string(1e10) == "1.0E10"
T string(0.0001) == "1.0E-4"
T string(missing) == null
T string(null) == null
T string(file.size > 1) == "true"
T number("1337") == 1337
T number("42.5") == 42.5
T number("-3.14", 10) == -3.14
T number("+314", 10) == 314
T number("deadbeef", 16) == 3735928559
T number("0xdeadbeef") == 3735928559
T number("0X1f") == null
T number("0X1f", 16) == null
T number("0x1F") == 31
T number("0xdeadbeef", null) == 3735928559
T number("052403", 8) == 21763
T number("  12 ") == file.size
T number("x") == null
T number("") == null
T number("1_0") == null
T number("inf") == null
T number(null) == null
T number("1", 99) == null
T add(4, 0.5) == 4.5
T subtract(10, 2) == 8
T multiply(-2, -2) == 4
T divide(4, 3) == 1
T divide(4, 3.0) > 1.33
T divide(12, null) == null
T divide(1, 0) == null
T modulo(10, 6) == 4
T modulo(-10, 6) == -4
T modulo(10, 0.5) == 0
T modulo(10, 0) == null
T cidrMatch(ip, "192.168.0.0/16")
T cidrMatch(ip, "10.0.0.0/8", "192.168.152.12")
T cidrMatch(ip, "192.168.152.99/24")
F cidrMatch(ip, "10.0.0.0/8")
F cidrMatch(ip, "2001:db8::/32")
T cidrMatch("2001:db8::1", "2001:db8::/32")
T cidrMatch("::ffff:10.1.2.3", "10.0.0.0/8")
T cidrMatch("10.1.2.3", "::ffff:10.0.0.0/104")
T cidrMatch("10.1.2.3", "::ffff:0:0/96")
F cidrMatch("11.1.2.3", "::ffff:10.0.0.0/104")
T cidrMatch("10.1.2.3", "::ffff:10.1.2.3")
F cidrMatch("10.1.2.4", "::ffff:10.1.2.3")
T cidrMatch(ip, "::/0")
T cidrMatch("127.0.0.1", "::1/64")
F cidrMatch("127.0.0.1", "::1/96")
F cidrMatch("::1", "0.0.0.0/0")
F cidrMatch("2001:db8::1", "0.0.0.0/0")
T cidrMatch("127.0.0.1", "127.0.0.1/8")
T cidrMatch("2001:db8:3c0d:5b53:0:0:0:1", "2001:db8:3c0d:5b6d:0:0:42:8329/58")
F cidrMatch("2001:db8:3c0d:5b80::", "2001:db8:3c0d:5b6d:0:0:42:8329/58")
F cidrMatch("2001:db8:3c0d:5b6d:0:0:42:8329", "192.168.2.0/32")
T cidrMatch("fe80::1%eth0", "fe80::/10")
F cidrMatch(file.name, "0.0.0.0/0")
F cidrMatch(missing, "0.0.0.0/0")
F not cidrMatch(ip, null)==null
T cidrMatch(missing, "0.0.0.0/0") == false
T cidrMatch(missing, "0.0.0.0/0") != true
F cidrMatch(ip, "0.0.0.0/0") != true
T (signed and not unsigned) == true
T string(signed and unsigned) == "false"
T string(not signed) == "false"
T string(signed or missing) == "true"
T string(signed and missing) == null
T file.name regex "At[0-9]+[.]job"
F file.name regex "At"
F file.name regex "^At.*$"
T file.name regex~ "at.*"
T file.name regex ("x", "A.*")
T not missing regex ".*"
F file.size regex ".*"
T ?file.name : "at*"
T ?missing == null
T ` + "`file.name` : \"at*\" and file.`name` : \"at*\"" + `
`
	for line := range strings.SplitSeq(strings.TrimSpace(cases), "\n") {
		want := map[string]Truth{"T": True, "F": False, "U": Unknown}[line[:1]]
		checkTruth(t, "file where "+line[2:], leafRecord, want)
	}
}

func TestCategory(t *testing.T) {
	tests := []struct {
		name, query string
		record      fields
		want        Truth
	}{
		{"same", "file where true", fields{"event.category": Str("file")}, True},
		{"case counts", "File where true", fields{"event.category": Str("file")}, False},
		{"one of several", "file where true", fields{"event.category": Strs("process", "file")}, True},
		{"absent", "file where true", fields{}, False},
		{"any and absent", "any where true", fields{}, True},
		{"unknown", "file where true", fields{"event.category": NotKnown()}, Unknown},
		{"unknown, but false", "file where false", fields{"event.category": NotKnown()}, False},
		{"string", `"file" where true`, fields{"event.category": Str("file")}, True},
		{"string any", `"any" where true`, fields{"event.category": Str("file")}, False},
	}
	for _, tt := range tests {
		checkTruth(t, tt.query, tt.record, tt.want)
	}
	q, err := ParseWith("change where true", Options{CategoryField: "event.type"})
	if err != nil {
		t.Fatal(err)
	}
	if got := q.Truth(fields{"event.type": Strs("creation", "change")}); got != True || !slices.Equal(q.Fields(), []string{"event.type"}) {
		t.Errorf("category field event.type: got %v, fields %v", got, q.Fields())
	}
}

func TestZeroValueDecidesNothing(t *testing.T) {
	checkTruth(t, `any where a == "x"`, fields{"a": Value{}}, Unknown)
	if Truth(0) != Unknown {
		t.Error("zero Truth is not Unknown")
	}
}

func TestManyChoices(t *testing.T) {
	numbered := func(prefix string, n int) Value {
		list := make([]string, n)
		for i := range list {
			list[i] = prefix + strconv.Itoa(i)
		}
		return Strs(list...)
	}
	r := fields{"a": numbered("a", 12), "b": numbered("b", 12), "c": numbered("c", 12), "d": numbered("d", 12),
		"e": numbered("e", 12), "x": numbered("x", 1025), "y": numbered("y", 1024), "one": Str("1"), "u": NotKnown()}
	checkTruth(t, `any where concat(a, b, c, d, e) == "x"`, r, False)
	checkTruth(t, `any where concat(a, b, c, d, e) == "a11b11c11d11e11"`, r, True)
	excess := []struct{ name, query, want string }{
		{"alone", `concat(x, y) == "z"`, `[x y] concat(x, y) == "z"`},
		{"complement", `not concat(y, x) == "z"`, `[x y] concat(y, x) == "z"`},
		{"after a condition that holds", `one == "1" and x == y`, "[x y] x == y"},
		{"beside an unknown field", `u == "1" and x == y`, "[x y] x == y"},
		{"after a condition that fails", `one == "2" and x == y`, ""},
		{"alternative that holds", `x == y or one == "1"`, ""},
		{"unknown field in the comparison", `concat(x, y, u) == "z"`, ""},
	}
	for _, tt := range excess {
		q, err := Parse("any where " + tt.query)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		res := q.Eval(r)
		var e *ExcessError
		if errors.As(res.Err, &e) {
			got = fmt.Sprint(e.Fields, " ", e.Condition)
		}
		if got != tt.want || (res.Err != nil) != (tt.want != "") || res.Err != nil && res.Missing != nil {
			t.Errorf("%s: got %q (%+v), want %q", tt.name, got, res, tt.want)
		}
	}
	want := "more than 1048576 combinations of the values of x, y"
	q, _ := Parse(`any where concat(x, y) == "z"`)
	if got := q.Eval(r).Err; got == nil || got.Error() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestResidual(t *testing.T) {
	tests := []struct{ query, want string }{
		{`file where file.name : "at*" and process.name == "x"`, `process.name == "x"`},
		{`file where file.name : "at*" and process.name != "x"`, `process.name != "x"`},
		{`file where file.name : "at*" and process.name not in ("x")`, `process.name not in ("x")`},
		{`file where not (file.name : "at*" and process.name : "x")`, `not process.name : "x"`},
		{`file where not ((file.name : "q" and pid == 1) or (signed and pid == 2) or pid == 3)`, `not (pid == 2 or pid == 3)`},
		{`file where file.name == "q" or (pid > 1 and not (process.name : ("x", "y")))`, `pid > 1 and not process.name : ("x", "y")`},
		{`file where file.name : "q" and pid == 1`, "false"},
		{`file where file.name : "at*" or pid == 1`, "true"},
		{`process where pid == 1`, "false"},
		{`any where (pid == 1 or null)`, "pid == 1"},
	}
	for _, tt := range tests {
		q, err := Parse(tt.query)
		if err != nil {
			t.Errorf("%s: %v", tt.query, err)
		} else if got := q.Residual(leafRecord); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.query, got, tt.want)
		}
	}
}
