package ewf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"math"

	"github.com/jobscan/jobscan/internal/parse"
)

// descriptorSize is the size of what begins each section, in bytes.
const descriptorSize = 76

var errChecksum = errors.New("checksum mismatch")

// descriptor is the section descriptor. Offsets count from the beginning of the
// segment file, sizes include the descriptor.
type descriptor struct {
	Type string
	Next int64 // offset of the next section; of "next" and "done" its own
	Size int64 // 0 in Expert Witness 1.35, and in "next" and "done" of EnCase
}

// parseDescriptor decodes a section descriptor. If the checksum alone is wrong, the
// fields are given together with the error.
func parseDescriptor(b []byte) (descriptor, error) {
	const structure = "EWF section descriptor"
	b = b[:min(len(b), descriptorSize)]
	c := parse.NewCursor(b, structure)
	kind, _, _ := bytes.Cut(c.Bytes(16, "type"), []byte{0})
	next, size := c.U64("next section offset"), c.U64("section size")
	c.Skip(40, "padding") // EnCase 2 for DOS has rubbish here
	c.Skip(4, "checksum")
	if err := c.Err(); err != nil {
		return descriptor{}, err
	}
	d := descriptor{string(kind), int64(min(next, math.MaxInt64)), int64(min(size, math.MaxInt64))}
	return d, verify(structure, b)
}

// verify holds the Adler-32 in the last four bytes against those before.
func verify(structure string, b []byte) error {
	at := len(b) - 4
	if sum, stored := adler32.Checksum(b[:at]), binary.LittleEndian.Uint32(b[at:]); sum != stored {
		return &parse.Error{Structure: structure, Field: "Adler-32", Offset: int64(at), Err: errChecksum,
			Detail: fmt.Sprintf("expected %#08x, found %#08x", sum, stored)}
	}
	return nil
}

// section is a section of a segment file. Its body lies between the descriptor and
// end, which is not beyond the end of the file.
type section struct {
	kind    string
	at, end int64
	damaged bool // the checksum of its descriptor is wrong, so kind may be too
}

func (s section) body() int64 { return s.at + descriptorSize }

func (s section) String() string { return "EWF " + s.kind + " section" }
