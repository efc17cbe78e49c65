package rule

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jobscan/jobscan/rule/eql"
)

// maxExtensions bounds the list that Prefilter gives.
const maxExtensions = 256

// Prefilter gives file extensions, without dot and with A-Z in lower case, of
// which a file needs one for any of the rules to say anything but NoMatch about
// it. A file's extension is what follows the last dot of its name, compared after
// lower-casing A-Z and nothing else. It assumes events of category "file" whose
// file.path, file.name and file.extension agree. Where the path of such a file is
// unknown, the list is sharper than the verdict: the evaluator leaves a test of
// the path open which the name already decides. ok is false where the rules do
// not allow a list.
func Prefilter(rules []*Rule) (extensions []string, ok bool) {
	for _, r := range rules {
		if c := r.Query.Category(); c != "" && c != "file" && slices.Contains(r.Query.Fields(), "event.category") {
			continue // never about files
		}
		list, ok := required(eql.Join(r.base), false)
		if !ok {
			return nil, false
		}
		extensions = append(extensions, list...)
	}
	slices.Sort(extensions)
	extensions = slices.Compact(extensions)
	return extensions, len(extensions) <= maxExtensions
}

// required gives the extensions of which a file needs one for c, or its
// complement, not to be false.
func required(c *eql.Cond, negated bool) (list []string, ok bool) {
	switch c.Op() {
	case eql.Not:
		return required(c.Kids()[0], !negated)
	case eql.Constant:
		return nil, (c.String() == "true") == negated || c.String() == "null"
	case eql.Test:
		if negated {
			return nil, false
		}
		return leafExtensions(c.Leaf())
	}
	if every := (c.Op() == eql.Or) != negated; every { // each alternative must be limited
		for _, k := range c.Kids() {
			l, ok := required(k, negated)
			if !ok {
				return nil, false
			}
			list = append(list, l...)
		}
		return list, true
	}
	for _, k := range c.Kids() {
		if l, limited := required(k, negated); limited && (!ok || len(l) < len(list)) {
			list, ok = l, true
		}
	}
	return list, ok
}

func leafExtensions(l eql.Leaf) (list []string, ok bool) {
	extension := l.Field == "file.extension"
	if !extension && l.Field != "file.name" && l.Field != "file.path" {
		return nil, false
	}
	switch l.Form {
	case eql.FormEqual, eql.FormLike:
	case eql.FormSuffix:
		if extension {
			return nil, false
		}
	default:
		return nil, false
	}
	for _, v := range l.Values {
		if v.Kind != eql.KindString {
			continue // never equal to a string
		}
		e := v.Str
		if !extension {
			dot := strings.LastIndexByte(e, '.')
			if dot < 0 || strings.ContainsAny(e[dot:], `\/:`) {
				return nil, false
			}
			e = e[dot+1:]
		}
		if e == "" || l.Form == eql.FormLike && strings.ContainsAny(e, "*?") {
			return nil, false
		}
		spelled, ok := spellings(e, l.Fold)
		if !ok {
			return nil, false
		}
		list = append(list, spelled...)
	}
	return list, true
}

// spellings gives all texts that equal e when A-Z is lower-cased, and where case
// does not count also those with characters that fold to the same, such as the
// long s.
func spellings(e string, fold bool) (list []string, ok bool) {
	list = []string{""}
	for _, r := range e {
		alike := []rune{r}
		if fold {
			alike = eql.Alike(r)
		}
		var next []string
		for _, a := range alike {
			if a >= 'A' && a <= 'Z' {
				a += 'a' - 'A'
			}
			for _, s := range list {
				next = append(next, s+string(a))
			}
		}
		slices.Sort(next)
		if list = slices.Compact(next); len(list) > maxExtensions {
			return nil, false
		}
	}
	return list, utf8.ValidString(e)
}
