package vhd

import (
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// FuzzContainer opens any bytes and reads what is in them: no panic, no more
// bytes than there are, and an error for what is not read.
func FuzzContainer(f *testing.F) {
	small := irregular(9)
	for _, o := range []fixtures.VHDOptions{{BlockSize: 1024}, {Fixed: true}, {BlockSize: 2048, ClearBits: true, OldFooter: true}, {Type: 4}} {
		f.Add(fixtures.VHD(small, o), uint16(0), uint32(0))
		f.Add(fixtures.VHD(small, o), uint16(40), uint32(1024))
	}
	f.Add(fixtures.VHD(nil, fixtures.VHDOptions{Fixed: true}), uint16(0), uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, at uint16, off uint32) {
		if len(b) > 1<<16 {
			return
		}
		// The sums are made to fit, or mutations would end there.
		if n := len(b); n >= 2048 && at%2 == 0 {
			fixtures.VHDChecksum(b[:512])
			fixtures.VHDChecksum(b[n-512:])
		}
		s := source(b)
		matched := Format.Match(s)
		img, err := disktest.Try(t, Format, s)
		if err != nil {
			return
		}
		if !matched {
			t.Error("opened, and not recognised")
		}
		start := int64(off)
		if at > 1<<15 {
			start = max(0, img.Size()-start)
		}
		disktest.Reads(t, img, 20000, start)
		disktest.Ranges(t, img)
	})
}
