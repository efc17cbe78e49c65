package eql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// interval reads what follows the "<" of <m-n>: the decimal numbers from m to n,
// both below 2^31, in either order. Where both have the same number of digits so
// has the text, else any number of zeros may lead.
func (p *regexParser) interval(at int) (*regexTree, error) {
	end := slices.Index(p.src[p.off:], '>')
	if end < 0 {
		return nil, fmt.Errorf("number range at character %d is not closed", at)
	}
	text := string(p.src[p.off : p.off+end])
	p.off += end + 1
	from, to, found := strings.Cut(text, "-")
	if !found {
		return nil, fmt.Errorf(`the operator "<name>" (named automaton) is not supported: <%s> at character %d`, text, at)
	}
	m, err1 := strconv.ParseUint(from, 10, 31)
	n, err2 := strconv.ParseUint(to, 10, 31)
	if err1 != nil || err2 != nil || len(from) > maxIntervalDigits || len(to) > maxIntervalDigits {
		return nil, fmt.Errorf("number range <%s> at character %d is not <m-n>", text, at)
	}
	m, n = min(m, n), max(m, n)
	if len(from) == len(to) {
		width := len(from)
		return numbersBetween(fmt.Sprintf("%0*d", width, m), fmt.Sprintf("%0*d", width, n)), nil
	}
	high := strconv.FormatUint(n, 10)
	zeros := &regexTree{op: reRepeat, kids: []*regexTree{digits('0', '0')}, max: unbounded}
	union := &regexTree{op: reUnion}
	for width := len(strconv.FormatUint(m, 10)); width <= len(high); width++ {
		// The numbers of that many digits without leading zeros.
		low, top := strconv.FormatUint(m, 10), high
		if len(low) < width {
			low = "1" + strings.Repeat("0", width-1)
		}
		if len(top) > width {
			top = strings.Repeat("9", width)
		}
		union.kids = append(union.kids, numbersBetween(low, top))
	}
	return &regexTree{op: reConcat, kids: []*regexTree{zeros, union}}, nil
}

const maxIntervalDigits = 100

func digits(low, high rune) *regexTree {
	return &regexTree{op: reSet, set: charSet{{low, high}}}
}

// numbersBetween matches the decimal numbers from low to high with as many digits as
// both of these have.
func numbersBetween(low, high string) *regexTree {
	n := len(low)
	switch {
	case n == 0:
		return &regexTree{op: reEmpty}
	case strings.Trim(low, "0") == "" && strings.Trim(high, "9") == "":
		return &regexTree{op: reRepeat, kids: []*regexTree{digits('0', '9')}, min: n, max: n}
	}
	first := func(a, b byte, rest *regexTree) *regexTree {
		return &regexTree{op: reConcat, kids: []*regexTree{digits(rune(a), rune(b)), rest}}
	}
	a, b := low[0], high[0]
	if a == b {
		return first(a, a, numbersBetween(low[1:], high[1:]))
	}
	zeros, nines := strings.Repeat("0", n-1), strings.Repeat("9", n-1)
	union := &regexTree{op: reUnion, kids: []*regexTree{
		first(a, a, numbersBetween(low[1:], nines)),
		first(b, b, numbersBetween(zeros, high[1:])),
	}}
	if a+1 < b {
		union.kids = append(union.kids, first(a+1, b-1, numbersBetween(zeros, nines)))
	}
	return union
}
