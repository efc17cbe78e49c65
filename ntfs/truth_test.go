package ntfs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

// truth is the story that a built image was made from.
type truth struct {
	Volumes []struct {
		Offset int64       `json:"offset"`
		Files  []truthFile `json:"files"`
	} `json:"volumes"`
}

type truthFile struct {
	Entry     *uint64 `json:"entry"`
	SeqOnDisk uint16  `json:"seq_on_disk"`
	InUse     bool    `json:"inuse"`
	Kind      string  `json:"kind"`
	Path      string  `json:"path"`
	Record    string  `json:"record"`
	State     string  `json:"state"`
	SHA256    string  `json:"sha256"`
	Size      int64   `json:"size"`
	SICreated string  `json:"si_created"`
	SIChanged string  `json:"si_changed"`
	FNCreated string  `json:"fn_created"`
	Resident  bool    `json:"resident"`
}

func TestCorpusTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("whole volumes take long, and no goroutine reads them")
	}
	built := corpus.Path(t, "ntfs", "built")
	files, err := filepath.Glob(filepath.Join(built, "*.truth.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no truth files: %v", err)
	}
	for _, name := range files {
		image := strings.TrimSuffix(filepath.Base(name), ".truth.json") + ".img.gz"
		if _, err := os.Stat(filepath.Join(built, image)); err != nil {
			continue // containers, for another package
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".truth.json"), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var tr truth
			if err := json.Unmarshal(b, &tr); err != nil {
				t.Fatal(err)
			}
			whole := openImage(t, "built/"+image, 0)
			for i, vol := range tr.Volumes {
				size := whole.Size() - vol.Offset
				if i+1 < len(tr.Volumes) {
					size = tr.Volumes[i+1].Offset - vol.Offset
				}
				v, err := Open(io.NewSectionReader(whole, vol.Offset, size), size)
				if err != nil {
					t.Fatalf("volume at %d: %v", vol.Offset, err)
				}
				for _, p := range v.Problems() {
					t.Log(p)
				}
				hits := jobNames(t, v)
				for _, f := range vol.Files {
					compareTruth(t, v, f, hits)
				}
			}
		})
	}
}

// degraded names what the damaged images may not give in full.
var degraded = map[string]string{
	"TestCorpusTruth/b15a_tornfixup": "At1.job",
	"TestCorpusTruth/b15e_hugeruns":  "deleted_big.job",
}

func compareTruth(t *testing.T, v *Volume, want truthFile, hits map[uint64]bool) {
	t.Helper()
	if want.Entry == nil || want.Record != "ok" || want.Kind == "stream" || want.Kind == "ads" {
		return
	}
	n := *want.Entry
	name := want.Path[strings.LastIndex(want.Path, `\`)+1:]
	f, err := v.File(n)
	if err != nil {
		t.Errorf("%s: %v", want.Path, err)
		return
	}
	if f.Record.InUse != want.InUse || f.Record.Sequence != want.SeqOnDisk {
		t.Errorf("%s: got in use %v, sequence %d; want %v, %d", want.Path, f.Record.InUse, f.Record.Sequence, want.InUse, want.SeqOnDisk)
	}
	name, _, isStream := strings.Cut(name, ":")
	i := slices.IndexFunc(f.Names(), func(n FileName) bool { return n.Name == name })
	if i < 0 {
		t.Errorf("%s: names are %+v", want.Path, f.Names())
		return
	}
	if got := f.Names()[i].Created.String(); want.FNCreated != "" && got != want.FNCreated {
		t.Errorf("%s: $FILE_NAME created: got %s, want %s", want.Path, got, want.FNCreated)
	}
	if si, ok := f.StandardInformation(); want.SICreated != "" && (!ok || si.Created.String() != want.SICreated || si.Changed.String() != want.SIChanged) {
		t.Errorf("%s: $SI: got %v %v, want %s %s", want.Path, si.Created, si.Changed, want.SICreated, want.SIChanged)
	}
	if strings.HasSuffix(strings.ToLower(name), ".job") && !hits[n] {
		t.Errorf("%s: record %d was not hit by the scan", want.Path, n)
	}
	if want.SHA256 == "" || isStream || want.Kind == "dir" {
		return
	}
	c, err := v.Contents(f, 64<<20)
	sum := sha256.Sum256(c.Data)
	if mayLack := degraded[t.Name()]; mayLack != "" && name == mayLack {
		if err != nil || c.Complete || len(c.Notes) == 0 {
			t.Errorf("%s: got complete %v, notes %q, error %v; want doubt", want.Path, c.Complete, c.Notes, err)
		}
		return
	}
	if err != nil || hex.EncodeToString(sum[:]) != want.SHA256 || int64(len(c.Data)) != want.Size || !c.Complete || c.Resident != want.Resident && want.State != "deleted" {
		t.Errorf("%s: got %d bytes %x, complete %v, resident %v, notes %q, error %v; want %d bytes %s", want.Path,
			len(c.Data), sum, c.Complete, c.Resident, c.Notes, err, want.Size, want.SHA256)
	}
}

// jobNames scans for names in .job and gives the base records that have one.
func jobNames(t *testing.T, v *Volume) map[uint64]bool {
	t.Helper()
	hits := map[uint64]bool{}
	hit := func(h NameHit) {
		if h.Base != 0 {
			hits[h.Base.Record()] = true
			return
		}
		hits[h.Record] = true
	}
	problem := func(n uint64, err error) { t.Logf("record %d: %v", n, err) }
	stats, err := v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob, hit, problem)
	if err != nil {
		t.Fatal(err)
	}
	if stats.Records != v.RecordCount() {
		t.Errorf("the scan counts %+v of %d records", stats, v.RecordCount())
	}
	return hits
}

// endsInJob is what a scan for job files asks of each name.
func endsInJob(name []byte) bool {
	n := len(name)
	return n >= 8 && name[n-8] == '.' && name[n-6]|0x20 == 'j' && name[n-4]|0x20 == 'o' && name[n-2]|0x20 == 'b' &&
		name[n-7]|name[n-5]|name[n-3]|name[n-1] == 0
}
