package scan

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"github.com/jobscan/jobscan/internal/source/logfile"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// logged is a USN_RECORD_V2 of a file's creation, in a log record at an offset.
func logged(offset, number int64, ref ntfs.FileReference, name string) logfile.JournalRecord {
	units := utf16.Encode([]rune(name))
	b := make([]byte, (60+2*len(units)+7)&^7)
	le := binary.LittleEndian
	le.PutUint32(b, uint32(len(b)))
	le.PutUint16(b[4:], 2)
	le.PutUint64(b[8:], uint64(ref))
	le.PutUint64(b[24:], uint64(number))
	le.PutUint32(b[40:], uint32(usn.ReasonFileCreate))
	le.PutUint16(b[56:], uint16(2*len(units)))
	le.PutUint16(b[58:], 60)
	for i, u := range units {
		le.PutUint16(b[60+2*i:], u)
	}
	return logfile.JournalRecord{Offset: offset, USN: number, File: ref, Bytes: b, NameAt: 60, NameEnd: 60 + 2*len(units)}
}

// TestKeepLogged: of the journal records in $LogFile those are kept that the
// journal does not have, of candidates whatever their names; what is too much is
// told.
func TestKeepLogged(t *testing.T) {
	s := emptyScan(t)
	s.coverage.USN.Records, s.coverage.USN.FirstUSN, s.coverage.USN.LastUSN = 10, 1000, 2000
	ref, other := ntfs.NewFileReference(70, 3), ntfs.NewFileReference(71, 1)
	l := &s.journalInLog
	for i, number := range []int64{992, 1000, 2000, 2008} {
		l.add(logged(int64(i), number, ref, []string{"x.job", "x.tmp"}[i%2]))
	}
	l.add(logged(4, 2080, other, "y.tmp"))
	l.bytes = maxLogged // as if so many had come before
	l.add(logged(5, 3000, ref, "x.job"))
	s.keepLogged(endsInJob)
	if got := s.carved.files[ref]; len(got) != 1 || got[0].USN != 992 || got[0].Name != "x.job" {
		t.Errorf("at first got %+v", got)
	}
	s.keepLoggedOf(map[ntfs.FileReference]bool{ref: false, other: false})
	s.keepLoggedOf(map[ntfs.FileReference]bool{ref: true})
	if len(s.carved.files) != 1 {
		t.Errorf("nobody asked for %+v", s.carved.files)
	}
	if len(s.problems) != 1 || s.problems[0].Message != "1 further journal records in it are left out" {
		t.Errorf("problems %+v", s.problems)
	}
}

// TestKeepLoggedOf: a candidate's records under other names are kept.
func TestKeepLoggedOf(t *testing.T) {
	s := emptyScan(t)
	ref := ntfs.NewFileReference(70, 3)
	s.journalInLog.add(logged(3, 2008, ref, "x.tmp"))
	s.journalInLog.add(logged(4, 2080, ntfs.NewFileReference(71, 1), "y.tmp"))
	s.keepLogged(endsInJob)
	s.keepLoggedOf(map[ntfs.FileReference]bool{ref: true})
	got := s.carved.files[ref]
	if len(s.carved.files) != 1 || len(got) != 1 || got[0].USN != 2008 || got[0].Offset != 3 || got[0].Name != "x.tmp" {
		t.Errorf("got %+v", s.carved.files)
	}
}

// TestLoggedChunks: records come back as they went in, across chunks.
func TestLoggedChunks(t *testing.T) {
	s := emptyScan(t)
	const records = 3 * loggedChunk / 72
	for i := range int64(records) {
		s.journalInLog.add(logged(0, i*72, ntfs.NewFileReference(uint64(i), 1), "x.job"))
	}
	if len(s.journalInLog.chunks) < 3 {
		t.Fatalf("%d chunks", len(s.journalInLog.chunks))
	}
	s.keepLogged(endsInJob)
	if len(s.carved.files) != records {
		t.Fatalf("%d files", len(s.carved.files))
	}
	for ref, of := range s.carved.files {
		if len(of) != 1 || of[0].File != ref || of[0].USN != int64(ref.Record())*72 {
			t.Errorf("file %s: %+v", ref, of)
		}
	}
}
