package qcow2

import (
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// TestCorpus: containers made by QEMU hold the images that they were made from.
func TestCorpus(t *testing.T) {
	for name, inside := range map[string]string{"b17_vol": "b02_cl4096", "b17_mbr": "b09_mbr"} {
		t.Run(name, func(t *testing.T) {
			img := opened(t, corpus.Bytes(t, "ntfs/built", name+".qcow2"))
			disktest.NoFlaws(t, img)
			disktest.SameStream(t, img, corpus.Open(t, "ntfs/built", inside+".img.gz"))
		})
	}
}
