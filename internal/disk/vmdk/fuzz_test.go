package vmdk

import (
	"bytes"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// source is a container that has one file.
func source(b []byte) *disk.Source { return disktest.Source("/nowhere/x.vmdk", b) }

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
		if s := source(b); Format.Match(s) {
			if m, err := disktest.Try(t, Format, s); err == nil {
				disktest.Reads(t, m, 128<<10, 70<<10)
			}
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

// judge opens a damaged container and gives the pieces that are errors. Others are
// right, unless there is a flaw.
func judge(t *testing.T, s *disk.Source, want []byte) []disktest.Loss {
	t.Helper()
	if !Format.Match(s) {
		return nil
	}
	m, err := disktest.Try(t, Format, s)
	if err != nil {
		return nil
	}
	defer m.Close()
	if len(m.(disk.Flawed).Flaws()) > 0 {
		disktest.Reads(t, m, 3<<10)
		return nil
	}
	return disktest.Lost(t, m, want, 4096)
}

func TestTruncated(t *testing.T) {
	containers, want := small()
	for i, b := range containers {
		for n := 0; n < len(b); n++ {
			if n > 2000 && n < len(b)-2000 && n%sectorSize > 1 {
				n += sectorSize / 8
			}
			judge(t, source(b[:n]), want)
			if t.Failed() {
				t.Fatalf("container %d cut to %d of %d bytes", i, n, len(b))
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
		for from := 0; from < len(b); from += sectorSize {
			if !packed && from >= overhead {
				break // data, without a checksum
			}
			check := func() { judge(t, source(b), want) }
			part := b[from : from+sectorSize]
			used := len(bytes.TrimRight(part, "\x00"))
			if from >= overhead && from < len(b)-16*sectorSize {
				used = 0 // enough of packed data
			}
			disktest.Flips(t, part[:used], 5, check)
			disktest.Flips(t, part[used:], 259, check)
			if t.Failed() {
				t.Fatalf("container %d: in the sector at %#x", i, from)
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
	check := func() {
		lost := judge(t, &disk.Source{Path: path, Image: disktest.NewMemory(text), Head: text}, want)
		if len(lost) > 0 {
			t.Errorf("%q: pieces %v are lost without a flaw", text, lost)
		}
	}
	disktest.Flips(t, text[:zeros-2], 3, check) // how many zeros are meant, nothing else says
	disktest.Flips(t, text[zeros:], 1, check)
}
