package report

import (
	"io"
	"time"
)

// Writer turns the documents of one report into a format. The calls come in the
// order of the report: Header once, then findings, events and problems mixed,
// then Summary once, with which the output is complete. Errors are those of the
// underlying output, or a document that the format cannot express; after one the
// output is not to be trusted. A Writer is used by one goroutine and keeps no
// document after the call that brought it.
type Writer interface {
	Header(Document) error
	Finding(Document) error
	Event(Document) error
	Problem(Document) error
	Summary(Document) error
}

// Options are how a person wants to see a report. Formats for machines ignore them.
type Options struct {
	Width    int            // columns of the terminal; 0: not a terminal, or not known
	Color    bool           // whether escape sequences for colour may be written
	Location *time.Location // time zone for display in table and HTML; nil: UTC
}

// Format is one output format.
type Format struct {
	Name string // as given to --format
	Doc  string // one line for the help text
	New  func(w io.Writer, o Options) Writer
}
