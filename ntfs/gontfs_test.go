package ntfs

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"www.velocidex.com/golang/go-ntfs/parser"

	"github.com/jobscan/jobscan/fixtures"
)

// goNTFSDiffers lists the scenarios on which go-ntfs is known to be wrong or
// helpless, and why.
var goNTFSDiffers = map[string]string{
	"4k-sectors-4k-records": "it finds the volume's size to be 0",
	"fragmented-mft":        "it does not reach the records that extension records of $MFT map",
	"boot-sector-gone":      "it does not know the backup boot sector",
	"first-record-gone":     "it does not know $MFTMirr",
	"torn-record":           "it drops torn records",
	"truncated-image":       "it fails on an image that ends early",
	"huge-clusters":         "it takes the cluster size byte 0xF4 for 244 sectors",
}

// TestAgainstGoNTFS reads every file of every sound scenario with both readers.
func TestAgainstGoNTFS(t *testing.T) {
	for _, s := range fixtures.Scenarios() {
		if strings.Contains(s.Name, "disk") || goNTFSDiffers[s.Name] != "" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			image := s.Build()
			v, err := Open(image, image.Size())
			if err != nil {
				t.Fatal(err)
			}
			other, err := parser.GetNTFSContext(image, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			for n := uint64(24); n < v.RecordCount(); n++ {
				compareWithGoNTFS(t, v, other, n)
			}
		})
	}
}

func compareWithGoNTFS(t *testing.T, v *Volume, other *parser.NTFSContext, n uint64) {
	t.Helper()
	f, err := v.File(n)
	if err != nil || !f.InUse() || f.Record.IsExtension() || len(f.Names()) == 0 {
		return
	}
	entry, err := other.GetMFT(int64(n))
	if err != nil {
		t.Errorf("record %d: go-ntfs: %v", n, err)
		return
	}
	var got, want []string
	for _, name := range f.Names() {
		got = append(got, strings.ToValidUTF8(name.Name, "\uFFFD"))
	}
	for _, name := range entry.FileName(other) {
		want = append(want, name.Name())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("record %d: names %q, go-ntfs %q", n, got, want)
	}
	c, err := v.Contents(f, 1<<20)
	if err != nil || f.IsDirectory() {
		return
	}
	r, err := parser.OpenStream(other, entry, 128, parser.WILDCARD_STREAM_ID, "")
	if err != nil {
		t.Errorf("record %d: go-ntfs: %v", n, err)
		return
	}
	b, err := io.ReadAll(io.NewSectionReader(r, 0, int64(len(c.Data))))
	if err != nil || !bytes.Equal(b, c.Data) {
		t.Errorf("record %d: %d bytes, go-ntfs %d, %v", n, len(c.Data), len(b), err)
	}
}
