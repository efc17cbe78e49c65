package eql

import (
	"cmp"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"
)

// runeRange is the characters from low to high.
type runeRange struct{ low, high rune }

// charSet is a set of characters: ranges in ascending order that do not touch.
type charSet []runeRange

var anyChar = charSet{{0, unicode.MaxRune}}

// newCharSet joins ranges in any order.
func newCharSet(ranges []runeRange) charSet {
	slices.SortFunc(ranges, func(a, b runeRange) int { return cmp.Compare(a.low, b.low) })
	var out charSet
	for _, r := range ranges {
		if n := len(out); n > 0 && r.low <= out[n-1].high+1 {
			out[n-1].high = max(out[n-1].high, r.high)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// complement is all other characters.
func (s charSet) complement() charSet {
	var out charSet
	next := rune(0)
	for _, r := range s {
		if next < r.low {
			out = append(out, runeRange{next, r.low - 1})
		}
		next = r.high + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out
}

func (s charSet) contains(c rune) bool {
	_, found := slices.BinarySearchFunc(s, c, func(r runeRange, c rune) int {
		switch {
		case r.high < c:
			return -1
		case r.low > c:
			return 1
		}
		return 0
	})
	return found
}

// lastFoldable is the last character that has another case.
const lastFoldable = '\U0001E943'

// foldable lists the characters that have another case, in ascending order.
var foldable = sync.OnceValue(func() []rune {
	var out []rune
	for c := rune(0); c <= lastFoldable; c++ {
		if unicode.SimpleFold(c) != c {
			out = append(out, c)
		}
	}
	return out
})

// appendFolded appends a range and the characters that are alike to its members.
func appendFolded(to []runeRange, r runeRange, f fold) []runeRange {
	to = append(to, r)
	switch f {
	case foldASCII:
		for _, alphabet := range []runeRange{{'A', 'Z'}, {'a', 'z'}} {
			low, high := max(r.low, alphabet.low), min(r.high, alphabet.high)
			if low <= high {
				to = append(to, runeRange{low ^ 0x20, high ^ 0x20})
			}
		}
	case foldUnicode:
		if r.low == r.high && r.low < utf8.RuneSelf && (r.low|0x20 < 'a' || r.low|0x20 > 'z') {
			return to // nothing is like it
		}
		all := foldable()
		i, _ := slices.BinarySearch(all, r.low)
		for ; i < len(all) && all[i] <= r.high; i++ {
			for c := unicode.SimpleFold(all[i]); c != all[i]; c = unicode.SimpleFold(c) {
				to = append(to, runeRange{c, c})
			}
		}
	}
	return to
}

// predefined gives the members of \d, \s, \w and their complements, which know
// only ASCII.
func predefined(c rune) (set charSet, ok bool) {
	switch c {
	case 'd', 'D':
		set = charSet{{'0', '9'}}
	case 's', 'S':
		set = charSet{{'\t', '\n'}, {'\r', '\r'}, {' ', ' '}}
	case 'w', 'W':
		set = charSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	default:
		return nil, false
	}
	if c < 'a' {
		set = set.complement()
	}
	return set, true
}
