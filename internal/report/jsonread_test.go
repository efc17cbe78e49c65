package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

func TestReadDocument(t *testing.T) {
	tests := []struct {
		name, line, path string
		want             any
	}{
		{"string", `{"v":"x"}`, "v", "x"},
		{"blanks", " { \"v\" :\t\"x\" } \r\n", "v", "x"},
		{"every short escape", `{"v":"\"\\\/\b\f\n\r\t"}`, "v", "\"\\/\b\f\n\r\t"},
		{"escape in any case", `{"v":"\u00E9\u00e9"}`, "v", "éé"},
		{"surrogate pair", `{"v":"\ud83d\ude00"}`, "v", "😀"},
		{"lone high surrogate", `{"v":"a\ud83db"}`, "v", "a\xed\xa0\xbdb"},
		{"lone low surrogate", `{"v":"\ude00"}`, "v", "\xed\xb8\x80"},
		{"high before a pair", `{"v":"\ud83d\ud83d\ude00"}`, "v", "\xed\xa0\xbd😀"},
		{"largest uint64", `{"v":18446744073709551615}`, "v", json.Number("18446744073709551615")},
		{"digits are kept", `{"v":-1.50E+3}`, "v", json.Number("-1.50E+3")},
		{"null", `{"v":null}`, "v", nil},
		{"true", `{"v":true}`, "v", true},
		{"nested", `{"a":{"b":{"c":false}}}`, "a.b.c", false},
		{"escaped name", `{"\u0061":"x"}`, "a", "x"},
		{"empty name", `{"":"x"}`, "", "x"},
	}
	for _, tt := range tests {
		d, err := ReadDocument([]byte(tt.line))
		if err != nil {
			t.Errorf("%s: got error %v", tt.name, err)
			continue
		}
		if got, ok := d.Lookup(tt.path); !ok || got != tt.want {
			t.Errorf("%s: got %#v (found %v), want %#v", tt.name, got, ok, tt.want)
		}
	}
}

func TestReadDocumentRefuses(t *testing.T) {
	tests := []struct {
		name, line string
		cause      error
		offset     int64
	}{
		{"empty", ``, parse.ErrTruncated, 0},
		{"no object", `[1]`, parse.ErrSignature, 0},
		{"cut off", `{"a":`, parse.ErrTruncated, 5},
		{"cut off string", `{"a":"b`, parse.ErrTruncated, 7},
		{"cut off escape", `{"a":"\u12"}`, parse.ErrRange, 6},
		{"text after it", `{} {}`, parse.ErrRange, 3},
		{"trailing comma", `{"a":1,}`, parse.ErrRange, 7},
		{"trailing comma in a list", `{"a":[1,]}`, parse.ErrRange, 8},
		{"missing comma", `{"a":1 "b":2}`, parse.ErrRange, 7},
		{"missing colon", `{"a" 1}`, parse.ErrRange, 5},
		{"name without quotes", `{a:1}`, parse.ErrRange, 1},
		{"name twice", `{"a":1,"b":{"a":2},"\u0061":3}`, parse.ErrRange, 19},
		{"leading zero", `{"a":01}`, parse.ErrRange, 5},
		{"no digits", `{"a":-}`, parse.ErrRange, 5},
		{"no digits after the point", `{"a":1.}`, parse.ErrRange, 5},
		{"no exponent", `{"a":1e}`, parse.ErrRange, 5},
		{"word", `{"a":nul}`, parse.ErrRange, 5},
		{"raw control character", "{\"a\":\"\x01\"}", parse.ErrRange, 6},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", parse.ErrRange, 6},
		{"raw surrogate", "{\"a\":\"\xed\xa0\xbd\"}", parse.ErrRange, 6},
		{"unknown escape", `{"a":"\x41"}`, parse.ErrRange, 6},
		{"too deep", `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, parse.ErrRange, 68},
	}
	for _, tt := range tests {
		d, err := ReadDocument([]byte(tt.line))
		var e *parse.Error
		if !errors.As(err, &e) || !errors.Is(err, tt.cause) || e.Offset != tt.offset {
			t.Errorf("%s: got error %v, want %v at %#x", tt.name, err, tt.cause, tt.offset)
		}
		if d.Dict != nil {
			t.Errorf("%s: got a document with the error", tt.name)
		}
	}
}

func streamLines(t testing.TB) [][]byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "stream.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.SplitAfter(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
}

// What WriteJSONLine wrote comes back from ReadDocument byte for byte.
func TestRoundTrip(t *testing.T) {
	lines := streamLines(t)
	lines = append(lines, []byte(`{"z":1,"a":[{"b":[]},{}],"n":1.50,"s":"\ud83d\ufffd\u202e"}`))
	for i, line := range lines {
		d, err := ReadDocument(line)
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		var b bytes.Buffer
		if err := WriteJSONLine(&b, d.Dict); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if want := append(bytes.TrimSuffix(line, []byte("\n")), '\n'); !bytes.Equal(b.Bytes(), want) {
			t.Errorf("line %d:\n got %s\nwant %s", i+1, b.Bytes(), want)
		}
	}
}

// Every truncation is an error, no flipped bit a panic or an unreadable document.
func TestReadDocumentDamaged(t *testing.T) {
	line := []byte(`{"type":"problem","n":[-1.5e7,18446744073709551615,null],"o":{"é":"\ud83d\u001b","b":true}}`)
	for n := range line {
		if d, err := ReadDocument(line[:n]); err == nil || d.Dict != nil {
			t.Fatalf("first %d bytes: got document %v, error %v; want an error", n, d.Dict, err)
		}
	}
	damaged := bytes.Clone(line)
	for i := range damaged {
		for bit := range 8 {
			damaged[i] ^= 1 << bit
			checkDocument(t, damaged)
			damaged[i] = line[i]
		}
	}
}

// checkDocument holds ReadDocument against encoding/json, and WriteJSONLine
// against both.
func checkDocument(t *testing.T, line []byte) {
	t.Helper()
	d, err := ReadDocument(line)
	if err != nil {
		if d.Dict != nil {
			t.Fatalf("%q: document with error %v", line, err)
		}
		return
	}
	if !json.Valid(line) {
		t.Fatalf("%q: read without error, but it is not JSON", line)
	}
	var once, twice bytes.Buffer
	if err := WriteJSONLine(&once, d.Dict); err != nil {
		t.Fatalf("%q: cannot be written: %v", line, err)
	}
	again, err := ReadDocument(once.Bytes())
	if err != nil {
		t.Fatalf("%q: cannot be read back: %v", once.Bytes(), err)
	}
	if err := WriteJSONLine(&twice, again.Dict); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
		t.Fatalf("%q: written again as %q (error %v)", once.Bytes(), twice.Bytes(), err)
	}
	if got, want := decoded(t, once.Bytes()), decoded(t, line); got != want {
		t.Fatalf("%q: means %s, want %s", line, got, want)
	}
}

// decoded is what encoding/json makes of a line, in its own writing.
func decoded(t *testing.T, line []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
