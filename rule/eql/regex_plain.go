package eql

import (
	"fmt"
	"regexp"
	"strings"
)

// maxCount is the largest count of a repetition in the standard library.
const maxCount = 1000

// plain writes the tree as a pattern of the standard library; ok is false where
// it has a complement or an intersection, which that library does not know, or
// the pattern would be far too long.
func (t *regexTree) plain() (pattern string, ok bool) {
	var b strings.Builder
	ok = t.writePlain(&b)
	return b.String(), ok
}

func (t *regexTree) writePlain(b *strings.Builder) bool {
	if b.Len() > 64*maxPattern {
		return false
	}
	switch t.op {
	case reEmpty:
		b.WriteString("(?:)")
	case reSet:
		t.set.writePlain(b)
	case reConcat, reUnion:
		b.WriteString("(?:")
		for i, k := range t.kids {
			if i > 0 && t.op == reUnion {
				b.WriteByte('|')
			}
			if !k.writePlain(b) {
				return false
			}
		}
		b.WriteByte(')')
	case reRepeat:
		return t.writeRepeat(b)
	default:
		return false
	}
	return true
}

// writeRepeat writes a repetition, in parts where the count is large.
func (t *regexTree) writeRepeat(b *strings.Builder) bool {
	low, high := t.min, t.max
	for {
		b.WriteString("(?:")
		if !t.kids[0].writePlain(b) {
			return false
		}
		n, m := min(low, maxCount), min(high, maxCount)
		low -= n
		switch {
		case high == unbounded && low == 0:
			fmt.Fprintf(b, "){%d,}", n)
			return true
		case high == unbounded:
			fmt.Fprintf(b, "){%d}", n)
			continue
		}
		fmt.Fprintf(b, "){%d,%d}", n, m)
		if high -= m; high == 0 {
			return true
		}
	}
}

func (s charSet) writePlain(b *strings.Builder) {
	switch {
	case len(s) == 0:
		b.WriteString(`[^\x00-\x{10FFFF}]`)
		return
	case len(s) == 1 && s[0].low == s[0].high:
		b.WriteString(regexp.QuoteMeta(string(s[0].low)))
		return
	}
	b.WriteByte('[')
	for _, r := range s {
		fmt.Fprintf(b, `\x{%X}-\x{%X}`, r.low, r.high)
	}
	b.WriteByte(']')
}
