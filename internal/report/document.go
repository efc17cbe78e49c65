// Package report is the model of a report and of what writes one. Every line of
// a report is one Document: an ordered, nested set of named values. Builders
// turn scan results into documents, writers (one folder each) turn documents
// into a format, and a saved JSON Lines report can be read back and given to
// any writer.
//
// The package knows field names, their order and how text from evidence is made
// safe to show. It must not know NTFS, journals or rules, and opens nothing.
package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/Velocidex/ordereddict"
)

// Values of the field "type", one for each kind of line.
const (
	TypeHeader  = "header"
	TypeFinding = "finding"
	TypeEvent   = "event"
	TypeProblem = "problem"
	TypeSummary = "summary"
)

// Document is one line of a report. Values are nested *ordereddict.Dict, lists,
// strings (which may hold lone surrogates, see package wtf8), integers,
// json.Number, float64, bool and nil; see WriteJSONLine for the whole list.
// The zero Document holds nothing and may be read, not written to.
type Document struct{ *ordereddict.Dict }

// NewDocument returns a document of the given type ("finding", "problem", ...).
func NewDocument(kind string) Document {
	return Document{ordereddict.NewDict().Set("type", kind)}
}

// Type is the value of the field "type", "" if there is none.
func (d Document) Type() string {
	kind, _ := d.Lookup("type")
	s, _ := kind.(string)
	return s
}

// Lookup finds a value by its dotted name ("file.path"). A name may be nested,
// a key that itself holds dots, or any mix of both; the longest key wins. A
// null is found, with value nil.
func (d Document) Lookup(path string) (any, bool) {
	return lookup(d.Dict, path)
}

// Text is a value as text for reading: "" for nil and for what is not there,
// numbers in decimal, the items of a list joined by "; ", objects as JSON.
// The text is as the evidence gave it; pass it through Visible to show it.
func (d Document) Text(path string) string {
	value, _ := d.Lookup(path)
	return valueText(value)
}

// Texts is a list of values as text, such as "artifacts"; a single value counts
// as a list of one.
func (d Document) Texts(path string) []string {
	value, ok := d.Lookup(path)
	switch v := value.(type) {
	case []string:
		return v
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			out = append(out, valueText(item))
		}
		return out
	}
	if !ok || value == nil {
		return nil
	}
	return []string{valueText(value)}
}

// List is a list of nested documents, such as "jobscan.support". Items that are
// no objects are left out; a single object counts as a list of one.
func (d Document) List(path string) []Document {
	value, _ := d.Lookup(path)
	switch v := value.(type) {
	case []Document:
		return v
	case []*ordereddict.Dict:
		out := make([]Document, 0, len(v))
		for _, item := range v {
			out = append(out, Document{item})
		}
		return out
	case []any:
		out := make([]Document, 0, len(v))
		for _, item := range v {
			if dict, ok := asDict(item); ok {
				out = append(out, Document{dict})
			}
		}
		return out
	}
	if dict, ok := asDict(value); ok {
		return []Document{{dict}}
	}
	return nil
}

// Set stores a value under a dotted name, so that "file.path" becomes the key
// "path" of the object "file". Objects are made as needed, keys keep the order
// in which they first came, and a second Set of a name replaces its value. Where
// a value that is no object is in the way, the rest of the name stays dotted, so
// that nothing is lost; Lookup finds it all the same.
func Set(d *ordereddict.Dict, path string, value any) {
	for {
		head, rest, dotted := strings.Cut(path, ".")
		if !dotted {
			break
		}
		inner, present := d.Get(head)
		if !present {
			inner = ordereddict.NewDict()
			d.Update(head, inner)
		}
		dict, ok := asDict(inner)
		if !ok {
			break
		}
		d, path = dict, rest
	}
	d.Update(path, value)
}

// lookup calls itself at most once for each dot of the path and each object
// that answers to a prefix, so its depth is bounded by the path.
func lookup(d *ordereddict.Dict, path string) (any, bool) {
	if d == nil {
		return nil, false
	}
	if value, ok := d.Get(path); ok {
		return value, true
	}
	for cut := strings.LastIndexByte(path, '.'); cut > 0; cut = strings.LastIndexByte(path[:cut], '.') {
		inner, ok := d.Get(path[:cut])
		if !ok {
			continue
		}
		if dict, ok := asDict(inner); ok {
			if value, ok := lookup(dict, path[cut+1:]); ok {
				return value, true
			}
		}
	}
	return nil, false
}

// asDict reports whether a value is an object that is there.
func asDict(value any) (*ordereddict.Dict, bool) {
	switch v := value.(type) {
	case *ordereddict.Dict:
		return v, v != nil
	case Document:
		return v.Dict, v.Dict != nil
	}
	return nil, false
}

func valueText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case []string:
		return strings.Join(v, "; ")
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			// One level only: a list inside a list is shown as JSON.
			if s, ok := item.(string); ok {
				parts[i] = s
				continue
			}
			parts[i] = jsonText(item)
		}
		return strings.Join(parts, "; ")
	}
	// What has another type in memory reads as it will once it was saved.
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Slice, reflect.Array:
		parts := make([]string, v.Len())
		for i := range parts {
			if item := v.Index(i); item.Kind() == reflect.String {
				parts[i] = item.String()
			} else {
				parts[i] = jsonText(item.Interface())
			}
		}
		return strings.Join(parts, "; ")
	}
	text := jsonText(value)
	if text == "null" {
		return ""
	}
	return text
}

// jsonText is a value as compact JSON; what cannot be written is named by its type.
func jsonText(value any) string {
	b, err := appendValue(nil, value, 0)
	if err != nil {
		return fmt.Sprintf("(%T)", value)
	}
	return string(b)
}
