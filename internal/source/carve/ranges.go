package carve

import (
	"cmp"
	"slices"
)

// gaps gives what of within is in none of the live ranges, in order.
func gaps(live []Range, within Range) []Range {
	sorted := slices.Clone(live)
	slices.SortFunc(sorted, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	var out []Range
	at := within.Start
	for _, l := range sorted {
		if l.End <= at || l.End <= l.Start {
			continue
		}
		if l.Start >= within.End {
			break
		}
		if l.Start > at {
			out = append(out, Range{at, l.Start})
		}
		at = l.End
	}
	if at < within.End {
		out = append(out, Range{at, within.End})
	}
	return out
}
