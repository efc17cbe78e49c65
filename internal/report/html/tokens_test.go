package html

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
)

// tag is one start tag of a page.
type tag struct {
	name  string
	attrs map[string]string
}

// parsed is a page taken apart by a reader that is stricter than any browser:
// what it accepts has one meaning.
type parsed struct {
	tags   []tag
	text   string // all text outside script and style, decoded
	script []string
	style  []string
}

var (
	tagPattern  = regexp.MustCompile(`^<([a-z][a-z0-9]*)((?: [a-zA-Z][a-zA-Z0-9-]*(?:="[^"<>]*")?)*)(/?)>`)
	attrPattern = regexp.MustCompile(` ([a-zA-Z][a-zA-Z0-9-]*)(?:="([^"]*)")?`)
	endPattern  = regexp.MustCompile(`^</([a-z][a-z0-9]*)>`)
)

// void elements have no end tag.
var void = []string{"meta", "input", "br", "wbr"}

// parse reads a page: every tag is lower case, its attributes are quoted, all
// are closed in order, and "<" and ">" stand nowhere else.
func parse(page string) (parsed, error) {
	var p parsed
	var open []string
	var text strings.Builder
	rest, ok := strings.CutPrefix(page, "<!DOCTYPE html>\n")
	if !ok {
		return p, fmt.Errorf("no document type")
	}
	for rest != "" {
		at := strings.IndexAny(rest, "<>")
		if at < 0 {
			at = len(rest)
		}
		text.WriteString(html.UnescapeString(rest[:at]))
		if rest = rest[at:]; rest == "" {
			break
		}
		if m := endPattern.FindStringSubmatch(rest); m != nil {
			if len(open) == 0 || open[len(open)-1] != m[1] {
				return p, fmt.Errorf("%s closes %v", m[0], open)
			}
			open = open[:len(open)-1]
			rest = rest[len(m[0]):]
			text.WriteByte('\n')
			continue
		}
		m := tagPattern.FindStringSubmatch(rest)
		if m == nil {
			return p, fmt.Errorf("no tag: %q", rest[:min(len(rest), 80)])
		}
		rest = rest[len(m[0]):]
		t := tag{m[1], map[string]string{}}
		for _, a := range attrPattern.FindAllStringSubmatch(m[2], -1) {
			if _, twice := t.attrs[a[1]]; twice {
				return p, fmt.Errorf("%s has %s twice", m[0], a[1])
			}
			t.attrs[a[1]] = html.UnescapeString(a[2])
		}
		p.tags = append(p.tags, t)
		if t.name == "script" || t.name == "style" {
			body, after, ok := strings.Cut(rest, "</"+t.name+">")
			if !ok {
				return p, fmt.Errorf("%s without end", t.name)
			}
			if t.name == "script" {
				p.script = append(p.script, body)
			} else {
				p.style = append(p.style, body)
			}
			rest = after
			continue
		}
		if m[3] == "" && !slices.Contains(void, t.name) {
			open = append(open, t.name)
		}
	}
	if len(open) > 0 {
		return p, fmt.Errorf("never closed: %v", open)
	}
	p.text = text.String()
	return p, nil
}

// What the page is made of; an attribute that is not here may not be in it.
var (
	elements = strings.Fields(`html head meta title style body script header main section article h1 h2 h3 h4 h5 p a b i
		small span code pre br wbr ul ol li dl dt dd div details summary figure figcaption svg desc g text rect line path
		form fieldset legend label input button output table thead tbody tr th td time`)
	attributes = strings.Fields(`lang charset http-equiv content name class id href hidden role scope colspan tabindex type
		role autocomplete spellcheck placeholder value checked datetime viewBox x y x1 x2 y1 y2 width height d
		aria-hidden aria-labelledby aria-live aria-sort`)
	// own are the values that attributes may have apart from those of metadata.
	own = map[string]*regexp.Regexp{
		"href":     regexp.MustCompile(`^#(rows|problems|row[0-9]+)$`),
		"id":       regexp.MustCompile(`^(coverage|plot|plot-title|plot-text|rows|controls|filter|open|close|shown|table|problems|about|row[0-9]+)$`),
		"class":    regexp.MustCompile(`^[a-z_-]+( [a-z_-]+)*$`),
		"datetime": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$`),
		"d":        regexp.MustCompile(`^[Mlaz0-9. -]+$`),
		"x":        regexp.MustCompile(`^[0-9.-]+$`),
		"value":    regexp.MustCompile(`^(match|undecided|excluded|no_match|other)$`),
	}
)

// check finds what a page must not have.
func (p parsed) check() error {
	for _, t := range p.tags {
		if !slices.Contains(elements, t.name) {
			return fmt.Errorf("element %s", t.name)
		}
		for name, value := range t.attrs {
			if !slices.Contains(attributes, name) {
				return fmt.Errorf("attribute %s of %s", name, t.name)
			}
			if own := own[name]; own != nil && !own.MatchString(value) {
				return fmt.Errorf("%s %s=%q", t.name, name, value)
			}
		}
	}
	if len(p.script) != 1 || p.script[0] != script {
		return fmt.Errorf("%d scripts, or another one", len(p.script))
	}
	if len(p.style) != 1 || p.style[0] != style {
		return fmt.Errorf("%d styles, or another one", len(p.style))
	}
	return nil
}
