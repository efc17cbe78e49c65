package vhd

import (
	"bytes"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// TestRawDisk: what begins like a raw disk and ends with the footer of a dynamic or
// differencing one, with all that this needs, is a raw disk.
func TestRawDisk(t *testing.T) {
	want := irregular(1000)
	tests := []struct {
		name  string
		at    int
		bytes string
		raw   bool
	}{
		{"boot record", 510, "\x55\xaa", true},
		{"GPT", 512, "EFI PART", true},
		{"GPT with large sectors", 4096, "EFI PART", true},
		{"NTFS", 3, "NTFS    ", true},
		{"half a signature", 510, "\x55\x00", false},
		{"nothing known", 0, "xxxxxxxx", false},
	}
	for _, test := range tests {
		for _, kind := range []uint32{3, 4} {
			t.Run(test.name+" "+Type(kind).String(), func(t *testing.T) {
				b := fixtures.VHD(want, fixtures.VHDOptions{BlockSize: 64 << 10, Type: kind})
				if test.at == 512 { // the header is elsewhere
					b = append(b[:len(b)-512:len(b)-512], b[512:512+1024]...)
					b = append(b, b[:512]...)
					footer := b[len(b)-512:]
					footer[22], footer[23] = byte((len(b)-1536)>>8), byte(len(b)-1536)
					footer[21] = byte((len(b) - 1536) >> 16)
					fixtures.VHDChecksum(footer)
				}
				clear(b[:512])
				copy(b[test.at:], test.bytes)
				s := source(b)
				if got := Format.Match(s); got == test.raw {
					t.Fatalf("recognised %v, want %v", got, !test.raw)
				}
				img, err := disktest.Try(t, Format, s)
				if (err == nil) != (!test.raw && kind == 3) {
					t.Fatalf("opening: %v", err)
				}
				if err == nil {
					disktest.Same(t, img, want)
					disktest.Flaw(t, img, "copy of the footer at the beginning is damaged", false)
				}
			})
		}
	}
	// The cookie at the beginning, whatever else is there, is that of a container.
	b := fixtures.VHD(want, fixtures.VHDOptions{})
	b[510], b[511] = 0x55, 0xaa
	img := opened(t, b)
	disktest.Same(t, img, want)
	disktest.Flaw(t, img, "copy of the footer at the beginning is damaged", true)
}

// TestAllBeforeTheFooter: a footer hides nothing of a raw disk by a small size.
func TestAllBeforeTheFooter(t *testing.T) {
	want := irregular(1000)
	want[510], want[511] = 0x55, 0xaa
	for _, size := range []uint64{512, 400_000, uint64(len(want)) - 1} {
		img := opened(t, fixtures.VHD(want, fixtures.VHDOptions{Fixed: true, Size: size}))
		disktest.Same(t, img, want)
		disktest.Data(t, img)
		disktest.Flaw(t, img, "found it behind 512000, which are all read as the disk", false)
	}
	// In a sparse file, too, data lies up to the footer.
	dir := t.TempDir()
	path := disktest.Write(t, dir, "x.raw", fixtures.VHD(want, fixtures.VHDOptions{Fixed: true, Size: 512}))
	img := disktest.OpenPath(t, Format, path)
	disktest.Data(t, img)
	if d := img.(disk.Sparse).Data(); !bytes.Equal(disktest.ReadAll(t, img), want) || len(d) == 0 {
		t.Errorf("other bytes, or no data: %v", d)
	}
}
