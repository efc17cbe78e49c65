package vdi

import (
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

// TestCorpus: containers made by QEMU hold the images that they were made from.
func TestCorpus(t *testing.T) {
	for name, inside := range map[string]string{"b17_vol": "b02_cl4096", "b17_mbr": "b09_mbr"} {
		t.Run(name, func(t *testing.T) {
			img, err := Format.Open(source(corpus.Bytes(t, "ntfs/built", name+".vdi.gz")))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, img, corpus.Bytes(t, "ntfs/built", inside+".img.gz"))
		})
	}
}
