package jobfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/jobscan/jobscan/internal/parse"
)

// Carved is one job file found inside other data.
type Carved struct {
	Offset int64 // of its first byte in the data
	Length int   // bytes of it that were decoded
	// Job is never nil. One whose end is overwritten is there with Complete
	// not set. Size is Length, for what follows belongs to others.
	Job *Job
	// InFILERecord: the job lies in a structure of NTFS that is protected by an
	// update sequence (a FILE record, an index record or a $LogFile page).
	InFILERecord bool
	// FixupsUndone: the last two bytes of its sectors were put back before
	// the job was decoded.
	FixupsUndone bool
	// NeedsFixups: the job lies over the last two bytes of a sector, and they
	// could not be put back (a torn write, or they are right already): those
	// bytes of it are unsure.
	NeedsFixups bool
	// HeadLost: only the end of a job was found. The Job holds the strings that
	// lead up to it, its triggers and its signature; Complete is not set.
	HeadLost bool
}

// Sizes, in bytes, of the window that Carve moves over the data, and bounds.
const (
	carveStep  = 1 << 20     // by which the window moves
	carveLead  = 4096        // before it: a record that begins there may reach into it
	carveTail  = 2 * 4096    // after it: room for a header and the record around it
	carveHead  = 64 << 10    // of a job that are read at first when it leaves the window
	carveFree  = 8 * MaxSize // that may be parsed beyond those scanned, against data full of headers
	carveLeast = 1024        // of a hit that are parsed in any case
)

// Carve finds job files at any alignment in size bytes of r (size -1: as many
// as there are), in ascending order. It reads sequentially, in windows of 1 MiB,
// and holds no more than a window and one job. An error is a range that could
// not be read; the walk goes on behind it. The sequence can be walked again.
//
// A hit has a header that only a job file has (see isHeader) and is decoded as
// far as it goes; or it is the end of a job whose head is overwritten (isTail). Update sequences of NTFS records are undone first, where they
// match: a resident job always lies over the end of a sector.
func Carve(r io.ReaderAt, size int64) iter.Seq2[Carved, error] {
	return func(yield func(Carved, error) bool) {
		c := &carver{r: r, size: size, buf: make([]byte, carveLead+carveStep+carveTail), credit: carveFree}
		for pos := int64(0); size < 0 || pos < size; pos += carveStep {
			n, err := c.load(pos)
			if err != nil && !yield(Carved{}, err) {
				return
			}
			if !c.scan(yield) {
				return
			}
			if n < carveStep && (size < 0 || errors.Is(err, io.EOF)) {
				return
			}
		}
	}
}

// carver is the state of one walk.
type carver struct {
	r       io.ReaderAt
	size    int64
	buf     []byte
	win     []byte      // the part of buf that holds data
	base    int64       // offset of win[0] in the data
	begin   int         // where in win the step begins; hits begin there or later
	end     int         // where in win it ends
	records []protected // in win, in order
	credit  int64       // bytes that may still be parsed
	big     []byte      // for jobs that leave the window
	done    int64       // end of the hits so far
}

// protected is a structure with an update sequence.
type protected struct {
	start, end int // in win
	undone     bool
}

// load fills the window for the step at pos. n counts the bytes from pos on.
func (c *carver) load(pos int64) (n int, err error) {
	c.base = max(0, pos-carveLead)
	c.begin = int(pos - c.base)
	want := c.begin + carveStep + carveTail
	if c.size >= 0 {
		want = int(min(int64(want), c.size-c.base))
	}
	got, err := readFull(c.r, c.buf[:want], c.base)
	c.win = c.buf[:got]
	if err != nil && !errors.Is(err, io.EOF) {
		got, err = c.salvage(want, err)
	} else if c.size < 0 || got == want {
		err = nil
	} else {
		err = &parse.Error{Structure: "data", Offset: c.base + int64(got), Err: io.ErrUnexpectedEOF}
		err = errors.Join(err, io.EOF)
	}
	c.end = min(c.begin+carveStep, got)
	c.credit += max(0, int64(got-c.begin))
	c.undoFixups()
	return got - c.begin, err
}

// salvage reads a window with unreadable places in pieces, with zeros for those
// that fail. Data of unknown size ends at the first of them.
func (c *carver) salvage(want int, cause error) (int, error) {
	const piece = 4096
	bad := int64(-1)
	for at := 0; at < want; at += piece {
		p := c.buf[at:min(at+piece, want)]
		if n, err := readFull(c.r, p, c.base+int64(at)); err != nil {
			clear(p[n:])
			if bad < 0 {
				bad = c.base + int64(at+n)
			}
			if c.size < 0 {
				want = at + n
				break
			}
		}
	}
	c.win = c.buf[:want]
	return want, &parse.Error{Structure: "data", Field: "window", Offset: max(bad, c.base), Err: cause}
}

// readFull is io.ReadFull for an io.ReaderAt: a short read has an error.
func readFull(r io.ReaderAt, p []byte, off int64) (int, error) {
	n, err := r.ReadAt(p, off)
	n = max(0, min(n, len(p)))
	if n == len(p) {
		return n, nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return n, err
}

// scan yields the jobs whose first byte lies in the step, and the ends of jobs
// whose first trigger does; false: stop. Every place of the data is looked at
// once, with two anchors: the status of a head, and the first trigger of an end.
func (c *carver) scan(yield func(Carved, error) bool) bool {
	head, end := c.nextHead(c.begin), c.nextEnd(c.begin)
	for head < c.end || end < c.end {
		var hit Carved
		if head <= end { // so that an end that belongs to this job is known by then
			hit = c.job(head)
			head = c.nextHead(head + 1)
		} else {
			at := end - endAnchor
			end = c.nextEnd(end + 1)
			if c.base+int64(at) < c.done {
				continue
			}
			hit = c.tail(at)
		}
		c.done = max(c.done, hit.Offset+int64(hit.Length))
		if !yield(hit, nil) {
			return false
		}
	}
	return true
}

// nextHead gives the first place from at on where a job begins, or the window's length.
func (c *carver) nextHead(at int) int {
	const anchor = offStatus + 1 // the bytes 13 04 00 of the status
	for p := at + anchor; p < len(c.win)-2; p++ {
		i := bytes.IndexByte(c.win[p:len(c.win)-2], 0x13)
		if i < 0 {
			break
		}
		p += i
		if c.win[p+1] == 4 && c.win[p+2] == 0 && isHeader(c.win[p-anchor:]) {
			return p - anchor
		}
	}
	return len(c.win)
}

// nextEnd gives the first place from at on of the second byte of the begin year
// in the first trigger at the end of a job, or the window's length.
func (c *carver) nextEnd(at int) int {
	for p := max(at, endAnchor); p < len(c.win); p++ {
		i := bytes.IndexByte(c.win[p:], endYear)
		if i < 0 {
			break
		}
		p += i
		if c.win[p-2] == 0 && c.win[p-5] == triggerSize && isTail(c.win[p-endAnchor:]) {
			return p
		}
	}
	return len(c.win)
}

// isHeader recognises the fixed section of a job: file version 1, an
// application name offset, a product version that exists, exactly one priority,
// a SCHED_S_ status, and a last run that is zero or a date. The exit code is
// free: tasks that failed are the interesting ones.
func isHeader(b []byte) bool {
	if len(b) < fixedSize || binary.LittleEndian.Uint16(b[offFileVersion:]) != fileVersion ||
		binary.LittleEndian.Uint16(b[offApplicationOffset:]) < applicationOffset {
		return false
	}
	if Priority(binary.LittleEndian.Uint32(b[offPriority:])).String() == "" ||
		Status(binary.LittleEndian.Uint32(b[offStatus:])).Name() == "" ||
		!Product(binary.LittleEndian.Uint16(b)).Known() {
		return false
	}
	t := systemTime(b[offLastRun:])
	return t.IsZero() || t.Valid()
}

// job decodes the hit at a place of the window.
func (c *carver) job(at int) Carved {
	out := Carved{Offset: c.base + int64(at)}
	b, rec := c.win[at:], c.record(at)
	if rec != nil {
		b = c.win[at:rec.end]
		out.InFILERecord, out.FixupsUndone = true, rec.undone
	}
	b = b[:min(int64(len(b)), MaxSize, max(c.credit, carveLeast))]
	j := carveParse(b)
	c.credit -= int64(j.DecodedBytes)
	for _, most := range []int64{carveHead, MaxSize} {
		if j.Complete || rec != nil || int64(len(b)) >= min(most, c.credit) {
			continue
		}
		b = c.far(out.Offset, int(min(most, c.credit)))
		c.credit -= int64(len(b))
		j = carveParse(b)
	}
	out.Job, out.Length = j, j.DecodedBytes
	out.NeedsFixups = rec.unsure(at, out.Length)
	return out
}

// tail decodes the end of a job whose reserved data stands at a place of the window.
func (c *carver) tail(at int) Carved {
	rec := c.record(at)
	low, high := int(max(0, c.done-c.base)), len(c.win)
	out := Carved{HeadLost: true}
	if rec != nil {
		low, high = max(low, rec.start), rec.end
		out.InFILERecord, out.FixupsUndone = true, rec.undone
	}
	j, start := parseTail(c.win[:high], at, low)
	out.Offset, out.Job, out.Length = c.base+int64(start), j, j.Size
	out.NeedsFixups = rec.unsure(start, out.Length)
	return out
}

// record gives the protected structure around a place of the window, or nil.
func (c *carver) record(at int) *protected {
	for i := range c.records {
		if r := &c.records[i]; r.start <= at && at < r.end {
			return r
		}
	}
	return nil
}

// unsure reports that bytes of [at, at+n) in the window are those of an update
// sequence that could not be undone.
func (p *protected) unsure(at, n int) bool {
	if p == nil || p.undone {
		return false
	}
	sectorEnd := ((at-p.start)/sectorStride+1)*sectorStride - 2
	return p.start+sectorEnd < at+n
}

// far reads a job that leaves the window.
func (c *carver) far(offset int64, n int) []byte {
	if c.size >= 0 {
		n = int(min(int64(n), c.size-offset))
	}
	if cap(c.big) < n {
		c.big = make([]byte, n)
	}
	got, _ := readFull(c.r, c.big[:n], offset) // what cannot be read is cut off: the job says so itself
	return c.big[:got]
}

// carveParse decodes a job at the start of b and takes what it covers for the
// whole file.
func carveParse(b []byte) *Job {
	d := decoder{b: b, j: &Job{}}
	d.decode()
	if s := d.j.Signature; s.State == SignaturePresent && entropy(s.Value) < 4 {
		// 01 00 01 00 by chance: a real signature is as good as random.
		d.off, d.j.Signature = s.Offset, Signature{}
	}
	return d.finish(d.off)
}

const sectorStride = 512 // bytes protected by one number of an update sequence, whatever the sector size

// undoFixups puts back the last two bytes of every sector of the protected
// structures in the window, where they carry the update sequence number.
func (c *carver) undoFixups() {
	c.records = c.records[:0]
	first := int((sectorStride - c.base%sectorStride) % sectorStride)
	for at := first; at+sectorStride <= len(c.win); at += sectorStride {
		b := c.win[at:]
		switch string(b[:4]) {
		case "FILE", "INDX", "RCRD", "BAAD": // BAAD: a FILE record that was found torn
		default:
			continue
		}
		usa, n := int(binary.LittleEndian.Uint16(b[4:])), int(binary.LittleEndian.Uint16(b[6:]))
		length := (n - 1) * sectorStride
		if n < 2 || n > 9 || usa < 8 || usa%2 != 0 || usa+2*n > sectorStride-2 || length > len(b) {
			continue
		}
		c.records = append(c.records, protected{at, at + length, undo(b[:length], usa)})
	}
}

// undo restores one structure, or leaves it alone when a sector does not carry
// the number.
func undo(b []byte, usa int) bool {
	for i := sectorStride; i <= len(b); i += sectorStride {
		if b[i-2] != b[usa] || b[i-1] != b[usa+1] {
			return false
		}
	}
	for i := sectorStride; i <= len(b); i += sectorStride {
		p := usa + i/sectorStride*2
		b[i-2], b[i-1] = b[p], b[p+1]
	}
	return true
}

// String tells place and program, for people.
func (c Carved) String() string {
	return fmt.Sprintf("job at %#x: %q", c.Offset, c.Job.Application.Value)
}
