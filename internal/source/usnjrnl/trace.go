package usnjrnl

import "github.com/jobscan/jobscan/ntfs"

// traceBits is the number of bits of a trace: 16 KiB of them.
const traceBits = 1 << 17

// trace remembers in little room which FILE records a part of a journal speaks
// of. It never denies one that was added; it may confirm one that was not, since
// record numbers that differ by a multiple of 131,072 share a bit, and so do all
// sequence numbers. The zero value is empty.
type trace struct{ bits []uint64 }

// add notes the file's record number.
func (t *trace) add(ref ntfs.FileReference) {
	if t.bits == nil {
		t.bits = make([]uint64, traceBits/64)
	}
	i := uint64(ref) % traceBits
	t.bits[i/64] |= 1 << (i % 64)
}

// has reports whether ref, or a file that shares its bit, was added.
func (t *trace) has(ref ntfs.FileReference) bool {
	if t.bits == nil {
		return false
	}
	i := uint64(ref) % traceBits
	return t.bits[i/64]&(1<<(i%64)) != 0
}

// word is a word of a trace and its index.
type word struct {
	i    int
	bits uint64
}

// words gives the words of the trace that are not zero.
func (t *trace) words() (out []word) {
	for i, w := range t.bits {
		if w != 0 {
			out = append(out, word{i, w})
		}
	}
	return out
}

// meets reports whether a bit of the words of another trace is set: where not,
// no file was added to both.
func (t *trace) meets(words []word) bool {
	if t.bits == nil {
		return false
	}
	for _, w := range words {
		if w.bits&t.bits[w.i] != 0 {
			return true
		}
	}
	return false
}
