package vmdk

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
)

// memory is an image of bytes.
type memory struct{ *bytes.Reader }

func (m memory) Close() error { return nil }

// openBytes opens a container that has one file.
func openBytes(b []byte) (disk.Image, bool, error) {
	s := &disk.Source{Path: "/nowhere/x.vmdk", Image: memory{bytes.NewReader(b)}, Head: b[:min(len(b), 64<<10)]}
	if !Format.Match(s) {
		return nil, false, nil
	}
	m, err := Format.Open(s)
	return m, true, err
}

// checkImage reads the first and the last bytes of whatever opened: never more
// than there is, and no byte with an error in its place.
func checkImage(t *testing.T, m disk.Image) {
	t.Helper()
	size := m.Size()
	if size < 0 {
		t.Fatalf("size %d", size)
	}
	p := make([]byte, 128<<10)
	for _, at := range []int64{0, 70 << 10, size / 2, max(0, size-1000)} {
		n, err := m.ReadAt(p, at)
		if n < 0 || n > len(p) || int64(n) > max(0, size-at) {
			t.Fatalf("at %#x of %#x: %d bytes", at, size, n)
		}
		if n < len(p) && err == nil || errors.Is(err, io.ErrNoProgress) || errors.Is(err, io.EOF) && int64(n) != max(0, size-at) {
			t.Fatalf("at %#x of %#x: %d bytes, error %v", at, size, n, err)
		}
	}
}

// small are containers of one file, of a disk with two grains and a hole.
func small() ([][]byte, []byte) {
	want := make([]byte, 16<<10+512)
	for i := range 3000 {
		want[i] = byte(i*i>>4 + i)
		want[len(want)-1-i] = byte(i >> 3)
	}
	var out [][]byte
	for _, o := range []fixtures.VMDKOptions{
		{Subformat: "monolithicSparse", GrainSectors: 8}, {Subformat: "monolithicSparse", GrainSectors: 8, ZeroedGrains: true, Backwards: true},
		{Subformat: "streamOptimized", GrainSectors: 8}, {Subformat: "streamOptimized", GrainSectors: 8, AtBegin: true},
	} {
		out = append(out, fixtures.VMDK(want, o)[0].Data)
	}
	return out, want
}

// FuzzOpen gives any bytes as a container.
func FuzzOpen(f *testing.F) {
	containers, _ := small()
	for _, b := range containers {
		f.Add(b)
	}
	f.Add([]byte(fixtures.VMDKDescriptor(fixtures.VMDKOptions{Subformat: "custom"}, "RW 8 ZERO\nRW 9 FLAT \"x-flat.vmdk\" 0\n")))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		m, matched, err := openBytes(b)
		if matched && (err == nil) == (m == nil) {
			t.Fatalf("image %v, error %v", m, err)
		}
		if m != nil {
			checkImage(t, m)
		}
		if !bytes.Equal(b, before) {
			t.Error("the input was changed")
		}
	})
}

// FuzzDescriptor gives any text as a descriptor.
func FuzzDescriptor(f *testing.F) {
	f.Add([]byte(fixtures.VMDKDescriptor(fixtures.VMDKOptions{Subformat: "custom", Parent: "b.vmdk"}, "RW 8 ZERO\nRW 9 FLAT \"x-flat.vmdk\" 7\nNOACCESS 1 SPARSE\n")))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDescriptor(b)
		if err != nil {
			if len(d.Extents) != 0 || d.Version != "" {
				t.Errorf("%+v with error %v", d, err)
			}
			return
		}
		for _, e := range d.Extents {
			if e.Sectors < 1 || e.Start < 0 || e.Offset < 0 || e.Offset >= int64(len(b)) || e.File == "" && e.Type != "ZERO" && e.Access != "NOACCESS" {
				t.Errorf("extent %+v", e)
			}
		}
		overlapping(d.Extents)
	})
}

// judged says whether a damaged container gives an error, a flaw, or right bytes.
func judged(t *testing.T, b, want []byte) bool {
	t.Helper()
	m, matched, err := openBytes(b)
	if !matched || err != nil {
		return true
	}
	flawed := len(m.(disk.Flawed).Flaws()) > 0
	if !flawed && m.Size() != int64(len(want)) {
		return false
	}
	all := make([]byte, min(m.Size(), int64(len(want))))
	if _, err := m.ReadAt(all, 0); err == nil {
		return flawed || bytes.Equal(all, want[:len(all)])
	}
	got := all[:sectorSize]
	for at := int64(0); at < int64(len(all)); at += sectorSize {
		n, err := m.ReadAt(got, at)
		if err == nil && !flawed && !bytes.Equal(got[:n], want[at:at+int64(n)]) {
			return false
		}
	}
	return true
}

func TestTruncated(t *testing.T) {
	containers, want := small()
	for i, b := range containers {
		for n := 0; n < len(b); n++ {
			if n > 2000 && n < len(b)-2000 && n%sectorSize > 1 {
				n += sectorSize / 8
			}
			if !judged(t, b[:n], want) {
				t.Fatalf("container %d cut to %d of %d bytes: other bytes without an error", i, n, len(b))
			}
		}
	}
}

// TestFlippedBits: no bit of the metadata changes what is read without an error or
// a flaw, nor of the data where they have checksums.
func TestFlippedBits(t *testing.T) {
	containers, want := small()
	for i, b := range containers {
		packed, overhead := i >= 2, int(le.Uint64(b[64:]))*sectorSize
		for n := range b {
			if !packed && n >= overhead {
				break // data, without a checksum
			}
			for bit := range 8 {
				if testing.Short() && n%16 != bit {
					continue
				}
				if (b[n] == 0 || n >= overhead && n < len(b)-16*sectorSize) && (bit != n/3%8 || n%3 != 0) {
					continue // enough of padding and packed data
				}
				b[n] ^= 1 << bit
				if !judged(t, b, want) {
					t.Errorf("container %d: bit %d of byte %#x: other bytes without an error or a flaw", i, bit, n)
				}
				b[n] ^= 1 << bit
			}
		}
	}
}

// TestFlippedBitsOfDescriptor: the same of a descriptor file.
func TestFlippedBitsOfDescriptor(t *testing.T) {
	part := contents(24 << 10)
	want := append(append(bytes.Clone(part), part[512:]...), make([]byte, 14*512)...)
	text := []byte(fixtures.VMDKDescriptor(fixtures.VMDKOptions{Subformat: "custom"}, "RW 48 FLAT \"a\" 0\nRW 47 FLAT \"b\" 0\nRW 14 ZERO\n"))
	path := laid(t, []fixtures.VMDKFile{{Name: "x.vmdk", Data: text}, {Name: "a", Data: part}, {Name: "b", Data: part[512:]}})
	zeros := bytes.Index(text, []byte(" ZERO"))
	for n := range text {
		if n >= zeros-2 && n < zeros {
			continue // how many zeros are meant, nothing else says
		}
		for bit := range 8 {
			text[n] ^= 1 << bit
			s := &disk.Source{Path: path, Image: memory{bytes.NewReader(text)}, Head: text}
			if Format.Match(s) {
				m, err := Format.Open(s)
				if err == nil && len(m.(disk.Flawed).Flaws()) == 0 {
					got := make([]byte, m.Size())
					if _, err := m.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
						t.Errorf("bit %d of byte %d, after %q: %d bytes of %d, error %v", bit, n, text[max(0, n-20):n+1], len(got), len(want), err)
					}
				}
				if err == nil {
					m.Close()
				}
			}
			text[n] ^= 1 << bit
		}
	}
}
