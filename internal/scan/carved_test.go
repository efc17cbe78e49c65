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
	c := newCarvedRecords()
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

// TestFolderRecordsOfPieces: of pieces of a journal, in whatever order they were
// found and some of them twice, what is kept says the same of each moment as all
// records do.
func TestFolderRecordsOfPieces(t *testing.T) {
	reasons := []usn.Reason{usn.ReasonClose, usn.ReasonRenameOldName, usn.ReasonRenameNewName, usn.ReasonFileCreate, usn.ReasonDataExtend, usn.ReasonFileDelete | usn.ReasonClose}
	ref, root := ntfs.NewFileReference(40, 1), ntfs.NewFileReference(ntfs.RecordRoot, 5)
	found, kept := 0, 0
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		var all []event.FolderRecord
		var pieces [][]event.FolderRecord
		shift, name := int64(0), 0
		for number := int64(0); len(all) < 40; number += 8 * int64(1+r.IntN(4)) {
			if len(all) == 0 || r.IntN(8) == 0 {
				shift = r.Int64N(1 << 30)
				pieces = append(pieces, nil)
			}
			if r.IntN(5) == 0 {
				name = r.IntN(4)
			}
			rec := event.FolderRecord{USN: number, Offset: number + shift, Reason: reasons[r.IntN(6)&r.IntN(6)&r.IntN(6)],
				Name: event.Name{Parent: root, Name: fmt.Sprint("n", name)}}
			all = append(all, rec)
			pieces[len(pieces)-1] = append(pieces[len(pieces)-1], rec)
		}
		pieces = append(pieces, pieces[0])
		r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		var got []event.FolderRecord
		for _, rec := range slices.Concat(pieces...) {
			got = addFolderRecord(got, rec)
		}
		found += len(all)
		kept += len(got)
		whole := &correlate.Folders{History: map[ntfs.FileReference][]event.FolderRecord{ref: all}}
		joined := &correlate.Folders{History: map[ntfs.FileReference][]event.FolderRecord{ref: joinFolderRecords(got)}}
		for moment := int64(-1); moment < all[len(all)-1].USN+9; moment++ {
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
