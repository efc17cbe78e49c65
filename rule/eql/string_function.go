package eql

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// Positions and lengths count UTF-16 code units, as Elasticsearch does.

// units is the length of s in UTF-16 code units.
func units(s string) int {
	n := 0
	for len(s) > 0 {
		r, size := char(s)
		if n++; r >= 0x10000 {
			n++
		}
		s = s[size:]
	}
	return n
}

// byteOffset is where unit n of s begins, and whether a character begins there.
func byteOffset(s string, n int) (off int, whole bool) {
	for off < len(s) && n > 0 {
		r, size := char(s[off:])
		if n--; r >= 0x10000 {
			if n == 0 {
				return off, false
			}
			n--
		}
		off += size
	}
	return off, true
}

// integer gives a position argument, clamped; ok is false for other kinds.
func (s Scalar) integer() (n int, ok bool) {
	switch s.Kind {
	case KindInt:
		return int(min(max(s.Int, math.MinInt32), math.MaxInt32)), true
	case KindFloat:
		return int(min(max(s.Float, math.MinInt32), math.MaxInt32)), true
	}
	return 0, false
}

// substring slices like Python: negative positions count from the end, null is
// the beginning or the end, and what lies outside is cut off.
func substring(s string, from, to Scalar) Scalar {
	length := units(s)
	position := func(v Scalar, null int) (int, bool) {
		n, ok := v.integer()
		if v.Kind == KindNull {
			n, ok = null, true
		}
		if n < 0 {
			n += length
		}
		return min(max(n, 0), length), ok
	}
	start, ok1 := position(from, 0)
	end, ok2 := position(to, length)
	switch {
	case !ok1 || !ok2:
		return Scalar{}
	case start >= end:
		return Scalar{Kind: KindString}
	}
	a, whole1 := byteOffset(s, start)
	b, whole2 := byteOffset(s, end)
	if whole1 && whole2 {
		return Scalar{Kind: KindString, Str: s[a:b]}
	}
	return Scalar{Kind: KindString, Str: wtf8.FromUnits(wtf8.ToUnits(s)[start:end])}
}

// indexOf finds sub at or after a position; a position before the beginning is
// the beginning, one after the end finds nothing.
func indexOf(f fold, s, sub string, from Scalar, given bool) Scalar {
	start, ok := from.integer()
	if given && !ok {
		return Scalar{}
	}
	start = max(start, 0)
	if start > units(s) {
		return Scalar{}
	}
	if sub == "" {
		return Scalar{Kind: KindInt, Int: int64(start)}
	}
	off, whole := byteOffset(s, start)
	if !whole {
		off += 4
	}
	at, _ := f.index(s[off:], sub)
	if at < 0 {
		return Scalar{}
	}
	return Scalar{Kind: KindInt, Int: int64(units(s[:off+at]))}
}

// between gives the text between two others: as short as possible, or as long
// where greedy. It is empty when one of them is not there, and the whole source
// when one of them is empty.
func between(f fold, s, left string, right Scalar, greedy bool) Scalar {
	if right.Kind != KindString {
		return Scalar{}
	}
	out := Scalar{Kind: KindString}
	if s == "" || left == "" || right.Str == "" {
		out.Str = s
		return out
	}
	_, start := f.index(s, left)
	if start < 0 {
		return out
	}
	end := -1
	if greedy {
		end = f.lastIndex(s[start:], right.Str)
	} else {
		end, _ = f.index(s[start:], right.Str)
	}
	if end >= 0 {
		out.Str = s[start : start+end]
	}
	return out
}

// concat joins the arguments as strings. Null among them, or a result longer
// than maxString, gives null.
func (x *expr) concat(slots []Scalar) Scalar {
	var b strings.Builder
	for _, a := range x.args {
		v := stringOf(a.eval(slots))
		if v.Kind == KindNull || b.Len()+len(v.Str) > maxString {
			return Scalar{}
		}
		b.WriteString(v.Str)
	}
	s := b.String()
	if !utf8.ValidString(s) {
		s = wtf8.FromUnits(wtf8.ToUnits(s)) // two halves of a surrogate pair may have met
	}
	return Scalar{Kind: KindString, Str: s}
}

func stringOf(v Scalar) Scalar {
	switch v.Kind {
	case KindString:
		return v
	case KindInt:
		return Scalar{Kind: KindString, Str: strconv.FormatInt(v.Int, 10)}
	case KindFloat:
		return Scalar{Kind: KindString, Str: formatFloat(v.Float)}
	case KindBool:
		return Scalar{Kind: KindString, Str: strconv.FormatBool(v.Bool)}
	}
	return Scalar{}
}

// formatFloat writes a number as Java does: 42.0, 1.0E10.
func formatFloat(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-3 || a >= 1e7) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, err := strconv.Atoi(exponent)
		if err != nil { // Inf and NaN have no exponent
			return mantissa
		}
		return mantissa + "E" + strconv.Itoa(n)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// numberOf reads a number in text. "0x" means base 16 unless another base is
// given; only base 10 has fractions. Text that is no number gives null.
func numberOf(s string, base Scalar) Scalar {
	s = strings.TrimSpace(s)
	hex := strings.HasPrefix(s, "0x")
	radix := 10
	if hex {
		radix = 16
	}
	if n, ok := base.integer(); ok {
		radix = n
	} else if base.Kind != KindNull {
		return Scalar{}
	}
	if radix < 2 || radix > 36 {
		return Scalar{}
	}
	digits := s
	if hex && radix == 16 {
		digits = s[2:]
		if strings.HasPrefix(digits, "+") || strings.HasPrefix(digits, "-") {
			return Scalar{}
		}
	}
	if strings.Contains(digits, "_") {
		return Scalar{}
	}
	if n, err := strconv.ParseInt(digits, radix, 64); err == nil {
		return Scalar{Kind: KindInt, Int: n}
	}
	if radix != 10 || strings.Trim(s, "0123456789+-.eE") != "" {
		return Scalar{}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return Scalar{Kind: KindFloat, Float: f}
	}
	return Scalar{}
}
