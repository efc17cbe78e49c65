package scan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/ntfs"
)

// hostProblems are those met when the evidence was opened.
func hostProblems(host *evidence.Host) []report.Problem {
	var out []report.Problem
	for _, p := range host.Problems {
		severity := report.SeverityError
		if p.Warning {
			severity = report.SeverityWarning
		}
		out = append(out, problem(report.Problem{Severity: severity, Source: "evidence", Evidence: p.Path, Volume: p.Volume}, p.Err))
	}
	return out
}

// problem fills in structure, field, offset and message from an error.
func problem(p report.Problem, err error) report.Problem {
	var e *parse.Error
	if errors.As(err, &e) {
		offset := e.Offset
		p.Structure, p.Field, p.Offset = e.Structure, e.Field, &offset
	}
	p.Message = err.Error()
	return p
}

func (s *volumeScan) problem(source string, err error) report.Problem {
	return problem(report.Problem{Severity: report.SeverityError, Source: source,
		Evidence: s.volume.EvidencePath, Volume: s.volume.Index}, err)
}

func (s *volumeScan) recordProblem(record uint64, err error) report.Problem {
	p := s.problem("mft", err)
	p.Record = &record
	return p
}

func (s *volumeScan) journalProblem(offset int64, err error) report.Problem {
	p := s.problem("usn", err)
	if offset >= 0 {
		p.Offset = &offset
	}
	return p
}

// distinct drops problems that a second look at the same evidence met again.
func distinct(problems []report.Problem) []report.Problem {
	type key struct {
		source, message string
		record, offset  int64
	}
	seen := make(map[key]bool, len(problems))
	return slices.DeleteFunc(problems, func(p report.Problem) bool {
		k := key{source: p.Source, message: p.Message, record: -1, offset: -1}
		if p.Record != nil {
			k.record = int64(*p.Record)
		}
		if p.Offset != nil {
			k.offset = *p.Offset
		}
		again := seen[k]
		seen[k] = true
		return again
	})
}

// maxProblems bounds the problems of one volume and source that are told one by one.
const maxProblems = 1000

// problemList takes the problems that one task meets in one source: the first
// ones, and of the rest how many there are.
type problemList struct {
	kept []report.Problem
	rest omission
}

// omission counts problems that are not told one by one.
type omission struct {
	source, severity string
	count            int
}

func (l *problemList) add(p report.Problem) {
	if len(l.kept) < maxProblems {
		l.kept = append(l.kept, p)
		return
	}
	l.rest.add(p.Source, p.Severity, 1)
}

// join adds the problems of the next task.
func (l *problemList) join(next *problemList) {
	for _, p := range next.kept {
		l.add(p)
	}
	if next.rest.count > 0 {
		l.rest.add(next.rest.source, next.rest.severity, next.rest.count)
	}
}

func (o *omission) add(source, severity string, count int) {
	o.source = source
	o.count += count
	if o.severity != report.SeverityError {
		o.severity = severity
	}
}

// take adds the problems of a task.
func (s *volumeScan) take(l *problemList) {
	s.problems = append(s.problems, l.kept...)
	s.omit(l.rest)
	s.boundProblems()
}

// omit counts problems that are not told one by one.
func (s *volumeScan) omit(o omission) {
	if o.count == 0 {
		return
	}
	for i := range s.omitted {
		if s.omitted[i].source == o.source {
			s.omitted[i].add(o.source, o.severity, o.count)
			return
		}
	}
	s.omitted = append(s.omitted, o)
}

// boundProblems drops problems beyond the bound once they are many.
func (s *volumeScan) boundProblems() {
	if len(s.problems) > 16*maxProblems {
		s.dropProblems()
	}
}

// dropProblems keeps the first problems of each source and counts the rest.
func (s *volumeScan) dropProblems() {
	count := make(map[string]int)
	s.problems = slices.DeleteFunc(distinct(s.problems), func(p report.Problem) bool {
		count[p.Source]++
		if count[p.Source] <= maxProblems {
			return false
		}
		s.omit(omission{p.Source, p.Severity, 1})
		return true
	})
}

// tellProblems gives all problems of the volume that are told.
func (s *volumeScan) tellProblems() []report.Problem {
	s.dropProblems()
	for _, o := range s.omitted {
		s.problems = append(s.problems, report.Problem{Severity: o.severity, Source: o.source, Evidence: s.volume.EvidencePath, Volume: s.volume.Index,
			Message: fmt.Sprintf("%d further problems of this source", o.count)})
	}
	s.omitted = nil
	return s.problems
}

// fileProblems reports what was lost when a file's attributes were joined. What
// is wrong within its base record the walk may have reported; where the walk met
// so much that not all of it is told, it is counted already.
func (s *volumeScan) fileProblems(f *ntfs.File) {
	damage := f.Damage
	if slices.ContainsFunc(s.omitted, func(o omission) bool { return o.source == "mft" }) {
		damage = damage[len(f.Record.Damage):]
	}
	for _, err := range damage {
		s.problems = append(s.problems, s.recordProblem(f.Record.Number, err))
	}
	s.boundProblems()
}
