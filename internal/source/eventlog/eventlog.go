// Package eventlog gathers what the event logs of Windows tell of jobs: that the
// scheduler registered, changed, deleted or ran the task of a job. Since Windows
// Vista two logs do so, that of the scheduler itself (TaskScheduler/Operational)
// and the Security log, where tasks are audited; on Windows XP and 2003 the Security
// log, in the format of that time, tells of jobs that were saved.
//
// The package reads logs from a volume chunk by chunk, picks those chunks that
// can concern a job, and understands their events. It does not decode binary XML:
// the caller gives it a Decode that does so in a process of its own. It joins no
// task with a file.
package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jobscan/jobscan/internal/format/evtx"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
)

// Names of the logs.
const (
	OperationalLog  = "Microsoft-Windows-TaskScheduler%4Operational.evtx"
	SecurityLog     = "Security.evtx"
	archivePrefix   = "Archive-Security-" // of a Security log that was full
	Extension       = ".evtx"
	maxLogSize      = 4 << 30 // bytes; Windows allows no larger log
	maxCompressed   = 64 << 20
	maxProblems     = 20
	maxEntriesInLog = 50_000
)

// IsLog reports the name of a log that tells of tasks, in any case.
func IsLog(name string) bool {
	return IsOldLog(name) || strings.EqualFold(name, OperationalLog) || strings.EqualFold(name, SecurityLog) ||
		len(name) > len(archivePrefix)+len(Extension) && strings.EqualFold(name[:len(archivePrefix)], archivePrefix) &&
			strings.EqualFold(name[len(name)-len(Extension):], Extension)
}

// Decode gives the events of one chunk. An error for which errors.Is(err,
// ErrGiveUp) holds says that no further chunk will be decoded.
type Decode func(ctx context.Context, chunk []byte) ([]evtx.Event, error)

// ErrGiveUp ends the reading of logs.
var ErrGiveUp = errors.New("event logs are not read any further")

// Log is what one log tells.
type Log struct {
	Chunks, Decoded int // with a readable header; whose records were decoded
	Records         int // of a log of Windows XP or 2003, which has no chunks
	// The records of the log, whether decoded or not.
	FirstID, LastID     uint64
	FirstTime, LastTime wintime.Filetime
	Entries             []Entry // in the order in which they lie in the log
}

// Empty reports a log of which nothing could be read, or that has no records.
func (l *Log) Empty() bool { return l.Chunks == 0 && l.Records == 0 }

// Read reads the unnamed stream of a log, 64 KiB at a time. Of a log that is
// deleted only chunks whose checksums fit are used. The errors say what could not
// be read; what could be is given all the same. Only the context's error means
// that the reading was broken off.
func Read(ctx context.Context, v *ntfs.Volume, f *ntfs.File, names *Names, decode Decode) (Log, []error, error) {
	r := reader{ctx: ctx, names: names, decode: decode, deleted: !f.InUse()}
	s, err := openLog(v, f)
	if err != nil {
		return Log{}, []error{err}, nil
	}
	r.stream(s)
	if r.moreProblems > 0 {
		r.problems = append(r.problems, fmt.Errorf("%d further problems of this log", r.moreProblems))
	}
	return r.log, r.problems, ctx.Err()
}

// content is a log on the volume.
type content struct {
	io.ReaderAt
	size    int64
	extents []ntfs.Extent
}

func openLog(v *ntfs.Volume, f *ntfs.File) (content, error) {
	s, err := v.OpenStream(f, ntfs.TypeData, "")
	if err == nil {
		return content{s, min(s.Size(), s.InitializedSize(), maxLogSize), s.Extents()}, nil
	}
	if !errors.Is(err, parse.ErrUnsupported) {
		return content{}, err
	}
	c, err := v.Contents(f, maxCompressed) // NTFS compresses it
	if err != nil {
		return content{}, err
	}
	n := int64(len(c.Data))
	return content{strings.NewReader(string(c.Data)), n, []ntfs.Extent{{Length: n}}}, nil
}

type reader struct {
	ctx     context.Context
	names   *Names
	decode  Decode
	deleted bool

	log          Log
	problems     []error
	moreProblems int
	givenUp      bool
}

func (r *reader) problem(err error) {
	if len(r.problems) >= maxProblems {
		r.moreProblems++
		return
	}
	r.problems = append(r.problems, err)
}

// stream reads header and chunks. The header is not needed to find the chunks:
// they begin at the second 4 KiB block unless it says otherwise.
func (r *reader) stream(s content) {
	first := int64(4096)
	head := make([]byte, evtx.FileHeaderSize)
	n, err := s.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		r.problem(err)
		n = 0
	}
	if n > 0 && !r.deleted {
		if h, err := evtx.ParseFileHeader(head[:n]); err != nil {
			r.problem(err)
		} else {
			first = int64(h.BlockSize)
			if !h.ChecksumValid {
				r.problem(&parse.Error{Structure: "EVTX file header", Field: "checksum", Offset: 124, Err: errChecksum})
			}
		}
	}
	r.chunks(s, first)
}

// chunks reads the chunks that have bytes on the volume. Holes and lost clusters,
// of which a hostile log may claim any number, are passed over.
func (r *reader) chunks(s content, first int64) {
	chunk := make([]byte, evtx.ChunkSize)
	next := first
	for _, e := range s.extents {
		if e.Lost && !r.deleted {
			r.problem(&parse.Error{Structure: "event log", Offset: e.Offset, Err: parse.ErrTruncated,
				Detail: fmt.Sprintf("%d bytes are not in the evidence", e.Length)})
		}
		end := min(e.Offset+e.Length, s.size)
		if e.Physical < 0 || next >= end {
			continue
		}
		if e.Offset > next {
			next += (e.Offset - next) / evtx.ChunkSize * evtx.ChunkSize
		}
		for ; next < end; next += evtx.ChunkSize {
			if r.ctx.Err() != nil || r.givenUp {
				return
			}
			n, err := s.ReadAt(chunk, next)
			if err == nil || errors.Is(err, io.EOF) && n > 0 {
				clear(chunk[n:])
				r.chunk(chunk, next)
			} else if !r.deleted {
				r.problem(err)
			}
		}
	}
}

var errChecksum = errors.New("checksum mismatch")
