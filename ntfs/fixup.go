package ntfs

import "encoding/binary"

// NTFS guards FILE and INDX records against torn writes. Before it writes one
// it puts a counter, the update sequence number, into the last two bytes of
// each 512-byte stretch and keeps the bytes that were there in an array near
// the head. The stretch is 512 bytes on every device, with 4096-byte sectors
// too.
const fixupStride = 512

// maxSectors is the number of stretches in the largest record that is decoded.
const maxSectors = maxRecord / fixupStride

// sectorSet holds one bit for each 512-byte stretch of a record.
type sectorSet [maxSectors / 64]uint64

func (s *sectorSet) add(n int)      { s[n/64] |= 1 << (n % 64) }
func (s *sectorSet) has(n int) bool { return n >= 0 && n < maxSectors && s[n/64]&(1<<(n%64)) != 0 }
func (s *sectorSet) empty() bool    { return *s == sectorSet{} }

func (s *sectorSet) list() []int {
	var out []int
	for i := range maxSectors {
		if s.has(i) {
			out = append(out, i)
		}
	}
	return out
}

// undoSound does what undoFixups does where nothing is wrong; otherwise it leaves
// b as it is and returns false.
func undoSound(b []byte, minOffset int) bool {
	header := binary.LittleEndian.Uint64(b)
	offset, sectors := int(header>>32&0xFFFF), len(b)/fixupStride
	saved := offset + 2
	if int(header>>48) != sectors+1 || offset < minOffset || offset&1 != 0 || sectors == 0 || saved+2*sectors > fixupStride-2 {
		return false
	}
	number := binary.LittleEndian.Uint16(b[offset:])
	for end := fixupStride - 2; end < len(b)-1; end += fixupStride {
		if binary.LittleEndian.Uint16(b[end:]) != number {
			return false
		}
	}
	for end := fixupStride - 2; end < len(b)-1; end += fixupStride {
		b[end], b[end+1] = b[saved], b[saved+1]
		saved += 2
	}
	return true
}

// undoFixups restores the last two bytes of each stretch of b in place. A
// stretch that does not end in the update sequence number was torn: it is left
// as read and its index returned. problem names the header field, at byte 4 or
// 6, that makes the update sequence unusable, in whole ("update sequence
// offset") or in part ("update sequence count"). minOffset is the length of
// the record's fixed header. b is at most maxRecord long.
func undoFixups(b []byte, minOffset int) (torn sectorSet, problem string) {
	if len(b) < fixupStride || len(b) > maxRecord {
		return torn, ""
	}
	offset := int(binary.LittleEndian.Uint16(b[4:]))
	count := int(binary.LittleEndian.Uint16(b[6:])) - 1
	if offset < minOffset || offset&1 != 0 || offset+4 > fixupStride-2 {
		return torn, "update sequence offset"
	}
	if want := len(b) / fixupStride; count != want {
		problem = "update sequence count"
		count = min(count, want)
	}
	count = min(count, (fixupStride-2-offset-2)/2)
	number := binary.LittleEndian.Uint16(b[offset:])
	for i := range count {
		end := b[i*fixupStride+fixupStride-2 : i*fixupStride+fixupStride]
		if binary.LittleEndian.Uint16(end) != number {
			torn.add(i)
			continue
		}
		saved := offset + 2 + 2*i
		end[0], end[1] = b[saved], b[saved+1]
	}
	return torn, problem
}
