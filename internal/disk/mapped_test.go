package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var errBad = errors.New("bad block")

// patchwork makes an image of blocks of 16 bytes: of a file, zeros, packed (each
// byte stored less one), or bad.
func patchwork(kinds string) (*Mapped, []byte, *atomic.Int64) {
	const block = 16
	var want []byte
	stored := make([]byte, len(kinds)*block)
	for i := range stored {
		stored[i] = byte(i*7 + 1)
	}
	for i, k := range kinds {
		for j := range block {
			b := stored[i*block+j]
			switch k {
			case 'z', 'b':
				b = 0
			case 'p':
				b++
			}
			want = append(want, b)
		}
	}
	var unpacked atomic.Int64
	locate := func(off int64) (Piece, error) {
		i, within := off/block, off%block
		p := Piece{Length: block - within}
		switch kinds[i] {
		case 'f':
			p.From, p.At = bytes.NewReader(stored), off
		case 'p':
			p.At = within
			p.Packed = &Packed{Key: i, Size: block, Unpack: func(dst []byte) error {
				unpacked.Add(1)
				for j := range dst {
					dst[j] = stored[i*block+int64(j)] + 1
				}
				return nil
			}}
		case 'b':
			return Piece{}, errBad
		}
		return p, nil
	}
	return NewMapped(int64(len(want)), locate, nil), want, &unpacked
}

func TestMappedReadsAllPieces(t *testing.T) {
	m, want, _ := patchwork("ffzppfzp")
	for from := range want {
		for to := from; to <= len(want); to++ {
			b := bytes.Repeat([]byte{0xee}, to-from)
			if n, err := m.ReadAt(b, int64(from)); n != len(b) || err != nil || !bytes.Equal(b, want[from:to]) {
				t.Fatalf("%d to %d: got %x, %v, want %x", from, to, b[:n], err, want[from:to])
			}
		}
	}
	b := make([]byte, 8)
	if n, err := m.ReadAt(b, m.Size()-4); n != 4 || !errors.Is(err, io.EOF) {
		t.Errorf("across the end: got %d, %v", n, err)
	}
	if n, err := m.ReadAt(b, m.Size()); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: got %d, %v", n, err)
	}
	if _, err := m.ReadAt(b, -1); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("before the beginning: got %v", err)
	}
}

func TestMappedKnowsItsHoles(t *testing.T) {
	for _, tt := range []struct {
		kinds string
		want  []Range
	}{
		{"zzz", nil},
		{"fpz", []Range{{0, 32}}},
		{"zfzzp", []Range{{16, 16}, {64, 16}}},
		{"zfzbz", []Range{{16, 16}, {48, 32}}}, // from a bad piece on
	} {
		m, _, _ := patchwork(tt.kinds)
		if got := m.Data(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.kinds, got, tt.want)
		}
	}
}

func TestMappedTellsWhatIsBad(t *testing.T) {
	m, want, _ := patchwork("fbf")
	b := make([]byte, 48)
	n, err := m.ReadAt(b, 0)
	if n != 16 || !errors.Is(err, errBad) || !strings.Contains(err.Error(), "0x10") || !bytes.Equal(b[:n], want[:16]) {
		t.Errorf("got %d, %v", n, err)
	}
	if n, err := m.ReadAt(b[:16], 32); n != 16 || err != nil || !bytes.Equal(b[:16], want[32:]) {
		t.Errorf("behind it: got %d, %v", n, err)
	}
}

func TestMappedWithoutTheFilesEnd(t *testing.T) {
	m := NewMapped(16, func(off int64) (Piece, error) {
		return Piece{Length: 16 - off, From: strings.NewReader("short"), At: off}, nil
	}, nil)
	b := make([]byte, 16)
	if n, err := m.ReadAt(b, 0); n != 5 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %d, %v", n, err)
	}
	m = NewMapped(16, func(off int64) (Piece, error) { return Piece{}, nil }, nil)
	if n, err := m.ReadAt(b, 0); n != 0 || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a piece of no length: got %d, %v", n, err)
	}
}

func TestPackedBlocksAreKept(t *testing.T) {
	m, want, unpacked := patchwork("pppp")
	b := make([]byte, 1)
	for i := range want {
		if _, err := m.ReadAt(b, int64(i)); err != nil || b[0] != want[i] {
			t.Fatalf("byte %d: got %d, %v, want %d", i, b[0], err, want[i])
		}
	}
	if n := unpacked.Load(); n != 4 {
		t.Errorf("4 blocks were unpacked %d times", n)
	}
}

func TestBlockCacheIsBounded(t *testing.T) {
	var c blockCache
	const size = 1 << 20
	b := make([]byte, 1)
	for key := range int64(20) {
		p := &Packed{Key: key, Size: size, Unpack: func(dst []byte) error { dst[1] = byte(key); return nil }}
		if _, err := c.read(b, p, 1); err != nil || b[0] != byte(key) {
			t.Fatalf("block %d: got %d, %v", key, b[0], err)
		}
		if c.bytes > cachedBytes || len(c.byKey) != len(c.order) || c.bytes != size*len(c.order) {
			t.Fatalf("after block %d: %d bytes in %d blocks, %d in order", key, c.bytes, len(c.byKey), len(c.order))
		}
	}
	if c.byKey[19] == nil {
		t.Error("the last block is gone")
	}
	bad := &Packed{Key: 99, Size: 8, Unpack: func([]byte) error { return errBad }}
	for range 2 {
		if _, err := c.read(b, bad, 1); !errors.Is(err, errBad) {
			t.Errorf("a bad block: got %v", err)
		}
	}
	if _, err := c.read(b, bad, 8); err == nil {
		t.Error("read behind the block")
	}
}

func TestBlocksAreUnpackedOnce(t *testing.T) {
	var c blockCache
	var unpacked atomic.Int64
	p := &Packed{Key: 1, Size: 1 << 16, Unpack: func(dst []byte) error {
		unpacked.Add(1)
		dst[9] = 7
		return nil
	}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			b := make([]byte, 4)
			if n, err := c.read(b, p, 9); n != 4 || err != nil || b[0] != 7 {
				t.Errorf("got %x, %d, %v", b, n, err)
			}
		})
	}
	wg.Wait()
	if n := unpacked.Load(); n != 1 {
		t.Errorf("unpacked %d times", n)
	}
}

func TestMappedBySeveral(t *testing.T) {
	m, want, _ := patchwork(strings.Repeat("fpzppf", 40))
	var wg sync.WaitGroup
	for seed := range uint64(8) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for range 2000 {
				from := r.IntN(len(want))
				b := make([]byte, r.IntN(min(100, len(want)-from)+1))
				if n, err := m.ReadAt(b, int64(from)); n != len(b) || err != nil || !bytes.Equal(b, want[from:from+len(b)]) {
					t.Error(fmt.Errorf("%d bytes at %d: got %d, %w", len(b), from, n, err))
					return
				}
			}
		})
	}
	wg.Wait()
}
