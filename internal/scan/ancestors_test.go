package scan

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/source/usnjrnl"
	"github.com/jobscan/jobscan/ntfs"
)

// volumesOf opens the volumes of an image that can be scanned.
func volumesOf(t *testing.T, image *fixtures.Image) []*evidence.Volume {
	t.Helper()
	host, err := evidence.OpenReader(context.Background(), "image", image, image.Size())
	if err != nil {
		return nil
	}
	t.Cleanup(func() { host.Close() })
	return host.Volumes
}

// wantAll takes every name, so that the folders above all files matter.
func wantAll([]byte) bool { return true }

// TestAncestorsAreWhole: what is read of the journal for the folders above names
// is all that the journal says of them, and no folder above is left out.
func TestAncestorsAreWhole(t *testing.T) {
	scenarios := fixtures.Scenarios()
	for seed := range uint64(20) {
		scenarios = append(scenarios, fixtures.Random(seed, 300, fixtures.RandomOptions{JournalPart: 60}))
	}
	compared := 0
	for _, sc := range scenarios {
		for _, v := range volumesOf(t, sc.Build()) {
			for _, o := range []Options{{}, {NoMFT: true}} {
				o.Rules = nil
				o.Workers = 2
				compared += compareAncestors(t, sc.Name, newVolumeScan(v, &o))
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d histories of folders were compared", compared)
	}
}

func compareAncestors(t *testing.T, name string, s *volumeScan) (compared int) {
	t.Helper()
	ctx := context.Background()
	s.describeVolume()
	if err := s.observe(ctx, wantAll); err != nil {
		t.Fatal(err)
	}
	files := s.testimony()
	if err := s.readAncestors(ctx, files); err != nil {
		t.Fatal(err)
	}
	all := usnjrnl.NewFolders(nil)
	if err := runTasks(ctx, 1, s.folderTasks(all), nil); err != nil {
		t.Fatal(err)
	}
	above := func(ref ntfs.FileReference, of string) {
		if ref.Record() != ntfs.RecordRoot && !s.above[ref] {
			t.Errorf("%s: folder %s, above %s, was not asked about", name, ref, of)
		}
	}
	for _, f := range files {
		for _, r := range f.Journal {
			above(r.Parent, r.Name)
		}
		if f.Record != nil {
			for _, n := range f.Record.Names {
				above(n.Parent, n.Name)
			}
		}
	}
	for ref := range s.above {
		if !sameHistory(s.folderHistory[ref], all.Records[ref]) {
			t.Errorf("%s: folder %s: got %v, want %v", name, ref, s.folderHistory[ref], all.Records[ref])
		}
		for _, r := range all.Records[ref] {
			compared++
			above(r.Parent, r.Name.Name)
		}
		if s.folderNow != nil {
			if now, err := s.folderNow.Now(ref); err == nil {
				above(now.Parent, now.Name)
			}
		}
	}
	return compared
}

func sameHistory(a, b []event.FolderRecord) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// TestAncestorsDeep: the journal alone leads up a chain of folders that is longer
// than there are passes.
func TestAncestorsDeep(t *testing.T) {
	clock := time.Date(2024, 5, 1, 9, 0, 0, 0, time.UTC)
	path := strings.Repeat(`\d`, 3*maxAncestorPasses)
	image := fixtures.NewVolume(fixtures.Options{Journal: true}).Mkdir(path, clock).Create(path+`\x.job`, []byte("x"), clock).Build()
	s := newVolumeScan(volumesOf(t, image)[0], &Options{NoMFT: true, Workers: 1})
	if err := s.observe(context.Background(), endsInJob); err != nil {
		t.Fatal(err)
	}
	files := s.testimony()
	if err := s.readAncestors(context.Background(), files); err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 {
		t.Fatalf("%d files, want 1", len(files))
	}
	r := files[0].Journal[0]
	got := s.folders().Path(event.Name{Parent: r.Parent, Name: r.Name}, r.USN)
	if want := "?:" + path + `\x.job`; got.WithDrive(0) != want {
		t.Errorf("got %s, want %s", got.WithDrive(0), want)
	}
}

func endsInJob(name []byte) bool { return strings.HasSuffix(string(name), ".\x00j\x00o\x00b\x00") }
