package eventlog

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/internal/wtf8"
)

// Names are the tasks that are known to be jobs: those whose file some trace of
// the volume shows, and those of which a log itself says so. Names are compared
// without regard to case.
type Names struct {
	known   map[string]bool
	proven  map[string]wintime.Filetime // since when a log says that the task is a job
	hashes  map[uint64]bool             // of known and proven names
	lengths []bool                      // by length in UTF-16 units: some name has it
}

// NewNames makes the set of the tasks of job files; files are the names of such
// files, with their extension.
func NewNames(files []string) *Names {
	n := &Names{known: make(map[string]bool), proven: make(map[string]wintime.Filetime),
		hashes: make(map[uint64]bool)}
	for _, name := range files {
		if task, ok := TaskOf(name); ok {
			n.known[task] = true
			n.expect(task)
		}
	}
	return n
}

// TaskOf gives the name of the task of a job file, in lower case.
func TaskOf(file string) (task string, ok bool) {
	i := len(file) - len(".job")
	if i <= 0 || !strings.EqualFold(file[i:], ".job") {
		return "", false
	}
	return strings.ToLower(file[:i]), true
}

// Known reports a task whose job file some trace of the volume shows.
func (n *Names) Known(task string) bool { return n.known[strings.ToLower(task)] }

// Proven tells since when a log says that a task is a job.
func (n *Names) Proven(task string) (since wintime.Filetime, ok bool) {
	since, ok = n.proven[strings.ToLower(task)]
	return since, ok
}

// Learn adds the tasks of which entries say that they are jobs, and reports
// whether any is new: then the logs have more to tell.
func (n *Names) Learn(entries []Entry) bool {
	grown := false
	for i := range entries {
		e := &entries[i]
		if e.Proof == "" {
			continue
		}
		task := strings.ToLower(e.Task)
		since, known := n.proven[task]
		if !known || e.Time < since {
			n.proven[task] = e.Time
		}
		if !known && !n.known[task] && !isAt(task) {
			n.expect(task)
			grown = true
		}
	}
	return grown
}

// IsAt reports a task that at.exe makes, by its name.
func (e *Entry) IsAt() bool { return isAt(e.Task) }

// concerns reports an entry that is about a job, or names one.
func (n *Names) concerns(e *Entry) bool {
	if e.Proof != "" || len(e.Mentions) > 0 || isAt(e.Task) || n.Known(e.Task) {
		return true
	}
	_, proven := n.Proven(e.Task)
	return proven
}

// isAt reports the name that the command at.exe gives: At and a number.
func isAt(task string) bool {
	if len(task) < 3 || !strings.EqualFold(task[:2], "at") {
		return false
	}
	return strings.Trim(task[2:], "0123456789") == ""
}

// What a chunk must hold to concern a job: TaskName, the name of a field, and
// one of the others or \NAME of a task.
var (
	taskName  = wide("TaskName")
	jobSuffix = wide(".job")
	atPrefix  = wide(`\at`)
	version   = wide(`<task version="1.`)
)

// wide gives text as UTF-16LE.
func wide(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for _, u := range wtf8.ToUnits(s) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// mayConcern searches the raw bytes of a chunk, in which text is UTF-16LE at any
// offset.
func (n *Names) mayConcern(chunk []byte) bool {
	if !bytes.Contains(chunk, taskName) {
		return false
	}
	for at := range positions(chunk, '.') {
		if hasFolded(chunk[at:], jobSuffix) {
			return true
		}
	}
	for at := range positions(chunk, '<') {
		if hasFolded(chunk[at:], version) {
			if i := at + len(version); i+1 < len(chunk) && (chunk[i] == '0' || chunk[i] == '1') && chunk[i+1] == 0 {
				return true
			}
		}
	}
	looked := 0
	for at := range positions(chunk, '\\') {
		if looked++; looked > maxLookups {
			return true
		}
		if i := at + len(atPrefix); i+1 < len(chunk) && '0' <= chunk[i] && chunk[i] <= '9' && chunk[i+1] == 0 && hasFolded(chunk[at:], atPrefix) {
			return true
		}
		if n.hasName(chunk[at+2:]) {
			return true
		}
	}
	return false
}

// maxLookups bounds how many places of one chunk are held against the names; a
// log has some hundreds. A chunk with more is decoded.
const maxLookups = 4096

// positions yields the offsets of an ASCII character in UTF-16LE.
func positions(chunk []byte, c byte) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			i := bytes.IndexByte(chunk[at:], c)
			if i < 0 {
				return
			}
			if at += i; at+1 < len(chunk) && chunk[at+1] == 0 && !yield(at) {
				return
			}
		}
	}
}

// hasFolded reports that b begins with a text, given in lower case, in any case.
func hasFolded(b, want []byte) bool {
	if len(b) < len(want) {
		return false
	}
	for i := 0; i < len(want); i += 2 {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != want[i] || b[i+1] != want[i+1] {
			return false
		}
	}
	return true
}

// Names in a chunk have no terminator, so every beginning is looked up whose
// length is that of some name. Equal hashes of unequal names cost no more than a
// chunk decoded in vain.
const (
	hashStart = 14695981039346656037 // FNV-1a
	hashPrime = 1099511628211
)

func fold(u uint16) uint16 {
	if u < 0x80 {
		if 'A' <= u && u <= 'Z' {
			u += 'a' - 'A'
		}
		return u
	}
	if r := unicode.ToLower(rune(u)); r <= 0xFFFF {
		return uint16(r)
	}
	return u
}

// expect has the search find a task.
func (n *Names) expect(task string) {
	units := wtf8.ToUnits(task)
	hash := uint64(hashStart)
	for _, u := range units {
		hash = (hash ^ uint64(fold(u))) * hashPrime
	}
	n.hashes[hash] = true
	for len(n.lengths) <= len(units) {
		n.lengths = append(n.lengths, false)
	}
	n.lengths[len(units)] = true
}

func (n *Names) hasName(b []byte) bool {
	hash := uint64(hashStart)
	for i := 1; i < len(n.lengths) && 2*i <= len(b); i++ {
		hash = (hash ^ uint64(fold(uint16(b[2*i-2])|uint16(b[2*i-1])<<8))) * hashPrime
		if n.lengths[i] && n.hashes[hash] {
			return true
		}
	}
	return false
}
