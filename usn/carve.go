package usn

import (
	"io"
	"iter"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

// The window of time that Carve takes for plausible: from the oldest date that
// Windows lets a clock have, 1980-01-01, to 2200-01-01, UTC.
const (
	carveFrom wintime.Filetime = 119600064000000000
	carveTo   wintime.Filetime = 189025920000000000
)

// Carve yields records found at multiples of 8 in size bytes of anything:
// unallocated clusters, slack, memory. Position says nothing there, so a
// record is taken only if everything that NTFS always writes in one way is as
// it should be (version 2.0, 3.0 or 4.0; name directly after the header and of
// 1 to 255 characters; exact length; USN a multiple of 8; known reasons, at
// least one) and its time lies from 1980 to 2199. Real records with a time
// outside are lost to it. Record.Offset is the offset in r; nothing is said of
// Stale. An error is a stretch that cannot be read; carving goes on after it.
func Carve(r io.ReaderAt, size int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		buf := make([]byte, chunkSize+pageSize)
		skip := int64(0) // end of the last record
		for base := int64(0); base < size; base += chunkSize {
			b := buf[:min(int64(len(buf)), size-base)]
			n, err := r.ReadAt(b, base)
			if n < len(b) && n < chunkSize && err != nil {
				e := &parse.Error{Structure: structure, Offset: base + int64(n), Err: err, Detail: "carving goes on 1 MiB further"}
				if !yield(Record{}, e) {
					return
				}
			}
			b = b[:n]
			limit := min(len(b), chunkSize)
			for p := int(max(skip-base, 0)); p+alignment <= limit; {
				n := carveAt(b[p:])
				if n == 0 {
					p += alignment
					continue
				}
				if !yield(Raw{b: b[p : p+n], Offset: base + int64(p)}.Decode()) {
					return
				}
				p += n
				skip = base + int64(p)
			}
		}
	}
}

// carveAt is plausibleAt with the time as well.
func carveAt(b []byte) int {
	// Most bytes of a volume fail at the two words of the header.
	first := le.Uint64(b)
	if v := first >> 32; v < 2 || v > 4 || uint32(first) > maxLength {
		return 0
	}
	n := plausibleAt(b)
	if n == 0 || b[4] == 4 {
		return n
	}
	if t := (Raw{b: b[:n]}).Time(); t < carveFrom || t >= carveTo {
		return 0
	}
	return n
}

// parseAt decodes a record found at a stream offset, which errors then carry.
func parseAt(b []byte, offset int64) (Record, error) {
	r, err := ParseRecord(b)
	if err != nil {
		return Record{}, parse.At(err, offset)
	}
	return r, nil
}
