package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// maxDepth bounds the nesting of objects and lists, both written and read.
const maxDepth = 64

// WriteJSONLine writes one object as one line of JSON (RFC 8259, UTF-8, LF) with
// a single Write. Keys come in the order of the dictionary, so the same document
// always gives the same bytes.
//
// Values may be *ordereddict.Dict, Document, lists, strings, booleans, integers
// of any size, finite floats, json.Number and nil; maps are refused, for they
// have no order, and so is nesting beyond 64 levels. A lone surrogate is written
// as its escape (\ud800), any other invalid byte as \ufffd; control, bidirectional
// and invisible characters are escaped, so that a line is safe to show on a
// terminal.
func WriteJSONLine(w io.Writer, d *ordereddict.Dict) error {
	b, err := appendDict(make([]byte, 0, 2048), d, 0)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// appendValue appends one value; depth counts the objects and lists around it.
func appendValue(b []byte, value any, depth int) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return appendString(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case uint64:
		return strconv.AppendUint(b, v, 10), nil
	case float64:
		return appendFloat(b, v, 64)
	case json.Number:
		if !validNumber(string(v)) {
			return nil, fmt.Errorf("write JSON: %q is not a number", string(v))
		}
		return append(b, v...), nil
	case *ordereddict.Dict:
		if v == nil {
			return append(b, "null"...), nil
		}
		return appendDict(b, v, depth)
	case Document:
		return appendValue(b, v.Dict, depth)
	case []string:
		return appendList(b, len(v), depth, func(b []byte, i int) ([]byte, error) {
			return appendString(b, v[i]), nil
		})
	case []any:
		return appendList(b, len(v), depth, func(b []byte, i int) ([]byte, error) {
			return appendValue(b, v[i], depth+1)
		})
	}
	return appendReflected(b, value, depth)
}

// appendReflected handles the rarer integer sizes, lists of other things, and
// named types of the plain kinds.
func appendReflected(b []byte, value any, depth int) ([]byte, error) {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String:
		return appendString(b, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case reflect.Float32:
		return appendFloat(b, v.Float(), 32)
	case reflect.Float64:
		return appendFloat(b, v.Float(), 64)
	case reflect.Slice, reflect.Array:
		return appendList(b, v.Len(), depth, func(b []byte, i int) ([]byte, error) {
			return appendValue(b, v.Index(i).Interface(), depth+1)
		})
	}
	return nil, fmt.Errorf("write JSON: unsupported type %T", value)
}

func appendDict(b []byte, d *ordereddict.Dict, depth int) ([]byte, error) {
	if d == nil {
		return append(b, "{}"...), nil
	}
	if depth >= maxDepth {
		return nil, fmt.Errorf("write JSON: nested deeper than %d levels", maxDepth)
	}
	b = append(b, '{')
	var err error
	for i, item := range d.Items() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, item.Key), ':')
		if b, err = appendValue(b, item.Value, depth+1); err != nil {
			return nil, fmt.Errorf("%q: %w", item.Key, err)
		}
	}
	return append(b, '}'), nil
}

func appendList(b []byte, n, depth int, item func([]byte, int) ([]byte, error)) ([]byte, error) {
	if depth >= maxDepth {
		return nil, fmt.Errorf("write JSON: nested deeper than %d levels", maxDepth)
	}
	b = append(b, '[')
	var err error
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = item(b, i); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendFloat writes the shortest text that reads back as the same number, in
// plain notation for the sizes that people read.
func appendFloat(b []byte, f float64, bits int) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("write JSON: %v has no JSON form", f)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, bits), nil
}

const hexDigits = "0123456789abcdef"

// appendString appends a quoted string. U+FFFD is escaped as well, so that a
// line read back and written again is the same bytes.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7F && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := wtf8.DecodeRune(s[i:])
		if size == 3 && utf16.IsSurrogate(r) {
			// Two lone surrogates side by side that pair up are one character.
			low, n := wtf8.DecodeRune(s[i+size:])
			if c := utf16.DecodeRune(r, low); c != utf8.RuneError {
				b = append(b, s[start:i]...)
				b = appendRune(b, c)
				i += size + n
				start = i
				continue
			}
		}
		if r >= utf8.RuneSelf && r != utf8.RuneError && !utf16.IsSurrogate(r) && !hidden(r) {
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		b = appendRune(b, r)
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// appendRune appends one character of a string, escaped where needed.
func appendRune(b []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r != utf8.RuneError && !utf16.IsSurrogate(r) && !hidden(r):
		return utf8.AppendRune(b, r)
	case r >= 0x10000:
		hi, lo := utf16.EncodeRune(r)
		return appendEscape(appendEscape(b, hi), lo)
	}
	return appendEscape(b, r)
}

// appendEscape appends \uXXXX.
func appendEscape(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&0xF], hexDigits[r>>8&0xF], hexDigits[r>>4&0xF], hexDigits[r&0xF])
}
