package disktest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// Content makes a disk with runs of zeros, of text and of noise, each of 1 to
// longest bytes; short runs are as frequent as long ones. Equal arguments give
// equal disks.
func Content(size, longest int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(size)))
	b := make([]byte, size)
	for at := 0; at < size; {
		n := 1 + r.IntN(max(1, longest>>r.IntN(16)))
		run := b[at:min(at+n, size)]
		switch r.IntN(4) {
		case 0:
			Noise(run, r.Uint64())
		case 1:
			text := fmt.Appendf(nil, "FILE0 text at %d ", at)
			for i := 0; i < len(run); i += len(text) {
				copy(run[i:], text)
			}
		}
		at += n
	}
	return b
}

// Noise fills b with bytes that cannot be packed.
func Noise(b []byte, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	var word [8]byte
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(word[:], r.Uint64())
		copy(b[i:], word[:])
	}
}
