package qcow2

import (
	"bytes"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// FuzzContainer opens any bytes and reads here and there.
func FuzzContainer(f *testing.F) {
	for _, wrap := range append(small(), fixtures.QCOW2{ClusterBits: 14, Extended: true}) {
		f.Add(wrap.Wrap(content(20<<10, 17)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		disktest.Hostile(t, Format, source(b), 3<<10)
		if !bytes.Equal(b, before) {
			t.Error("the input was changed")
		}
	})
}

// FuzzZstdFrame: the length found is that of a frame within the input.
func FuzzZstdFrame(f *testing.F) {
	f.Add(packZstd(true)([]byte("0123456789012345678901234567890123456789")))
	f.Add(packZstd(false)(make([]byte, 300)))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := zstdFrame(b)
		if n > len(b) || err == nil && n < 9 || err != nil && n != 0 {
			t.Errorf("frame of %d bytes in %d, error %v", n, len(b), err)
		}
	})
}
