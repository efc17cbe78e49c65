package vmdk

import (
	"errors"
	"io"

	"github.com/klauspost/compress/zlib"
)

// errLong: a stream unpacks to more than there should be.
var errLong = errors.New("more than expected")

// inflate unpacks the data read before into dst, and up to extra bytes more that
// are dropped. The stream has to end there, and its checksum to be right.
func (u *unpacker) inflate(dst []byte, extra int) (int, error) {
	u.src.Reset(u.in)
	var err error
	if u.stream == nil {
		u.stream, err = zlib.NewReader(&u.src)
	} else {
		err = u.stream.(zlib.Resetter).Reset(&u.src, nil)
	}
	if err != nil {
		u.stream = nil
		return 0, err
	}
	n, err := io.ReadFull(u.stream, dst)
	if err != nil {
		return n, err
	}
	if u.rest == nil {
		u.rest = make([]byte, 4096)
	}
	for {
		k, err := u.stream.Read(u.rest[:min(len(u.rest), extra+1)])
		if extra -= k; extra < 0 {
			return n, errLong
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
