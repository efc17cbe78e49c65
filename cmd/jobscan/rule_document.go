package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	wanted  map[string]bool // fields to keep; nil keeps all
	unknown []unknownPattern
}

// document is one exported event. What it lacks is absent, unless a pattern says
// that the export cannot tell.
type document struct {
	plan   *documentPlan
	fields map[string]eql.Value
	values int
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

// parseDocument reads a JSON object with nested or dotted names, bare or in the
// "_source" or "fields" of a search hit.
func parseDocument(line []byte, plan *documentPlan) (*document, error) {
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
	d := &document{plan: plan, fields: map[string]eql.Value{}}
	if err := d.object("", top, 0); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *document) object(prefix string, members map[string]any, depth int) error {
	if depth > maxDocumentDepth {
		return fmt.Errorf("JSON nested more than %d levels deep", maxDocumentDepth)
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
	if d.plan.wanted != nil && !d.plan.wanted[name] {
		return nil
	}
	s := jsonScalar(v)
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
	default:
		have.Many = append(have.Many, s)
	}
	d.fields[name] = have
	return nil
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
