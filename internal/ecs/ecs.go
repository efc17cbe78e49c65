// Package ecs is the table of the fields that a rule may name: how each is read
// from an event, and whether NTFS evidence can give it at all. It decides which
// fields are absent (the event has no such thing) and which are unknown (the
// evidence cannot tell). A rule field is added here and nowhere else.
package ecs

import (
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/rule/eql"
)

// Availability says where a field comes from.
type Availability uint8

const (
	// NotNTFS: only other evidence (telemetry, event logs) can give it.
	NotNTFS Availability = iota
	// Metadata: from FILE records, $FILE_NAME and the journal.
	Metadata
	// Content: from the file's content, where that is recovered.
	Content
)

// String names the availability for people.
func (a Availability) String() string {
	switch a {
	case Metadata:
		return "metadata"
	case Content:
		return "content"
	}
	return "not in NTFS"
}

// Field is one field of the Elastic Common Schema that events can have.
type Field struct {
	Name, Doc string
	Kind      eql.Kind
	From      Availability
	Get       func(Record) eql.Value
}

// Record is an event as a rule sees it, with the drive letter assumed.
type Record struct {
	Event *event.Event
	// Drive is the volume's letter; winpath.UnknownDrive where it is not known.
	Drive byte
}

// Field gives the value of a field; a name that is not in the table is unknown.
func (r Record) Field(name string) eql.Value {
	if f, ok := byName[name]; ok {
		return f.Get(r)
	}
	return eql.NotKnown()
}

// Lookup finds a field by its name: one of the table, or one that is known not to
// be in NTFS evidence, whose kind is KindNull, which is any.
func Lookup(name string) (Field, bool) {
	if f, ok := byName[name]; ok {
		return f, true
	}
	for _, f := range families {
		below, family := strings.CutPrefix(name, f.Name)
		if family && (below == "") != strings.HasSuffix(f.Name, ".") {
			f.Name = name
			return f, true
		}
	}
	return Field{}, false
}

var byName = index(fields)

func index(list []Field) map[string]Field {
	m := make(map[string]Field, len(list))
	for _, f := range list {
		m[f.Name] = f
	}
	return m
}

// fromPath gives a value that depends on the whole path: unknown when the chain
// of parents is broken, or may have been another.
func fromPath(get func(p winpath.Path, drive byte) eql.Value) func(Record) eql.Value {
	return func(r Record) eql.Value {
		if !r.Event.Path.Proven() {
			return eql.NotKnown()
		}
		return get(r.Event.Path, r.Drive)
	}
}

// fromPrevious gives a value of the path before a rename: absent for other
// events, unknown when the journal did not keep it.
func fromPrevious(get func(p winpath.Path, drive byte) eql.Value) func(Record) eql.Value {
	return func(r Record) eql.Value {
		switch p := r.Event.Previous; {
		case r.Event.Action != event.Rename:
			return eql.Missing()
		case p == nil || !p.Proven():
			return eql.NotKnown()
		default:
			return get(*p, r.Drive)
		}
	}
}

// fromProcess gives a value of the process: unknown unless evidence names it.
func fromProcess(get func(*event.Process) string) func(Record) eql.Value {
	return func(r Record) eql.Value {
		if r.Event.Process == nil {
			return eql.NotKnown()
		}
		if s := get(r.Event.Process); s != "" {
			return eql.Str(s)
		}
		return eql.NotKnown()
	}
}
