package table

import "slices"

// layout is how the rows of one batch are drawn.
type layout struct {
	list   bool  // one block of lines for each row instead of columns
	tight  bool  // one blank between columns instead of a rule
	widths []int // columns of the terminal for each column's text
}

const (
	maxCell      = 200 // columns of a cell on an output without a width
	maxCellLines = 8
)

// flexible are the columns that give way first; their texts are long.
func flexible(title string) bool {
	switch title {
	case columnPath, columnProcess, columnRuns, columnEvidence:
		return true
	}
	return false
}

// newLayout finds the column widths for cells of the given natural widths;
// words are the widths to which the columns that are not flexible may shrink. On
// a narrow terminal the long texts are wrapped first, then the other columns,
// then the rules between columns are given up, and at last the columns.
func newLayout(titles []string, natural, words []int, width int) layout {
	if width == 0 {
		widths := make([]int, len(natural))
		for i, n := range natural {
			widths[i] = min(n, maxCell)
		}
		return layout{widths: widths}
	}
	narrow, narrowest := slices.Clone(words), slices.Clone(words)
	for i, title := range titles {
		if title == columnTime {
			narrow[i] = min(words[i], len("2024-05-01"))
		}
		narrowest[i] = min(narrow[i], len("2024-05-01"))
	}
	for _, try := range []struct {
		fixed []int
		tight bool
		least int // columns that a flexible column must get
	}{
		{natural, false, 18},
		{words, false, 14},
		{words, true, 12},
		{narrow, true, len(columnEvidence)},
		{narrowest, true, len(columnEvidence)},
	} {
		room := width - (3*len(natural) - 1) // " text " and a rule between
		if try.tight {
			room = width - len(natural) // "text "
		}
		if widths, ok := share(titles, natural, try.fixed, room, try.least); ok {
			return layout{tight: try.tight, widths: widths}
		}
	}
	return layout{list: true}
}

// share gives the fixed columns their width and divides the rest among the
// flexible ones: all up to one common limit, those that need less take less. It
// fails if that limit would be below least.
func share(titles []string, natural, fixed []int, room, least int) ([]int, bool) {
	widths := make([]int, len(natural))
	open := 0
	for i, title := range titles {
		if flexible(title) {
			open++
			continue
		}
		widths[i] = fixed[i]
		room -= fixed[i]
	}
	for open > 0 {
		limit, settled := room/open, false
		for i, title := range titles {
			if flexible(title) && widths[i] == 0 && natural[i] <= limit {
				widths[i] = natural[i]
				room -= natural[i]
				open--
				settled = true
			}
		}
		if settled {
			continue
		}
		if limit < least {
			return nil, false
		}
		for i, title := range titles {
			if flexible(title) && widths[i] == 0 {
				widths[i] = room / open
				room -= widths[i]
				open--
			}
		}
	}
	return widths, room >= 0
}
