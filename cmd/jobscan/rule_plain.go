package main

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jobscan/jobscan/rule/eql"
)

// Limits on an event that is read the plain way.
const (
	maxPlainDepth   = 16
	maxPlainMembers = 64
	maxPlainDigits  = 18
)

// plainReader reads the events that nearly all exports consist of: objects of
// ASCII strings, whole numbers, booleans, nulls and arrays of these, in which no
// name stands twice. It gives up on anything else, also on what is no JSON, so
// that the rules for the rest are in one place, decodeDocument.
type plainReader struct {
	d    *document
	text string
	at   int
	path []byte   // dotted name of the member in hand
	keys []string // of the objects that are open
}

// parsePlain makes d the event on the line; ok is false where it gave up.
func (d *document) parsePlain(line []byte, plan *documentPlan) (ok bool) {
	d.reset(plan, false)
	p := plainReader{d: d, text: string(line), path: d.path[:0], keys: d.keys[:0]}
	ok = p.object(0) && p.at == len(p.text)
	d.path, d.keys = p.path, p.keys
	return ok
}

// take skips white space and the character c, if that is what follows.
func (p *plainReader) take(c byte) bool {
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case c:
			p.at++
			return true
		case ' ', '\t', '\r', '\n':
		default:
			return false
		}
	}
	return false
}

func (p *plainReader) object(depth int) bool {
	if depth > maxPlainDepth || !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	outer, first := len(p.path), len(p.keys)
	for {
		if !p.member(depth, outer, first) {
			return false
		}
		if !p.take(',') {
			p.path, p.keys = p.path[:outer], p.keys[:first]
			return p.take('}')
		}
	}
}

// member reads a member of an object whose path and first key end there.
func (p *plainReader) member(depth, outer, first int) bool {
	if !p.take('"') {
		return false
	}
	key, escaped, ok := p.quoted()
	if !ok || escaped || key == "" || !p.take(':') {
		return false
	}
	if len(p.keys)-first >= maxPlainMembers || slices.Contains(p.keys[first:], key) {
		return false
	}
	if depth == 0 && (key == "_source" || key == "fields") { // of a search hit
		return false
	}
	p.keys = append(p.keys, key)
	p.path = p.path[:outer]
	if outer > 0 {
		p.path = append(p.path, '.')
	}
	p.path = append(p.path, key...)
	return p.value(depth)
}

func (p *plainReader) value(depth int) bool {
	if p.take('{') {
		p.at--
		return p.object(depth + 1)
	}
	name, wanted := p.d.plan.keeps(p.path)
	if _, seen := p.d.fields[name]; wanted && seen {
		return false
	}
	if !p.take('[') {
		return p.scalar(name, wanted)
	}
	if p.take(']') {
		return p.file(name, wanted, eql.Scalar{})
	}
	for p.scalar(name, wanted) {
		if !p.take(',') {
			return p.take(']')
		}
	}
	return false
}

func (p *plainReader) file(name string, wanted bool, s eql.Scalar) bool {
	if p.d.values++; p.d.values > maxDocumentValues {
		return false
	}
	if wanted {
		p.d.file(name, s)
	}
	return true
}

// scalar reads a value and files it.
func (p *plainReader) scalar(name string, wanted bool) bool {
	if p.take('"') {
		s, escaped, ok := p.quoted()
		if ok && escaped && wanted {
			s = unescapePlain(s)
		}
		return ok && p.file(name, wanted, eql.Scalar{Kind: eql.KindString, Str: s})
	}
	rest := p.text[p.at:]
	switch {
	case strings.HasPrefix(rest, "true"):
		p.at += len("true")
		return p.file(name, wanted, eql.Scalar{Kind: eql.KindBool, Bool: true})
	case strings.HasPrefix(rest, "false"):
		p.at += len("false")
		return p.file(name, wanted, eql.Scalar{Kind: eql.KindBool})
	case strings.HasPrefix(rest, "null"):
		p.at += len("null")
		return p.file(name, wanted, eql.Scalar{})
	}
	n, digits := int64(0), 0
	for ; digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9'; digits++ {
		if digits == maxPlainDigits {
			return false
		}
		n = n*10 + int64(rest[digits]-'0')
	}
	if digits == 0 || digits > 1 && rest[0] == '0' {
		return false
	}
	p.at += digits
	return p.file(name, wanted, eql.Scalar{Kind: eql.KindInt, Int: n})
}

// quoted reads a string up to its closing quote, with its backslashes; escaped
// says that there are some.
func (p *plainReader) quoted() (s string, escaped, ok bool) {
	start := p.at
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			return p.text[start:i], escaped, true
		case c < ' ' || c >= utf8.RuneSelf:
			return "", false, false
		case c == '\\':
			if i++; i == len(p.text) || p.text[i] != '\\' && p.text[i] != '"' && p.text[i] != '/' {
				return "", false, false
			}
			escaped = true
		}
	}
	return "", false, false
}

// unescapePlain takes away the backslash before each escaped character.
func unescapePlain(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		b.WriteByte(s[i+1])
		s = s[i+2:]
	}
}
