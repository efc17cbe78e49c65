package scan

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/source/logfile"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// maxLogged bounds the bytes of the journal records that are kept of one $LogFile:
// as many as a log of the usual size has.
const maxLogged = 64 << 20

// loggedRecords are the journal records of $LogFile, as bytes: nearly all of them
// the journal has as well, which is known only when it was walked.
type loggedRecords struct {
	chunks  [][]byte // the records lie one behind the other
	records []loggedRecord
	bytes   int
	omitted int
}

// loggedRecord is the place of a record.
type loggedRecord struct {
	offset, usn     int64
	file            ntfs.FileReference
	directory       bool
	chunk, start    uint32
	length          uint16
	nameAt, nameEnd uint16 // in the record
}

const loggedChunk = 256 << 10

func (l *loggedRecords) add(r logfile.JournalRecord) {
	if l.bytes+len(r.Bytes) > maxLogged {
		l.omitted++
		return
	}
	l.bytes += len(r.Bytes)
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last])+len(r.Bytes) > cap(l.chunks[last]) {
		l.chunks = append(l.chunks, make([]byte, 0, max(loggedChunk, len(r.Bytes))))
		last++
	}
	l.records = append(l.records, loggedRecord{r.Offset, r.USN, r.File, r.Directory, uint32(last), uint32(len(l.chunks[last])),
		uint16(len(r.Bytes)), uint16(r.NameAt), uint16(r.NameEnd)})
	l.chunks[last] = append(l.chunks[last], r.Bytes...)
}

func (l *loggedRecords) of(r *loggedRecord) []byte {
	return l.chunks[r.chunk][r.start:][:r.length]
}

// keepLogged keeps the records that the journal does not have: those of folders
// and of files with a wanted name at once, others by keepLoggedOf.
func (s *volumeScan) keepLogged(want func([]byte) bool) {
	l := &s.journalInLog
	rest := l.records[:0]
	for i := range l.records {
		r := &l.records[i]
		if s.covered(r.usn) {
			continue
		}
		wanted := want(l.of(r)[r.nameAt:r.nameEnd])
		if wanted || r.directory {
			s.keepLoggedRecord(r, wanted)
		} else {
			rest = append(rest, *r)
		}
	}
	l.records = rest
	if l.omitted > 0 {
		s.problems = append(s.problems, s.traceProblem(event.LogFile, fmt.Errorf("%d further journal records in it are left out", l.omitted)))
	}
}

// keepLoggedOf keeps the records of candidates under other names.
func (s *volumeScan) keepLoggedOf(candidates map[ntfs.FileReference]bool) {
	for i := range s.journalInLog.records {
		if r := &s.journalInLog.records[i]; candidates[r.file] {
			s.keepLoggedRecord(r, false)
		}
	}
	s.journalInLog = loggedRecords{}
}

func (s *volumeScan) keepLoggedRecord(r *loggedRecord, wanted bool) {
	decoded, err := usn.ParseRecord(s.journalInLog.of(r))
	if err != nil {
		s.problems = append(s.problems, s.traceProblem(event.LogFile, err))
		return
	}
	decoded.Offset = r.offset
	s.carved.keep(decoded, wanted)
}
