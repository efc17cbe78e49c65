package ntfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"www.velocidex.com/golang/go-ntfs/parser"

	"github.com/jobscan/jobscan/internal/parse"
)

// Content is what could be recovered of a file's unnamed $DATA.
type Content struct {
	Data     []byte
	Complete bool // all bytes are there and none is in doubt
	Resident bool // they stood in the FILE record
	Notes    []string
}

func (c *Content) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

// doubt notes why the content is not complete.
func (c *Content) doubt(format string, args ...any) {
	c.Complete = false
	c.note(format, args...)
}

// Limits of compression: NTFS uses units of 16 clusters of at most 4096 bytes
// and chunks of 4096; larger units are decoded as far as they stay sensible.
const (
	maxCompressionUnit = 1 << 20
	lznt1Chunk         = 4096
)

// Contents recovers at most max bytes of the unnamed $DATA of f, resident or
// not, plain, sparse or compressed with LZNT1, of files in use and deleted
// ones. What is missing or in doubt stands in the notes, with Complete false:
// clusters that are not there, that $Bitmap says belong to another file by now,
// a torn sector, ciphertext. Zeros stand for missing bytes in the middle. The
// error is for files without unnamed $DATA (fs.ErrNotExist).
func (v *Volume) Contents(f *File, max int64) (Content, error) {
	parts := f.parts(TypeData, "")
	if len(parts) == 0 {
		return Content{}, fmt.Errorf("$DATA of FILE record %d: %w", f.Record.Number, fs.ErrNotExist)
	}
	c := Content{Complete: true, Resident: parts[0].Resident}
	if parts[0].Encrypted() {
		c.doubt("the content is encrypted (EFS)")
	}
	if c.Resident {
		v.residentContent(&c, f, parts[0], max)
		return c, nil
	}
	s, err := v.openParts(parts)
	if err != nil {
		c.doubt("%v", err)
		return c, nil
	}
	if parts[0].LowestVCN != 0 {
		c.doubt("the part of $DATA that holds the size is missing")
	}
	size := s.Size()
	if size > max {
		size = max
		c.doubt("cut at %d of %d bytes", max, s.Size())
	}
	if !f.Record.InUse {
		v.noteReallocated(&c, s, size)
	}
	if parts[0].Compressed() {
		v.compressedContent(&c, s, parts, size)
	} else {
		readContent(&c, s, size)
	}
	return c, nil
}

func (v *Volume) residentContent(c *Content, f *File, a *Attribute, max int64) {
	value := a.Value
	if uint64(a.ValueLength) > uint64(len(value)) {
		c.doubt("the FILE record holds %d of %d bytes", len(value), a.ValueLength)
	}
	if int64(len(value)) > max {
		value = value[:max]
		c.doubt("cut at %d of %d bytes", max, len(a.Value))
	}
	c.Data = append([]byte{}, value...)
	torn := f.Record.Torn
	if a.Holder != f.Record.Number {
		torn = nil
		if r, err := v.Record(a.Holder); err == nil {
			torn = r.Torn
		}
	}
	for _, sector := range torn {
		end := (sector + 1) * fixupStride
		if a.ValueOffset < end && a.ValueOffset+len(value) > end-fixupStride {
			c.doubt("sector %d of the FILE record is torn", sector)
		}
	}
}

// readContent fills c.Data with size bytes of s; bytes that are not there are
// zero in the middle and cut off at the end.
func readContent(c *Content, s *Stream, size int64) {
	end := int64(0) // of the last byte that can be there
	for _, e := range s.extents {
		if !e.Lost {
			end = min(e.Offset+e.Length, size)
		}
	}
	c.Data = make([]byte, end)
	for _, e := range s.extents {
		if e.Offset >= size {
			break
		}
		length := min(e.Length, size-e.Offset)
		if e.Lost {
			c.doubt("%d bytes from %d on have no cluster in the evidence", length, e.Offset)
			continue
		}
		if n, err := s.ReadAt(c.Data[e.Offset:e.Offset+length], e.Offset); int64(n) < length && !errors.Is(err, io.EOF) {
			c.doubt("%v", err)
		}
	}
}

// Bounds of what is noted about the clusters of one deleted file.
const (
	maxReallocatedNotes = 16
	bitmapBlock         = 64 << 10
)

// noteReallocated looks up the clusters of a deleted file in $Bitmap. No file
// has more clusters than the volume: runs that claim them are not followed.
func (v *Volume) noteReallocated(c *Content, s *Stream, size int64) {
	bitmap := v.bitmap()
	if bitmap == nil {
		return
	}
	cluster := v.ClusterSize()
	left := v.size / cluster
	notes, runs := 0, 0
	var block []byte
	for _, e := range s.extents {
		if e.Physical < 0 || e.Offset >= size {
			continue
		}
		first := e.Physical / cluster
		count := (min(e.Length, size-e.Offset) + cluster - 1) / cluster
		if count > left {
			c.doubt("the runs name more clusters than the volume has")
			break
		}
		left -= count
		if block == nil {
			block = make([]byte, min(bitmapBlock, bitmap.Size()))
		}
		taken, at := allocatedClusters(bitmap, block, first, count)
		if taken == 0 {
			continue
		}
		runs++
		if notes < maxReallocatedNotes {
			notes++
			c.doubt("cluster run at LCN %d (%d clusters): %d allocated again from LCN %d on, the content may be another file's", first, count, taken, at)
		}
	}
	if runs > notes {
		c.doubt("%d further cluster runs: allocated again in part or whole", runs-notes)
	}
}

// allocatedClusters counts the clusters [first, first+count) that bitmap marks
// in use and gives the first of them, or -1. It reads by the block.
func allocatedClusters(bitmap *Stream, block []byte, first, count int64) (taken, at int64) {
	at = -1
	for lcn, end := first, first+count; lcn < end; {
		from := lcn / 8
		n, _ := bitmap.ReadAt(block[:min(int64(len(block)), (end+7)/8-from)], from)
		if n == 0 {
			break // $Bitmap cannot tell
		}
		for stop := min(end, (from+int64(n))*8); lcn < stop; lcn++ {
			if block[lcn/8-from]&(1<<(lcn%8)) == 0 {
				continue
			}
			taken++
			if at < 0 {
				at = lcn
			}
		}
	}
	return taken, at
}

// compressedContent decodes a compressed $DATA. Each compression unit is one
// of three: all of it in clusters (stored plain), none of it (zeros), or data
// clusters followed by a hole (compressed).
func (v *Volume) compressedContent(c *Content, s *Stream, parts []*Attribute, size int64) {
	shift := parts[0].CompressionUnit
	unit := v.ClusterSize() << min(shift, 20)
	if method := parts[0].Flags & FlagCompressionMask; method != 1 || shift == 0 || shift > 20 || unit > maxCompressionUnit {
		c.doubt("compression method %d with units of 2^%d clusters is not supported", method, shift)
		return
	}
	raw := *s
	raw.extents, raw.size = v.mapRuns(parts)
	raw.initialized = raw.size
	written := min(max(s.initialized, 0), size)
	for at := int64(0); at < written; at += unit {
		if at >= raw.size {
			c.doubt("%d bytes from %d on have no cluster in the evidence", size-at, at)
			return
		}
		b, err := raw.compressionUnit(at, unit)
		if err != nil {
			c.doubt("compression unit at %d: %v", at, err)
		}
		c.Data = append(c.Data, b[:min(int64(len(b)), written-at)]...)
		if missing := min(at+unit, written) - int64(len(c.Data)); missing > 0 {
			c.Data = append(c.Data, make([]byte, missing)...)
		}
	}
	if rest := size - int64(len(c.Data)); rest > 0 {
		c.Data = append(c.Data, make([]byte, rest)...)
	}
}

// compressionUnit gives the decoded bytes of the unit at offset at, zeros after
// what could not be decoded.
func (s *Stream) compressionUnit(at, unit int64) ([]byte, error) {
	stored, hole := int64(0), false // bytes in clusters before the first hole
	for i := s.extentAt(at); i < len(s.extents) && s.extents[i].Offset < at+unit; i++ {
		e := s.extents[i]
		if e.Physical < 0 && !e.Lost {
			hole = true
			break
		}
		stored = min(e.Offset+e.Length, at+unit) - at
	}
	if stored == 0 {
		return make([]byte, unit), nil
	}
	b := make([]byte, stored)
	n, err := s.readMapped(b, at)
	if n < len(b) {
		b = b[:n]
	} else {
		err = nil
	}
	if !hole {
		return b, err
	}
	out, lzErr := lznt1(b, int(unit))
	return out, errors.Join(err, lzErr)
}

// lznt1 decompresses one compression unit, chunk by chunk so that no input can
// make more than unit bytes of output ([MS-XCA] 2.5).
func lznt1(in []byte, unit int) ([]byte, error) {
	out := make([]byte, 0, unit)
	for len(in) >= 2 && len(out) < unit {
		header := binary.LittleEndian.Uint16(in)
		if header == 0 {
			return out, nil
		}
		size := int(header&0xFFF) + 3
		if size > len(in) {
			return out, lznt1Error("chunk size", parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", size, len(in)))
		}
		chunk := in[2:size]
		if header&0x8000 != 0 {
			var err error
			if chunk, err = lznt1OneChunk(in[:size]); err != nil {
				return out, err
			}
		}
		if len(chunk) > lznt1Chunk {
			return out, lznt1Error("chunk", parse.ErrRange, fmt.Sprintf("%d bytes of output", len(chunk)))
		}
		out = append(out, chunk...)
		in = in[size:]
		if rest := lznt1Chunk - len(chunk); rest > 0 && len(in) >= 2 && binary.LittleEndian.Uint16(in) != 0 {
			out = append(out, make([]byte, rest)...) // a short chunk stands for a whole one
		}
	}
	return out[:min(len(out), unit)], nil
}

// lznt1OneChunk hands one compressed chunk, at most 4098 bytes, to go-ntfs. Its
// decoder indexes past its input on some damaged chunks; that panic, in this
// goroutine, is turned into an error here, and nowhere else is it called. One
// chunk makes it allocate at most some 8 MiB.
func lznt1OneChunk(b []byte) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, lznt1Error("chunk", parse.ErrRange, fmt.Sprint(p))
		}
	}()
	out, err = parser.LZNT1Decompress(b)
	if err != nil {
		return nil, lznt1Error("chunk", parse.ErrRange, err.Error())
	}
	return out, nil
}

func lznt1Error(field string, cause error, detail string) error {
	return &parse.Error{Structure: "LZNT1", Field: field, Err: cause, Detail: detail}
}
