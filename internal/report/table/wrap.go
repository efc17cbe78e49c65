package table

import (
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// ellipsis marks where text was cut.
const ellipsis = "…"

// textWidth is the number of terminal columns of a text. The options are given
// so that the environment has no say in it.
func textWidth(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return twwidth.WidthWithOptions(s, twwidth.Options{})
		}
	}
	return len(s)
}

// wrap breaks text into lines of at most width columns: behind a blank or
// punctuation where there is some in the last two thirds of the line, anywhere
// otherwise. A line may be wider only if a single character is.
func wrap(text string, width int) []string {
	var lines []string
	for textWidth(text) > width {
		end := prefix(text, width)
		if cut := breakBefore(text, end); cut > 0 {
			end = cut
		} else if end < len(text) && text[end] == ' ' {
			end++
		}
		lines = append(lines, strings.TrimRight(text[:end], " "))
		text = text[end:]
		if text == "" {
			return lines
		}
	}
	return append(lines, text)
}

// breakBefore finds where to break a line that may hold text[:end], 0 if there
// is no good place. The backslash of an escape stays with its digits.
func breakBefore(text string, end int) int {
	for cut := end; cut > end/3 && cut > 0; cut-- {
		switch text[cut-1] {
		case ' ', '/', ',', ';':
			return cut
		case '\\':
			if !escapeDigits(text[cut:]) {
				return cut
			}
			return max(cut-1, 0)
		}
	}
	return 0
}

// escapeDigits reports whether text goes on as report.Visible writes an escape.
func escapeDigits(text string) bool {
	for _, form := range []struct {
		letter string
		digits int
	}{{"x", 2}, {"u", 4}, {"U", 8}} {
		rest, ok := strings.CutPrefix(text, form.letter)
		if ok && len(rest) >= form.digits && strings.Trim(rest[:form.digits], "0123456789abcdef") == "" {
			return true
		}
	}
	return false
}

// wrapTime breaks a time between its parts: date, time of day, fraction, offset or mark.
func wrapTime(text string, width int) []string {
	date, clock, found := strings.Cut(text, " ")
	if textWidth(text) <= width || !found {
		return wrap(text, width)
	}
	lines := []string{date}
	if at := strings.IndexAny(clock, "+-"); at > 0 {
		lines = append(lines, wrapFraction(clock[:at], width)...)
		return append(lines, clock[at:])
	}
	clock, local := strings.CutSuffix(clock, localMark)
	lines = append(lines, wrapFraction(clock, width)...)
	if local {
		lines = append(lines, strings.TrimSpace(localMark))
	}
	return lines
}

func wrapFraction(clock string, width int) []string {
	if point := strings.IndexByte(clock, '.'); point > 0 && len(clock) > width {
		return []string{clock[:point], clock[point:]}
	}
	return []string{clock}
}

// cell fits text into a cell: at most maxLines lines of width columns. What is
// too long loses its middle, which is reported; a path keeps its file name, or
// the end of that.
func cell(text string, width, maxLines int, path bool) (lines []string, cut bool) {
	lines = wrap(text, width)
	for room := width * maxLines; len(lines) > maxLines && room > 0; room -= width/2 + 1 {
		lines, cut = wrap(cutMiddle(text, room, path), width), true
	}
	return lines, cut
}

// cutMiddle shortens text to at most width columns.
func cutMiddle(text string, width int, path bool) string {
	if textWidth(text) <= width {
		return text
	}
	room := max(width-textWidth(ellipsis), 0)
	tail := room / 3
	if path {
		name := text[strings.LastIndexByte(text, '\\')+1:]
		tail = min(max(textWidth(name)+1, tail), room*3/4)
	}
	return text[:prefix(text, room-tail)] + ellipsis + suffix(text, tail)
}

// prefix is the length in bytes of the longest start of text that fits into
// width columns; at least one character, so that a loop over it ends.
func prefix(text string, width int) int {
	used := 0
	for i, r := range text {
		used += textWidth(string(r))
		if used > width && i > 0 {
			return i
		}
	}
	return len(text)
}

// suffix is the longest end of text that fits into width columns.
func suffix(text string, width int) string {
	used, start := 0, len(text)
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		used += textWidth(string(r))
		if used > width {
			break
		}
		start -= size
	}
	return text[start:]
}

// paragraph wraps text for the places outside the table: the first line behind
// head, the others under it. Width 0 wraps nothing.
func paragraph(head, text string, width int) string {
	indent := textWidth(head)
	if width == 0 || width-indent < minWidth/2 {
		return head + text + "\n"
	}
	lines := wrap(text, width-indent)
	return head + strings.Join(lines, "\n"+strings.Repeat(" ", indent)) + "\n"
}
