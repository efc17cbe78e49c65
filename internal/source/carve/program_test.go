package carve

import (
	"encoding/binary"
	"math/rand/v2"
)

// programLike gives n bytes shaped like programs and their libraries, the same on
// every machine: sections of instructions, of tables of small and of rising
// numbers, of text in one and two bytes for each letter, and of zeros.
func programLike(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, 0, n)
	sections := []func(*rand.Rand, []byte) []byte{instructions, smallNumbers, offsets, text, wideText}
	for len(out) < n {
		out = sections[r.IntN(len(sections))](r, out)
		out = append(out, make([]byte, -len(out)&511)...) // sections are aligned
	}
	return out[:n]
}

// instructions are bytes of which a few are frequent.
func instructions(r *rand.Rand, b []byte) []byte {
	frequent := []byte{0x00, 0xFF, 0x48, 0x8B, 0x89, 0xE8, 0x0F, 0x83, 0xC0, 0x24, 0x44, 0x8D, 0x74, 0xCC, 0x90, 0xC3}
	for range 1000 + r.IntN(60_000) {
		if r.IntN(3) == 0 {
			b = append(b, byte(r.Uint32()))
		} else {
			b = append(b, frequent[r.IntN(len(frequent))])
		}
	}
	return b
}

// smallNumbers are words as sizes, versions and counts have them: the beginning
// of a USN record, a length and a version, is made of nothing else.
func smallNumbers(r *rand.Rand, b []byte) []byte {
	for range 100 + r.IntN(8000) {
		b = binary.LittleEndian.AppendUint32(b, r.Uint32()>>(20+r.IntN(12)))
	}
	return b
}

// offsets are words that rise by little.
func offsets(r *rand.Rand, b []byte) []byte {
	at := r.Uint32() >> 8
	for range 100 + r.IntN(8000) {
		at += r.Uint32N(300)
		b = binary.LittleEndian.AppendUint32(b, at)
	}
	return b
}

var programWords = []string{"FILE", "BAAD", "INDX", "RCRD", "RSTR", "FILE0", "INDX(", "kernel32.dll", "CreateFileW", `C:\Windows\Tasks\At1.job`, ".job", "$MFT", "%s: %d"}

// text is words with their zeros, among them the signatures of what is searched
// for.
func text(r *rand.Rand, b []byte) []byte {
	for range 100 + r.IntN(4000) {
		b = append(append(b, programWords[r.IntN(len(programWords))]...), 0)
		b = append(b, make([]byte, -len(b)&(1<<r.IntN(4)-1))...)
	}
	return b
}

// wideText is text in UTF-16LE.
func wideText(r *rand.Rand, b []byte) []byte {
	for range 100 + r.IntN(2000) {
		for _, letter := range []byte(programWords[r.IntN(len(programWords))] + "\x00") {
			b = append(b, letter, 0)
		}
	}
	return b
}
