package evidence

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk/vss"
	"github.com/jobscan/jobscan/internal/wintime"
)

func hour(h int) time.Time { return time.Date(2024, 5, 1, h, 0, 0, 0, time.UTC) }

// twoCopies is a volume with shadow copies of 9 and 10 o'clock. A job lives
// from 8 to 9, another from 9 to 10, a third since 10 o'clock.
func twoCopies() *fixtures.Image {
	v := fixtures.NewVolume(fixtures.Options{Journal: true, Start: hour(7)}).Mkdir(`\Tasks`, hour(7))
	v.Create(`\Tasks\early.job`, []byte("1"), hour(8))
	first := fixtures.Moment{At: hour(9), Image: v.Build()}
	v.Delete(`\Tasks\early.job`, hour(9)).Create(`\Tasks\late.job`, []byte("2"), hour(9).Add(time.Minute))
	second := fixtures.Moment{At: hour(10), Image: v.Build()}
	v.Delete(`\Tasks\late.job`, hour(10)).Create(`\Tasks\now.job`, []byte("3"), hour(10).Add(time.Minute))
	return fixtures.WithShadowCopies(v.Build(), first, second)
}

// jobs lists the jobs in use on a volume.
func jobs(t *testing.T, v *Volume) []string {
	t.Helper()
	var out []string
	for r, err := range v.NTFS.Records(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		f, err := v.NTFS.File(r.Number)
		if err != nil || !r.InUse {
			continue
		}
		for _, n := range f.Names() {
			if strings.HasSuffix(n.Name, ".job") {
				out = append(out, n.Name)
			}
		}
	}
	return out
}

func TestShadowCopies(t *testing.T) {
	img := twoCopies()
	disk := fixtures.MBR(fixtures.Partition{Volume: fixtures.NewVolume(fixtures.Options{}).Build()}, fixtures.Partition{Volume: img})
	path := write(t, filepath.Join(t.TempDir(), "x.img"), disk.Bytes())
	h := open(t, path)
	want := []struct {
		index, partition, copy, of int
		created                    wintime.Filetime
		job                        string
	}{
		{1, 1, 0, 0, 0, ""},
		{2, 2, 0, 0, 0, "now.job"},
		{3, 2, 1, 2, wintime.FromTime(hour(9)), "early.job"},
		{4, 2, 2, 2, wintime.FromTime(hour(10)), "late.job"},
	}
	if len(h.Volumes) != len(want) || len(h.Problems) != 0 {
		t.Fatalf("%d volumes, problems %v", len(h.Volumes), h.Problems)
	}
	for i, w := range want {
		v := h.Volumes[i]
		if v.Index != w.index || v.Partition != w.partition || v.ShadowCopy != w.copy || v.ShadowOf != w.of || v.Created != w.created ||
			v.EvidencePath != path || v.Offset != h.Volumes[v.Partition-1].Offset || (v.ShadowID == "") != (w.copy == 0) {
			t.Errorf("volume %d: got %+v", i+1, v)
		}
		if got := strings.Join(jobs(t, v), " "); got != w.job {
			t.Errorf("volume %d: got jobs %q, want %q", v.Index, got, w.job)
		}
		if (v.Journal != nil) != (v.Partition == 2) {
			t.Errorf("volume %d: journal %v", v.Index, v.Journal)
		}
	}
	if a, b := records(t, h.Volumes[2].Journal), records(t, h.Volumes[3].Journal); a >= b || b >= records(t, h.Volumes[1].Journal) {
		t.Errorf("journals of %d and %d records, and %d now: each has to be longer", a, b, records(t, h.Volumes[1].Journal))
	}
}

func TestShadowOptions(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "x.img"), twoCopies().Bytes())
	tests := []struct {
		name string
		opts Options
		want []int // indexes
	}{
		{"all", Options{}, []int{1, 2, 3}},
		{"without shadow copies", Options{NoShadow: true}, []int{1}},
		{"the volume with its shadow copies", Options{Volume: 1}, []int{1, 2, 3}},
		{"the volume alone", Options{Volume: 1, NoShadow: true}, []int{1}},
		{"one shadow copy", Options{Volume: 3}, []int{3}},
		{"none such", Options{Volume: 4}, nil},
		{"none such without shadow copies", Options{Volume: 2, NoShadow: true}, nil},
	}
	for _, tt := range tests {
		tt.opts.Formats = formats
		h, err := Open(context.Background(), []string{path}, tt.opts)
		var got []int
		if err == nil {
			for _, v := range h.Volumes {
				got = append(got, v.Index)
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got volumes %v (%v), want %v", tt.name, got, err, tt.want)
		}
	}
}

// TestShadowCopiesElsewhere stores shadow copies on another volume.
func TestShadowCopiesElsewhere(t *testing.T) {
	img := fixtures.NewVolume(fixtures.Options{}).Mkdir(`\Tasks`, hour(7)).Create(`\Tasks\now.job`, nil, hour(8)).Build()
	storage := fixtures.NewVolume(fixtures.Options{}).Build()
	area := func(m *fixtures.Image) *fixtures.ShadowArea {
		a := &fixtures.ShadowArea{Image: m}
		for n := range int64(10) {
			a.Free = append(a.Free, m.Size()/2+(n+20)*fixtures.ShadowBlock)
		}
		return a
	}
	fixtures.LayShadowCopies(area(img), area(storage), []fixtures.ShadowCopy{{Number: 1, Created: hour(9)}})
	dir := t.TempDir()
	a, b := write(t, filepath.Join(dir, "a.img"), img.Bytes()), write(t, filepath.Join(dir, "b.img"), storage.Bytes())

	h := open(t, a)
	if len(h.Volumes) != 1 || len(h.Problems) != 1 || !errors.Is(h.Problems[0].Err, vss.ErrElsewhere) || h.Problems[0].Volume != 1 || h.Problems[0].Warning {
		t.Errorf("alone: %d volumes, problems %v", len(h.Volumes), h.Problems)
	}
	const want = "shadow copy 1 of 2024-05-01T09:00:00.0000000Z is not read: its store lies on another volume, which is not at hand"
	if got := h.Problems[0].Err.Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, paths := range [][]string{{a, b}, {b, a}} {
		h = open(t, paths...)
		if len(h.Volumes) != 3 || len(h.Problems) != 0 {
			t.Fatalf("with its storage: %d volumes, problems %v", len(h.Volumes), h.Problems)
		}
		v := h.Volumes[2]
		if base := h.Volumes[v.ShadowOf-1]; base.EvidencePath != a || v.EvidencePath != a || strings.Join(jobs(t, v), " ") != "now.job" {
			t.Errorf("with its storage: shadow copy of %s with jobs %v", base.EvidencePath, jobs(t, v))
		}
	}
}

// TestShadowDamage says what is lost, and keeps the volume.
func TestShadowDamage(t *testing.T) {
	img := twoCopies()
	var at int64 // of the first block list
	for off := int64(0); off < img.Size(); off += fixtures.ShadowBlock {
		b := make([]byte, 24)
		img.ReadAt(b, off)
		if b[0] == 0x6b && b[20] == 3 {
			at = off
			break
		}
	}
	for _, tt := range []struct {
		name    string
		at      int64
		volumes int
		problem string
	}{
		{"block list of the older one", at, 2, "shadow copy 1 of 2024-05-01T09:00:00.0000000Z is not read: VSS block list at 0x"},
		{"catalog offset", 0x1e00 + 48 + 6, 1, "shadow copies cannot be listed: VSS catalog block at 0x"},
	} {
		damaged := img.Clone()
		damaged.WriteAt([]byte{0xff}, tt.at)
		h := open(t, write(t, filepath.Join(t.TempDir(), "x.img"), damaged.Bytes()))
		if len(h.Volumes) != tt.volumes || len(h.Problems) != 1 || !strings.HasPrefix(h.Problems[0].Err.Error(), tt.problem) || h.Problems[0].Warning {
			t.Errorf("%s: %d volumes, problems %v", tt.name, len(h.Volumes), h.Problems)
		}
	}
}
