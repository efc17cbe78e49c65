package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/ntfs"
)

// nightlyRecord is a FILE record in the slack of which a $FILE_NAME without its
// header and the resident $DATA behind it remain.
func nightlyRecord(t *testing.T) (*ntfs.Volume, *ntfs.Record) {
	t.Helper()
	_, v := scenario(t, "record-slack-name")
	r, err := v.Record(34)
	if err != nil {
		t.Fatal(err)
	}
	return v, r
}

// The first name in the slack has lost its header to the end marker: it is taken
// where its folder and times are whole, and with the content that follows.
func TestHeadlessName(t *testing.T) {
	const nameLengthAt = 0x40
	v, r := nightlyRecord(t)
	start := r.SlackStart()
	value := 0 // of the $FILE_NAME, in the record
	for at := start; at < len(r.Data); at += 8 {
		if _, n := ntfs.NameRemainAt(r.Data[at:]); n > 0 {
			value = at
			break
		}
	}
	if value == 0 {
		t.Fatal("the scenario has no such name")
	}
	next := value + (fileNameMinimum+2*int(r.Data[value+nameLengthAt])+7)&^7
	tests := []struct {
		name    string
		change  func(b []byte)
		want    int // traces with a name
		content bool
	}{
		{"as it is", func([]byte) {}, 1, true},
		{"one time is none", func(b []byte) { b[value+15] = 0xFF }, 0, false},
		{"the name's length reaches too far", func(b []byte) { b[value+nameLengthAt] = 255 }, 0, false},
		{"no such namespace", func(b []byte) { b[value+nameLengthAt+1] = 7 }, 0, false},
		{"the header that is left speaks of another length", func(b []byte) { binary.LittleEndian.PutUint32(b[value-8:], 9) }, 0, false},
		{"the content is another attribute's", func(b []byte) { b[next] = 0xB0 }, 1, false},
		{"there is a gap before the content", func(b []byte) { copy(b[next+8:], bytes.Clone(b[next:len(b)-8])); clear(b[next : next+8]) }, 1, false},
	}
	for _, tt := range tests {
		rec := *r
		rec.Data = bytes.Clone(r.Data)
		tt.change(rec.Data)
		named, content := 0, false
		for _, tr := range RecordSlack(v, &rec) {
			if tr.Name.Name == "" {
				continue
			}
			named++
			content = content || tr.Content != nil
			if !tr.Slack || tr.Reference != ntfs.NewFileReference(34, 0) || tr.Name.Name != "Nightly copy of everything.job" || tr.Offset != v.RecordOffset(34)+int64(value) {
				t.Errorf("%s: %+v", tt.name, tr)
			}
		}
		if named != tt.want || content != tt.content {
			t.Errorf("%s: %d names, content %t; want %d, %t", tt.name, named, content, tt.want, tt.content)
		}
		worth := RecordSlackWorth(func([]byte) bool { return true })
		if named > 0 && !worth(rec.Data[start:], start) {
			t.Errorf("%s: the quick test passes it over", tt.name)
		}
	}
}

// A name without its reference in the slack of a folder's index counts only if
// it names that folder.
func TestRemnantsOfTheFolderAlone(t *testing.T) {
	image, v := scenario(t, "index-remnant-without-head")
	tasks := child(t, v, `\Windows\Tasks`)
	headless := func() (names []string) {
		_, traces, _ := Traces(v, tasks, endsInJob)
		for _, tr := range traces {
			if tr.Reference == 0 {
				names = append(names, tr.Name.Name)
			}
		}
		return names
	}
	const name = "zz nobody knows whose.job"
	if got := headless(); !slices.Contains(got, name) {
		t.Fatalf("got %q", got)
	}
	whole := image.Bytes()
	text := []byte("z\x00z\x00 \x00n\x00o\x00b\x00o\x00d\x00y\x00")
	for at := 0; ; at += 8 {
		i := bytes.Index(whole[at:], text)
		if i < 0 {
			break
		}
		at = (at + i) &^ 1
		parent := int64(at - 0x42)
		b := binary.LittleEndian.AppendUint64(nil, uint64(ntfs.NewFileReference(5, 5)))
		if _, err := image.WriteAt(b, parent); err != nil {
			t.Fatal(err)
		}
	}
	if got := headless(); slices.Contains(got, name) {
		t.Errorf("a name of another folder: %q", got)
	}
}

// Real $MFTs: index entries in the slack of FILE records.
func TestSlackOfRealRecords(t *testing.T) {
	tests := []struct {
		file string
		want []string // record, reference, parent, name
	}{
		{"dn-slack/slack.mft.gz", []string{
			"11 0-0 11-11 $RmMetadata", "39 46-1 39-1 New Text Document - Copy (3).txt",
			"39 44-1 39-1 New Text Document - Copy.txt", "39 43-1 39-1 New Text Document.txt",
		}},
		{"dn-slack-2/slack-2.mft.gz", []string{"11 0-0 11-11 $RmMetadata", "39 45-1 39-1 t3.txt", "39 45-1 39-1 t3.txt"}},
	}
	for _, tt := range tests {
		b := corpus.Bytes(t, "ntfs/real", tt.file)
		v, err := ntfs.OpenMFT(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = v.ScanSlack(context.Background(), 0, v.RecordCount(), RecordSlackWorth(func([]byte) bool { return true }), func(r *ntfs.Record) {
			for _, tr := range RecordSlack(v, r) {
				got = append(got, fmt.Sprintf("%d %s %s %s", r.Number, tr.Reference, tr.Name.Parent, tr.Name.Name))
			}
		}, nil)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", tt.file, err, got, tt.want)
		}
	}
}
