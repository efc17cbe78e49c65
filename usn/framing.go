package usn

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

var le = binary.LittleEndian

// plainAt is exactAt for the records that a journal is made of, and zero for all
// others: version 2, the name directly after the header, and no more than padding
// behind it.
func plainAt(b []byte, want int64) int {
	if len(b) < minLengthV2 {
		return 0
	}
	h := b[:minLengthV2]
	first := le.Uint64(h)
	n := int(uint32(first))
	name := le.Uint32(h[offNameLength:]) // length and offset
	if first>>32&0xFFFF != 2 || int64(le.Uint64(h[offUSN:])) != want ||
		name&1 != 0 || name>>16 != minLengthV2 || int(minLengthV2+name&0xFFFF+alignment-1)&^(alignment-1) != n || n > min(len(b), maxLength) {
		return 0
	}
	return n
}

// exactAt tells the length of the record at the start of b if one is there
// whose USN is want, else zero. That the USN agrees with the position is the
// strongest sign of a record there is (64 bits), so the rest is held to what
// decoding needs: a major version, a length, a name or extents inside.
func exactAt(b []byte, want int64) int {
	if len(b) < minLengthV2+4 {
		return 0
	}
	first := le.Uint64(b)
	n := int(uint32(first))
	if n%alignment != 0 || n < minLengthV2 || n > maxLength || n > len(b) {
		return 0
	}
	var content int // end of the name or of the extents
	switch uint16(first >> 32) {
	case 2:
		if int64(le.Uint64(b[offUSN:])) != want {
			return 0
		}
		content = nameEnd(b, minLengthV2, n)
	case 3:
		if n < minLengthV3 || int64(le.Uint64(b[offUSN+widerBy:])) != want {
			return 0
		}
		content = nameEnd(b, minLengthV3, n)
	case 4:
		if n < minLengthV4 || int64(le.Uint64(b[offUSNV4:])) != want {
			return 0
		}
		content = extentsEnd(b, n)
	}
	if content == 0 {
		return 0
	}
	if tight := (content + alignment - 1) &^ (alignment - 1); tight < n && hidesRecord(b, tight, n, want) {
		return 0
	}
	return n
}

// nameEnd gives the end of the name of a V2 or V3 record of n bytes, whose
// header has the given length; zero when the name is not inside.
func nameEnd(b []byte, header, n int) int {
	length, offset := int(le.Uint16(b[header-4:])), int(le.Uint16(b[header-2:]))
	if length%2 != 0 || offset < header || offset+length > n {
		return 0
	}
	return offset + length
}

// extentsEnd gives the end of the extents of a V4 record of n bytes; zero when
// they are not inside.
func extentsEnd(b []byte, n int) int {
	count, size := int(le.Uint16(b[offCountV4:])), int(le.Uint16(b[offSizeV4:]))
	if count > 0 && size < 16 || minLengthV4+count*size > n {
		return 0
	}
	return minLengthV4 + count*size
}

// hidesRecord reports a record in b[tight:n], the part of a record that
// neither its name nor its extents need: then the length lies, and believing
// it would swallow what follows.
func hidesRecord(b []byte, tight, n int, usn int64) bool {
	for p := tight; p < n; p += alignment {
		if len(b)-p < minLengthV2+4 {
			return false
		}
		at := offUSN
		switch le.Uint16(b[p+4:]) {
		case 2:
		case 3, 4:
			at = offUSNV4
		default:
			continue
		}
		if int64(le.Uint64(b[p+at:])) == usn+int64(p) {
			return true
		}
	}
	return false
}

// plausibleAt tells the length of the record at the start of b, without
// knowing which USN it should have, or zero. In place of the USN everything
// that NTFS always writes in one way is asked for: minor version 0; the name
// directly after the header, 1 to 255 characters long; no more than padding
// after it; a USN that is a multiple of 8, not negative; at least one reason
// and no unknown one; for V4 extents of 16 bytes, at least one, which fill the
// record.
func plausibleAt(b []byte) int {
	if len(b) < minLengthV2+4 {
		return 0
	}
	first := le.Uint64(b)
	n := int(uint32(first))
	if first>>48 != 0 || n%alignment != 0 || n < minLengthV2 || n > maxLength || n > len(b) {
		return 0
	}
	header, wide := minLengthV2, 0
	switch first >> 32 {
	case 2:
	case 3:
		header, wide = minLengthV3, widerBy
	case 4:
		if !plausibleV4(b, n) {
			return 0
		}
		return n
	default:
		return 0
	}
	if n < header {
		return 0
	}
	length, offset := int(le.Uint16(b[header-4:])), int(le.Uint16(b[header-2:]))
	if offset != header || length == 0 || length > 510 || length%2 != 0 ||
		(offset+length+alignment-1)&^(alignment-1) != n ||
		!plausibleUSN(le.Uint64(b[offUSN+wide:])) || !plausibleReason(Reason(le.Uint32(b[offReason+wide:]))) {
		return 0
	}
	return n
}

func plausibleV4(b []byte, n int) bool {
	if n < minLengthV4 {
		return false
	}
	count, size := int(le.Uint16(b[offCountV4:])), int(le.Uint16(b[offSizeV4:]))
	return count > 0 && size == 16 && minLengthV4+count*size == n &&
		plausibleUSN(le.Uint64(b[offUSNV4:])) && plausibleReason(Reason(le.Uint32(b[offReasonV4:])))
}

func plausibleUSN(v uint64) bool { return v%alignment == 0 && v>>63 == 0 }

func plausibleReason(r Reason) bool { return r != 0 && r&^knownReasons == 0 }

// usnOf reads the USN of a record that one of the above has accepted.
func usnOf(b []byte) int64 {
	if b[4] == 2 {
		return int64(le.Uint64(b[offUSN:]))
	}
	return int64(le.Uint64(b[offUSNV4:]))
}

// diagnose says why the bytes b, where a record with the USN want should
// begin, are none. Offsets are those of b.
func diagnose(b []byte, want int64) *parse.Error {
	e := &parse.Error{Structure: structure, Err: parse.ErrRange}
	if len(b) < minLengthV2+4 {
		e.Err, e.Detail = parse.ErrTruncated, fmt.Sprintf("expected at least %d bytes, found %d", minLengthV2+4, len(b))
		return e
	}
	n, major := int64(le.Uint32(b)), le.Uint16(b[4:])
	low, high := int64(le.Uint64(b[offUSN:])), int64(le.Uint64(b[offUSNV4:]))
	known := major >= 2 && major <= 4
	usn := high
	if major == 2 {
		usn = low
	}
	switch {
	case !known && (low == want || high == want):
		e.Field, e.Offset, e.Err = "major version", 4, parse.ErrUnsupported
		e.Detail = fmt.Sprintf("expected 2, 3 or 4, found %d", major)
	case !known:
		e.Field, e.Detail = "header", fmt.Sprintf("expected a record with USN %d, found bytes % x", want, b[:8])
	case n < minLengthV2 || n > maxLength || n%alignment != 0:
		e.Field = "record length"
		e.Detail = fmt.Sprintf("expected a multiple of %d from %d to %d, found %d", alignment, minLengthV2, maxLength, n)
	case n > int64(len(b)):
		e.Field, e.Err = "record length", parse.ErrTruncated
		e.Detail = fmt.Sprintf("expected %d bytes, found %d", n, len(b))
	case usn != want:
		e.Field, e.Detail = "USN", fmt.Sprintf("expected %d, found %d", want, usn)
	default:
		_, err := ParseRecord(b)
		if pe, ok := err.(*parse.Error); ok {
			return pe
		}
		e.Field, e.Detail = "record length", fmt.Sprintf("%d bytes reach into the record that follows", n)
	}
	return e
}
