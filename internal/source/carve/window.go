package carve

import (
	"errors"
	"fmt"
	"io"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
)

// pass is the search of one part.
type pass struct {
	f     *Finder
	r     io.ReaderAt
	size  int64
	jobs  *jobfile.Scanner
	quiet bool // the window lies before the part: only what reaches into it matters
	stats Stats

	buf      [lead + step + tail]byte
	win      []byte // the part of buf that holds data
	base     int64  // offset of win[0] on the volume
	usnEnd   int64  // of the last USN record
	usnShift int64  // its USN less its offset
	records  ntfs.RecordCarver
}

// window looks for what begins in [at, end), at most a step.
func (p *pass) window(at, end int64) {
	p.base = max(at-lead, 0) &^ 7
	want := min(end+tail, p.size) - p.base
	p.win = p.buf[:want]
	begin, limit := int(at-p.base), int(end-p.base)
	if n, err := readFull(p.r, p.win, p.base); err != nil {
		if errors.Is(err, io.EOF) {
			p.ended(n, begin, limit)
			p.win, limit = p.win[:n], min(limit, n)
		} else {
			p.salvage(begin, limit)
		}
	}
	if !p.quiet {
		p.stats.Bytes += end - at
	}
	if limit <= begin {
		return
	}
	p.words(begin, limit)
	// Last, for it undoes update sequences in the window.
	p.jobs.Window(p.win, p.base, begin, limit, p.job)
}

func (p *pass) job(hit jobfile.Carved) {
	if p.quiet {
		return
	}
	p.stats.Jobs++
	if p.f.Job != nil {
		p.f.Job(hit.Offset, hit.Job, hit.Length, hit.InFILERecord)
	}
}

// ended reports data that is shorter than the volume, once: in the step
// in which it ends.
func (p *pass) ended(n, begin, limit int) {
	if n >= begin && n < limit {
		at := p.base + int64(n)
		p.problem(at, &parse.Error{Structure: "volume", Field: "data", Offset: at, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected %d bytes", p.size)})
	}
}

// salvage reads a window with unreadable places in pieces, with zeros for those
// that fail, and reports each stretch of them that begins in the step.
func (p *pass) salvage(begin, limit int) {
	const piece = 4096
	bad := false
	for at := 0; at < len(p.win); {
		next := min(int((p.base+int64(at))/piece*piece+piece-p.base), len(p.win))
		b := p.win[at:next]
		n, err := readFull(p.r, b, p.base+int64(at))
		clear(b[n:])
		lost := min(next, limit) - max(at+n, begin)
		if err != nil && lost > 0 && !p.quiet {
			p.stats.Unreadable += int64(lost)
			if !bad {
				p.problem(p.base+int64(at+n), &parse.Error{Structure: "volume", Field: "data", Offset: p.base + int64(at+n), Err: err})
			}
		}
		bad = err != nil && lost > 0
		at = next
	}
}

func (p *pass) problem(offset int64, err error) {
	if p.f.Problem != nil && !p.quiet {
		p.f.Problem(offset, err)
	}
}

func (p *pass) wants(name []byte) bool { return p.f.Want == nil || p.f.Want(name) }

// readFull is io.ReadFull for an io.ReaderAt: a short read has an error.
func readFull(r io.ReaderAt, b []byte, off int64) (int, error) {
	n, err := r.ReadAt(b, off)
	n = max(0, min(n, len(b)))
	if n == len(b) {
		return n, nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return n, err
}
