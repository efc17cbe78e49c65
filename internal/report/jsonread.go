package report

import (
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/parse"
)

// lineStructure is how errors of this file name their input.
const lineStructure = "report line"

// ReadDocument decodes one line of JSON (RFC 8259) that holds an object. Unlike
// encoding/json it keeps the order of keys, the digits of numbers (they become
// json.Number) and lone surrogate escapes (in the form of package wtf8), so that
// WriteJSONLine gives back the line that it wrote.
//
// It is strict: invalid UTF-8, a name twice in one object, nesting beyond 64
// levels and text after the object are errors, all of them *parse.Error with the
// byte offset in the line.
func ReadDocument(line []byte) (Document, error) {
	r := lineReader{b: line}
	r.space()
	if r.peek() != '{' {
		return Document{}, r.fail("object", parse.ErrSignature, "expected '{'")
	}
	value, err := r.value(0)
	if err != nil {
		return Document{}, err
	}
	r.space()
	if r.pos < len(r.b) {
		return Document{}, r.fail("end of line", parse.ErrRange, "text after the object")
	}
	return Document{value.(*ordereddict.Dict)}, nil
}

// lineReader walks over one line; pos never moves back.
type lineReader struct {
	b   []byte
	pos int
}

func (r *lineReader) fail(field string, cause error, detail string) error {
	if r.pos >= len(r.b) {
		cause = parse.ErrTruncated
	}
	return &parse.Error{Structure: lineStructure, Field: field, Offset: int64(r.pos), Detail: detail, Err: cause}
}

func (r *lineReader) space() {
	for r.pos < len(r.b) {
		switch r.b[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end of the line.
func (r *lineReader) peek() byte {
	if r.pos < len(r.b) {
		return r.b[r.pos]
	}
	return 0
}

// value reads one value; depth counts the objects and lists around it, which
// bounds the recursion.
func (r *lineReader) value(depth int) (any, error) {
	c := r.peek()
	if (c == '{' || c == '[') && depth >= maxDepth {
		return nil, r.fail("value", parse.ErrRange, fmt.Sprintf("nested deeper than %d levels", maxDepth))
	}
	switch {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.list(depth)
	case c == '"':
		return r.text()
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	}
	for _, word := range []struct {
		text  string
		value any
	}{{"null", nil}, {"true", true}, {"false", false}} {
		if rest := r.b[r.pos:]; len(rest) >= len(word.text) && string(rest[:len(word.text)]) == word.text {
			r.pos += len(word.text)
			return word.value, nil
		}
	}
	return nil, r.fail("value", parse.ErrRange, "expected a JSON value")
}

func (r *lineReader) object(depth int) (any, error) {
	d := ordereddict.NewDict()
	r.pos++
	r.space()
	if r.peek() == '}' {
		r.pos++
		return d, nil
	}
	for {
		r.space()
		if r.peek() != '"' {
			return nil, r.fail("name", parse.ErrRange, "expected a quoted name")
		}
		start := r.pos
		name, err := r.text()
		if err != nil {
			return nil, err
		}
		if _, twice := d.Get(name); twice {
			r.pos = start
			return nil, r.fail("name", parse.ErrRange, fmt.Sprintf("%q comes twice", name))
		}
		r.space()
		if r.peek() != ':' {
			return nil, r.fail("object", parse.ErrRange, "expected ':'")
		}
		r.pos++
		r.space()
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.Update(name, value)
		if more, err := r.next("object", '}'); !more {
			return d, err
		}
	}
}

func (r *lineReader) list(depth int) (any, error) {
	items := []any{}
	r.pos++
	r.space()
	if r.peek() == ']' {
		r.pos++
		return items, nil
	}
	for {
		r.space()
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, value)
		if more, err := r.next("list", ']'); !more {
			return items, err
		}
	}
}

// next steps over a comma (more follows) or the closing byte.
func (r *lineReader) next(field string, closing byte) (bool, error) {
	r.space()
	switch r.peek() {
	case ',':
		r.pos++
		return true, nil
	case closing:
		r.pos++
		return false, nil
	}
	return false, r.fail(field, parse.ErrRange, fmt.Sprintf("expected ',' or %q", closing))
}

func (r *lineReader) number() (any, error) {
	end := r.pos
	for end < len(r.b) && (r.b[end] >= '0' && r.b[end] <= '9' || r.b[end] == '-' || r.b[end] == '+' ||
		r.b[end] == '.' || r.b[end] == 'e' || r.b[end] == 'E') {
		end++
	}
	text := string(r.b[r.pos:end])
	if !validNumber(text) {
		return nil, r.fail("number", parse.ErrRange, fmt.Sprintf("found %q", text))
	}
	r.pos = end
	return json.Number(text), nil
}

// text reads a quoted string.
func (r *lineReader) text() (string, error) {
	r.pos++
	start := r.pos
	var out []byte // set at the first escape; until then the bytes stand as they are
	for r.pos < len(r.b) {
		c := r.b[r.pos]
		switch {
		case c == '"':
			s := append(out, r.b[start:r.pos]...)
			r.pos++
			return string(s), nil
		case c == '\\':
			out = append(out, r.b[start:r.pos]...)
			var err error
			if out, err = r.escape(out); err != nil {
				return "", err
			}
			start = r.pos
		case c < ' ':
			return "", r.fail("string", parse.ErrRange, "control character that is not escaped")
		case c < utf8.RuneSelf:
			r.pos++
		default:
			char, size := utf8.DecodeRune(r.b[r.pos:])
			if char == utf8.RuneError && size == 1 {
				return "", r.fail("string", parse.ErrRange, "invalid UTF-8")
			}
			r.pos += size
		}
	}
	return "", r.fail("string", parse.ErrTruncated, "no closing quote")
}

// escape reads one escape, or the two of a surrogate pair, and appends what it
// stands for.
func (r *lineReader) escape(out []byte) ([]byte, error) {
	if r.pos+1 < len(r.b) {
		switch c := r.b[r.pos+1]; c {
		case '"', '\\', '/':
			r.pos += 2
			return append(out, c), nil
		case 'b', 'f', 'n', 'r', 't':
			r.pos += 2
			return append(out, shortEscape(c)), nil
		}
	}
	unit, ok := r.unit(r.pos)
	if !ok {
		return nil, r.fail("string", parse.ErrRange, "unknown escape")
	}
	r.pos += 6
	if !utf16.IsSurrogate(unit) {
		return utf8.AppendRune(out, unit), nil
	}
	if low, ok := r.unit(r.pos); ok {
		if c := utf16.DecodeRune(unit, low); c != utf8.RuneError {
			r.pos += 6
			return utf8.AppendRune(out, c), nil
		}
	}
	return append(out, 0xE0|byte(unit>>12), 0x80|byte(unit>>6)&0xBF, 0x80|byte(unit)&0xBF), nil
}

func shortEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	}
	return '\t'
}

// unit decodes \uXXXX at pos.
func (r *lineReader) unit(pos int) (rune, bool) {
	if pos+6 > len(r.b) || r.b[pos] != '\\' || r.b[pos+1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range r.b[pos+2 : pos+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}

// validNumber reports whether s is a number by the grammar of RFC 8259.
func validNumber(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	if s != "" && s[0] == '0' {
		s = s[1:]
	} else if !digits() {
		return false
	}
	if s != "" && s[0] == '.' {
		s = s[1:]
		if !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}
