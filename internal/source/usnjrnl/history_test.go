package usnjrnl

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

func isJob(name []byte) bool { return strings.HasSuffix(string(name), ".\x00j\x00o\x00b\x00") }

// journal opens the journal of a volume; nil where it has none.
func journal(t *testing.T, image *fixtures.Image) usn.Source {
	t.Helper()
	v, err := ntfs.Open(image, image.Size())
	if err != nil {
		return nil
	}
	f, err := v.FindJournal()
	if err != nil {
		return nil
	}
	s, err := v.OpenStream(f, ntfs.TypeData, "$J")
	if err != nil {
		return nil
	}
	return s
}

func ignore(int64, error) {}

// surveyOf makes the first pass, part by part.
func surveyOf(t *testing.T, source usn.Source) *Survey {
	t.Helper()
	survey := NewSurvey(isJob)
	for _, r := range usn.Ranges(source, 256) {
		part := survey.Part(r)
		if _, err := usn.WalkRange(context.Background(), source, r, part.Visit, ignore); err != nil {
			t.Fatal(err)
		}
		survey.Join(part)
	}
	return survey
}

// TestHistoryOfParts: walking only the parts that the survey names, each by
// itself, gives what walking the whole journal gives.
func TestHistoryOfParts(t *testing.T) {
	journals := 0
	for _, s := range fixtures.Scenarios() {
		source := journal(t, s.Build())
		if source == nil {
			continue
		}
		journals++
		survey := surveyOf(t, source)
		whole, got := NewHistory(survey.Candidates), NewHistory(survey.Candidates)
		if _, err := usn.Walk(context.Background(), source, whole.Visit, ignore); err != nil {
			t.Fatal(err)
		}
		for _, r := range survey.Ranges(got) {
			part := got.Part()
			if _, err := usn.WalkRange(context.Background(), source, r, part.Visit, ignore); err != nil {
				t.Fatal(err)
			}
			got.Join(part)
		}
		if !reflect.DeepEqual(got.Records, whole.Records) || !reflect.DeepEqual(got.Problems, whole.Problems) {
			t.Errorf("%s: got %d files, %q; want %d, %q", s.Name, len(got.Records), got.Problems, len(whole.Records), whole.Problems)
		}
		for ref := range survey.Candidates {
			if len(got.Records[ref]) == 0 {
				t.Errorf("%s: nothing about %s", s.Name, ref)
			}
		}
	}
	if journals < 5 {
		t.Errorf("only %d scenarios have a journal", journals)
	}
}

func TestRangesLeavesOutTheRest(t *testing.T) {
	survey := NewSurvey(isJob)
	for i, ref := range []uint64{100, 200, 300, 100 + traceBits} {
		part := survey.Part(usn.Range{Offset: int64(i)})
		part.part.files.add(ntfs.NewFileReference(ref, uint16(i)))
		survey.Join(part)
	}
	survey.Join(survey.Part(usn.Range{Offset: 4})) // no record at all
	h := NewHistory(map[ntfs.FileReference]bool{ntfs.NewFileReference(100, 9): true})
	want := []usn.Range{{Offset: 0}, {Offset: 3}} // the last shares the bit
	if got := survey.Ranges(h); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := survey.Ranges(NewHistory(nil)); got != nil {
		t.Errorf("nothing to look for: got %v", got)
	}
}

func TestTraceNeverDenies(t *testing.T) {
	var tr trace
	if tr.has(1) {
		t.Error("an empty trace has a file")
	}
	for n := uint64(0); n < 1<<30; n = n*3 + 7 {
		ref := ntfs.NewFileReference(n, uint16(n))
		tr.add(ref)
		if !tr.has(ref) {
			t.Errorf("%s was added and is not there", ref)
		}
	}
	if tr.has(5) {
		t.Error("a file that was not added, and shares no bit, is there")
	}
}

// TestFoldersOfParts: what parts say of some folders is what the whole says of
// them, and all folders are asked about where none is named.
func TestFoldersOfParts(t *testing.T) {
	compared := 0
	for _, s := range fixtures.Scenarios() {
		source := journal(t, s.Build())
		if source == nil {
			continue
		}
		survey := surveyOf(t, source)
		all := foldersOf(t, source, survey, nil)
		some := make(map[ntfs.FileReference]bool)
		for ref := range all.Records {
			if ref.Record()%2 == 0 {
				some[ref] = true
			}
		}
		got := foldersOf(t, source, survey, some)
		for ref, records := range all.Records {
			compared++
			if want := some[ref]; want && !reflect.DeepEqual(got.Records[ref], records) || !want && got.Records[ref] != nil {
				t.Errorf("%s: folder %s: got %v, want %v of %v", s.Name, ref, got.Records[ref], want, records)
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d folders compared", compared)
	}
}

func foldersOf(t *testing.T, source usn.Source, survey *Survey, of map[ntfs.FileReference]bool) *Folders {
	t.Helper()
	f := NewFolders(of)
	for _, r := range survey.FolderRanges(f) {
		part := f.Part()
		if _, err := usn.WalkRange(context.Background(), source, r, part.Visit, ignore); err != nil {
			t.Fatal(err)
		}
		f.Join(part)
	}
	return f
}

// TestHistoryIsBounded: what is more than is kept of a file is counted, its first
// and last records are there, and other files lose nothing by it.
func TestHistoryIsBounded(t *testing.T) {
	busy, quiet, none := ntfs.NewFileReference(70, 1), ntfs.NewFileReference(72, 1), ntfs.NewFileReference(71, 1)
	of := map[ntfs.FileReference]bool{busy: true, quiet: true, none: false}
	var want *History
	const records = 4 * maxChanges
	for _, cut := range []int{records, 1000, 90_001} {
		h := NewHistory(of)
		part := h.Part()
		for i := range records {
			rec := usn.Record{USN: int64(i) * 8, Name: "x.job", Reason: usn.ReasonDataOverwrite}
			if i%4 == 0 {
				rec.Reason = usn.ReasonRenameNewName
			}
			part.add(busy, rec)
			if i%cut == cut-1 {
				h.Join(part)
				part = h.Part()
			}
		}
		part.add(quiet, usn.Record{USN: records * 8, Name: "y.job", Reason: usn.ReasonFileCreate})
		h.Join(part)
		kept := h.Records[busy]
		if len(kept) != maxChanges+maxNames || kept[0].USN != 0 || kept[len(kept)-1].USN != (records-1)*8 ||
			h.Omitted != records*3/4-maxChanges || h.OmittedNames != records/4-maxNames {
			t.Errorf("parts of %d: %d records kept, %d and %d omitted", cut, len(kept), h.Omitted, h.OmittedNames)
		}
		if len(h.Records[quiet]) != 1 {
			t.Errorf("parts of %d: the other file has %d records", cut, len(h.Records[quiet]))
		}
		if want != nil && !reflect.DeepEqual(kept, want.Records[busy]) {
			t.Errorf("parts of %d: other records are kept than of the whole", cut)
		}
		want = h
		if records, known := h.Records[none]; !known || records != nil {
			t.Error("a file without history has no entry, or records")
		}
	}
}
