package eql

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a query cannot be read, or asks for what this package
// does not evaluate.
type SyntaxError struct {
	Line, Column int    // from 1; columns count code points
	Message      string // lower case, without full stop
	Snippet      string // the line, and a caret below the place
	Unsupported  bool   // EQL of a kind that is not evaluated here, rather than a mistake
}

// ErrUnsupported is what errors.Is finds in a SyntaxError about EQL that looks at
// more than one event: sequence, sample, join, pipes, lineage.
var ErrUnsupported = errors.New("not supported")

// Is recognises ErrUnsupported.
func (e *SyntaxError) Is(target error) bool { return e.Unsupported && target == ErrUnsupported }

// Error is the message with its position, and the snippet on the lines below.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s\n%s", e.Line, e.Column, e.Message, e.Snippet)
}

const snippetWidth = 100 // code points shown of a long line

func syntaxError(src string, pos int, format string, args ...any) *SyntaxError {
	pos = min(max(pos, 0), len(src))
	line, col := position(src, pos)
	start := strings.LastIndexByte(src[:pos], '\n') + 1
	end := len(src)
	if i := strings.IndexByte(src[pos:], '\n'); i >= 0 {
		end = pos + i
	}
	return &SyntaxError{
		Line: line, Column: col, Message: fmt.Sprintf(format, args...),
		Snippet: snippet(src[start:end], pos-start),
	}
}

// position turns a byte offset into line and column.
func position(src string, pos int) (line, col int) {
	line = 1 + strings.Count(src[:pos], "\n")
	start := strings.LastIndexByte(src[:pos], '\n') + 1
	return line, 1 + utf8.RuneCountInString(src[start:pos])
}

// snippet shows a line around the byte offset at, safe to print.
func snippet(line string, at int) string {
	at = min(at, len(line))
	before := []rune(printable(line[:at]))
	after := []rune(printable(strings.TrimRight(line[at:], "\r")))
	if cut := len(before) - snippetWidth*3/4; cut > 0 {
		before = append([]rune("..."), before[cut:]...)
	}
	if room := max(snippetWidth-len(before), 20); len(after) > room {
		after = append(after[:room:room], []rune("...")...)
	}
	var pad strings.Builder
	for _, r := range before {
		if r != '\t' {
			r = ' '
		}
		pad.WriteRune(r)
	}
	return "  " + string(before) + string(after) + "\n  " + pad.String() + "^"
}

// printable replaces what would move the cursor or change the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return r
		case r < 0x20 || r >= 0x7F && r < 0xA0, r == 0x061C, r >= 0x200B && r <= 0x200F,
			r >= 0x2028 && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
			return '\uFFFD'
		}
		return r
	}, s)
}
