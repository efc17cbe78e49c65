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

// capped keeps the first problems of each source and replaces the rest by one
// that counts them.
func capped(problems []report.Problem) []report.Problem {
	count := make(map[string]int)
	rest := make(map[string]*report.Problem)
	var order []string
	kept := slices.DeleteFunc(problems, func(p report.Problem) bool {
		count[p.Source]++
		if count[p.Source] <= maxProblems {
			return false
		}
		r := rest[p.Source]
		if r == nil {
			r = &report.Problem{Severity: report.SeverityWarning, Source: p.Source, Evidence: p.Evidence, Volume: p.Volume}
			rest[p.Source] = r
			order = append(order, p.Source)
		}
		if p.Severity == report.SeverityError {
			r.Severity = report.SeverityError
		}
		return true
	})
	for _, source := range order {
		r := rest[source]
		r.Message = fmt.Sprintf("%d further problems of this source", count[source]-maxProblems)
		kept = append(kept, *r)
	}
	return kept
}

// fileProblems reports what was lost when a file's attributes were joined. What
// is wrong within its base record was reported by the walk.
func (s *volumeScan) fileProblems(f *ntfs.File) {
	for _, err := range f.Damage {
		s.problems = append(s.problems, s.recordProblem(f.Record.Number, err))
	}
}
