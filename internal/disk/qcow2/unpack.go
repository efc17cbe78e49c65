package qcow2

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// unpacker reads compressed clusters. It is safe for concurrent use.
type unpacker struct {
	file    disk.Image
	decode  func(dst, src []byte) error
	buffers sync.Pool // of *[]byte
}

func newUnpacker(file disk.Image, compression byte) *unpacker {
	u := &unpacker{file: file, decode: newInflater()}
	if compression == compressionZstd {
		u.decode = newZstd()
	}
	return u
}

// read fills dst from the compressed data at offset at. Its length is known in
// sectors only: other data may follow it in the last one, or the file may end there.
func (u *unpacker) read(dst []byte, at, length int64) error {
	length = min(length, u.file.Size()-at)
	if length <= 0 {
		return parse.ErrTruncated
	}
	buf, ok := u.buffers.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	defer u.buffers.Put(buf)
	if int64(cap(*buf)) < length {
		*buf = make([]byte, length) // at most two clusters: the field has no more bits
	}
	src := (*buf)[:length]
	if n, err := u.file.ReadAt(src, at); n < len(src) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	return u.decode(dst, src)
}

var (
	errTooLong  = errors.New("more data than a cluster holds")
	errTooShort = errors.New("less data than a cluster holds")
)

// newInflater decodes raw deflate streams.
func newInflater() func(dst, src []byte) error {
	var readers sync.Pool // of io.ReadCloser
	return func(dst, src []byte) error {
		r, ok := readers.Get().(io.ReadCloser)
		if !ok {
			r = flate.NewReader(nil)
		}
		defer readers.Put(r)
		if err := r.(flate.Resetter).Reset(bytes.NewReader(src), nil); err != nil {
			return err
		}
		switch _, err := io.ReadFull(r, dst); err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return errTooShort
		default:
			return err
		}
		var more [1]byte
		switch _, err := io.ReadFull(r, more[:]); err {
		case io.EOF:
			return nil
		case nil:
			return errTooLong
		default:
			return err
		}
	}
}

// maxWindow is the window that a Zstandard decoder has to allow for.
// Source: RFC 8878, 3.1.1.1.2.
const maxWindow = 8 << 20

// newZstd decodes single Zstandard frames.
func newZstd() func(dst, src []byte) error {
	decoder := sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxWindow(maxWindow))
	})
	return func(dst, src []byte) error {
		n, err := zstdFrame(src)
		if err != nil {
			return err
		}
		d, err := decoder()
		if err != nil {
			return err
		}
		out, err := d.DecodeAll(src[:n], dst[:0:len(dst)])
		switch {
		case errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return errTooLong
		case err != nil:
			return err
		case len(out) < len(dst):
			return errTooShort
		}
		copy(dst, out) // onto itself, unless the decoder took a buffer of its own
		return nil
	}
}

// zstdFrame gives the length of the frame that b begins with: the header, blocks
// up to the one that is marked as the last, and a checksum if the header says so.
// Source: RFC 8878, 3.1.1.
func zstdFrame(b []byte) (int, error) {
	var h zstd.Header
	if err := h.Decode(b); err != nil {
		return 0, err
	}
	if h.Skippable {
		return 0, errTooShort
	}
	n := h.HeaderSize
	for last := false; !last; {
		if len(b)-n < 3 {
			return 0, io.ErrUnexpectedEOF
		}
		block := int(b[n]) | int(b[n+1])<<8 | int(b[n+2])<<16
		n += 3
		last = block&1 != 0
		length := block >> 3
		if block>>1&3 == 1 { // RLE_Block: one byte, repeated
			length = 1
		}
		if length > len(b)-n {
			return 0, io.ErrUnexpectedEOF
		}
		n += length
	}
	if h.HasCheckSum {
		n += 4
	}
	if n > len(b) {
		return 0, io.ErrUnexpectedEOF
	}
	return n, nil
}
