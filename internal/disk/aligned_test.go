package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// strict is a device: it refuses what is not made of whole sectors.
type strict struct {
	b     []byte
	align int64
}

func (s strict) ReadAt(p []byte, off int64) (int, error) {
	if off%s.align != 0 || int64(len(p))%s.align != 0 || len(p) == 0 {
		return 0, fmt.Errorf("unaligned read of %d bytes at %#x", len(p), off)
	}
	return bytes.NewReader(s.b).ReadAt(p, off)
}

func TestAlignedReaderAt(t *testing.T) {
	for _, align := range []int64{1, 512, 4096} {
		for _, size := range []int64{0, 1, 512, 4096, 5 * 4096, 5*4096 + 512, 5*4096 + 513} {
			b := make([]byte, size)
			for i := range b {
				b[i] = byte(i * 31 / 7)
			}
			a := &AlignedReaderAt{R: strict{b, align}, Align: align, Size: size}
			want := bytes.NewReader(b)
			rng := rand.New(rand.NewPCG(uint64(align), uint64(size)))
			for range 400 {
				off, n := rng.Int64N(size+600), rng.IntN(3*4096+10)
				if rng.IntN(3) == 0 {
					off -= off % 512
				}
				p, q := make([]byte, n), make([]byte, n)
				k, err := a.ReadAt(p, off)
				l, wantErr := want.ReadAt(q, off)
				if n == 0 {
					wantErr = err // readers differ in what they say of nothing
				}
				if k != l || !errors.Is(err, wantErr) || !bytes.Equal(p, q) {
					t.Fatalf("align %d, size %d: %d bytes at %d: got %d, %v, want %d, %v", align, size, n, off, k, err, l, wantErr)
				}
			}
		}
	}
}

func TestAlignedReaderAtErrors(t *testing.T) {
	a := &AlignedReaderAt{R: strict{make([]byte, 8192), 512}, Align: 512, Size: 16384}
	p := make([]byte, 4000)
	if n, err := a.ReadAt(p, 7000); n != 8192-7000 || err == nil {
		t.Errorf("device shorter than it says: got %d, %v, want %d and an error", n, err, 8192-7000)
	}
	if _, err := a.ReadAt(p, -1); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("negative offset: got %v", err)
	}
	if _, err := a.ReadAt(p, 16384); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: got %v, want %v", err, io.EOF)
	}
}
