package jobfile

import (
	"bytes"
	"encoding/binary"
	"math"
)

const signatureSize = 68 // two versions and 64 bytes

// SignatureState says what stands where a signature may stand.
type SignatureState uint8

// The three states of a signature.
const (
	SignatureAbsent  SignatureState = iota // none, or one that Windows ignores
	SignaturePresent                       // 64 bytes that are not all zero
	SignatureZero                          // 64 zero bytes, as Wine writes them
)

// String gives absent, present or zero.
func (s SignatureState) String() string {
	switch s {
	case SignaturePresent:
		return "present"
	case SignatureZero:
		return "zero"
	}
	return "absent"
}

// Signature is the block that may follow the triggers ([MS-TSCH] 2.4.2.12). It
// covers the owner, the UUID and the application name, nothing else, and cannot
// be verified without the machine's key.
type Signature struct {
	State  SignatureState
	Offset int    // bytes from the start of the file
	Value  []byte // 64 bytes, nil when absent
}

func (s Signature) size() int {
	if s.State == SignatureAbsent {
		return 0
	}
	return signatureSize
}

// signatureOf reads the block at off. An incomplete one, or one of another
// version, is no signature to Windows and counts as trailing bytes.
func signatureOf(b []byte, off int) Signature {
	if len(b)-off < signatureSize || binary.LittleEndian.Uint32(b[off:]) != 0x00010001 {
		return Signature{}
	}
	v := bytes.Clone(b[off+4 : off+signatureSize])
	if allZero(v) {
		return Signature{State: SignatureZero, Offset: off, Value: v}
	}
	return Signature{State: SignaturePresent, Offset: off, Value: v}
}

// Trailing describes the bytes behind the last structure. No part of the format
// puts any there.
type Trailing struct {
	Offset  int     // bytes from the start of the file; meaningless when Size is 0
	Size    int     // bytes
	Zero    bool    // all bytes that were seen are zero
	Entropy float64 // bits per byte of what was seen, 0 to 8
	Magic   string  // what the bytes begin like, "" when unknown
}

// trailingOf looks at b from off on; size is that of the whole file.
func trailingOf(b []byte, off, size int) Trailing {
	if off >= size {
		return Trailing{}
	}
	rest := b[off:]
	return Trailing{Offset: off, Size: size - off, Zero: allZero(rest), Entropy: entropy(rest), Magic: magic(rest)}
}

// entropy is Shannon's, in bits per byte.
func entropy(b []byte) float64 {
	var n [256]int
	for _, c := range b {
		n[c]++
	}
	h := 0.0
	for _, k := range n {
		if k > 0 {
			p := float64(k) / float64(len(b))
			h -= p * math.Log2(p)
		}
	}
	return h
}
