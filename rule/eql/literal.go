package eql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads "text" with escapes, or """raw text""".
func (l *lexer) quoted() (token, *SyntaxError) {
	if strings.HasPrefix(l.src[l.off:], `"""`) {
		return l.rawString()
	}
	start := l.off
	var b strings.Builder
	for l.off++; l.off < len(l.src); {
		switch c := l.src[l.off]; c {
		case '"':
			l.off++
			return token{kind: tokString, text: b.String(), pos: start}, nil
		case '\n', '\r':
			return token{}, l.errorf(start, "string is not closed on its line")
		case '\\':
			if err := l.escape(&b); err != nil {
				return token{}, err
			}
		default:
			b.WriteByte(c)
			l.off++
		}
	}
	return token{}, l.errorf(start, "string is not closed")
}

// escape reads one backslash sequence into b.
func (l *lexer) escape(b *strings.Builder) *SyntaxError {
	at := l.off
	c := l.peekByte(1)
	l.off += 2
	switch c {
	case 'b':
		b.WriteByte('\b')
	case 't':
		b.WriteByte('\t')
	case 'n':
		b.WriteByte('\n')
	case 'f':
		b.WriteByte('\f')
	case 'r':
		b.WriteByte('\r')
	case '"', '\'', '\\':
		b.WriteByte(c)
	case 'u':
		return l.unicodeEscape(b, at)
	default:
		return l.errorf(at, `unknown escape in a string: a backslash is written "\\"`)
	}
	return nil
}

// unicodeEscape reads {HEX} of \u{HEX}, two to eight digits.
func (l *lexer) unicodeEscape(b *strings.Builder, at int) *SyntaxError {
	end := strings.IndexByte(l.src[l.off:], '}')
	if l.peekByte(0) != '{' || end < 0 || end > 9 {
		return l.errorf(at, `a character by number is written \u{2 to 8 hexadecimal digits}`)
	}
	hex := l.src[l.off+1 : l.off+end]
	n, err := strconv.ParseUint(hex, 16, 32)
	switch {
	case len(hex) < 2 || err != nil || strings.Contains(hex, "_"):
		return l.errorf(at, `a character by number is written \u{2 to 8 hexadecimal digits}`)
	case n > utf8.MaxRune:
		return l.errorf(at, "no such character: U+%X", n)
	case utf16.IsSurrogate(rune(n)):
		return l.errorf(at, "U+%X is a surrogate, not a character", n)
	}
	b.WriteRune(rune(n))
	l.off += end + 1
	return nil
}

// rawString reads """text""" without escapes; up to two more quotes at its end
// belong to the text.
func (l *lexer) rawString() (token, *SyntaxError) {
	start := l.off
	body := l.src[l.off+3:]
	end := strings.Index(body, `"""`)
	if line := strings.IndexAny(body, "\r\n"); end < 0 || line >= 0 && line < end {
		return token{}, l.errorf(start, "raw string is not closed on its line")
	}
	for n := 0; n < 2 && strings.HasPrefix(body[end+3:], `"`); n++ {
		end++
	}
	l.off += 3 + end + 3
	return token{kind: tokString, text: body[:end], pos: start}, nil
}

// quote writes a string as the language reads it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if c < 0x20 || c == 0x7F {
				fmt.Fprintf(&b, `\u{%02x}`, c)
				continue
			}
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoteField writes a field name, in backquotes where it needs them.
func quoteField(name string) string {
	for part := range strings.SplitSeq(name, ".") {
		if !plainIdent(part) || isKeyword(part) {
			return "`" + strings.ReplaceAll(name, "`", "``") + "`"
		}
	}
	return name
}
