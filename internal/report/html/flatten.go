package html

import (
	"fmt"
	"strings"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/report"
)

// maxDepth bounds the objects within objects that are taken apart; what lies
// deeper is shown as JSON.
const maxDepth = 16

// pair is one field by its dotted name, its value made visible.
type pair struct{ Name, Value string }

// flatten lists the fields of a document that have a value and are not in taken
// (names of fields, objects or lists), in their order.
func flatten(d report.Document, taken map[string]bool) []pair {
	return appendFields(nil, d, "", taken, 0)
}

func appendFields(out []pair, d report.Document, prefix string, taken map[string]bool, depth int) []pair {
	if d.Dict == nil {
		return out
	}
	for _, item := range d.Items() {
		name := prefix + item.Key
		if taken[name] || item.Value == nil {
			continue
		}
		switch list, kind := objects(d, item); {
		case kind == oneObject && depth < maxDepth:
			out = appendFields(out, list[0], name+".", taken, depth+1)
		case kind == manyObjects && depth < maxDepth:
			for i, inner := range list {
				out = appendFields(out, inner, fmt.Sprintf("%s[%d].", name, i), taken, depth+1)
			}
		default:
			if text := d.Text(item.Key); text != "" {
				out = append(out, pair{report.Visible(name), report.Visible(text)})
			}
		}
	}
	return out
}

// shape says whether a value is made of objects alone.
type shape int

const (
	noObject shape = iota
	oneObject
	manyObjects
)

func objects(d report.Document, item ordereddict.Item) ([]report.Document, shape) {
	switch v := item.Value.(type) {
	case *ordereddict.Dict, report.Document:
		if list := d.List(item.Key); len(list) == 1 {
			return list, oneObject
		}
	case []any:
		if list := d.List(item.Key); len(list) == len(v) && len(v) > 0 {
			return list, manyObjects
		}
	case []*ordereddict.Dict, []report.Document:
		return d.List(item.Key), manyObjects
	}
	return nil, noObject
}

// plainText is fields as lines of text.
func plainText(fields []pair) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f.Name)
		b.WriteString(": ")
		b.WriteString(f.Value)
		b.WriteByte('\n')
	}
	return b.String()
}

// outline is a document as indented lines of text, without what has no value.
func outline(d report.Document) string {
	var b strings.Builder
	writeOutline(&b, d, 0)
	return b.String()
}

func writeOutline(b *strings.Builder, d report.Document, depth int) {
	if d.Dict == nil {
		return
	}
	line := func(name, value string) {
		b.WriteString(strings.Repeat("  ", depth))
		b.WriteString(report.Visible(name))
		b.WriteByte(':')
		if value != "" {
			b.WriteByte(' ')
			b.WriteString(report.Visible(value))
		}
		b.WriteByte('\n')
	}
	for _, item := range d.Items() {
		if item.Value == nil {
			continue
		}
		list, kind := objects(d, item)
		switch {
		case kind == oneObject && depth < maxDepth:
			line(item.Key, "")
			writeOutline(b, list[0], depth+1)
		case kind == manyObjects && depth < maxDepth:
			for i, inner := range list {
				line(fmt.Sprintf("%s[%d]", item.Key, i), "")
				writeOutline(b, inner, depth+1)
			}
		default:
			if text := d.Text(item.Key); text != "" {
				line(item.Key, text)
			}
		}
	}
}
