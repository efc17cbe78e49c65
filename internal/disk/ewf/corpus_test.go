package ewf

import (
	"bytes"
	"crypto/md5"
	"io"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/disk/disktest"
)

// TestCorpus reads images of others: their content is that of a raw image where
// there is one, and always that of which the MD5 is stored.
func TestCorpus(t *testing.T) {
	for _, tt := range []struct{ container, raw string }{
		{"ntfs/built/b17_vol.E01", "ntfs/built/b02_cl4096.img.gz"},
		{"ntfs/built/b17_mbr.E01", "ntfs/built/b09_mbr.img.gz"},
		{"ntfs/real/velo-test-ntfs/test.ntfs.dd.E01", ""},
		{"ntfs/real/velo-partition/partition_image.E01", ""},
	} {
		t.Run(tt.container, func(t *testing.T) {
			img := mustOpen(t, corpus.Path(t, tt.container))
			disktest.NoFlaws(t, img)
			sum := md5.New()
			if _, err := io.Copy(sum, io.NewSectionReader(img, 0, img.Size())); err != nil {
				t.Fatal(err)
			}
			if h := img.StoredHashes(); len(h) == 0 || h[0].Name != "md5" || !bytes.Equal(h[0].Sum, sum.Sum(nil)) {
				t.Errorf("stored hashes %x, found %x", h, sum.Sum(nil))
			}
			if tt.raw != "" {
				disktest.SameStream(t, img, corpus.Open(t, tt.raw))
			}
		})
	}
}
