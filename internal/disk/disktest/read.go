package disktest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
)

// ReadAll gives all bytes of a disk.
func ReadAll(t testing.TB, img disk.Image) []byte {
	t.Helper()
	out := make([]byte, img.Size())
	for at := 0; at < len(out); at += 256 << 10 {
		p := out[at:min(at+256<<10, len(out))]
		if n, err := img.ReadAt(p, int64(at)); n < len(p) || err != nil {
			t.Fatalf("read %d of %d bytes at %#x: %v", n, len(p), at, err)
		}
	}
	return out
}

// closely is how many bytes at either end of a disk are read in small pieces, and
// tail how many in one piece: more would take long.
const (
	closely = 3 << 20
	tail    = 2 << 20
)

// Same reads a disk from its beginning to its end in pieces of several lengths,
// here and there, and its end in one piece that goes beyond, and holds it against
// want.
func Same(t testing.TB, img disk.Image, want []byte) {
	t.Helper()
	if img.Size() != int64(len(want)) {
		t.Fatalf("size %d, want %d", img.Size(), len(want))
	}
	// Bytes that were in the buffer before are not to be taken for the disk's.
	buf, before := make([]byte, 256<<10), bytes.Repeat([]byte{0xDD}, 256<<10)
	read := func(at, length int) {
		t.Helper()
		p := buf[:length]
		copy(p, before)
		if n, err := img.ReadAt(p, int64(at)); n != length || err != nil {
			t.Fatalf("read %d of %d bytes at %#x: %v", n, length, at, err)
		}
		if !bytes.Equal(p, want[at:at+length]) {
			t.Fatalf("other bytes at %#x, in a piece of %d", at, length)
		}
	}
	for _, step := range []int{len(buf), 4096, 7777} {
		for at := 0; at < len(want); at += step {
			if step < len(buf) && at >= closely && at < len(want)-closely {
				at += (len(want) - closely - at) / step * step
			}
			read(at, min(step, len(want)-at))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range min(50, len(want)) {
		at := r.IntN(len(want))
		read(at, 1+r.IntN(min(len(want)-at, 100_000)))
	}
	last := want[max(0, len(want)-tail):]
	p := bytes.Repeat([]byte{0xDD}, len(last)+1)
	if n, err := img.ReadAt(p, int64(len(want)-len(last))); n != len(last) || !errors.Is(err, io.EOF) {
		t.Fatalf("read %d of the last %d bytes and one more: %v", n, len(last), err)
	}
	if !bytes.Equal(p[:len(last)], last) {
		t.Fatalf("other bytes when the last %d are read at once", len(last))
	}
}

// SameStream is Same for a disk of many MiB, of which memory is to hold little. It
// is read once, in pieces that begin and end anywhere.
func SameStream(t testing.TB, img disk.Image, want io.Reader) {
	t.Helper()
	got, right := make([]byte, 256<<10), make([]byte, 256<<10)
	lengths := []int{len(got), 4096, 99_991, 7777}
	at := int64(0)
	for i := 0; ; i++ {
		w := right[:lengths[i%len(lengths)]]
		n, err := io.ReadFull(want, w)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		for i := range got[:n] {
			got[i] = 0xDD
		}
		if k, err := img.ReadAt(got[:n], at); k < n || n > 0 && err != nil || !bytes.Equal(got[:n], w[:n]) {
			t.Fatalf("%d of %d bytes at %#x, error %v, or others", k, n, at, err)
		}
		at += int64(n)
		if err != nil {
			break
		}
	}
	if img.Size() != at {
		t.Fatalf("size %d, want %d", img.Size(), at)
	}
}

// Loss is a piece of a disk of which an error came in place of bytes.
type Loss struct {
	Piece int // its number
	Read  int // bytes before the error, which are right
	Err   error
}

// Lost reads a disk in pieces of step bytes and gives those that are errors. Bytes
// that come must be those of want, and what does not come must be an error.
func Lost(t testing.TB, img disk.Image, want []byte, step int) (lost []Loss) {
	t.Helper()
	if img.Size() != int64(len(want)) {
		t.Fatalf("size %d, want %d", img.Size(), len(want))
	}
	buf := make([]byte, step)
	for at := 0; at < len(want); at += step {
		w := want[at:min(at+step, len(want))]
		n, err := img.ReadAt(buf[:len(w)], int64(at))
		switch {
		case n > len(w) || n < len(w) && (err == nil || errors.Is(err, io.EOF)):
			t.Fatalf("%d of %d bytes at %#x, error %v", n, len(w), at, err)
		case !bytes.Equal(buf[:n], w[:n]):
			t.Fatalf("other bytes at %#x, error %v", at, err)
		case err != nil:
			lost = append(lost, Loss{at / step, n, err})
		}
	}
	return lost
}

// Reads holds an image of any bytes to what io.ReaderAt promises, by reads of
// length bytes at its beginning, its end, between them, and at the given offsets:
// no more bytes than there are, an error for those that do not come, io.EOF at the
// end alone, and the same when it is read again.
func Reads(t testing.TB, img disk.Image, length int, at ...int64) {
	t.Helper()
	size := img.Size()
	if size < 0 {
		t.Fatalf("size %d", size)
	}
	p, again := make([]byte, length), make([]byte, length)
	for _, off := range append([]int64{0, 1000, size / 3, size / 2, size - int64(length), size - 1, size}, at...) {
		if off < 0 {
			continue
		}
		n, err := img.ReadAt(p, off)
		rest := max(0, size-off)
		if n < 0 || n > len(p) || int64(n) > rest || n < len(p) && err == nil || errors.Is(err, io.EOF) && int64(n) != rest || errors.Is(err, io.ErrNoProgress) {
			t.Fatalf("%d bytes at %#x of %#x, error %v", n, off, size, err)
		}
		if k, err2 := img.ReadAt(again, off); k != n || (err == nil) != (err2 == nil) || !bytes.Equal(again[:k], p[:n]) {
			t.Fatalf("%d bytes at %#x, error %v; when read again %d, error %v, or others", n, off, err, k, err2)
		}
	}
}

// Concurrent reads a disk on four goroutines in pieces of length bytes, in order
// and in none.
func Concurrent(t testing.TB, img io.ReaderAt, want []byte, length int) {
	t.Helper()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			p := make([]byte, length+g)
			for i := range 2 * len(want) / length {
				at := i * len(p) % len(want)
				if g%2 == 1 {
					at = (i*7919 + g*4099) * 512 % len(want)
				}
				w := want[at:min(at+len(p), len(want))]
				if n, err := img.ReadAt(p[:len(w)], int64(at)); n != len(w) || err != nil || !bytes.Equal(p[:n], w) {
					t.Errorf("%d of %d bytes at %#x, error %v, or others", n, len(w), at, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
