package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// facts are what a program says is on the volume; what it does not speak of is
// nil or 0.
type facts struct {
	Jobs    []uint64 `json:"jobs"`    // numbers of FILE records in use that a .job file has, ascending
	Records uint64   `json:"records"` // in the journal

	// Of the floor alone.
	Bytes int64         `json:"bytes"`
	Loop  time.Duration `json:"loop"`
}

var errDisagree = errors.New("the programs disagree about the volume")

// agree compares what two programs both speak of.
func (f facts) agree(o facts) error {
	if f.Jobs != nil && o.Jobs != nil && !slices.Equal(f.Jobs, o.Jobs) {
		return fmt.Errorf("%w: .job files have the FILE records %v and %v", errDisagree, f.Jobs, o.Jobs)
	}
	if f.Records != 0 && o.Records != 0 && f.Records != o.Records {
		return fmt.Errorf("%w: the journal has %d and %d records", errDisagree, f.Records, o.Records)
	}
	return nil
}

func distinct(n []uint64) []uint64 {
	slices.Sort(n)
	return slices.Compact(n)
}

// jobscanFacts reads a report in JSON Lines. Only files that lie on the volume
// now count as jobs.
func jobscanFacts(r io.Reader) (facts, error) {
	type line struct {
		Type string
		File struct{ Path, Inode string }
		// Of a finding.
		Jobscan struct{ State string }
		// Of the summary.
		Volumes []struct{ USN struct{ Records uint64 } }
	}
	out := facts{Jobs: []uint64{}}
	ended := false
	d := json.NewDecoder(r)
	for {
		var l line
		err := d.Decode(&l)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return facts{}, fmt.Errorf("jobscan: %w", err)
		}
		if l.Type == "finding" && l.Jobscan.State == "allocated" && isJob(l.File.Path) {
			record, _, _ := strings.Cut(l.File.Inode, "-")
			n, err := strconv.ParseUint(record, 10, 64)
			if err != nil {
				return facts{}, fmt.Errorf("jobscan: inode %q: %w", l.File.Inode, err)
			}
			out.Jobs = append(out.Jobs, n)
		}
		if l.Type == "summary" {
			ended = true
			for _, v := range l.Volumes {
				out.Records += v.USN.Records
			}
		}
	}
	if !ended {
		return facts{}, errors.New("jobscan: the report has no summary")
	}
	out.Jobs = distinct(out.Jobs)
	return out, nil
}

// jobscanScanFacts leaves out the jobs: the built-in rule does not report all.
func jobscanScanFacts(r io.Reader) (facts, error) {
	f, err := jobscanFacts(r)
	f.Jobs = nil
	return f, err
}

var bodyfileLine = regexp.MustCompile(`^[^|]*\|([^|]*)\|(\d+)`)

// bodyfileFacts reads the body format of fls and fsntfsinfo: name, then inode.
func bodyfileFacts(r io.Reader) (facts, error) {
	out := facts{Jobs: []uint64{}}
	s := bufio.NewScanner(r)
	for s.Scan() {
		if !bytes.Contains(bytes.ToLower(s.Bytes()), []byte(".job")) {
			continue
		}
		m := bodyfileLine.FindSubmatch(s.Bytes())
		if m == nil {
			continue
		}
		name := strings.TrimSuffix(string(m[1]), " ($FILE_NAME)")
		if strings.HasSuffix(name, ")") || !isJob(name) { // (deleted)
			continue
		}
		n, err := strconv.ParseUint(string(m[2]), 10, 64)
		if err != nil {
			return facts{}, err
		}
		out.Jobs = append(out.Jobs, n)
	}
	out.Jobs = distinct(out.Jobs)
	return out, s.Err()
}

// usnjlsFacts counts lines: one for each record.
func usnjlsFacts(r io.Reader) (out facts, err error) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		out.Records++
	}
	return out, s.Err()
}

func fsntfsinfoJournalFacts(r io.Reader) (out facts, err error) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		if bytes.HasPrefix(s.Bytes(), []byte("USN record:")) {
			out.Records++
		}
	}
	return out, s.Err()
}

// ownFacts reads what the children of this program print.
func ownFacts(r io.Reader) (f facts, err error) {
	err = json.NewDecoder(r).Decode(&f)
	return f, err
}
