package scan

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/source/carve"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
)

func decoded(t *testing.T, j fixtures.Job) *jobfile.Job {
	t.Helper()
	job, err := jobfile.Parse(j.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func TestBearsMarks(t *testing.T) {
	tests := []struct {
		file, program, comment string
		want                   bool
	}{
		{"At1.job", "cmd.exe", "Created by NetScheduleJobAdd.", true},
		{"AT12.JOB", "cmd.exe", "Created by NetScheduleJobAdd.", true},
		{"At1.job", "at1.exe", "", false},
		{"Atlas.job", "cmd.exe", "Created by NetScheduleJobAdd.", false},
		{"GoogleUpdateTaskMachineUA.job", `C:\Program Files\Google\Update\GoogleUpdate.exe`, "", true},
		{"GoogleUpdateTaskMachineUA.job", `C:\Program Files\Google\Update\x.exe`, "", false},
		{"Google Update.job", `"C:\g\GOOGLEUPDATE.EXE"`, "", true},
		{"CCleaner.job", `C:\Program Files\CCleaner\CCleaner64.exe`, "", true},
		{"cmd.job", `C:\Windows\cmd.exe`, "", false}, // three letters say nothing
		{".job", `C:\Windows\notepad.exe`, "", false},
	}
	for _, tt := range tests {
		if got := bearsMarks([]string{tt.file}, decoded(t, fixtures.Job{App: tt.program, Comment: tt.comment})); got != tt.want {
			t.Errorf("%s, %s, %q: got %t", tt.file, tt.program, tt.comment, got)
		}
	}
}

func testBody(t *testing.T, n int, places ...bodyPlace) *body {
	t.Helper()
	data := fixtures.Job{App: fmt.Sprintf("program%04d.exe", n)}.Bytes()
	job, err := jobfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return &body{sum: sha256.Sum256(data), length: int64(len(data)), job: job, places: places}
}

// TestBodiesAreOneByTheirBytes: the same bytes elsewhere are a further place,
// the same place again is none, and neither bodies nor places grow without end.
func TestBodiesAreOneByTheirBytes(t *testing.T) {
	s := &volumeScan{volume: &evidence.Volume{}}
	all := bodies{most: 3}
	for i := range 5 {
		all.add(testBody(t, i, bodyPlace{scan: s, offset: int64(i)}))
	}
	for i := range 40 {
		all.add(testBody(t, 1, bodyPlace{scan: s, offset: int64(100 + i/2)}))
	}
	if len(all.list) != 3 || all.omitted != 2 {
		t.Errorf("%d bodies, %d left out; want 3 and 2", len(all.list), all.omitted)
	}
	if b := all.list[1]; len(b.places) != maxBodyPlaces || b.copies == 0 {
		t.Errorf("%d places and %d more, want %d", len(b.places), b.copies, maxBodyPlaces)
	}
	if got := all.list[0].where(); got != "at byte 0x0" {
		t.Errorf("got %q", got)
	}
	slack := bodyPlace{scan: &volumeScan{volume: &evidence.Volume{ShadowCopy: 2}}, slack: true, record: 7}
	if got := slack.String(); got != "in the slack of FILE record 7 of shadow copy 2" {
		t.Errorf("got %q", got)
	}
}

// TestHolds: a file is as long as its job, or what follows the job ends where
// the file does.
func TestHolds(t *testing.T) {
	data := fixtures.Job{App: "evil.exe"}.Bytes()
	n := int64(len(data))
	volume := make([]byte, 8192)
	copy(volume[512:], data)
	copy(volume[512+n:], "payload")
	copy(volume[4096:], data)
	s := &volumeScan{volume: &evidence.Volume{Reader: bytes.NewReader(volume)}}
	b := &body{length: n}
	padded := append(bytes.Clone(data), make([]byte, 8+(8-n%8)%8)...)
	tests := []struct {
		name  string
		place bodyPlace
		size  int64
		want  bool
	}{
		{"to the byte", bodyPlace{scan: s, offset: 512}, n, true},
		{"shorter than the job", bodyPlace{scan: s, offset: 512}, n - 1, false},
		{"with what follows", bodyPlace{scan: s, offset: 512}, n + 7, true},
		{"something follows the end", bodyPlace{scan: s, offset: 512}, n + 6, false},
		{"nothing follows so far out", bodyPlace{scan: s, offset: 512}, n + 20, false},
		{"nothing follows at all", bodyPlace{scan: s, offset: 4096}, n + 7, false},
		{"not at the start of a sector", bodyPlace{scan: s, offset: 513}, n + 7, false},
		{"beyond the volume", bodyPlace{scan: s, offset: 4096}, 1 << 19, false},
		{"in slack, as long as the attribute", bodyPlace{scan: s, slack: true, value: padded}, int64(len(padded)) - 3, true},
		{"in slack, longer than the attribute", bodyPlace{scan: s, slack: true, value: padded}, int64(len(padded)) + 1, false},
	}
	for _, tt := range tests {
		if got := b.holds(tt.place, tt.size); got != tt.want {
			t.Errorf("%s: got %t", tt.name, got)
		}
	}
}

// emptyScan is that of a volume on which nothing happened.
func emptyScan(t *testing.T) *volumeScan {
	t.Helper()
	image := fixtures.NewVolume(fixtures.Options{}).Build()
	v, err := ntfs.Open(image, image.Size())
	if err != nil {
		t.Fatal(err)
	}
	return newVolumeScan(&evidence.Volume{NTFS: v, Reader: image}, &Options{})
}

// TestJoinIsUnique: what fits two files goes to neither, whether they were
// reported or not.
func TestJoinIsUnique(t *testing.T) {
	s := emptyScan(t)
	file := func(record uint64, name string, size int64, reported bool) *jobFile {
		path := winpath.Of("Windows", "Tasks", name)
		return &jobFile{file: &event.File{Reference: ntfs.NewFileReference(record, 1), State: event.Overwritten, Size: size}, scan: s,
			path: path, names: []string{name}, reported: reported}
	}
	n := testBody(t, 0).length
	tests := []struct {
		name   string
		files  []*jobFile
		bodies []*body
		want   []string // code of each file, "" for none
	}{
		{"one and one", []*jobFile{file(70, "a.job", n, true)}, []*body{testBody(t, 1, bodyPlace{scan: s, offset: 4096})}, []string{"content_joined_by_size"}},
		{"two files", []*jobFile{file(70, "a.job", n, true), file(71, "b.job", n, true)}, []*body{testBody(t, 1, bodyPlace{scan: s, offset: 4096})}, []string{"", ""}},
		{"two bodies", []*jobFile{file(70, "a.job", n, true)}, []*body{testBody(t, 1, bodyPlace{scan: s, offset: 4096}), testBody(t, 2, bodyPlace{scan: s, offset: 8192})}, []string{""}},
		{"a file that was not reported", []*jobFile{file(70, "a.job", n, true), file(71, "b.job", n, false)}, []*body{testBody(t, 1, bodyPlace{scan: s, offset: 4096})}, []string{"", ""}},
		{"of another size", []*jobFile{file(70, "a.job", n+1, true)}, []*body{testBody(t, 1, bodyPlace{scan: s, offset: 4096})}, []string{""}},
		{"what a file has now", []*jobFile{file(70, "a.job", n, true)}, []*body{testBody(t, 1, bodyPlace{scan: s, offset: 4096, live: true})}, []string{""}},
		{"the FILE record decides between two", []*jobFile{file(70, "a.job", n, true), file(71, "b.job", n, true)},
			[]*body{testBody(t, 1, bodyPlace{scan: s, slack: true, record: 71})}, []string{"", "content_joined_by_record"}},
		{"two lives of a FILE record", []*jobFile{file(70, "a.job", n, true), {file: &event.File{Reference: ntfs.NewFileReference(70, 2), State: event.Overwritten, Size: n}, scan: s, names: []string{"b.job"}, reported: true}},
			[]*body{testBody(t, 1, bodyPlace{scan: s, slack: true, record: 70})}, []string{"", ""}},
		{"marks decide between two", []*jobFile{file(70, "a.job", n, true), file(71, "program0002.job", n, true)},
			[]*body{testBody(t, 1, bodyPlace{scan: s, offset: 4096}), testBody(t, 2, bodyPlace{scan: s, offset: 8192})}, []string{"", "content_joined_by_name"}},
	}
	for _, tt := range tests {
		j := bodyJoin{files: tt.files}
		for _, b := range tt.bodies {
			j.bodies.add(b)
		}
		j.dropHeld()
		j.byRecord()
		j.byUUID()
		j.byNameAndSize()
		var got []string
		for _, f := range tt.files {
			code := ""
			for _, a := range f.file.Anomalies {
				code = a.Code
			}
			if (code == "") != (f.file.Content == nil) {
				t.Errorf("%s: %q with content %v", tt.name, code, f.file.Content)
			}
			got = append(got, code)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestEarlierVersion: a shadow copy has an earlier version of a job; a body with
// its UUID that is as long as the file was at last takes its place.
func TestEarlierVersion(t *testing.T) {
	s := emptyScan(t)
	now := testBody(t, 1, bodyPlace{scan: s, offset: 4096})
	other := decoded(t, fixtures.Job{App: "other.exe", UUID: "66666666-7777-4888-9999-aaaaaaaaaaaa"})
	for _, tt := range []struct {
		name string
		size int64
		job  *jobfile.Job
		want string
	}{
		{"longer since", now.length, decoded(t, fixtures.Job{App: "p.exe"}), "program0001.exe"},
		{"another size", now.length + 3, decoded(t, fixtures.Job{App: "p.exe"}), "p.exe"},
		{"another job", now.length, other, "other.exe"},
	} {
		now.taken = false
		f := &jobFile{file: &event.File{Reference: 1 << 48, State: event.Overwritten, Size: tt.size,
			Content: &event.Content{RecoveredFrom: "shadow_copy", Complete: true, Job: tt.job}}, scan: s, names: []string{"x.job"}, reported: true,
			path: winpath.Of("x.job")}
		j := bodyJoin{files: []*jobFile{f}}
		j.bodies.add(now)
		j.dropHeld()
		j.byUUID()
		j.byNameAndSize()
		if got := f.file.Content.Job.Application.Value; got != tt.want {
			t.Errorf("%s: runs %s, want %s (%v)", tt.name, got, tt.want, f.file.Anomalies)
		}
	}
}

func TestWithout(t *testing.T) {
	r := func(from, to int64) carve.Range { return carve.Range{Start: from, End: to} }
	tests := []struct {
		name                string
		ranges, holes, want []carve.Range
	}{
		{"no holes", []carve.Range{r(0, 10)}, nil, []carve.Range{r(0, 10)}},
		{"in the middle", []carve.Range{r(0, 10)}, []carve.Range{r(3, 5)}, []carve.Range{r(0, 3), r(5, 10)}},
		{"at both ends, out of order", []carve.Range{r(0, 10)}, []carve.Range{r(8, 12), r(0, 2)}, []carve.Range{r(2, 8)}},
		{"over two", []carve.Range{r(0, 10), r(20, 30)}, []carve.Range{r(5, 25)}, []carve.Range{r(0, 5), r(25, 30)}},
		{"all", []carve.Range{r(4, 6)}, []carve.Range{r(0, 10)}, nil},
	}
	for _, tt := range tests {
		if got := without(tt.ranges, tt.holes); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCutRanges(t *testing.T) {
	got := cutRanges([]recordRange{{0, 3}, {5, 6}, {10, 15}}, 4)
	want := [][]recordRange{{{0, 3}, {5, 6}}, {{10, 14}}, {{14, 15}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := cutRanges(nil, 4); got != nil {
		t.Errorf("got %v of nothing", got)
	}
}

func TestAllowedName(t *testing.T) {
	tests := []struct {
		name  string
		space ntfs.Namespace
		want  bool
	}{
		{"x.job", ntfs.NamespaceWin32, true},
		{"計画.job", ntfs.NamespaceWin32, true},
		{"a?.job", ntfs.NamespaceWin32, false},
		{"a?.job", ntfs.NamespacePOSIX, true},
		{"a/b.job", ntfs.NamespacePOSIX, false},
		{"a\x01.job", ntfs.NamespacePOSIX, false},
		{strings.Repeat("x", 255), ntfs.NamespaceWin32AndDOS, true},
	}
	for _, tt := range tests {
		if got := allowedName(&ntfs.FileName{Name: tt.name, Namespace: tt.space}); got != tt.want {
			t.Errorf("%q (%s): got %t", tt.name, tt.space, got)
		}
	}
}
