package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/parse"
)

// Restored says what Restore found in a saved report.
type Restored struct {
	Alerts   int  // findings and events with verdict match or undecided
	Complete bool // the scan read all of its evidence, and the report is whole
	Damaged  int  // things wrong with the report itself, each of them told
}

// Errors of Restore that say there was nothing to restore.
var (
	ErrNoReport = errors.New("no line of it is part of a jobscan report")
	ErrUTF16    = errors.New("the report is UTF-16: Windows PowerShell's > rewrites what a program prints; save reports with --output")
)

// maxTold is how many damages are told one by one; the others are counted.
const maxTold = 1000

// Restore reads a saved JSON Lines report, like Replay, but goes on after a
// line that does not decode or has no place where it stands, so that all that is
// left reaches the writer, in order. Each damage is told, and becomes a problem
// document of the report called name, at the place of the line; the summary then
// says that the report is not complete, and counts what is there. A header or summary that is missing is
// replaced by one that holds nothing but what was counted.
//
// The writer is opened at the first document; open and the writer's own errors
// end the work, as do ErrNoReport and ErrUTF16 before it. At most one line of 64
// MiB is held at a time.
func Restore(r io.Reader, name string, open func() (Writer, error), tell func(error)) (Restored, error) {
	in := bufio.NewReader(r)
	switch mark, _ := in.Peek(3); {
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return Restored{}, ErrUTF16
	case bytes.Equal(mark, []byte("\xef\xbb\xbf")): // Windows editors begin UTF-8 so
		_, _ = in.Discard(len(mark)) // the bytes were peeked: they are there
	}
	s := restoration{name: name, open: open, tell: tell, counts: map[string]int{}}
	for line := range savedLines(in, maxLine) {
		if err := s.line(line); err != nil {
			return Restored{}, err
		}
	}
	if s.w == nil {
		if s.first != nil {
			return Restored{}, fmt.Errorf("%w: %w", ErrNoReport, s.first)
		}
		return Restored{}, ErrNoReport
	}
	if err := s.end(); err != nil {
		return Restored{}, err
	}
	complete, _ := s.summary.Lookup("complete")
	return Restored{Alerts: s.counts["match"] + s.counts["undecided"], Complete: complete == true, Damaged: s.damaged}, nil
}

// damage is something wrong with the report, as it is told and as it is written.
type damage struct {
	err      error
	document Document
}

// restoration is the state of one Restore.
type restoration struct {
	name string
	open func() (Writer, error)
	tell func(error)

	w       Writer   // nil until the first document
	waiting []damage // what was wrong before it
	first   error    // the first damage
	damaged int
	counts  map[string]int // documents by type, findings and events by verdict
	summary Document
}

func (s *restoration) line(line savedLine) error {
	d, err := line.document, line.err
	kind := d.Type()
	switch {
	case err != nil:
	case kind == TypeHeader && s.w != nil:
		err = errors.New("a second header")
	case kind == TypeSummary && s.summary.Dict != nil:
		err = errors.New("a second summary")
	case kind == TypeSummary:
		s.summary = d
		return s.begin(Document{})
	case kind == TypeHeader:
		return s.begin(d)
	case kind == TypeFinding, kind == TypeEvent, kind == TypeProblem:
		return s.content(line)
	default:
		err = unknownType(d)
	}
	return s.damage(line, err)
}

// content writes a finding, event or problem. One that stands after the summary
// is told, and written: losing it would be worse.
func (s *restoration) content(line savedLine) error {
	d := line.document
	if err := s.begin(Document{}); err != nil {
		return err
	}
	if s.summary.Dict != nil {
		if err := s.damage(line, fmt.Errorf("type %q after the summary", d.Type())); err != nil {
			return err
		}
	}
	s.counts[d.Type()]++
	if d.Type() != TypeProblem {
		switch verdict := d.Text("jobscan.verdict"); verdict {
		case "match", "undecided", "excluded":
			s.counts[verdict]++
		}
	}
	return Dispatch(s.w, d)
}

// begin opens the writer and gives it the header, or one of its own making where
// the report begins with something else.
func (s *restoration) begin(header Document) error {
	if s.w != nil {
		return nil
	}
	var err error
	if s.w, err = s.open(); err != nil {
		return err
	}
	missing := header.Dict == nil
	if missing {
		header = emptyHeader()
	}
	if err := s.w.Header(header); err != nil {
		return err
	}
	for _, d := range s.waiting {
		s.tell(d.err)
		if err := s.w.Problem(d.document); err != nil {
			return err
		}
	}
	s.waiting = nil
	if missing {
		return s.damage(savedLine{}, errors.New("the report does not begin with its header: what was scanned is not known"))
	}
	return nil
}

// damage tells that something is wrong with the report, at a line of it or, with
// number 0, with the whole.
func (s *restoration) damage(line savedLine, err error) error {
	s.damaged++
	offset := line.offset
	p := Problem{Severity: SeverityError, Source: SourceReport, Evidence: s.name, Structure: "report"}
	if line.number > 0 {
		var e *parse.Error
		if errors.As(err, &e) {
			p.Structure, p.Field = e.Structure, e.Field
			offset += e.Offset
		}
		p.Offset = &offset
		err = fmt.Errorf("line %d: %w", line.number, err)
	}
	if s.first == nil {
		s.first = err
	}
	if s.damaged > maxTold {
		return nil
	}
	p.Message = err.Error()
	return s.problem(p, err)
}

func (s *restoration) problem(p Problem, err error) error {
	d := ProblemDocument(&p)
	if s.w == nil { // told once it is known that this is a report at all
		s.waiting = append(s.waiting, damage{err, d})
		return nil
	}
	s.tell(err)
	return s.w.Problem(d)
}

// end holds the summary against what was read, corrects it, and writes it.
func (s *restoration) end() error {
	if s.summary.Dict == nil {
		s.summary = s.countedSummary()
		if err := s.damage(savedLine{}, errors.New("the report ends without its summary: the scan was cut off, or the file; its coverage is not known")); err != nil {
			return err
		}
	}
	for _, verdict := range []string{"match", "undecided", "excluded"} {
		said, ok := s.summary.Lookup("findings." + verdict)
		if text := valueText(said); ok && text != strconv.Itoa(s.counts[verdict]) {
			err := fmt.Errorf("the summary counts %s with verdict %s, the report holds %d", text, verdict, s.counts[verdict])
			if err := s.damage(savedLine{}, err); err != nil {
				return err
			}
			Set(s.summary.Dict, "findings."+verdict, s.counts[verdict])
		}
	}
	if left := s.damaged - maxTold; left > 0 {
		err := fmt.Errorf("%d more lines are damaged", left)
		if err := s.problem(Problem{Severity: SeverityError, Source: SourceReport, Evidence: s.name, Structure: "report", Message: err.Error()}, err); err != nil {
			return err
		}
	}
	if s.damaged > 0 {
		s.summary.Update("complete", false)
		if n, err := strconv.Atoi(s.summary.Text("problems")); err == nil {
			s.summary.Update("problems", n+s.damaged)
		}
	}
	return s.w.Summary(s.summary)
}

// countedSummary stands in for a summary that is missing.
func (s *restoration) countedSummary() Document {
	return SummaryDocument(&Summary{Match: s.counts["match"], Undecided: s.counts["undecided"], Excluded: s.counts["excluded"],
		Events: s.counts[TypeEvent], Problems: s.counts[TypeProblem]})
}

// emptyHeader stands in for a header that is missing.
func emptyHeader() Document {
	d := NewDocument(TypeHeader)
	d.Set("tool", "jobscan").Set("version", nil).Set("started", nil)
	d.Set("command_line", []string{}).Set("rules", []string{}).Set("evidence", []string{}).Set("options", ordereddict.NewDict())
	return d
}
