package carve

import (
	"context"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/event"
)

// A FILE record outside the $MFT names the clusters of its file's content; one
// whose content stands in the record has that instead.
func TestRunsOfCarvedRecords(t *testing.T) {
	s, ok := fixtures.Find("body-by-record")
	if !ok {
		t.Fatal("no such scenario")
	}
	image := s.Build()
	var named, resident int
	f := Finder{Record: func(tr event.Trace) {
		switch {
		case tr.Source != event.MFTCarved:
		case tr.Runs != nil:
			if tr.Content != nil || tr.DataSize <= 0 || tr.Runs[0].VCN != 0 {
				t.Errorf("%q: runs %v of %d bytes, content of %d", tr.Name.Name, tr.Runs, tr.DataSize, len(tr.Content))
			}
			if tr.Name.Name == "zz lost.job" {
				named++
				if tr.DataSize != 1498 || len(tr.Runs) != 1 || tr.Runs[0].Length != 1 {
					t.Errorf("runs %v, %d bytes; want one cluster and 1498", tr.Runs, tr.DataSize)
				}
			}
		case tr.Content != nil:
			resident++
		}
	}}
	if _, err := f.run(context.Background(), image, image.Size(), nil); err != nil {
		t.Fatal(err)
	}
	if named == 0 || resident == 0 {
		t.Errorf("%d records name the clusters, %d hold content", named, resident)
	}
}

// In an INDX record a name without its reference counts only for the folder of
// the entries around it.
func TestHeadlessNamesOfCarvedIndexes(t *testing.T) {
	s, ok := fixtures.Find("index-remnant-without-head")
	if !ok {
		t.Fatal("no such scenario")
	}
	image := s.Build()
	headless := 0
	f := Finder{Record: func(tr event.Trace) {
		if tr.Source == event.IndexSlack && tr.Reference == 0 {
			headless++
			if tr.Name.Name != "zz nobody knows whose.job" {
				t.Errorf("got %q", tr.Name.Name)
			}
		}
	}}
	if _, err := f.run(context.Background(), image, image.Size(), nil); err != nil {
		t.Fatal(err)
	}
	if headless != 1 {
		t.Errorf("%d names without reference, want 1", headless)
	}
}
