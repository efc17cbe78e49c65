package main

import (
	"strconv"
	"unicode/utf8"

	"github.com/jobscan/jobscan/rule"
)

// evaluationLine is a line of the format jsonl.
type evaluationLine struct {
	Type     string         `json:"type"` // "evaluation"
	Document int            `json:"document"`
	Rule     evaluationRule `json:"rule"`
	Verdict  string         `json:"verdict"`
	Missing  []string       `json:"missing"`
	Because  string         `json:"because"`
	Residual string         `json:"residual,omitempty"`
	IfAbsent string         `json:"if_absent,omitempty"`
}

type evaluationRule struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// appendEvaluation writes an evaluationLine. member is what the lines of the
// rule have in common; v counts for an undecided outcome only.
func appendEvaluation(b []byte, document int, member []byte, o rule.Outcome, because []byte, v *rule.Verdict) []byte {
	b = strconv.AppendInt(append(b, `{"type":"evaluation","document":`...), int64(document), 10)
	b = append(append(b, member...), o.String()...)
	b = append(b, `","missing":[`...)
	if o == rule.Undecided {
		for i, name := range v.Missing {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSONString(b, []byte(name))
		}
	}
	b = appendJSONString(append(b, `],"because":`...), because)
	if o == rule.Undecided {
		if v.Residual != "" {
			b = appendJSONString(append(b, `,"residual":`...), []byte(v.Residual))
		}
		b = appendJSONString(append(b, `,"if_absent":`...), []byte(v.IfAbsent.String()))
	}
	return append(b, "}\n"...)
}

// plainJSON marks the bytes that stand for themselves in a string.
var plainJSON = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// appendJSONString quotes s as encoding/json does without its care for HTML:
// bytes that are no UTF-8 become U+FFFD.
func appendJSONString(b, s []byte) []byte {
	b = append(b, '"')
	start := 0 // of what stands for itself
	for i := 0; i < len(s); {
		if plainJSON[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		if r < utf8.RuneSelf || r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1 {
			b = appendJSONEscape(append(b, s[start:i]...), r)
			start = i + size
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

func appendJSONEscape(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
