package logfile

import "encoding/binary"

// fixupStride is the length of the stretches that the update sequence guards,
// on every device.
const fixupStride = 512

// sectorSet holds one bit for each 512-byte stretch of a page.
type sectorSet [maxPageSize / fixupStride / 64]uint64

func (s *sectorSet) add(n int) { s[n/64] |= 1 << (n % 64) }

// overlaps reports that one of the bytes from to to-1 lies in a stretch of s.
func (s *sectorSet) overlaps(from, to int) bool {
	if *s == (sectorSet{}) || from >= to {
		return false
	}
	for n := from / fixupStride; n <= (to-1)/fixupStride && n/64 < len(s); n++ {
		if s[n/64]&(1<<(n%64)) != 0 {
			return true
		}
	}
	return false
}

// undoFixups restores the last two bytes of each stretch of b, which is a page
// of at most maxPageSize bytes. Stretches that do not end in the update
// sequence number were torn, and are left as read. Where the update sequence
// itself cannot be located, all of them count as torn.
func undoFixups(b []byte) (torn sectorSet, count int) { return undoFixupsAhead(b, len(b)) }

// undoFixupsAhead does so in b where it is only the first stretches of a page of
// pageSize bytes.
func undoFixupsAhead(b []byte, pageSize int) (torn sectorSet, count int) {
	offset := int(binary.LittleEndian.Uint16(b[4:]))
	words := int(binary.LittleEndian.Uint16(b[6:]))
	sectors := len(b) / fixupStride
	if offset < 8 || offset&1 != 0 || words != pageSize/fixupStride+1 || offset+2*words > fixupStride-2 {
		for i := range sectors {
			torn.add(i)
		}
		return torn, sectors
	}
	number := binary.LittleEndian.Uint16(b[offset:])
	for i := range sectors {
		end := b[(i+1)*fixupStride-2 : (i+1)*fixupStride]
		if binary.LittleEndian.Uint16(end) != number {
			torn.add(i)
			count++
			continue
		}
		saved := offset + 2 + 2*i
		end[0], end[1] = b[saved], b[saved+1]
	}
	return torn, count
}
