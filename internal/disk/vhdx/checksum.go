package vhdx

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/jobscan/jobscan/internal/parse"
)

// verify checks the CRC-32C of a structure, whose second four bytes hold it. They
// count as zeros.
func verify(b []byte, structure string) error {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, castagnoli, b[:4])
	sum = crc32.Update(sum, castagnoli, make([]byte, 4))
	sum = crc32.Update(sum, castagnoli, b[8:])
	if found := binary.LittleEndian.Uint32(b[4:]); found != sum {
		return &parse.Error{Structure: structure, Field: "checksum", Offset: 4, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected %#08x, found %#08x", sum, found)}
	}
	return nil
}

// signed checks the four characters that a structure begins with.
func signed(b []byte, signature, structure string) error {
	if found := string(b[:len(signature)]); found != signature {
		return &parse.Error{Structure: structure, Field: "signature", Err: parse.ErrSignature,
			Detail: fmt.Sprintf("expected %q, found %q", signature, found)}
	}
	return nil
}
