package usn

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/ntfs"
)

// expected is a record as other decoders read it.
type expected struct {
	Off       int64      `json:"off"`
	Ver       uint16     `json:"ver"`
	USN       int64      `json:"usn"`
	Entry     uint64     `json:"entry"`
	Seq       uint16     `json:"seq"`
	Parent    uint64     `json:"parent"`
	PSeq      uint16     `json:"pseq"`
	Time      string     `json:"time"`
	Reason    Reason     `json:"reason"`
	Src       SourceInfo `json:"src"`
	Sec       uint32     `json:"sec"`
	Attr      uint32     `json:"attr"`
	Name      string     `json:"name"`
	Remaining uint32     `json:"remaining"`
	Extents   [][2]int64 `json:"extents"`
}

func TestCorpus(t *testing.T) {
	tests := []struct {
		stream, want string
		shift        int64
	}{
		{"real/dn-usnjrnlj/usnjrnlj.bin", "real/dn-usnjrnlj/expected.usn.jsonl", 0},
		{"real/gontfs-usn/sample.bin", "real/gontfs-usn/expected.usn.jsonl", 312568880},
		{"real/js1-usn/sample1.bin", "real/js1-usn/expected.usn.jsonl", 92274688},
		{"real/plaso-usn/UsnJrnl.raw", "real/plaso-usn/expected.usn.jsonl", 0},
		{"real/poorb-usn/usnjrnl.bin", "real/poorb-usn/expected.usn.jsonl", 8388608},
		{"built/b12_usn.J.bin", "built/expected/b12_usn/expected.usn.jsonl", 1048576},
	}
	for _, tt := range tests {
		b := corpus.Bytes(t, "ntfs", tt.stream)
		want := readExpected(t, "ntfs", tt.want)
		var got []expected
		for r, err := range Records(context.Background(), source(b)) {
			if err != nil {
				t.Errorf("%s: %v", tt.stream, err)
				continue
			}
			if r.Stale {
				t.Errorf("%s: record at %#x is called stale", tt.stream, r.Offset)
			}
			got = append(got, asExpected(r))
		}
		if len(got) != len(want) {
			t.Errorf("%s: got %d records, want %d", tt.stream, len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Errorf("%s: record %d: got %+v, want %+v", tt.stream, i, got[i], want[i])
			}
		}
		st := walkAll(t, source(b)).stats
		if st.Shift != tt.shift || st.Records != uint64(len(want)) || st.DamagedBytes != 0 || len(st.Gaps) != 0 || st.BackwardSteps.Count != 0 {
			t.Errorf("%s: got %+v", tt.stream, st)
		}
		carved := 0
		for _, err := range Carve(bytes.NewReader(b), int64(len(b))) {
			if err == nil {
				carved++
			}
		}
		if carved != len(want) {
			t.Errorf("%s: carved %d records, want %d", tt.stream, carved, len(want))
		}
	}
}

func asExpected(r Record) expected {
	e := expected{Off: r.Offset, Ver: r.Major, USN: r.USN, Entry: r.File.Record(), Seq: r.File.Sequence(),
		Parent: r.Parent.Record(), PSeq: r.Parent.Sequence(), Reason: r.Reason, Src: r.SourceInfo,
		Sec: r.SecurityID, Attr: uint32(r.FileAttributes), Name: r.Name, Remaining: r.RemainingExtents}
	if r.Major != 4 {
		e.Time = r.Time.String()
	}
	for _, x := range r.Extents {
		e.Extents = append(e.Extents, [2]int64{x.Offset, x.Length})
	}
	return e
}

func readExpected(t *testing.T, parts ...string) []expected {
	t.Helper()
	b := corpus.Bytes(t, parts...)
	var out []expected
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		var e expected
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if len(e.Extents) == 0 {
			e.Extents = nil
		}
		out = append(out, e)
	}
	return out
}

var _ Source = (*ntfs.Stream)(nil)
