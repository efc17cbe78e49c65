package table

import (
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// draw writes the collected rows as one table. All wrapping is done before
// tablewriter sees a cell: it aligns and rules, and changes no text.
func (t *writer) draw(w io.Writer) error {
	titles := make([]string, len(t.columns))
	natural := make([]int, len(t.columns))
	words := make([]int, len(t.columns))
	for i, c := range t.columns {
		titles[i] = c.Title
		natural[i] = textWidth(t.heading(c.Title))
		words[i] = textWidth(c.Title)
	}
	for _, r := range t.rows {
		t.label(titles, r)
		for i, text := range r.cells {
			natural[i] = max(natural[i], textWidth(text))
			if !flexible(titles[i]) {
				words[i] = max(words[i], longestWord(text))
			}
		}
	}
	l := newLayout(titles, natural, words, t.width)
	if l.list {
		return t.drawList(w, titles)
	}
	var table [][]string
	heading := make([]string, len(titles))
	for i, title := range titles {
		heading[i] = strings.Join(wrap(t.heading(title), l.widths[i]), "\n")
	}
	wrapped := false
	for _, r := range t.rows {
		cells := make([]string, len(r.cells))
		for i, text := range r.cells {
			lines := t.lines(titles[i], text, l.widths[i])
			wrapped = wrapped || len(lines) > 1
			cells[i] = t.paint(titles[i], r.verdict, lines)
		}
		table = append(table, cells)
	}
	tb := newTable(w, l.tight, wrapped)
	tb.Header(heading)
	for _, cells := range table {
		if err := tb.Append(cells); err != nil {
			return err
		}
	}
	return tb.Render()
}

// label puts the label of its volume before the evidence of a row.
func (t *writer) label(titles []string, r row) {
	for i, title := range titles {
		if label := t.volumes.label(r.volume); title == columnEvidence && label != "" {
			r.cells[i] = label + " " + r.cells[i]
		}
	}
}

// lines breaks the text of a cell, and remembers whether any was cut.
func (t *writer) lines(title, text string, width int) []string {
	if title == columnTime {
		return wrapTime(text, width)
	}
	// A narrow cell may be higher, or too little would be left of a path.
	lines, cut := cell(text, width, min(max(maxCellLines, maxCell/width), 3*maxCellLines/2), title == columnPath)
	t.cut = t.cut || cut
	return lines
}

// drawList writes each row as a block of lines, heading before value.
func (t *writer) drawList(w io.Writer, titles []string) error {
	indent := 0
	for _, title := range titles {
		indent = max(indent, textWidth(title)+1)
	}
	tb := newTable(w, true, false)
	for n, r := range t.rows {
		if n > 0 {
			if err := tb.Append([]string{"", ""}); err != nil {
				return err
			}
		}
		for i, text := range r.cells {
			if titles[i] == columnTime && !strings.HasSuffix(text, localMark) {
				text += " " + t.zone()
			}
			lines := t.lines(titles[i], text, t.width-indent-1)
			if err := tb.Append([]string{titles[i], t.paint(titles[i], r.verdict, lines)}); err != nil {
				return err
			}
		}
	}
	return tb.Render()
}

func longestWord(text string) int {
	longest := 0
	for word := range strings.FieldsSeq(text) {
		longest = max(longest, textWidth(word))
	}
	return longest
}

// heading names the zone beside TIME.
func (t *writer) heading(title string) string {
	if title == columnTime {
		return title + " (" + t.zone() + ")"
	}
	return title
}

// paint joins the lines of a cell and colours those of a verdict.
func (t *writer) paint(title, verdict string, lines []string) string {
	if t.color && title == columnVerdict {
		start := "\x1b[2m" // faint
		switch verdict {
		case "match":
			start = "\x1b[1;31m" // bold red
		case "undecided":
			start = "\x1b[1;33m" // bold yellow
		case "excluded":
			start = "\x1b[32m" // green
		}
		for i, line := range lines {
			lines[i] = start + line + "\x1b[0m"
		}
	}
	return strings.Join(lines, "\n")
}

// newTable sets tablewriter up to leave text alone. ruled draws lines between
// rows, which rows of several lines need.
func newTable(w io.Writer, tight, ruled bool) *tablewriter.Table {
	state := func(on bool) tw.State {
		if on {
			return tw.On
		}
		return tw.Off
	}
	section := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
		Padding:    tw.CellPadding{Global: tw.Padding{Left: " ", Right: " ", Overwrite: true}},
	}
	if tight {
		section.Padding.Global = tw.Padding{Left: tw.Empty, Right: " ", Overwrite: true}
	}
	rendition := tw.Rendition{
		Borders: tw.BorderNone,
		Symbols: tw.NewSymbols(tw.StyleLight),
		Settings: tw.Settings{
			Separators: tw.Separators{
				ShowHeader: tw.Off, ShowFooter: tw.Off,
				BetweenRows: state(ruled), BetweenColumns: state(!tight),
			},
			Lines: tw.Lines{
				ShowTop: tw.Off, ShowBottom: tw.Off,
				ShowHeaderLine: state(!tight || ruled), ShowFooterLine: tw.Off,
			},
		},
	}
	return tablewriter.NewTable(w,
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithRenderer(renderer.NewBlueprint(rendition)),
		tablewriter.WithConfig(tablewriter.Config{
			Header: section, Row: section,
			Behavior: tw.Behavior{TrimSpace: tw.Off, TrimTab: tw.Off, TrimLine: tw.Off},
		}),
	)
}
