package ntfs

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestUndoSound: the quick way does what the full one does, or nothing at all and
// says so; and it does it for every record that is sound.
func TestUndoSound(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	quick, refused := 0, 0
	for i := range 20_000 {
		size := []int{512, 1024, 4096, 768, 511}[i%5]
		sectors := size / fixupStride
		b := make([]byte, size)
		for j := range b {
			b[j] = byte(rng.Uint32())
		}
		offset := recordHeader + 2*rng.IntN(5)
		binary.LittleEndian.PutUint16(b[4:], uint16(offset))
		binary.LittleEndian.PutUint16(b[6:], uint16(sectors+1))
		for end := fixupStride - 2; end+2 <= size; end += fixupStride {
			copy(b[end:], b[offset:offset+2])
		}
		sound := true
		switch rng.IntN(8) {
		case 0:
			sound = false
			b[4+rng.IntN(4)] ^= 1 << rng.IntN(8)
		case 1:
			if sectors > 0 {
				sound = false
				b[fixupStride*(1+rng.IntN(sectors))-1] ^= 1 << rng.IntN(8)
			}
		case 2:
			sound = false
			binary.LittleEndian.PutUint16(b[4:], uint16(fixupStride-2-2*rng.IntN(sectors+3)))
		}
		got, want := bytes.Clone(b), bytes.Clone(b)
		ok := undoSound(got, recordHeader)
		torn, problem := undoFixups(want, recordHeader)
		switch {
		case ok && (!torn.empty() || problem != "" || !bytes.Equal(got, want)):
			t.Fatalf("record of %d bytes, header % x: taken as sound; it has torn sectors %v and a bad %q", size, b[:8], torn.list(), problem)
		case !ok && !bytes.Equal(got, b):
			t.Fatalf("record of %d bytes, header % x: refused, and changed", size, b[:8])
		case !ok && sound && sectors > 0:
			t.Fatalf("record of %d bytes, header % x: sound, and refused", size, b[:8])
		case ok:
			quick++
		default:
			refused++
		}
	}
	if quick < 1000 || refused < 1000 {
		t.Errorf("%d taken, %d refused: too few to tell", quick, refused)
	}
}
