package ntfs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

func TestFixtureVolumes(t *testing.T) {
	for _, s := range fixtures.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			image := s.Build()
			if len(image.Truth) != 1 || strings.Contains(s.Name, "disk") {
				t.Skip("a disk")
			}
			v, err := Open(image, image.Size())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range v.Problems() {
				t.Log(p)
			}
			hits := map[uint64]bool{}
			stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob, func(h NameHit) {
				n := h.Record
				if h.Base != 0 {
					n = h.Base.Record()
				}
				hits[n] = true
			}, func(n uint64, err error) { t.Logf("record %d: %v", n, err) })
			if err != nil || stats.Records != v.RecordCount() {
				t.Errorf("scan: %+v, %v", stats, err)
			}
			for _, a := range image.Truth[0].Alive {
				compareAlive(t, v, a, hits)
			}
		})
	}
}

func compareAlive(t *testing.T, v *Volume, want fixtures.Alive, hits map[uint64]bool) {
	t.Helper()
	record, _, _ := strings.Cut(want.Reference, "-")
	n, err := strconv.ParseUint(record, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	f, err := v.File(n)
	if err != nil {
		t.Errorf("%s: %v", want.Path, err)
		return
	}
	if f.Reference().String() != want.Reference || !f.InUse() || f.IsDirectory() != want.Directory {
		t.Errorf("%s: got %s, in use %v, directory %v; want %s", want.Path, f.Reference(), f.InUse(), f.IsDirectory(), want.Reference)
	}
	name := want.Path[strings.LastIndex(want.Path, `\`)+1:]
	if !slices.ContainsFunc(f.Names(), func(n FileName) bool { return n.Name == name }) && name != "" {
		t.Errorf("%s: names are %+v", want.Path, f.Names())
	}
	if strings.HasSuffix(strings.ToLower(name), ".job") && !hits[n] {
		t.Errorf("%s: not hit by the scan", want.Path)
	}
	if want.SHA256 == "" {
		return
	}
	c, err := v.Contents(f, 64<<20)
	if sum := sha256.Sum256(c.Data); c.Complete && hex.EncodeToString(sum[:]) != want.SHA256 {
		t.Errorf("%s: got %d bytes %x; want %d bytes %s", want.Path, len(c.Data), sum, want.Size, want.SHA256)
	}
	doubtful := name == "torn.job" // its content lies in the torn sector
	if err != nil || c.Complete == doubtful {
		t.Errorf("%s: %q, %v", want.Path, c.Notes, err)
	}
}
