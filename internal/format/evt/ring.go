package evt

import (
	"encoding/binary"
	"iter"
)

// ring is a log whose length is a multiple of 4 and more than that of the
// header. What does not fit before its end goes on behind the header.
type ring struct{ b []byte }

func newRing(log []byte) (r ring, ok bool) {
	n := len(log) &^ 3
	return ring{log[:max(n, 0):n]}, n > HeaderSize
}

func (r ring) size() int { return len(r.b) - HeaderSize }

// after is the offset n bytes on, with n up to the size of the ring.
func (r ring) after(at, n int) int {
	if at += n; at >= len(r.b) {
		at -= r.size()
	}
	return at
}

// u32 reads at a multiple of 4, so that a number is never split.
func (r ring) u32(at int) uint32 { return binary.LittleEndian.Uint32(r.b[at:]) }

// bytes gives n bytes, copied where they go past the end.
func (r ring) bytes(at, n int) []byte {
	if at+n <= len(r.b) {
		return r.b[at : at+n : at+n]
	}
	out := make([]byte, 0, n)
	out = append(out, r.b[at:]...)
	return append(out, r.b[HeaderSize:HeaderSize+n-len(out)]...)
}

// valid reports an offset at which a record can begin.
func (r ring) valid(at uint32) bool {
	return at >= HeaderSize && uint64(at) < uint64(len(r.b)) && at%4 == 0
}

// begins reports that a record or the end begins there.
func (r ring) begins(at uint32) bool {
	if !r.valid(at) {
		return false
	}
	if r.frameAt(int(at)) {
		return true
	}
	_, ok := r.endAt(int(at))
	return ok
}

// oldest is where the ring begins: where the header says, unless it is stale or
// wrong; else where the end-of-file record says; else right behind that record,
// where what is left of the oldest records lies; else behind the header.
func (r ring) oldest() int {
	if h, err := ParseHeader(r.b); err == nil && !h.Dirty() && r.begins(h.Start) {
		return int(h.Start)
	}
	e, ok := r.newestEnd()
	switch {
	case !ok:
		return HeaderSize
	case r.begins(e.begin):
		return int(e.begin)
	}
	return r.after(e.offset, endSize)
}

// Records walks over the records of a log in the order of the ring, oldest first,
// once around. An error tells of a place where a record should be and is none;
// the walk goes on with the next one that holds together. Of a log without
// end-of-file record whose header is stale as well, the walk begins behind the
// header, wherever the oldest record lies.
//
// Behind the end-of-file record there can be room, and in it records that the log
// has given up but not yet overwritten: they come last and are marked as remnants.
// What is damaged there is no error.
func Records(log []byte) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		r, ok := newRing(log)
		if !ok {
			return
		}
		remnant := false
		left := r.size()
		for at := r.oldest(); left >= 4; {
			rec, err := r.recordAt(at)
			n := rec.Size
			if err == nil && n <= left {
				rec.Remnant = remnant
				if !yield(rec, nil) {
					return
				}
			} else if _, ok := r.endAt(at); ok {
				remnant, n = true, min(endSize, left)
			} else {
				var blank bool
				n, blank = r.gap(at, left)
				if err != nil && !blank && !remnant && !yield(Record{}, err) {
					return
				}
			}
			at, left = r.after(at, n), left-n
		}
	}
}

// filler is what room is filled with that is too small for the fixed part of a
// record, at the end of the file.
const filler = 0x27

// gap measures what is no record, up to the next record or end; blank means that
// nothing was ever there.
func (r ring) gap(at, left int) (n int, blank bool) {
	blank = true
	for {
		if w := r.u32(at); w != 0 && w != filler {
			blank = false
		}
		at, n = r.after(at, 4), n+4
		if left-n < 4 {
			return left, blank
		}
		if r.begins(uint32(at)) {
			return n, blank
		}
	}
}
