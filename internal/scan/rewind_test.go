package scan

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/usn"
)

// TestRewind resolves the path of every journal record of a volume whose
// folders were renamed and deleted since, and compares with another program
// that rewinds journals. Resolution by the present $MFT, as go-ntfs does it, is
// counted beside it.
func TestRewind(t *testing.T) {
	list := corpus.Bytes(t, "ntfs", "built", "expected", "b12_usn", "expected.usn.paths.jsonl.gz")
	image := corpus.Bytes(t, "ntfs", "built", "b12_usn.img.gz")
	host, err := evidence.OpenReader(context.Background(), "b12", bytes.NewReader(image), int64(len(image)))
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	s := newVolumeScan(host.Volumes[0], &Options{Workers: 1})
	if err := s.observe(context.Background(), func([]byte) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if err := s.readAncestors(context.Background(), s.testimony()); err != nil {
		t.Fatal(err)
	}
	folders := s.folders()
	records := map[int64]usn.Record{}
	for _, of := range s.history.Records {
		for _, r := range of {
			records[r.USN] = r
		}
	}
	var right, compared, present int
	lines := bufio.NewScanner(bytes.NewReader(list))
	for lines.Scan() {
		var want struct {
			USN     int64
			Rewind  string   `json:"own_rewind"`
			GoNTFS  []string `json:"go_ntfs"`
			Cybercx string
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		r, ok := records[want.USN]
		if !ok || r.FileAttributes.IsDirectory() {
			continue // of folders the history is kept, not every record
		}
		compared++
		if slices.Contains(want.GoNTFS, want.Rewind) {
			present++
		}
		path := folders.Path(event.Name{Parent: r.Parent, Name: r.Name}, r.USN)
		if got := path.WithDrive('C')[2:]; got == want.Rewind {
			right++
		} else {
			t.Errorf("USN %d: got %s, want %s", want.USN, got, want.Rewind)
		}
	}
	if compared < 80 {
		t.Errorf("only %d records compared", compared)
	}
	t.Logf("%d records: %d right by rewind, %d by the present $MFT", compared, right, present)
}
