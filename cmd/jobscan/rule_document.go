package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jobscan/jobscan/rule/eql"
)

// Limits on an exported event.
const (
	maxDocumentDepth  = 100     // nested objects and arrays
	maxDocumentValues = 1 << 16 // values in all
)

// documentPlan says how exported events are read.
type documentPlan struct {
	wanted  map[string]string // fields to keep, each under itself; nil keeps all
	unknown []unknownPattern
}

// keeps reports whether a field is kept, and gives its name.
func (p *documentPlan) keeps(path []byte) (name string, ok bool) {
	if p.wanted == nil {
		return string(path), true
	}
	name, ok = p.wanted[string(path)]
	return name, ok
}

// document is one exported event. What it lacks is absent, unless a pattern says
// that the export cannot tell.
type document struct {
	plan     *documentPlan
	fields   map[string]eql.Value
	values   int
	repeated bool // a field has several values
	sorted   bool // members are read in the order of their names

	path []byte   // of a plainReader, for the next event
	keys []string // likewise
}

// Field gives a field by its dotted name.
func (d *document) Field(name string) eql.Value {
	if v, ok := d.fields[name]; ok {
		return v
	}
	for _, p := range d.plan.unknown {
		if p.match(name) {
			return eql.NotKnown()
		}
	}
	return eql.Missing()
}

// parse makes d the event of a JSON object with nested or dotted names, bare or
// in the "_source" or "fields" of a search hit. After an error d holds nothing of
// use.
func (d *document) parse(line []byte, plan *documentPlan) error {
	if d.parsePlain(line, plan) {
		return nil
	}
	top, err := decodeDocument(line)
	if err != nil {
		return err
	}
	d.reset(plan, false)
	err = d.object("", top, 0)
	if err != nil || d.repeated { // the order of the members shows
		d.reset(plan, true)
		err = d.object("", top, 0)
	}
	return err
}

func (d *document) reset(plan *documentPlan, sorted bool) {
	d.plan, d.values, d.repeated, d.sorted = plan, 0, false, sorted
	if d.fields == nil {
		d.fields = map[string]eql.Value{}
	}
	clear(d.fields)
}

// decodeDocument gives the members of the event on a line.
func decodeDocument(line []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var top map[string]any
	if err := decoder.Decode(&top); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("JSON ends too early")
		}
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value on the line")
	}
	if top == nil {
		return nil, errors.New("expected a JSON object, found null")
	}
	if source, ok := top["_source"].(map[string]any); ok {
		top = source
	} else if source, ok := top["fields"].(map[string]any); ok && top["_index"] != nil {
		top = source
	}
	return top, nil
}

func (d *document) object(prefix string, members map[string]any, depth int) error {
	if depth > maxDocumentDepth {
		return fmt.Errorf("JSON nested more than %d levels deep", maxDocumentDepth)
	}
	if d.sorted {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if err := d.add(prefix+name, members[name], depth); err != nil {
				return err
			}
		}
		return nil
	}
	for name, v := range members {
		if err := d.add(prefix+name, v, depth); err != nil {
			return err
		}
	}
	return nil
}

// add files a value under its dotted name; an array, also one of objects, gives
// several values to a name. Null and the empty array leave the field absent.
func (d *document) add(name string, v any, depth int) error {
	switch v := v.(type) {
	case map[string]any:
		return d.object(name+".", v, depth+1)
	case []any:
		if depth > maxDocumentDepth {
			return fmt.Errorf("JSON nested more than %d levels deep", maxDocumentDepth)
		}
		if len(v) == 0 {
			return d.add(name, nil, depth+1)
		}
		for _, m := range v {
			if err := d.add(name, m, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if d.values++; d.values > maxDocumentValues {
		return fmt.Errorf("event of more than %d values", maxDocumentValues)
	}
	if d.plan.wanted == nil || d.plan.wanted[name] != "" {
		d.file(name, jsonScalar(v))
	}
	return nil
}

// file adds a value to a field.
func (d *document) file(name string, s eql.Scalar) {
	have, seen := d.fields[name]
	switch {
	case s.Kind == eql.KindNull:
		if !seen {
			have = eql.Missing()
		}
	case !seen || have.State != eql.Known:
		have = eql.Value{State: eql.Known, One: s}
	case len(have.Many) == 0:
		have.Many = []eql.Scalar{have.One, s}
		d.repeated = true
	default:
		have.Many = append(have.Many, s)
	}
	d.fields[name] = have
}

func jsonScalar(v any) eql.Scalar {
	switch v := v.(type) {
	case string:
		return eql.Scalar{Kind: eql.KindString, Str: v}
	case bool:
		return eql.Scalar{Kind: eql.KindBool, Bool: v}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return eql.Scalar{Kind: eql.KindInt, Int: i}
		}
		if f, err := v.Float64(); err == nil {
			return eql.Scalar{Kind: eql.KindFloat, Float: f}
		}
		return eql.Scalar{Kind: eql.KindString, Str: v.String()}
	}
	return eql.Scalar{}
}

// unknownPattern is a field name in which each "*" is any number of characters.
type unknownPattern []string

func newUnknownPattern(s string) unknownPattern { return strings.Split(s, "*") }

func (p unknownPattern) match(name string) bool {
	rest, ok := strings.CutPrefix(name, p[0])
	if !ok || len(p) == 1 {
		return ok && rest == ""
	}
	last := len(p) - 1
	for _, part := range p[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, p[last])
}
