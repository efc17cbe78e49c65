package ewf

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/jobscan/jobscan/internal/parse"
)

// maxText bounds the text of a header that is verified, packed and unpacked.
const maxText = 1 << 20

// checkText verifies a section that is text in a zlib stream: who made the image,
// when and how. Nothing of it is used.
func (g *segment) checkText(s section) {
	if s.end-s.body() > maxText {
		return
	}
	b, err := g.read(s.body(), int(max(s.end-s.body(), 0)), s.String())
	if err == nil {
		err = checkStream(b)
	}
	if err != nil {
		g.flaw(&parse.Error{Structure: s.String(), Field: "zlib stream", Offset: s.body(), Err: err}, harmless)
	}
}

func checkStream(b []byte) error {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return err
	}
	defer z.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(z, maxText+1))
	if err != nil || n <= maxText {
		return err
	}
	return fmt.Errorf("%w: more than %d bytes", parse.ErrRange, maxText)
}
