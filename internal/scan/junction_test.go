package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/rule"
)

// scanned gives the work on the only volume of an image.
func scanned(t *testing.T, image []byte, o Options) *volumeScan {
	t.Helper()
	host, err := evidence.OpenReader(context.Background(), "x.img", bytes.NewReader(image), int64(len(image)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	o.Rules, o.Workers = rule.Builtin(), 2
	s := newVolumeScan(host.Volumes[0], &o)
	if err := s.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTasksIsJunction: a warning says where \Windows\Tasks leads, in whatever state
// its FILE record is.
func TestTasksIsJunction(t *testing.T) {
	image := corpus.Bytes(t, "ntfs/built/b08_junction.img.gz")
	const record = 67 // of \Windows\Tasks
	start := scanned(t, image, Options{}).volume.NTFS.RecordOffset(record)
	tag := bytes.Index(image[start:start+1024], []byte{3, 0, 0, 0xA0}) + int(start)
	change := func(change func(b []byte)) []byte {
		b := bytes.Clone(image)
		change(b)
		return b
	}
	for _, tt := range []struct {
		name  string
		image []byte
		want  string
	}{
		{"junction", image, `\Windows\Tasks (record 67-1) is a junction to C:\Data\Tasks: files put there`},
		{"deleted", change(func(b []byte) {
			b[start+0x16] &^= 1
			b[start+0x10]++ // the sequence number counts up
		}), `\Windows\Tasks (record 67-1) was, before it was deleted, a junction to C:\Data\Tasks`},
		{"symbolic link", change(func(b []byte) { b[tag] = 0x17 }), `is a reparse point with tag 0xa0000017: files`},
		{"damaged", change(func(b []byte) { binary.LittleEndian.PutUint16(b[tag+10:], 0x7FFE) }), `a reparse point that cannot be decoded ($REPARSE_POINT at`},
	} {
		s := scanned(t, tt.image, Options{})
		var told []string
		for _, p := range s.problems {
			if p.Record == nil || *p.Record != record {
				continue
			}
			told = append(told, p.Message)
			if p.Severity != report.SeverityWarning {
				t.Errorf("%s: got severity %s", tt.name, p.Severity)
			}
		}
		if len(told) != 1 || !strings.Contains(told[0], tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, told, tt.want)
		}
	}
	for _, p := range scanned(t, corpus.Bytes(t, "ntfs/built/b01_cl512.img.gz"), Options{}).problems {
		if p.Source != "job" {
			t.Errorf("an ordinary Tasks folder: got %v", p)
		}
	}
}

// TestRunIsNoFileEvent: a run is told as such to a rule for files.
func TestRunIsNoFileEvent(t *testing.T) {
	s := scanned(t, corpus.Bytes(t, "ntfs/built/b01_cl512.img.gz"), Options{Timeline: true})
	runs := 0
	for _, f := range s.findings {
		if f.Event.Action != "execution" {
			continue
		}
		runs++
		if want := "no match: a run of the job, not a file event; the rule asks for file events"; f.Verdict.Because != want || f.Verdict.Outcome != rule.NoMatch {
			t.Errorf("got %s, %q", f.Verdict.Outcome, f.Verdict.Because)
		}
	}
	if runs != 11 {
		t.Errorf("got %d runs, want 11", runs)
	}
}
