package scan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/internal/correlate"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

func carvedFile(number int64, name string) usn.Record {
	return usn.Record{USN: number, File: ntfs.NewFileReference(uint64(number), 1), Parent: ntfs.NewFileReference(40, 1), Reason: usn.ReasonFileCreate, Name: name}
}

// TestCarvedFoldersTakeNoRoom: however many folders there are, files are kept.
func TestCarvedFoldersTakeNoRoom(t *testing.T) {
	c := newCarvedRecords(4096)
	for i := range int64(maxCarvedFolders + 10) {
		r := carvedFile(i, "folder")
		r.FileAttributes = usn.AttributeDirectory
		c.keep(r, false)
	}
	for i := range int64(maxCarvedOther + 20) {
		c.keep(carvedFile(1<<32+i, "other.txt"), false)
	}
	c.keep(carvedFile(1<<40, "x.job"), true)
	c.keep(carvedFile(1<<40, "x.job"), true) // again
	if got := c.files[ntfs.NewFileReference(1<<40, 1)]; len(got) != 1 {
		t.Errorf("the job has %d records, want 1", len(got))
	}
	if c.foldersOmitted != 10 || c.omitted != 20 || len(c.problems()) != 2 {
		t.Errorf("omitted %d of folders, %d of files, problems %v; want 10, 20, two", c.foldersOmitted, c.omitted, c.problems())
	}
}

// TestFolderRecordsOfClusters: of the clusters of a journal, some of which were
// overwritten, some copied, some the live journal's, what is kept says the same of
// each moment as all records that are left.
func TestFolderRecordsOfClusters(t *testing.T) {
	reasons := []usn.Reason{usn.ReasonClose, usn.ReasonRenameOldName, usn.ReasonRenameNewName, usn.ReasonFileCreate, usn.ReasonDataExtend, usn.ReasonFileDelete | usn.ReasonClose}
	ref, root := ntfs.NewFileReference(40, 1), ntfs.NewFileReference(ntfs.RecordRoot, 5)
	const cluster, clusters = 128, 16
	found, kept := 0, 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		live := r.IntN(clusters)
		var all, liveRecords []event.FolderRecord
		var places [2 * clusters][]event.FolderRecord // of the volume: first the journal's old place, then copies
		name := 0
		for number := int64(0); number < clusters*cluster; number += 8 * int64(1+r.IntN(4)) {
			if r.IntN(6) == 0 {
				name = r.IntN(3)
			}
			rec := event.FolderRecord{USN: number, Offset: number, Reason: reasons[r.IntN(6)&r.IntN(6)&r.IntN(6)],
				Name: event.Name{Parent: root, Name: fmt.Sprint("n", name)}}
			at := int(number / cluster)
			if at == live || at == live+1 {
				liveRecords = append(liveRecords, rec)
			} else {
				places[at] = append(places[at], rec)
			}
		}
		for range 4 { // copied, then overwritten or not
			from, to := r.IntN(clusters), clusters+r.IntN(clusters)
			places[to] = nil
			for _, rec := range places[from] {
				rec.Offset += int64(to-from) * cluster
				places[to] = append(places[to], rec)
			}
			if r.IntN(2) == 0 {
				places[from] = nil
			}
		}
		var got []event.FolderRecord
		for _, rec := range slices.Concat(places[:]...) {
			got = addFolderRecord(got, rec, cluster)
			if !slices.ContainsFunc(all, func(o event.FolderRecord) bool { return o.USN == rec.USN }) {
				all = append(all, rec)
			}
		}
		found += len(all)
		kept += len(got)
		whole := &correlate.Folders{History: map[ntfs.FileReference][]event.FolderRecord{ref: slices.Concat(all, liveRecords)}}
		whole.Sort()
		joined := &correlate.Folders{History: map[ntfs.FileReference][]event.FolderRecord{ref: joinFolderRecords(slices.Concat(liveRecords, got))}}
		for moment := int64(-1); moment < clusters*cluster+9; moment += 4 {
			n := event.Name{Parent: ref, Name: "x.job"}
			if got, want := joined.Path(n, moment), whole.Path(n, moment); !got.Equal(want) {
				t.Fatalf("seed %d, moment %d: got %v, want %v\nof %v", seed, moment, got, want, all)
			}
		}
	}
	if kept > found*3/4 {
		t.Errorf("%d of %d records are kept", kept, found)
	}
}
