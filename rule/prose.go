package rule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/rule/eql"
)

// maxNamed is how many constants of one test a sentence names.
const maxNamed = 12

// phrase is a test in words: a verb with what it applies to, e.g. "written by"
// and the programs.
type phrase struct {
	verb    string
	objects []string
}

func (p phrase) String() string {
	if len(p.objects) == 0 {
		return p.verb
	}
	return p.verb + " " + orList(p.objects)
}

// orList writes "a, b or c".
func orList(words []string) string {
	if n := len(words) - maxNamed; n > 1 {
		words = append(words[:maxNamed:maxNamed], fmt.Sprintf("%d others", n))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// prose writes a condition in words. Nots stand at the leaves.
func prose(c *eql.Cond) string {
	return joinPhrases(c, c.Op())
}

func joinPhrases(c *eql.Cond, op eql.Op) string {
	if op != eql.And && op != eql.Or {
		return leafPhrase(c).String()
	}
	var parts []string
	var last *phrase
	for _, k := range c.Kids() {
		if k.Op() == eql.And || k.Op() == eql.Or {
			parts, last = append(parts, "("+prose(k)+")"), nil
			continue
		}
		p := leafPhrase(k)
		if op == eql.Or && last != nil && last.verb == p.verb && len(p.objects) > 0 {
			last.objects = append(last.objects, p.objects...)
			parts[len(parts)-1] = last.String()
			continue
		}
		parts = append(parts, p.String())
		last = &p
	}
	if op == eql.And {
		return strings.Join(parts, " and ")
	}
	return strings.Join(parts, " or ")
}

// leafPhrase words a leaf or the complement of one.
func leafPhrase(c *eql.Cond) phrase {
	negated := false
	leaf := c
	if c.Op() == eql.Not {
		negated, leaf = true, c.Kids()[0]
	}
	l := leaf.Leaf()
	is, isNot := l.Field+" is", l.Field+" is not"
	switch l.Form {
	case eql.FormEqual, eql.FormLike:
		switch l.Field {
		case "process.executable", "process.name":
			is, isNot = "written by", "not written by"
		case "user.name", "user.id":
			is, isNot = "done by user", "not done by user"
		case "file.path":
			is, isNot = "the path is", "the path is not"
		}
	case eql.FormRegex:
		is, isNot = l.Field+" matches", l.Field+" does not match"
	case eql.FormPrefix:
		is, isNot = l.Field+" begins with", l.Field+" does not begin with"
	case eql.FormSuffix:
		is, isNot = l.Field+" ends with", l.Field+" does not end with"
	case eql.FormContains:
		is, isNot = l.Field+" contains", l.Field+" does not contain"
	case eql.FormNull:
		is, isNot = l.Field+" has no value", l.Field+" has a value"
		l.Values = nil
	case eql.FormBoolean:
		is, isNot = l.Field+" is true", l.Field+" is not true"
	default:
		is, isNot = "the condition "+leaf.String()+" holds", "the condition "+leaf.String()+" does not hold"
		l.Values = nil
	}
	p := phrase{verb: is}
	if negated {
		p.verb = isNot
	}
	for _, v := range l.Values {
		p.objects = append(p.objects, constantText(v))
	}
	return p
}

func constantText(v eql.Scalar) string {
	switch v.Kind {
	case eql.KindString:
		if v.Str == "" || strings.TrimSpace(v.Str) != v.Str {
			return strconv.Quote(v.Str)
		}
		return v.Str
	case eql.KindInt:
		return strconv.FormatInt(v.Int, 10)
	case eql.KindFloat:
		return strconv.FormatFloat(v.Float, 'g', -1, 64)
	case eql.KindBool:
		return strconv.FormatBool(v.Bool)
	}
	return "null"
}
