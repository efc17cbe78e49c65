package report

import (
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/wintime"
)

func TestHeaderTellsOfContainers(t *testing.T) {
	h := &Header{Evidence: []EvidenceFile{
		{Path: "x.raw", Container: "raw", Size: 7, Modified: wintime.Filetime(1)},
		{Path: "x.E01", Container: "ewf", Size: 5, SHA256: "aa",
			Files: []EvidencePart{{"x.E01", 5, "aa"}, {"x.E02", 4, ""}},
			Disk:  &EvidenceDisk{Size: 99, Stored: []StoredHash{{"md5", "cc", "cc"}, {"sha1", "dd", "ee"}, {"sha256", "ff", ""}}}},
	}}
	var b strings.Builder
	if err := WriteJSONLine(&b, HeaderDocument(h).Dict); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"path":"x.raw","container":"raw","size":7,"mtime":"1601-01-01T00:00:00.0000001Z","sha256":null}`,
		`{"path":"x.E01","container":"ewf","size":5,"mtime":null,"sha256":"aa","files":[{"path":"x.E01","size":5,"sha256":"aa"},{"path":"x.E02","size":4,"sha256":null}],"disk":{"size":99,"sha256":null,"stored_hashes":[` +
			`{"name":"md5","value":"cc","computed":"cc","verified":true},{"name":"sha1","value":"dd","computed":"ee","verified":false},{"name":"sha256","value":"ff"}]}}`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
}
