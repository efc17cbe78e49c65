package ewf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zlib"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

const (
	sumSize = 4 // of the Adler-32 behind a chunk that is not compressed
	// maxRatio bounds what deflate can make of a byte.
	maxRatio = 1032
	// maxFrame is what a zlib stream can be larger than its content, beside one
	// byte in 1024.
	maxFrame = 1024
)

// chunk is where a chunk lies in a segment file.
type chunk struct {
	segment    *segment
	number     int64 // on the disk
	at, limit  int64 // it ends before limit, maybe earlier
	size       int   // bytes of the disk in it
	full       int   // bytes of a chunk that is not the last
	compressed bool
}

// locate says where the chunk at an offset of the disk is.
func (e *set) locate(off int64) (disk.Piece, error) {
	full := e.volume.chunk()
	c := chunk{number: off / full, full: int(full)}
	from := c.number * full
	c.size = int(min(full, e.volume.size()-from))
	t, err := e.find(c.number)
	if err != nil {
		return disk.Piece{}, err
	}
	if err := t.locate(&c); err != nil {
		return disk.Piece{}, c.wrap(err)
	}
	return disk.Piece{
		Length: from + int64(c.size) - off,
		At:     off - from,
		Packed: &disk.Packed{Key: c.number, Size: c.size, Unpack: c.unpack},
	}, nil
}

// locate finds a chunk by the table.
func (t *group) locate(c *chunk) error {
	c.segment = t.segment
	entries, err := t.segment.tables.of(t)
	if err != nil {
		return err
	}
	i := int(c.number - t.start)
	c.at, c.compressed = t.offset(entries, i)
	first, end := t.bounds(entries)
	fail := func(from, to int64) error {
		return &parse.Error{Structure: t.used.String(), Field: fmt.Sprintf("entry %d", i), Offset: t.used.body() + tableHeaderSize + int64(i)*entrySize, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected an offset of %#x to %#x, found %#x", from, to, c.at)}
	}
	if c.at < first || c.at >= end {
		return fail(first, end)
	}
	c.limit = end
	if i+1 < len(entries) {
		if next, _ := t.offset(entries, i+1); next > c.at {
			c.limit = min(next, end)
		} else {
			return fail(first, next)
		}
	}
	// Of two neighbours in the wrong order, the one is wrong that does not fit the
	// chunk before them either.
	if i > 0 {
		if before, _ := t.offset(entries, i-1); before >= c.at {
			if i == 1 || before == c.at {
				return fail(before+1, end)
			}
			if before, _ = t.offset(entries, i-2); before >= c.at {
				return fail(before+1, end)
			}
		}
	}
	need := c.limit - c.at
	if !c.compressed {
		need -= sumSize
	} else if need < int64(c.size)/maxRatio {
		need = -1
	} else {
		need = int64(c.size)
	}
	if need < int64(c.size) {
		return &parse.Error{Structure: "EWF chunk", Offset: c.at, Err: parse.ErrTruncated, Detail: fmt.Sprintf("%d bytes cannot lie in the %d bytes before the next", c.size, c.limit-c.at)}
	}
	return nil
}

// offset gives the offset in the segment file of an entry's chunk.
func (t *group) offset(entries []uint32, i int) (at int64, compressed bool) {
	e := entries[i]
	if i >= t.wide {
		return t.base + int64(e), false
	}
	return t.base + int64(e&^compressedFlag), e&compressedFlag != 0
}

// wrap adds which chunk an error is about.
func (c chunk) wrap(err error) error {
	return fmt.Errorf("chunk %d in %s: %w", c.number, c.segment, err)
}

func (c chunk) fail(field string, cause error, detail string) error {
	return c.wrap(&parse.Error{Structure: "EWF chunk", Field: field, Offset: c.at, Err: cause, Detail: detail})
}

// unpackers are used again by one chunk after the other.
type unpackers struct {
	pool sync.Pool
	// zeros is the zlib stream of a chunk of zeros. Disks have many of them, which
	// look the same.
	zeros atomic.Pointer[[]byte]
}

// maxZeros bounds the stream that is kept, in bytes beside one in 512.
const maxZeros = 64

// unpacker has what it takes to unpack a chunk.
type unpacker struct {
	packed []byte
	from   bytes.Reader  // of packed
	zlib   io.ReadCloser // nil at first
	spare  [512]byte
}

func (u *unpackers) get() *unpacker {
	if p, ok := u.pool.Get().(*unpacker); ok {
		return p
	}
	return &unpacker{}
}

func (u *unpackers) put(p *unpacker) { u.pool.Put(p) }

// unpack reads the chunk and verifies it.
func (c chunk) unpack(dst []byte) error {
	most := int64(c.full) + sumSize
	if c.compressed {
		most = int64(c.full) + int64(c.full)/1024 + maxFrame
	}
	n := int(min(c.limit-c.at, most, max(c.segment.size-c.at, 0)))
	u := c.segment.unpackers.get()
	defer c.segment.unpackers.put(u)
	if cap(u.packed) < n {
		u.packed = make([]byte, n)
	}
	b := u.packed[:n]
	if err := readFull(c.segment.Image, b, c.at); err != nil {
		return c.fail("", truncated(err), fmt.Sprintf("expected %d bytes", n))
	}
	if !c.compressed {
		return c.copy(dst, b)
	}
	zeros := &c.segment.unpackers.zeros
	if z := zeros.Load(); z != nil && c.size == c.full && bytes.Equal(b, *z) {
		clear(dst)
		return nil
	}
	if err := c.inflate(dst, b, u); err != nil {
		return err
	}
	if c.size == c.full && n <= c.full/512+maxZeros && allZero(dst) {
		z := bytes.Clone(b)
		zeros.Store(&z)
	}
	return nil
}

func allZero(b []byte) bool {
	return b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}

// copy takes a chunk that is not compressed. The last one of a disk may be longer
// than what is left of the disk: filled up, or with a part of a sector, as libewf
// does it.
func (c chunk) copy(dst, b []byte) error {
	if len(b) < c.size+sumSize {
		return c.fail("", parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", c.size+sumSize, len(b)))
	}
	sum, stored := checksums(b, c.size)
	if sum != stored && c.size < c.full {
		if longer, storedLonger := checksums(b, len(b)-sumSize); longer == storedLonger {
			sum = stored
		}
	}
	if sum != stored {
		return c.fail("Adler-32", errChecksum, fmt.Sprintf("expected %#08x, found %#08x", sum, stored))
	}
	copy(dst, b)
	return nil
}

// checksums gives the Adler-32 of the first n bytes and what is stored behind them.
func checksums(b []byte, n int) (sum, stored uint32) {
	return adler32.Checksum(b[:n]), binary.LittleEndian.Uint32(b[n:])
}

// inflate unpacks a chunk that is a zlib stream, whose end verifies its content.
func (c chunk) inflate(dst, b []byte, u *unpacker) error {
	if len(b) > 0 && b[0]&0xf != 8 {
		return c.fail("compression method", parse.ErrUnsupported, fmt.Sprintf("expected 8 (deflate), found %d", b[0]&0xf))
	}
	if err := u.reset(b); err != nil {
		return c.fail("zlib stream", truncated(err), "")
	}
	if n, err := io.ReadFull(u.zlib, dst); err == io.EOF { // of a whole stream without content; it is not the disk's end
		return c.fail("zlib stream", io.ErrUnexpectedEOF, fmt.Sprintf("expected %d bytes, found none", len(dst)))
	} else if err != nil {
		return c.fail("zlib stream", truncated(err), fmt.Sprintf("expected %d bytes, found %d", len(dst), n))
	}
	// The last chunk of a disk may be as long as the others.
	for size := c.size; ; {
		n, err := u.zlib.Read(u.spare[:])
		size += n
		switch {
		case size > c.full:
			return c.fail("zlib stream", parse.ErrRange, fmt.Sprintf("expected %d bytes, found more", c.size))
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return c.fail("zlib stream", truncated(err), "")
		}
	}
}

// reset begins a zlib stream.
func (u *unpacker) reset(b []byte) (err error) {
	u.from.Reset(b)
	if u.zlib == nil {
		u.zlib, err = zlib.NewReader(&u.from)
		return err
	}
	return u.zlib.(zlib.Resetter).Reset(&u.from, nil)
}
