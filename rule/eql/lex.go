package eql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEOF     tokenKind = iota
	tokIdent             // bare word that is no keyword; text is the name
	tokTilde             // bare word directly followed by "~"; text without it
	tokQuoted            // word in backquotes; text is the name
	tokKeyword           // reserved word
	tokString            // text is the value
	tokNumber            // value in num
	tokSymbol            // operator or punctuation
)

type token struct {
	kind tokenKind
	text string
	num  Scalar
	pos  int // byte offset
}

// is reports a keyword or symbol.
func (t token) is(text string) bool {
	return (t.kind == tokKeyword || t.kind == tokSymbol) && t.text == text
}

// describe names the token for messages.
func (t token) describe() string {
	switch t.kind {
	case tokEOF:
		return "the end of the query"
	case tokString:
		return "a string"
	case tokNumber:
		return "a number"
	case tokKeyword:
		return "the keyword " + strconv.Quote(t.text)
	case tokTilde:
		return strconv.Quote(t.text + "~")
	}
	return strconv.Quote(t.text)
}

func isKeyword(s string) bool {
	switch s {
	case "and", "any", "by", "false", "in", "join", "like", "maxspan", "not", "null", "of", "or",
		"regex", "sample", "sequence", "true", "until", "where", "with":
		return true
	}
	return false
}

// plainIdent reports whether s can be written without backquotes.
func plainIdent(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isLetter(s[i]) && (i == 0 || !isDigit(s[i])) {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '@'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

type lexer struct {
	src string
	off int
}

func (l *lexer) errorf(pos int, format string, args ...any) *SyntaxError {
	return syntaxError(l.src, pos, format, args...)
}

// peekByte is the byte n places ahead, 0 past the end.
func (l *lexer) peekByte(n int) byte {
	if l.off+n < len(l.src) {
		return l.src[l.off+n]
	}
	return 0
}

func (l *lexer) next() (token, *SyntaxError) {
	if err := l.skipSpace(); err != nil {
		return token{}, err
	}
	start := l.off
	if start >= len(l.src) {
		return token{kind: tokEOF, pos: start}, nil
	}
	switch c := l.src[start]; {
	case isLetter(c):
		return l.word(), nil
	case isDigit(c), c == '.' && isDigit(l.peekByte(1)):
		return l.number()
	case c == '"':
		return l.quoted()
	case c == '`':
		return l.backquoted()
	case c == '\'':
		return token{}, l.errorf(start, "strings are written in double quotes, not in single quotes")
	case c == '?' && (l.peekByte(1) == '"' || l.peekByte(1) == '\''):
		return token{}, l.errorf(start, `raw strings are written """like this""", not with a question mark`)
	}
	return l.symbol()
}

func (l *lexer) word() token {
	start := l.off
	for isLetter(l.peekByte(0)) || isDigit(l.peekByte(0)) {
		l.off++
	}
	t := token{kind: tokIdent, text: l.src[start:l.off], pos: start}
	switch {
	case l.peekByte(0) == '~':
		l.off++
		t.kind = tokTilde
	case isKeyword(t.text):
		t.kind = tokKeyword
	}
	return t
}

// number reads DIGIT+, with fraction and exponent. An integer that does not fit
// 64 bits becomes a floating-point number.
func (l *lexer) number() (token, *SyntaxError) {
	start := l.off
	integer := true
	digits := func() {
		for isDigit(l.peekByte(0)) {
			l.off++
		}
	}
	digits()
	if l.peekByte(0) == '.' {
		integer = false
		l.off++
		digits()
	}
	if c := l.peekByte(0); c == 'e' || c == 'E' {
		n := 1
		if s := l.peekByte(1); s == '+' || s == '-' {
			n = 2
		}
		if isDigit(l.peekByte(n)) {
			integer = false
			l.off += n
			digits()
		}
	}
	text := l.src[start:l.off]
	t := token{kind: tokNumber, text: text, pos: start}
	if integer {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			t.num = Scalar{Kind: KindInt, Int: i}
			return t, nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return token{}, l.errorf(start, "number out of range")
	}
	t.num = Scalar{Kind: KindFloat, Float: f}
	return t, nil
}

// backquoted reads `name`, in which two backquotes stand for one.
func (l *lexer) backquoted() (token, *SyntaxError) {
	start := l.off
	var b strings.Builder
	for l.off++; l.off < len(l.src); l.off++ {
		c := l.src[l.off]
		if c != '`' {
			b.WriteByte(c)
			continue
		}
		if l.peekByte(1) != '`' {
			l.off++
			if b.Len() == 0 {
				return token{}, l.errorf(start, "empty name in backquotes")
			}
			return token{kind: tokQuoted, text: b.String(), pos: start}, nil
		}
		b.WriteByte('`')
		l.off++
	}
	return token{}, l.errorf(start, "name in backquotes is not closed")
}

func (l *lexer) symbol() (token, *SyntaxError) {
	start := l.off
	n := 1
	switch two := l.src[start:min(start+2, len(l.src))]; two {
	case "==", "!=", "<=", ">=", "![":
		n = 2
	case "!:":
		return token{}, l.errorf(start, `"!:" is not part of the language: write not (field : pattern)`)
	default:
		switch c := l.src[start]; c {
		case '<', '>', ':', '+', '-', '*', '/', '%', '.', ',', '[', ']', '(', ')', '|', '?':
		case '=':
			return token{}, l.errorf(start, `comparison is written "==" or ":", not "="`)
		default:
			r, _ := utf8.DecodeRuneInString(l.src[start:])
			return token{}, l.errorf(start, "unexpected character %q", r)
		}
	}
	l.off += n
	return token{kind: tokSymbol, text: l.src[start:l.off], pos: start}, nil
}

// skipSpace passes over blanks, line comments and nested block comments.
func (l *lexer) skipSpace() *SyntaxError {
	for l.off < len(l.src) {
		rest := l.src[l.off:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.off++
		case strings.HasPrefix(rest, "//"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				l.off += i + 1
			} else {
				l.off = len(l.src)
			}
		case strings.HasPrefix(rest, "/*"):
			if err := l.blockComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) blockComment() *SyntaxError {
	start, open := l.off, 0
	for l.off < len(l.src) {
		switch rest := l.src[l.off:]; {
		case strings.HasPrefix(rest, "/*"):
			open++
			l.off += 2
		case strings.HasPrefix(rest, "*/"):
			open--
			l.off += 2
			if open == 0 {
				return nil
			}
		default:
			l.off++
		}
	}
	return l.errorf(start, "comment is not closed")
}
