package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// Visible makes text from evidence safe to show: what a terminal or a reader
// would obey or not see is replaced by an escape. Controls below U+0080 and
// bytes that are no UTF-8 become \x1b, other hidden characters and lone
// surrogates \u202e, those beyond U+FFFF \U000e0041. Hidden are control
// characters, bidirectional marks, overrides and isolates, zero width and other
// invisible characters, variation selectors, tags, line and paragraph
// separators, and noncharacters.
//
// A backslash stays single, so that Windows paths stay readable; the JSON Lines
// format is the exact one.
func Visible(s string) string {
	if plainASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, size := wtf8.DecodeRune(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !hidden(r):
			b.WriteString(s[i : i+size])
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xFFFF:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += size
	}
	return b.String()
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7F {
			return false
		}
	}
	return true
}

// hidden reports characters that are not to be seen as themselves. The Unicode
// classes cover the format characters (Cf) except those that have a glyph, and
// everything the standard calls ignorable by default.
func hidden(r rune) bool {
	switch {
	case r < ' ' || r == 0x7F:
		return true
	case r < 0x7F:
		return false
	case wtf8.IsSurrogate(r), noncharacter(r):
		return true
	}
	if unicode.Is(unicode.Cf, r) {
		return !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
	}
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// noncharacter reports the code points that Unicode keeps out of interchange.
func noncharacter(r rune) bool {
	return r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE
}
