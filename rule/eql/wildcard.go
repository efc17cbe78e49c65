package eql

// Wildcards of a pattern, as runes that no text contains.
const (
	anyChars rune = -1 // *
	oneChar  rune = -2 // ?
)

// pattern is a compiled wildcard pattern. It must match a whole value: "*" is
// any number of characters, path separators among them, "?" exactly one. Neither
// can be escaped, and nothing else is special.
type pattern struct {
	fold  fold
	runes []rune // folded; no two anyChars in a row
}

func newPattern(text string, f fold) pattern {
	p := pattern{fold: f, runes: make([]rune, 0, len(text))}
	for _, r := range text {
		switch {
		case r == '?':
			r = oneChar
		case r != '*':
			r = f.rune(r)
		case len(p.runes) > 0 && p.runes[len(p.runes)-1] == anyChars:
			continue
		default:
			r = anyChars
		}
		p.runes = append(p.runes, r)
	}
	return p
}

// match keeps one place to come back to, after the last "*" seen: an earlier one
// never needs to be tried again, so the time is at most len(s) * len(pattern).
func (p *pattern) match(s string) bool {
	si, pi := 0, 0
	star, mark := -1, 0
	for si < len(s) {
		if pi < len(p.runes) && p.runes[pi] == anyChars {
			star, mark = pi, si
			if pi++; pi == len(p.runes) {
				return true
			}
			continue
		}
		r, size := char(s[si:])
		if pi < len(p.runes) && (p.runes[pi] == oneChar || p.runes[pi] == r || p.runes[pi] == p.fold.rune(r)) {
			si += size
			pi++
			continue
		}
		if star < 0 {
			return false
		}
		_, size = char(s[mark:])
		mark += size
		si, pi = mark, star+1
	}
	for pi < len(p.runes) && p.runes[pi] == anyChars {
		pi++
	}
	return pi == len(p.runes)
}
