package eql

import (
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestErrors reads testdata/errors.txt; its head tells the form.
func TestErrors(t *testing.T) {
	text, err := os.ReadFile("testdata/errors.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var query, golden []string
		message := ""
		for line := range strings.SplitSeq(strings.TrimRight(block, "\n"), "\n") {
			switch {
			case strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "! "):
				message = line[2:]
			case strings.HasPrefix(line, "| "):
				golden = append(golden, line[2:])
			default:
				query = append(query, line)
			}
		}
		if message == "" {
			continue
		}
		n++
		marked := strings.Join(query, "\n")
		at := strings.Index(marked, "»")
		checkError(t, marked[:at]+marked[at+len("»"):], at, message, strings.Join(golden, "\n"))
	}
	if n < 50 {
		t.Errorf("only %d errors checked", n)
	}
}

func checkError(t *testing.T, src string, at int, message, golden string) {
	t.Helper()
	q, err := Parse(src)
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || q != nil {
		t.Errorf("%s: got %v, %v, want an error and no query", src, q, err)
		return
	}
	line, column := position(src, at)
	if syntax.Line != line || syntax.Column != column || syntax.Message != message {
		t.Errorf("%s:\n got %d:%d %s\nwant %d:%d %s", src, syntax.Line, syntax.Column, syntax.Message, line, column, message)
	}
	single := !strings.Contains(message, "single events") && !strings.HasPrefix(message, "lineage")
	if errors.Is(err, ErrUnsupported) == single {
		t.Errorf("%s: unsupported: got %v", src, !single)
	}
	if golden != "" && err.Error() != golden {
		t.Errorf("%s: got\n%s\nwant\n%s", src, err, golden)
	}
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := []struct {
		name, line string
		at         int
		want       string
	}{
		{"plain", "abc def", 4, "  abc def\n      ^"},
		{"at the end", "abc", 3, "  abc\n     ^"},
		{"wide characters", "äö x", 5, "  äö x\n     ^"},
		{"escape sequence", "a\x1b[31mb", 6, "  a\uFFFD[31mb\n        ^"},
		{"right to left override", "a\u202Eb", 4, "  a\uFFFDb\n    ^"},
		{"long line", long, 200, "  ..." + long[:75] + long[:22] + "...\n     " + strings.Repeat(" ", 75) + "^"},
	}
	for _, tt := range tests {
		if got := snippet(tt.line, tt.at); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	tests := []struct{ name, query string }{
		{"query", "any where " + strings.Repeat(" ", maxQuery) + "true"},
		{"parentheses", "any where " + strings.Repeat("(", 100000) + "true"},
		{"not", "any where " + strings.Repeat("not ", 25000) + "true"},
		{"signs", "any where " + strings.Repeat("-", 100000) + "1 == 1"},
		{"calls", "any where " + strings.Repeat("string(", 15000) + "1"},
		{"sums", "any where 1" + strings.Repeat("+1", 50000) + " == 1"},
		{"lists", "any where a in (" + strings.Repeat("1,", maxList) + "1)"},
		{"patterns", "any where a : (" + strings.Repeat(`"x",`, maxList) + `"x")`},
		{"pattern length", `any where a : "` + strings.Repeat("x", maxPattern+1) + `"`},
		{"regular expression", "any where a regex \"" + strings.Repeat("(", 2000) + `"`},
		{"fields of one leaf", "any where concat(a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12,a13,a14,a15,a16,a17) == \"x\""},
		{"invalid UTF-8", "any where a == \"\xff\""},
	}
	for _, tt := range tests {
		q, err := Parse(tt.query)
		var syntax *SyntaxError
		if q != nil || !errors.As(err, &syntax) {
			t.Errorf("%s: got %v, %v, want an error", tt.name, q != nil, err)
		} else if len(syntax.Error()) > 2000 || !utf8.ValidString(syntax.Error()) {
			t.Errorf("%s: message of %d bytes: %.200q", tt.name, len(syntax.Error()), syntax.Error())
		}
	}
	wide := "any where true" + strings.Repeat(" and true", 10000)
	if _, err := Parse(wide); err != nil {
		t.Errorf("ten thousand conjuncts: %v", err)
	}
}
