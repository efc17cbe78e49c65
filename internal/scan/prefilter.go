package scan

import (
	"encoding/binary"
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
	var endings []func([]byte) bool
	for _, ext := range extensions {
		endings = append(endings, newSuffix("."+ext).test())
	}
	if len(endings) == 1 {
		return endings[0]
	}
	return func(name []byte) bool {
		for _, ends := range endings {
			if ends(name) {
				return true
			}
		}
		return false
	}
}

// suffix is an ending of names, in any case.
type suffix struct {
	units []uint16 // folded
	// A name whose last four units, as one word, differ from tail in the bits of
	// care does not end so.
	care, tail uint64
	exact      bool // else it does
}

// newSuffix leaves out of the word what folds in more ways than by one bit: k
// and s, which the Kelvin sign and the long s fold to, and all that is not ASCII.
func newSuffix(s string) suffix {
	x := suffix{units: foldUnits(s)}
	x.exact = len(x.units) <= 4
	for i := range min(4, len(x.units)) {
		u := x.units[len(x.units)-1-i]
		care := uint64(0xFFFF)
		switch {
		case u == 'k' || u == 's' || u >= 0x80:
			care, x.exact = 0, false
		case 'a' <= u && u <= 'z':
			care &^= 'a' - 'A'
		}
		at := 48 - 16*i
		x.care |= care << at
		x.tail |= uint64(u) & care << at
	}
	return x
}

// test gives the judgement on a name in UTF-16LE, as a function by itself: it is
// asked of every name on the volume.
func (x suffix) test() func(name []byte) bool {
	return func(name []byte) bool {
		if len(name) >= 8 {
			if binary.LittleEndian.Uint64(name[len(name)&^1-8:])&x.care != x.tail {
				return false
			}
			if x.exact {
				return true
			}
		}
		return hasSuffix(name, x.units)
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

// orNamed lets further names through, ASCII in any case, each of less than 64
// characters.
func orNamed(want func(name []byte) bool, names ...string) func([]byte) bool {
	var all [][]uint16
	lengths := uint64(0) // of them; others are none of them
	for _, name := range names {
		units := foldUnits(name)
		all = append(all, units)
		lengths |= 1 << len(units)
	}
	return func(b []byte) bool {
		if want(b) {
			return true
		}
		if lengths>>(len(b)/2)&1 == 0 || len(b)&1 != 0 {
			return false
		}
		for _, units := range all {
			if len(b) == 2*len(units) && hasSuffix(b, units) {
				return true
			}
		}
		return false
	}
}
