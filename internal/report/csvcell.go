package report

import (
	"strings"
	"unicode/utf8"
)

// formulaStart are the first characters that make a spreadsheet take a cell for
// a formula. The wide forms count in East Asian versions of some programs.
const formulaStart = "=+-@\t\r\n＝＋－＠"

// CSVCell makes a value safe for a cell of a spreadsheet: hidden characters are
// shown as by Visible, and a cell that would be taken for a formula (it begins
// with = + - @, tab, CR or LF) is prefixed with an apostrophe. Quoting for the
// CSV file is the writer's business.
func CSVCell(s string) string {
	text := Visible(s)
	if first, _ := utf8.DecodeRuneInString(s); s != "" && first != utf8.RuneError && strings.ContainsRune(formulaStart, first) {
		return "'" + text
	}
	return text
}
