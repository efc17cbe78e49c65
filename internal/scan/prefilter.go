package scan

import (
	"unicode"

	"github.com/jobscan/jobscan/internal/wtf8"
	"github.com/jobscan/jobscan/rule"
)

// nameFilter derives from the rules a test on raw UTF-16LE names that every
// file a rule may concern passes at some moment of its life. Where the rules
// do not bind the extension, every name passes.
func nameFilter(rules []*rule.Rule) func(name []byte) bool {
	extensions, ok := rule.Prefilter(rules)
	if !ok {
		return func([]byte) bool { return true }
	}
	var suffixes [][]uint16
	for _, ext := range extensions {
		suffixes = append(suffixes, foldUnits("."+ext))
	}
	return func(name []byte) bool {
		for _, s := range suffixes {
			if hasSuffix(name, s) {
				return true
			}
		}
		return false
	}
}

func foldUnits(s string) []uint16 {
	units := wtf8.ToUnits(s)
	for i, u := range units {
		units[i] = foldUnit(u)
	}
	return units
}

func hasSuffix(name []byte, suffix []uint16) bool {
	n := len(name)/2 - len(suffix)
	if n < 0 {
		return false
	}
	for i, want := range suffix {
		at := 2 * (n + i)
		if foldUnit(uint16(name[at])|uint16(name[at+1])<<8) != want {
			return false
		}
	}
	return true
}

// foldUnit maps the characters that simple case folding makes equal to one of them.
func foldUnit(u uint16) uint16 {
	if u < 0x80 {
		if 'A' <= u && u <= 'Z' {
			return u + 'a' - 'A'
		}
		return u
	}
	least := rune(u)
	for r := unicode.SimpleFold(rune(u)); r != rune(u); r = unicode.SimpleFold(r) {
		least = min(least, r)
	}
	if 'A' <= least && least <= 'Z' {
		return uint16(least) + 'a' - 'A'
	}
	return uint16(least)
}

// orNamed lets one further name through, ASCII in any case.
func orNamed(want func(name []byte) bool, name string) func([]byte) bool {
	units := foldUnits(name)
	return func(b []byte) bool {
		return want(b) || len(b) == 2*len(units) && hasSuffix(b, units)
	}
}
