package ewf

import (
	"bytes"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// fileHeaderSize is the size of the header of a segment file in bytes.
const fileHeaderSize = 13

// signature begins each segment file.
var signature = []byte("EVF\x09\x0d\x0a\xff\x00")

// parseFileHeader gives the number of a segment from the first bytes of its file:
// 1 for the first.
func parseFileHeader(b []byte) (number int, err error) {
	c := parse.NewCursor(b[:min(len(b), fileHeaderSize)], "EWF file header")
	if s := c.Bytes(len(signature), "signature"); s != nil && !bytes.Equal(s, signature) {
		c.Fail("signature", 0, parse.ErrSignature, fmt.Sprintf("expected %x, found %x", signature, s))
	}
	if n := c.U8("start of fields"); n != 1 {
		c.Fail("start of fields", 8, parse.ErrRange, fmt.Sprintf("expected 1, found %d", n))
	}
	number = int(c.U16("segment number"))
	if number == 0 {
		c.Fail("segment number", 9, parse.ErrRange, "expected at least 1, found 0")
	}
	if n := c.U16("end of fields"); n != 0 {
		c.Fail("end of fields", 11, parse.ErrRange, fmt.Sprintf("expected 0, found %d", n))
	}
	if err := c.Err(); err != nil {
		return 0, err
	}
	return number, nil
}
